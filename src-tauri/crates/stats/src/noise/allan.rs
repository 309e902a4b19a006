//! The overlapping Allan deviation of ln J/unit, with its confidence.
//!
//! For slices of length τ that follow each other, σ²(τ) = ½ · mean of (yₖ₊₁ − yₖ)², taken at every place
//! where two of them fit (IEEE Std 1139; Riley, *Handbook of Frequency Stability Analysis*, NIST Special
//! Publication 1065, 2008, 5.2.4). What is slower than τ cancels in the difference, so that the curve tells
//! what a pair of windows side by side would differ by.
//!
//! Overlapping terms are not independent. How many they are worth is taken from the equivalent degrees of
//! freedom of Howe, Allan & Barnes (*Properties of signal sources and measurement methods*, 35th Annual
//! Frequency Control Symposium, 1981) for white, flicker and random walk noise of the slices: the least of
//! the three, since nobody knows beforehand which it is. The interval then is that of χ².

use super::WorkSlice;
use crate::CONFIDENCE;
use crate::quantile::chi_squared;
use serde::{Deserialize, Serialize};

/// Lengths of slices that are looked at, seconds.
const LENGTHS_S: [f64; 9] = [0.5, 1.0, 2.0, 4.0, 7.0, 10.0, 15.0, 20.0, 30.0];
/// So many slices of a length must fit one after the other into the run.
const LEAST_FIT: usize = 4;

/// The deviation at one length.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AllanPoint {
    /// Length of the slices, seconds.
    pub seconds: f64,
    /// Allan deviation of ln J/unit: 0.02 is 2 %.
    pub deviation: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Independent differences that it is worth.
    pub freedom: f64,
}

/// The deviation over slice length, shortest first. `slices` follow each other and have one length;
/// lengths at which a slice holds no work or no joules are left out.
#[must_use]
pub fn allan(slices: &[WorkSlice]) -> Vec<AllanPoint> {
    let Some(base) = slices
        .first()
        .map(|one| one.seconds)
        .filter(|one| *one > 0.0)
    else {
        return Vec::new();
    };
    let mut joined: Vec<usize> = LENGTHS_S
        .iter()
        .map(|length| (length / base).round() as usize)
        .filter(|many| *many >= 1 && many * LEAST_FIT <= slices.len())
        .collect();
    joined.dedup();
    let points = joined
        .into_iter()
        .filter_map(|many| point(slices, base, many));
    points.collect()
}

fn point(slices: &[WorkSlice], base: f64, many: usize) -> Option<AllanPoint> {
    let sums = |figure: fn(&WorkSlice) -> f64| -> Vec<f64> {
        let mut sum = 0.0;
        let rest = slices.iter().map(|one| {
            sum += figure(one);
            sum
        });
        std::iter::once(0.0).chain(rest).collect()
    };
    let (joules, units) = (sums(|one| one.joules), sums(|one| one.units));
    let places = slices.len() - many + 1;
    let logs: Option<Vec<f64>> = (0..places)
        .map(|at| {
            let joules = joules[at + many] - joules[at];
            let units = units[at + many] - units[at];
            let log = (joules / units).ln();
            (joules > 0.0 && units > 0.0 && log.is_finite()).then_some(log)
        })
        .collect();
    let logs = logs?;
    let pairs = logs.iter().zip(logs.get(many..)?);
    let count = places - many;
    let squares: f64 = pairs.map(|(one, next)| (next - one).powi(2)).sum();
    let deviation = (squares / (2.0 * count as f64)).sqrt();
    let freedom = freedom(slices.len() as f64 + 1.0, many as f64);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let end = |p: f64| Some(deviation * (freedom / chi_squared(p, freedom)?).sqrt());
    Some(AllanPoint {
        seconds: base * many as f64,
        deviation,
        low: end(1.0 - tail)?,
        high: end(tail)?,
        freedom,
    })
}

/// Equivalent degrees of freedom of `many` joined slices, for `n` edges of slices: the least of those for
/// white, flicker and random walk noise.
fn freedom(n: f64, many: f64) -> f64 {
    let m2 = many * many;
    let white =
        (3.0 * (n - 1.0) / (2.0 * many) - 2.0 * (n - 2.0) / n) * 4.0 * m2 / (4.0 * m2 + 5.0);
    let flicker = match many < 1.5 {
        true => 2.0 * (n - 2.0).powi(2) / (2.3 * n - 4.9),
        false => 5.0 * n * n / (4.0 * many * (n + 3.0 * many)),
    };
    let walk = (n - 2.0) / many * ((n - 1.0).powi(2) - 3.0 * many * (n - 1.0) + 4.0 * m2)
        / (n - 3.0).powi(2);
    white.min(flicker).min(walk).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_of_freedom_are_those_of_the_handbook() {
        // For 1,001 edges: white noise with one slice between them is worth (3·1000/2 − 2·999/1001)·4/9
        // terms, joined by ten 5·1001²/(40·1031) of flicker noise and 999/10·(1000² − 30·1000 + 400)/998²
        // of a random walk.
        let n = 1001.0;
        assert!((freedom(n, 1.0) - 665.8).abs() < 0.1, "{}", freedom(n, 1.0));
        assert!(
            (freedom(n, 10.0) - 97.3).abs() < 0.1,
            "{}",
            freedom(n, 10.0)
        );
        assert!(freedom(n, 500.0) >= 1.0);
    }

    #[test]
    fn a_run_without_slices_or_work_has_no_curve() {
        assert!(allan(&[]).is_empty());
        let idle = WorkSlice {
            seconds: 0.5,
            joules: 4.0,
            units: 0.0,
        };
        assert!(allan(&[idle; 100]).is_empty());
    }
}
