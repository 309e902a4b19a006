//! A range for what is expected, from how far earlier expectations were off.
//!
//! Errors are taken as ratios, came over expected. Their logarithms are drawn from one normal distribution, of which
//! a weak prior is known: no bias, worth [`PRIOR_MEAN`] cases, and a standard deviation of [`PRIOR_SD`], worth
//! [`PRIOR_CASES`]. What is to come then is Student's t (Gelman et al., *Bayesian Data Analysis*, 2013, 3.3),
//! so that the first ranges are wide, and a forecast that is always short mends itself.

use crate::quantile::student;
use wattsmith_domain::Expected;

/// The range holds so many of what comes.
const HOLDS: f64 = 0.8;
const PRIOR_SD: f64 = 0.3;
const PRIOR_CASES: f64 = 2.0;
const PRIOR_MEAN: f64 = 1.0;
/// A case that is further off says that something else happened: a factor of so much counts as that.
const FURTHEST: f64 = 4.0;

/// What came over what was expected, of earlier cases, makes the range around `raw`. `None` where `raw` is no
/// positive number. Cases that are none are left out.
#[must_use]
pub fn expected(raw: f64, came_over_expected: &[f64]) -> Option<Expected> {
    if !(raw.is_finite() && raw > 0.0) {
        return None;
    }
    let usable = |ratio: &&f64| ratio.is_finite() && **ratio > 0.0;
    let logs: Vec<f64> = came_over_expected
        .iter()
        .filter(usable)
        .map(|ratio| ratio.clamp(1.0 / FURTHEST, FURTHEST).ln())
        .collect();
    let n = logs.len() as f64;
    let own_mean = logs.iter().sum::<f64>() / n.max(1.0);
    let squares: f64 = logs.iter().map(|log| (log - own_mean).powi(2)).sum();
    let cases = PRIOR_MEAN + n;
    let mean = n * own_mean / cases;
    let df = PRIOR_CASES + n;
    let between = PRIOR_MEAN * n / cases * own_mean * own_mean;
    let variance = (PRIOR_CASES * PRIOR_SD * PRIOR_SD + squares + between) / df;
    let half = student(0.5 + HOLDS / 2.0, df)? * (variance * (1.0 + 1.0 / cases)).sqrt();
    Some(Expected {
        low: raw * (mean - half).exp(),
        middle: raw * mean.exp(),
        high: raw * (mean + half).exp(),
    })
}
