//! The one rule that may end a session: fresh repeats of the best and of the default.
//!
//! A search looks again and again, so some configuration will cross the threshold by luck alone. A
//! crossing therefore only opens a confirmation, whose repeats are all new and are judged at no more
//! than two looks. Its chance of a false stop is rationed: 5 % for the session is split over
//! confirmations by halving, and within each over its looks (alpha spending in the manner of Lan &
//! DeMets, *Biometrika* 70, 1983, with the shares fixed in advance), so by Bonferroni's inequality
//! the total stays below 5 % however many crossings there are. `tests/it` shows it by simulation.

use crate::compare::{common_scope, ends, gross};
use crate::interval::interval;
use crate::quantile::LEAST_TAIL;
use wattsmith_domain::{Decision, Interval, Repeat, Threshold};

/// Pairs of repeats (one of the best, one of the default) after which a confirmation is judged.
pub const CONFIRMATION_LOOKS: [u32; 2] = [5, 10];

/// False stops allowed to a whole session.
const SESSION_ALPHA: f64 = 0.05;
/// How a confirmation's share is split over its looks; the later look knows more and gets more.
const LOOK_SHARES: [f64; CONFIRMATION_LOOKS.len()] = [0.4, 0.6];

/// Chance of a false stop allowed to look `look` (from 1) of confirmation `number` (from 1):
/// 2.5 % for the first confirmation, half as much for each one after it; 2/5 of that at the first
/// look and 3/5 at the second. 0 for a look or a number that does not exist.
#[must_use]
pub fn confirmation_alpha(number: u32, look: u32) -> f64 {
    let share = look
        .checked_sub(1)
        .and_then(|index| LOOK_SHARES.get(index as usize))
        .copied()
        .unwrap_or(0.0);
    if number == 0 {
        return 0.0;
    }
    share * SESSION_ALPHA * 0.5_f64.powi(i32::try_from(number).unwrap_or(i32::MAX))
}

/// Judges a confirmation from its own repeats only, one-sided at `alpha`.
///
/// The two lists are interleaved, so the n-th of each make a pair measured within minutes, and what
/// drifts over hours cancels in the pair's ratio: the interval is that of the mean log ratio with
/// t(pairs − 1). It is two-sided at 1 − 2·alpha, so its upper end is the very bound that decided; at
/// the alphas of [`confirmation_alpha`] that is at least a 95 % interval.
///
/// Who goes first should alternate from pair to pair, or a steady drift favours one side.
///
/// - A threshold in per cent needs the ratio's upper end at or below it: repeatability only, since
///   a sensor's systematic error is the same on both sides.
/// - A threshold in joules needs the best's upper end, raised by the sensor's error, at or below it.
/// - An estimate must pass at both ends of its coefficients too.
///
/// `None` with fewer pairs than the first of [`CONFIRMATION_LOOKS`], with mixed scopes, or where
/// `alpha` is not between 0 and ½.
#[must_use]
pub fn decide(
    best: &[Repeat],
    default: &[Repeat],
    threshold: Threshold,
    alpha: f64,
) -> Option<(Interval, Decision)> {
    let pairs = best.len().min(default.len());
    if pairs < CONFIRMATION_LOOKS[0] as usize || !(alpha > 0.0 && alpha < 0.5) {
        return None;
    }
    let (best, default) = (&best[..pairs], &default[..pairs]);
    common_scope(best.iter().chain(default))?;
    if alpha < LEAST_TAIL {
        let ratio = paired(&gross(best), &gross(default), LEAST_TAIL)?;
        return Some((ratio, Decision::NotDecided));
    }
    let ratio = paired(&gross(best), &gross(default), alpha)?;
    let decision = match threshold {
        Threshold::PercentBelowDefault { percent } => {
            let limit = 1.0 - percent / 100.0;
            let at_ends = match (ends(best), ends(default)) {
                (Some(best), Some(default)) => best
                    .iter()
                    .zip(&default)
                    .map(|(best, default)| Some(paired(best, default, alpha)?.high <= limit))
                    .collect::<Option<Vec<bool>>>()?,
                _ => Vec::new(),
            };
            judge(ratio.high <= limit, &at_ends)
        }
        Threshold::Joules { joules } => {
            let error = best
                .iter()
                .map(|repeat| repeat.energy.sensor_error)
                .fold(0.0, f64::max);
            let bound = upper(&gross(best), alpha)?;
            match ends(best) {
                // For an estimate the sensor's error is the doubt about its coefficients: failing
                // only by that is "depends", where a sensor's figure would be "not decided".
                Some(ends) => {
                    let mut at_ends = ends
                        .iter()
                        .map(|end| Some(upper(end, alpha)? <= joules))
                        .collect::<Option<Vec<bool>>>()?;
                    at_ends.push(bound * (1.0 + error) <= joules);
                    judge(bound <= joules, &at_ends)
                }
                None => judge(bound * (1.0 + error) <= joules, &[]),
            }
        }
    };
    Some((ratio, decision))
}

fn judge(holds: bool, at_ends: &[bool]) -> Decision {
    if !holds {
        Decision::NotDecided
    } else if at_ends.iter().all(|end| *end) {
        Decision::Below
    } else {
        Decision::DependsOnEstimate
    }
}

/// Interval of the ratio from pairs, two-sided at 1 − 2·alpha.
fn paired(best: &[f64], default: &[f64], alpha: f64) -> Option<Interval> {
    let ratios: Vec<f64> = best
        .iter()
        .zip(default)
        .map(|(best, default)| best / default)
        .collect();
    interval(&ratios, None, 1.0 - 2.0 * alpha)
}

/// One-sided upper bound of the mean at 1 − alpha.
fn upper(values: &[f64], alpha: f64) -> Option<f64> {
    Some(interval(values, None, 1.0 - 2.0 * alpha)?.high)
}
