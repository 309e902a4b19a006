//! The page: the view laid out by one template, with its styles inside it.

use crate::view::View;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior, context};

const PAGE: &str = include_str!("../templates/report.html");
const CHARTS: &str = include_str!("../templates/charts.html");
pub(crate) const STYLE: &str = concat!(
    include_str!("../templates/colours.css"),
    include_str!("../templates/report.css"),
    include_str!("../templates/chart.css"),
);

/// Where the templates of a page go.
pub(crate) fn pages() -> Result<Environment<'static>, minijinja::Error> {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    pages.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    Ok(pages)
}

/// The page. Every text is escaped: names that end in `.html` switch that on.
pub(crate) fn page(view: &View) -> Result<String, minijinja::Error> {
    let mut pages = pages()?;
    pages.add_template("charts.html", CHARTS)?;
    pages.add_template("report.html", PAGE)?;
    pages.get_template("report.html")?.render(context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        version => env!("CARGO_PKG_VERSION"),
        view => Serde(view),
    })
}
