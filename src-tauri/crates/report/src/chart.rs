//! Where things stand in the charts, in the units of their view boxes. The page's template draws
//! them.

mod scale;

use crate::format;
use crate::view::Figures;
pub(crate) use scale::Scale;
use scale::steps;
use serde::Serialize;
use wattsmith_domain::{SessionRecord, Threshold};
use wattsmith_stats::{Analysis, TrialAnalysis};

/// A mark on an axis.
#[derive(Debug, Serialize)]
pub(crate) struct Tick {
    pub at: f64,
    pub label: String,
}

/// A horizontal line with a word to it.
#[derive(Debug, Serialize)]
pub(crate) struct Level {
    pub y: f64,
    /// Where the word's baseline lies, clear of other words.
    pub label_y: f64,
    pub label: &'static str,
}

/// One trial.
#[derive(Debug, Serialize)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
    pub low: f64,
    pub high: f64,
    pub number: u32,
    /// Where its number goes, in the chart of throughput.
    pub label_x: f64,
    pub label_y: f64,
    pub kind: Kind,
    /// All figures in words.
    pub title: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Default,
    Trial,
    Best,
    /// It does not keep the constraints.
    Outside,
    /// Measured before the machine changed: not compared with anything.
    Stale,
}

/// The box that the data lie in.
#[derive(Debug, Serialize)]
pub(crate) struct Frame {
    pub width: f64,
    pub height: f64,
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// J/unit by trial.
#[derive(Debug, Serialize)]
pub(crate) struct EnergyChart {
    pub frame: Frame,
    pub y_ticks: Vec<Tick>,
    pub x_ticks: Vec<Tick>,
    pub points: Vec<Point>,
    /// Trials that gave no figure.
    pub missing: Vec<Tick>,
    /// Where the machine changed.
    pub changes: Vec<Tick>,
    /// Whether an interval or a point lies outside of the axis.
    pub cut: bool,
    pub default: Option<Level>,
    pub goal: Option<Level>,
    /// What was recommended so far, as an SVG path.
    pub best: String,
    pub text: String,
}

/// J/unit against tokens per second.
#[derive(Debug, Serialize)]
pub(crate) struct SpeedChart {
    pub frame: Frame,
    pub y_ticks: Vec<Tick>,
    pub x_ticks: Vec<Tick>,
    pub points: Vec<Point>,
    pub text: String,
}

struct Seen<'a> {
    analysis: &'a TrialAnalysis,
    mean: f64,
    low: f64,
    high: f64,
    kind: Kind,
    /// Mean J/unit of what was recommended of the trials up to it.
    recommended: Option<f64>,
}

fn seen<'a>(record: &SessionRecord, analysis: &'a Analysis) -> Vec<Seen<'a>> {
    record
        .trials
        .iter()
        .zip(&analysis.trials)
        .zip(analysis.recommended_so_far())
        .filter(|((trial, _), _)| trial.is_complete())
        .filter_map(|((trial, one), recommended)| {
            let mean = one.mean.filter(|mean| mean.is_finite())?;
            let (low, high) = one
                .joules_per_unit
                .filter(|all| all.low.is_finite() && all.high.is_finite())
                .map_or((mean, mean), |all| (all.low, all.high));
            let kind = if one.stale {
                Kind::Stale
            } else if !one.violations.is_empty() {
                Kind::Outside
            } else if analysis.best.as_ref() == Some(&one.id) {
                Kind::Best
            } else if trial.purpose == wattsmith_domain::Purpose::Default {
                Kind::Default
            } else {
                Kind::Trial
            };
            Some(Seen {
                analysis: one,
                mean,
                low,
                high,
                kind,
                recommended: recommended.and_then(|at| analysis.trials.get(at)?.mean),
            })
        })
        .collect()
}

const ENERGY: Frame = Frame {
    width: 540.0,
    height: 260.0,
    left: 44.0,
    right: 532.0,
    top: 14.0,
    bottom: 216.0,
};

const SPEED: Frame = Frame {
    width: 320.0,
    height: 260.0,
    left: 44.0,
    right: 306.0,
    top: 14.0,
    bottom: 216.0,
};

