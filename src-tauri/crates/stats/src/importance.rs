//! Which knobs seem to matter, from the trials so far.

use crate::interval::Pooled;
use crate::quantile::f_tail;
use std::collections::BTreeMap;
use wattsmith_domain::{Configuration, ParameterSpace};

/// Chance, over all knobs of a session together, to call one important that is not.
const FALSE_ALARMS: f64 = 0.05;

/// How much of the differences between trials goes with one knob.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// The parameter.
    pub name: String,
    /// Share of the variance of ln J/unit between trials, 0 to 1, less what chance would give.
    /// `None`: inside the noise, or too few trials to say. Knobs that were turned together share
    /// their credit, so the shares need not add up to 1.
    pub share: Option<f64>,
}

/// One trial as seen here: its settings, its mean of ln J/unit and the repeats behind it.
pub(crate) struct Point<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) log_mean: f64,
    pub(crate) repeats: f64,
}

/// Main effects, one knob at a time: trials are grouped by the knob's value and the variance between
/// groups is held against that within (one-way analysis of variance; the share is ω², Hays,
/// *Statistics*, 1963). What the other knobs do counts as noise here, and noise is never taken to be
/// smaller than the repeats show. The test's level is divided by the number of knobs that were
/// turned.
pub(crate) fn importance(
    points: &[Point],
    space: &ParameterSpace,
    pooled: Option<Pooled>,
) -> Vec<Importance> {
    let groups: Vec<(&str, Vec<Vec<f64>>)> = space
        .parameters
        .iter()
        .map(|parameter| (parameter.name.as_str(), by_value(points, &parameter.name)))
        .collect();
    let turned = groups.iter().filter(|(_, groups)| groups.len() > 1).count();
    let floor = noise_of_a_mean(points, pooled);
    groups
        .into_iter()
        .map(|(name, groups)| Importance {
            name: name.to_owned(),
            share: share(&groups, floor, FALSE_ALARMS / turned.max(1) as f64),
        })
        .collect()
}

fn by_value(points: &[Point], name: &str) -> Vec<Vec<f64>> {
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for point in points {
        if let Some(value) = point.configuration.get(name) {
            groups
                .entry(value.to_string())
                .or_default()
                .push(point.log_mean);
        }
    }
    groups.into_values().collect()
}

/// Variance that a trial's mean has from its repeats alone.
fn noise_of_a_mean(points: &[Point], pooled: Option<Pooled>) -> f64 {
    let Some(pooled) = pooled else { return 0.0 };
    if points.is_empty() {
        return 0.0;
    }
    let mean_inverse =
        points.iter().map(|point| 1.0 / point.repeats).sum::<f64>() / points.len() as f64;
    pooled.sd.powi(2) * mean_inverse
}

fn share(groups: &[Vec<f64>], floor: f64, level: f64) -> Option<f64> {
    let all: Vec<f64> = groups.iter().flatten().copied().collect();
    let (n, k) = (all.len(), groups.len());
    if n < 3 || k < 2 || n <= k {
        return None;
    }
    let (df_between, df_within) = ((k - 1) as f64, (n - k) as f64);
    let total = squares(&all);
    let within: f64 = groups.iter().map(|group| squares(group)).sum();
    let between = (total - within).max(0.0);
    let noise = (within / df_within).max(floor);
    if total <= 0.0 {
        return None;
    }
    // No spread within any group and none known from repeats: nothing to test against.
    if noise <= 0.0 {
        return None;
    }
    let tail = f_tail(between / df_between / noise, df_between, df_within)?;
    if tail > level {
        return None;
    }
    let share = (between - df_between * noise) / (total + noise);
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}

fn squares(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum()
}
