//! What an Allan curve is made of: σ²(τ) = cut/τ² + white/τ + floor + walk·τ, all parts at least 0.
//!
//! The four slopes are the usual ones (Riley 2008, 3.2). *Cut* is what comes of cutting by the clock, in the
//! middle of requests; a measured window is whole passes and has none of it. The fit weighs each length by
//! what it is worth and by the size of the variance there, as a χ² of so many degrees of freedom varies.

use super::AllanPoint;
use crate::gaussian::Gram;
use serde::{Deserialize, Serialize};

/// Parts of a curve.
const PARTS: usize = 4;
/// The weights follow the fit; after so many rounds they stand.
const ROUNDS: usize = 8;

/// Parts of the Allan variance of ln J/unit at τ seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Of cutting by the clock: this over τ².
    pub cut: f64,
    /// White: this over τ.
    pub white: f64,
    /// Drift that two neighbours differ by whatever their length.
    pub floor: f64,
    /// Drift that grows: this times τ.
    pub walk: f64,
}

impl Components {
    /// The parts that come nearest to the curve.
    #[must_use]
    pub fn fit(curve: &[AllanPoint]) -> Self {
        let rows: Vec<([f64; PARTS], f64, f64)> = curve
            .iter()
            .filter(|one| one.deviation > 0.0)
            .map(|one| {
                let t = one.seconds;
                let terms = [1.0 / (t * t), 1.0 / t, 1.0, t];
                (terms, one.deviation.powi(2), one.freedom)
            })
            .collect();
        let mut parts = [0.0; PARTS];
        for round in 0..ROUNDS {
            let weighted: Vec<([f64; PARTS], f64)> = rows
                .iter()
                .map(|(terms, variance, freedom)| {
                    let fitted: f64 = terms.iter().zip(&parts).map(|(t, p)| t * p).sum();
                    let size = if round == 0 || fitted <= 0.0 {
                        *variance
                    } else {
                        fitted
                    };
                    let weight = freedom.sqrt() / size;
                    (terms.map(|term| term * weight), variance * weight)
                })
                .collect();
            let Some(found) = least_squares(&weighted) else {
                break;
            };
            parts = found;
        }
        let [cut, white, floor, walk] = parts;
        Self {
            cut,
            white,
            floor,
            walk,
        }
    }

    /// Variance of half the difference between two whole windows of such a length, one after the other, with
    /// `between_s` from the end of one to the begin of the next: without what cutting by the clock adds.
    #[must_use]
    pub fn of_window(&self, window_s: f64, between_s: f64) -> f64 {
        self.white / window_s + self.floor + self.walk * (window_s + between_s)
    }
}

/// Least squares with no part below 0: the best of all choices of parts whose own solution is so. With four
/// parts there are fifteen, which is quicker than anything clever.
fn least_squares(rows: &[([f64; PARTS], f64)]) -> Option<[f64; PARTS]> {
    let mut best: Option<(f64, [f64; PARTS])> = None;
    for choice in 1_usize..1 << PARTS {
        let chosen: Vec<usize> = (0..PARTS).filter(|part| choice >> part & 1 == 1).collect();
        let Some(solved) = solve(rows, &chosen) else {
            continue;
        };
        if solved.iter().any(|part| !part.is_finite() || *part < 0.0) {
            continue;
        }
        let mut parts = [0.0; PARTS];
        for (part, value) in chosen.iter().zip(&solved) {
            parts[*part] = *value;
        }
        let missed: f64 = rows
            .iter()
            .map(|(terms, wanted)| {
                let got: f64 = terms.iter().zip(&parts).map(|(t, p)| t * p).sum();
                (got - wanted).powi(2)
            })
            .sum();
        if best.is_none_or(|(least, _)| missed < least) {
            best = Some((missed, parts));
        }
    }
    best.map(|(_, parts)| parts)
}

/// The chosen parts by the normal equations, scaled so that none drowns the others.
fn solve(rows: &[([f64; PARTS], f64)], chosen: &[usize]) -> Option<Vec<f64>> {
    let size = chosen.len();
    let scale: Vec<f64> = chosen
        .iter()
        .map(|part| {
            rows.iter()
                .map(|(terms, _)| terms[*part].powi(2))
                .sum::<f64>()
                .sqrt()
        })
        .collect();
    if rows.len() < size || scale.iter().any(|one| *one <= 0.0) {
        return None;
    }
    let term = |row: &[f64; PARTS], at: usize| row[chosen[at]] / scale[at];
    let sum = |of: &dyn Fn(&[f64; PARTS], f64) -> f64| -> f64 {
        rows.iter().map(|(row, wanted)| of(row, *wanted)).sum()
    };
    let equations = Gram::of(size, |one, other| {
        sum(&|row, _| term(row, one) * term(row, other))
    });
    let wanted = (0..size).map(|one| sum(&|row, wanted| term(row, one) * wanted));
    let solved = equations.solve(wanted.collect())?;
    Some(
        solved
            .iter()
            .zip(&scale)
            .map(|(value, scale)| value / scale)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(variance: impl Fn(f64) -> f64) -> Vec<AllanPoint> {
        [0.5, 1.0, 2.0, 4.0, 10.0, 20.0, 30.0]
            .into_iter()
            .map(|seconds| {
                let deviation = variance(seconds).sqrt();
                AllanPoint {
                    seconds,
                    deviation,
                    low: deviation / 1.2,
                    high: deviation * 1.2,
                    freedom: 120.0 / seconds,
                }
            })
            .collect()
    }

    #[test]
    fn parts_that_were_put_in_come_out_again() {
        let seen = Components::fit(&curve(|t| 1e-2 / (t * t) + 4e-3 / t + 1e-4 + 2e-5 * t));
        for (got, put) in [
            (seen.cut, 1e-2),
            (seen.white, 4e-3),
            (seen.floor, 1e-4),
            (seen.walk, 2e-5),
        ] {
            assert!((got / put - 1.0).abs() < 1e-3, "{seen:?}");
        }
    }

    #[test]
    fn a_pure_slope_is_one_part_and_no_part_is_ever_negative() {
        let white = Components::fit(&curve(|t| 4e-3 / t));
        assert!((white.white - 4e-3).abs() < 1e-9, "{white:?}");
        assert!(white.cut.max(white.floor).max(white.walk) < 1e-9);
        let odd = Components::fit(&curve(|t| if t < 3.0 { 1e-4 } else { 1e-6 }));
        assert!(odd.cut >= 0.0 && odd.white >= 0.0 && odd.floor >= 0.0 && odd.walk >= 0.0);
    }
}