/// The chart of J/unit by trial; none with fewer than two figures.
pub(crate) fn energy(
    record: &SessionRecord,
    analysis: &Analysis,
    figures: &Figures,
) -> Option<EnergyChart> {
    let seen = seen(record, analysis);
    let default = analysis.default.map(|one| one.mean).or_else(|| {
        let trial = record.default_trial()?;
        analysis.trial(&trial.id)?.mean
    });
    let goal = match record.session.objective.threshold {
        Threshold::Joules { joules } => Some(joules),
        Threshold::PercentBelowDefault { percent } => {
            default.map(|mean| mean * (1.0 - percent / 100.0))
        }
    };
    let frame = ENERGY;
    let extent = extent(&seen, default.into_iter().chain(goal));
    let y = Scale::fit(extent.into_iter(), frame.bottom, frame.top)?.clamped();
    let cut = seen
        .iter()
        .any(|one| !(y.holds(one.low) && y.holds(one.high)));
    (seen.len() > 1).then_some(())?;
    let count = record.trials.len().max(3) as f64;
    let x = |number: u32| {
        let step = (frame.right - frame.left) / count;
        one_decimal(frame.left + (f64::from(number) - 0.5) * step)
    };
    let points: Vec<Point> = seen
        .iter()
        .map(|one| point(one, x(one.analysis.number), &y, figures))
        .collect();
    let missing = analysis
        .trials
        .iter()
        .filter(|one| seen.iter().all(|other| other.analysis.id != one.id))
        .map(|one| Tick {
            at: x(one.number),
            label: format!("Trial {}: failed or not used", one.number),
        })
        .collect();
    let every = record.trials.len().div_ceil(16);
    let (default, goal) = levels(default.map(|mean| y.at(mean)), goal.map(|mean| y.at(mean)));
    let recommended = seen
        .iter()
        .filter(|one| !matches!(one.kind, Kind::Outside | Kind::Stale))
        .filter_map(|one| Some((x(one.analysis.number), y.at(one.recommended?))));
    Some(EnergyChart {
        best: steps(recommended, frame.right),
        y_ticks: y.ticks(),
        x_ticks: record
            .trials
            .iter()
            .step_by(every)
            .map(|trial| Tick {
                at: x(trial.number),
                label: trial.number.to_string(),
            })
            .collect(),
        text: energy_text(&seen, figures),
        changes: analysis
            .changes
            .iter()
            .map(|one| Tick {
                at: one_decimal((x(one.after_trial) + x(one.after_trial + 1)) / 2.0),
                label: one.words(figures.noun),
            })
            .collect(),
        points,
        missing,
        cut,
        default,
        goal,
        frame,
    })
}

/// A figure beyond so many times the largest mean, or below that part of the least, is cut off.
const MOST_SPAN: f64 = 2.0;

/// What the axis has to show: the means of what can be compared, `levels`, and their intervals as far
/// as one wild one does not press all others flat.
fn extent(seen: &[Seen], levels: impl Iterator<Item = f64>) -> Vec<f64> {
    let comparable: Vec<&Seen> = seen.iter().filter(|one| one.kind != Kind::Stale).collect();
    let mut values: Vec<f64> = comparable
        .iter()
        .map(|one| one.mean)
        .chain(levels)
        .collect();
    let most = values.iter().copied().fold(0.0, f64::max) * MOST_SPAN;
    let least = values.iter().copied().fold(f64::INFINITY, f64::min) / MOST_SPAN;
    values.extend(
        comparable
            .iter()
            .flat_map(|one| [one.low.max(least), one.high.min(most)]),
    );
    values
}

/// The chart of J/unit against throughput; none with fewer than two figures.
pub(crate) fn speed(
    record: &SessionRecord,
    analysis: &Analysis,
    figures: &Figures,
) -> Option<SpeedChart> {
    let seen = seen(record, analysis);
    let rate = |one: &Seen| {
        let performance = one.analysis.performance.as_ref()?;
        Some(performance.tokens_per_second).filter(|rate| rate.is_finite())
    };
    let frame = SPEED;
    let x = Scale::fit(seen.iter().filter_map(rate), frame.left, frame.right)?;
    let seen: Vec<Seen> = seen
        .into_iter()
        .filter(|one| one.kind != Kind::Stale)
        .collect();
    let y = Scale::fit(seen.iter().map(|one| one.mean), frame.bottom, frame.top)?;
    let points: Vec<Point> = seen
        .iter()
        .filter_map(|one| Some(point(one, x.at(rate(one)?), &y, figures)))
        .collect();
    let points = apart(points);
    (points.len() > 1).then(|| SpeedChart {
        x_ticks: x.ticks(),
        y_ticks: y.ticks(),
        text: format!(
            "{} against {} per second for {}. Down and to the right is better. The \
             table of trials has the figures.",
            figures.unit,
            record.session.workload.unit.output(),
            format::plural(points.len(), "trial")
        ),
        points,
        frame,
    })
}

