//! Each chart as a picture of its own: the drawing of the page with its colours written in, since programs
//! that draw pictures know neither the page's styles nor variables.

use crate::html::pages;
use crate::view::View;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};

const CHARTS: &str = include_str!("../templates/charts.html");
const FILE: &str = include_str!("../templates/chart.svg");
const COLOURS: &str = include_str!("../templates/colours.css");
const STYLE: &str = include_str!("../templates/chart.css");

/// A chart as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartFile {
    /// What it shows, fit for a file's name: `energy-by-trial`.
    pub name: &'static str,
    /// SVG 1.1, nothing loaded from elsewhere, light and dark.
    pub svg: String,
}

/// Every chart that the view has.
pub(crate) fn charts(view: &View) -> Result<Vec<ChartFile>, minijinja::Error> {
    let mut pages = pages()?;
    pages.add_template("charts.html", CHARTS)?;
    // Names that end in `.html` switch escaping on, which SVG needs as much.
    pages.add_template("chart.svg.html", FILE)?;
    let style = style();
    let mut files = Vec::new();
    for (name, there) in [
        ("energy-by-trial", view.energy_chart.is_some()),
        ("energy-and-throughput", view.speed_chart.is_some()),
        ("which-setting-mattered", !view.knobs.is_empty()),
    ] {
        if there {
            let svg = drawn(&pages, name, view, &style)?;
            files.push(ChartFile { name, svg });
        }
    }
    Ok(files)
}

fn drawn(
    pages: &Environment,
    name: &str,
    view: &View,
    style: &str,
) -> Result<String, minijinja::Error> {
    let text = pages.get_template("chart.svg.html")?.render(context! {
        name,
        style => Value::from_safe_string(style.to_owned()),
        view => Serde(view),
    })?;
    Ok(text.trim().to_owned())
}

/// The charts' styles with each colour in place of its variable, for light and for dark.
fn style() -> String {
    let (light, dark) = COLOURS
        .split_once("@media (prefers-color-scheme: dark)")
        .unwrap_or((COLOURS, ""));
    let (light, dark) = (variables(light), variables(dark));
    format!(
        "{}@media (prefers-color-scheme: dark) {{\n{}}}",
        filled(STYLE, &light),
        // Faces are the same in both.
        filled(&filled(STYLE, &dark), &light)
    )
}

/// Names and values of the variables in a piece of CSS.
fn variables(css: &str) -> Vec<(&str, &str)> {
    css.split([';', '{', '}', '\n'])
        .filter_map(|piece| piece.trim().split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, _)| name.starts_with("--"))
        .collect()
}

fn filled(css: &str, variables: &[(&str, &str)]) -> String {
    let mut text = css.to_owned();
    for (name, value) in variables {
        text = text.replace(&format!("var({name})"), value);
    }
    text
}
