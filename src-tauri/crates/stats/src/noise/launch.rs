//! What differs between launches: one-way random effects.
//!
//! With MSB and MSW the mean squares between and within launches, the component is (MSB − MSW)/n₀, at least
//! 0 (Searle, Casella & McCulloch, *Variance Components*, 1992, 3.6; n₀ for unequal groups). Its interval is
//! that of Williams (*Biometrika* 49, 1962), which says honestly how little a few launches tell. Launches lie
//! some seconds apart, so what drifts meanwhile is in it.

use super::logs;
use crate::CONFIDENCE;
use crate::quantile::{chi_squared, f_quantile};
use serde::{Deserialize, Serialize};

/// The variance between launches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LaunchEffect {
    /// Of ln J/unit.
    pub variance: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Launches.
    pub launches: u32,
    /// Windows in all.
    pub windows: u32,
}

/// The component from J/unit of the windows of each launch. `None` with fewer than two launches or no launch
/// of two windows, or where a figure is no positive number.
#[must_use]
pub fn launch_effect(launches: &[Vec<f64>]) -> Option<LaunchEffect> {
    let groups: Vec<_> = launches
        .iter()
        .map(|one| logs(one))
        .collect::<Option<_>>()?;
    let all: f64 = groups.iter().map(|one| one.n).sum();
    let (between, within) = (groups.len() as f64 - 1.0, all - groups.len() as f64);
    if between < 1.0 || within < 1.0 {
        return None;
    }
    let mean = groups.iter().map(|one| one.n * one.mean).sum::<f64>() / all;
    let msb = groups
        .iter()
        .map(|one| one.n * (one.mean - mean).powi(2))
        .sum::<f64>()
        / between;
    let msw = groups.iter().map(|one| one.squares).sum::<f64>() / within;
    let n0 = (all - groups.iter().map(|one| one.n * one.n).sum::<f64>() / all) / between;
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let end = |p: f64| {
        let (f, chi) = (f_quantile(p, between, within)?, chi_squared(p, between)?);
        Some((between * (msb - f * msw) / (n0 * chi)).max(0.0))
    };
    let count = |number: f64| number as u32;
    Some(LaunchEffect {
        variance: ((msb - msw) / n0).max(0.0),
        low: end(1.0 - tail)?,
        high: end(tail)?,
        launches: count(between + 1.0),
        windows: count(all),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_that_of_a_worked_analysis_of_variance() {
        // ln: (0, 0.2), (1, 1.2), (2, 2.2): MSW = 0.02, MSB = 2, n₀ = 2.
        let launches: Vec<Vec<f64>> = [[0.0, 0.2], [1.0, 1.2], [2.0, 2.2]]
            .iter()
            .map(|one| one.iter().map(|log: &f64| log.exp()).collect())
            .collect();
        let seen = launch_effect(&launches).unwrap();
        assert!((seen.variance - 0.99).abs() < 1e-9, "{seen:?}");
        assert!(seen.low < seen.variance && seen.variance < seen.high);
        assert_eq!((seen.launches, seen.windows), (3, 6));
        // Two degrees of freedom leave the upper end some forty times as high.
        assert!(seen.high / seen.variance > 10.0);
    }

    #[test]
    fn launches_that_do_not_differ_have_none_and_one_launch_tells_nothing() {
        let same = launch_effect(&[vec![1.0, 1.1], vec![1.1, 1.0], vec![1.0, 1.1]]).unwrap();
        assert_eq!((same.variance, same.low), (0.0, 0.0));
        assert_eq!(launch_effect(&[vec![1.0, 1.1]]), None);
        assert_eq!(launch_effect(&[vec![1.0], vec![1.1]]), None);
        assert_eq!(launch_effect(&[vec![1.0, 0.0], vec![1.1, 1.0]]), None);
    }
}