fn point(one: &Seen, x: f64, y: &Scale, figures: &Figures) -> Point {
    let number = one.analysis.number;
    let speed = one
        .analysis
        .performance
        .as_ref()
        .map_or(String::new(), |all| {
            format!(
                ", {}",
                format::with_unit(all.tokens_per_second, figures.rate)
            )
        });
    Point {
        x,
        y: y.at(one.mean),
        low: y.at(one.low),
        high: y.at(one.high),
        number,
        label_x: x,
        label_y: y.at(one.mean),
        kind: one.kind,
        title: format!(
            "Trial {number}: {} {}{speed}{}",
            one.analysis
                .joules_per_unit
                .as_ref()
                .map_or_else(|| format::number(one.mean), format::interval),
            figures.unit,
            match one.kind {
                Kind::Stale => ", measured before the machine changed: not compared",
                _ => "",
            }
        ),
    }
}

/// Moves the numbers of points that lie close together to free places.
fn apart(mut points: Vec<Point>) -> Vec<Point> {
    const PLACES: [(f64, f64); 4] = [(0.0, -10.0), (0.0, 20.0), (12.0, 4.0), (-12.0, 4.0)];
    let dots: Vec<(f64, f64)> = points.iter().map(|one| (one.x, one.y)).collect();
    let mut labels: Vec<(f64, f64)> = Vec::new();
    for point in &mut points {
        let free = |place: &(f64, f64)| {
            let at = (point.x + place.0, point.y + place.1);
            let hits = |other: &(f64, f64)| {
                // The middle of a digit lies 4 above its baseline.
                (other.0 - at.0).abs() < 12.0 && (other.1 - (at.1 - 4.0)).abs() < 11.0
            };
            let labelled =
                |other: &(f64, f64)| (other.0 - at.0).abs() < 14.0 && (other.1 - at.1).abs() < 12.0;
            !dots.iter().any(hits) && !labels.iter().any(labelled)
        };
        let place = PLACES.into_iter().find(free).unwrap_or(PLACES[0]);
        point.label_x = one_decimal(point.x + place.0);
        point.label_y = one_decimal(point.y + place.1);
        labels.push((point.label_x, point.label_y));
    }
    points
}

/// Both lines, their words kept apart where the lines lie close together.
fn levels(default: Option<f64>, goal: Option<f64>) -> (Option<Level>, Option<Level>) {
    const ABOVE: f64 = -5.0;
    const BELOW: f64 = 13.0;
    let default_first = default.zip(goal).is_none_or(|(one, other)| one <= other);
    let level = |y: Option<f64>, label, above: bool| {
        y.map(|y| Level {
            y,
            label_y: one_decimal(y + if above { ABOVE } else { BELOW }),
            label,
        })
    };
    (
        level(default, "default", default_first),
        level(goal, "goal", !default_first),
    )
}

fn energy_text(seen: &[Seen], figures: &Figures) -> String {
    let comparable = || seen.iter().filter(|one| one.kind != Kind::Stale);
    let least = comparable().min_by(|a, b| a.mean.total_cmp(&b.mean));
    let most = comparable().max_by(|a, b| a.mean.total_cmp(&b.mean));
    let range = least.zip(most).map_or(String::new(), |(least, most)| {
        format!(
            " From {} in trial {} to {} in trial {}.",
            format::number(least.mean),
            least.analysis.number,
            format::number(most.mean),
            most.analysis.number
        )
    });
    format!(
        "{} by trial, each with its 95 % interval.{range} The table of trials has the figures.",
        figures.unit
    )
}

fn one_decimal(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
