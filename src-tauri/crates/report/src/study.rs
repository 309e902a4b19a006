//! The page of a study: what was compared, on what, and what came of it. Two charts after the usual
//! figures of such work: best so far over trials for each method, and throughput against energy.

use crate::ReportError;
use crate::chart::{Scale, Tick};
use crate::html::{STYLE, pages};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;
use std::fmt::Write as _;

const PAGE: &str = include_str!("../templates/study.html");
/// Colours that can be told apart with a colour vision deficiency, too (Okabe & Ito, 2008), and
/// read on light and dark.
const COLOURS: [&str; 8] = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#7F7F7F",
];
// Within the template's view box of 720 × 320.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 270.0;

/// A table whose cells are words.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StudyTable {
    /// What it shows.
    pub title: String,
    /// What to know when reading it.
    pub note: String,
    /// Column names; the first column is text, the others are figures.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// One method's curve.
#[derive(Debug, Clone)]
pub struct StudyCurve {
    /// Name.
    pub name: String,
    /// Mean and both ends of its interval, from the default on.
    pub points: Vec<(f64, f64, f64)>,
}

/// All that the page says.
#[derive(Debug, Clone)]
pub struct StudyPage {
    /// Heading.
    pub title: String,
    /// Whether the figures are estimates or invented, in one word; empty for measured ones.
    pub label: String,
    /// Facts under the heading.
    pub facts: Vec<String>,
    /// What the figures can show and what not.
    pub caution: String,
    /// Unit of energy, such as `J/token`.
    pub unit: String,
    /// Unit of speed, such as `tokens/s`.
    pub rate: String,
    /// Curves of what is recommended, by its truth.
    pub curves: Vec<StudyCurve>,
    /// Levels worth a line, with their words.
    pub levels: Vec<(f64, String)>,
    /// Throughput and energy of each configuration.
    pub cloud: Vec<(f64, f64)>,
    /// Tables.
    pub tables: Vec<StudyTable>,
    /// How it was done.
    pub method: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    colour: &'static str,
    path: String,
    band: String,
    dashed: bool,
}

#[derive(Serialize)]
struct Chart {
    y_ticks: Vec<Tick>,
    x_ticks: Vec<Tick>,
    lines: Vec<Line>,
    levels: Vec<(f64, String)>,
    dots: Vec<(f64, f64)>,
}

/// A self-contained page: no script, nothing loaded from elsewhere.
///
/// # Errors
/// `Layout`, which no study should cause.
pub fn study_html(page: &StudyPage) -> Result<String, ReportError> {
    let mut pages = pages()?;
    pages.add_template("study.html", PAGE)?;
    Ok(pages.get_template("study.html")?.render(context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        version => env!("CARGO_PKG_VERSION"),
        title => page.title.clone(),
        label => page.label.clone(),
        facts => page.facts.clone(),
        caution => page.caution.clone(),
        unit => page.unit.clone(),
        rate => page.rate.clone(),
        curves => Serde(curves(page)),
        cloud => Serde(cloud(page)),
        tables => Serde(&page.tables),
        method => page.method.clone(),
    })?)
}

fn curves(page: &StudyPage) -> Option<Chart> {
    let all = page.curves.iter().flat_map(|curve| &curve.points);
    let means = all.flat_map(|point| [point.0, point.1.max(0.0), point.2]);
    let extent = means.chain(page.levels.iter().map(|level| level.0));
    let y = Scale::fit(extent, BOTTOM, TOP)?;
    let longest = page.curves.iter().map(|curve| curve.points.len()).max()?;
    let last = longest.saturating_sub(1).max(1) as f64;
    let x = |trial: usize| one_decimal(LEFT + (RIGHT - LEFT) * trial as f64 / last);
    let lines = page.curves.iter().enumerate();
    let lines = lines.map(|(index, curve)| {
        let at = |of: &dyn Fn(&(f64, f64, f64)) -> f64| -> Vec<(f64, f64)> {
            let points = curve.points.iter().enumerate();
            points
                .map(|(trial, point)| (x(trial), y.at(of(point))))
                .collect()
        };
        let mut band = at(&|point| point.2);
        band.extend(at(&|point| point.1.max(0.0)).into_iter().rev());
        Line {
            name: curve.name.clone(),
            colour: COLOURS[index % COLOURS.len()],
            path: path(&at(&|point| point.0)),
            band: path(&band),
            dashed: index >= COLOURS.len(),
        }
    });
    Some(Chart {
        lines: lines.collect(),
        y_ticks: y.ticks(),
        x_ticks: (0..longest)
            .step_by(longest.div_ceil(12))
            .map(|trial| Tick {
                at: x(trial),
                label: trial.to_string(),
            })
            .collect(),
        levels: page
            .levels
            .iter()
            .map(|(value, word)| (y.at(*value), word.clone()))
            .collect(),
        dots: Vec::new(),
    })
}

fn cloud(page: &StudyPage) -> Option<Chart> {
    let x = Scale::fit(page.cloud.iter().map(|dot| dot.0), LEFT, RIGHT)?;
    let y = Scale::fit(page.cloud.iter().map(|dot| dot.1), BOTTOM, TOP)?;
    Some(Chart {
        y_ticks: y.ticks(),
        x_ticks: x.ticks(),
        lines: Vec::new(),
        levels: Vec::new(),
        dots: page
            .cloud
            .iter()
            .map(|dot| (x.at(dot.0), y.at(dot.1)))
            .collect(),
    })
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _ = write!(path, "{}{x} {y}", if index == 0 { "M" } else { "L" });
    }
    path
}

fn one_decimal(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> StudyPage {
        let curve = |name: &str, from: f64| StudyCurve {
            name: name.to_owned(),
            points: (0..5)
                .map(|trial| from - 0.01 * f64::from(trial))
                .map(|mean| (mean, mean - 0.005, mean + 0.005))
                .collect(),
        };
        StudyPage {
            title: "A study <of> methods".to_owned(),
            label: "ESTIMATED".to_owned(),
            facts: vec!["100 seeds".to_owned()],
            caution: "Shows how methods search.".to_owned(),
            unit: "J/token".to_owned(),
            rate: "tokens/s".to_owned(),
            curves: vec![curve("one", 0.3), curve("two", 0.29)],
            levels: vec![(0.25, "best".to_owned())],
            cloud: vec![(80.0, 0.3), (95.0, 0.25)],
            tables: vec![StudyTable {
                title: "Trials".to_owned(),
                note: "Fewer is better.".to_owned(),
                columns: vec!["method".to_owned(), "median".to_owned()],
                rows: vec![vec!["one".to_owned(), "3".to_owned()]],
            }],
            method: vec!["Equal terms.".to_owned()],
        }
    }

    #[test]
    fn the_page_stands_alone_and_escapes_names() {
        let html = study_html(&page()).unwrap();
        assert!(html.contains("A study &lt;of&gt; methods"));
        for outside in ["<script", "http://", "https://", "src="] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert_eq!(html.matches("class=\"curve\"").count(), 2);
    }

    #[test]
    fn a_study_without_figures_has_a_page_without_charts() {
        let mut page = page();
        page.curves.clear();
        page.cloud.clear();
        assert!(!study_html(&page).unwrap().contains("<figure"));
    }
}
