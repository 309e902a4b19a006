//! The one rule that may end a session: fresh repeats of the best and of the default.
//!
//! A search looks again and again, so some configuration will cross the threshold by luck alone. A
//! crossing therefore only opens a confirmation, whose repeats are all new. It is judged after each
//! pair from the fifth on, at levels that keep the session's false stops below 5 % however many
//! looks and crossings there are ([`confirmation_alpha`]); `benches/stopping_rule.rs` shows it on
//! simulated sessions. It ends when it is decided, when its budget of pairs is spent, or when more
//! pairs would hardly change anything: then it stays "not decided".

use crate::compare::{common_scope, ends, gross};
use crate::interval::{Logs, interval};
use crate::quantile::{LEAST_TAIL, normal_tail, student};
use crate::sequential::{LEAST_PAIRS, MOST_PAIRS, confirmation_alpha};
use wattsmith_domain::{Confirmation, Decision, Interval, Repeat, Threshold};

/// Below this chance to confirm within its budget, a confirmation is given up as not decided.
pub const LEAST_CHANCE: f64 = 0.1;

/// What one look at a confirmation says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The one-sided level of this look; 0 where there are too few pairs to look.
    pub alpha: f64,
    /// Best over default, with the interval that decides.
    pub ratio: Option<Interval>,
    /// The outcome; none while another pair is worth measuring.
    pub decision: Option<Decision>,
    /// Chance that the pairs left in the budget would confirm it, 0 to 1; none where that cannot be
    /// said.
    pub chance: Option<f64>,
}

/// Looks at the pairs that a confirmation has so far, and says whether to go on.
///
/// Giving up early can only lower the chance of a false stop, so it needs no ration of its own.
#[must_use]
pub fn look(confirmation: &Confirmation, threshold: Threshold) -> Look {
    let (best, default) = (&confirmation.best, &confirmation.default);
    let pairs = u32::try_from(best.len().min(default.len())).unwrap_or(u32::MAX);
    let alpha = confirmation_alpha(confirmation.number, pairs.min(MOST_PAIRS));
    let judged = decide(best, default, threshold, alpha);
    let chance = (pairs >= LEAST_PAIRS)
        .then(|| chance(confirmation, threshold))
        .flatten();
    let decision = match judged {
        Some((_, decision)) if decision != Decision::NotDecided => Some(decision),
        // Also where the repeats cannot be judged at all, since a sensor came or went, or where the
        // ration is spent.
        _ if pairs >= MOST_PAIRS || (pairs >= LEAST_PAIRS && judged.is_none()) => {
            Some(Decision::NotDecided)
        }
        _ if chance.is_some_and(|chance| chance < LEAST_CHANCE) => Some(Decision::NotDecided),
        _ => None,
    };
    Look {
        alpha,
        ratio: judged.map(|(ratio, _)| ratio),
        decision,
        chance,
    }
}

/// Chance that the bound lies below the limit once the budget is spent, given what was seen: the
/// predictive power of Spiegelhalter, Freedman & Blackburn (*Controlled Clinical Trials* 7, 1986),
/// with a flat prior for the true ratio and the spread seen so far.
fn chance(confirmation: &Confirmation, threshold: Threshold) -> Option<f64> {
    let pairs = confirmation.best.len().min(confirmation.default.len());
    let (best, default) = (&confirmation.best[..pairs], &confirmation.default[..pairs]);
    let over_limit: Vec<f64> = match threshold {
        Threshold::PercentBelowDefault { percent } => ratios(&gross(best), &gross(default))
            .iter()
            .map(|ratio| ratio / (1.0 - percent / 100.0))
            .collect(),
        Threshold::Joules { joules } => best
            .iter()
            .map(|one| one.joules_per_unit() * (1.0 + one.energy.sensor_error) / joules)
            .collect(),
    };
    let logs = Logs::of(&over_limit)?;
    let (seen, all) = (logs.n, f64::from(MOST_PAIRS));
    if seen >= all {
        return Some(0.0);
    }
    let spread = (logs.squares / (seen - 1.0)).sqrt();
    let tail = confirmation_alpha(confirmation.number, MOST_PAIRS);
    let Some(t) = student(1.0 - tail, all - 1.0) else {
        return Some(0.0);
    };
    let short = -logs.mean - t * spread / all.sqrt();
    let unknown = spread * (1.0 / seen - 1.0 / all).sqrt();
    if unknown <= 0.0 {
        return Some(if short >= 0.0 { 1.0 } else { 0.0 });
    }
    let chance = normal_tail(-short / unknown);
    chance.is_finite().then_some(chance)
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
/// `None` with fewer pairs than [`LEAST_PAIRS`], with mixed scopes, or where
/// `alpha` is not between 0 and ½.
#[must_use]
pub fn decide(
    best: &[Repeat],
    default: &[Repeat],
    threshold: Threshold,
    alpha: f64,
) -> Option<(Interval, Decision)> {
    let pairs = best.len().min(default.len());
    if pairs < LEAST_PAIRS as usize || !(alpha > 0.0 && alpha < 0.5) {
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
    interval(&ratios(best, default), None, 1.0 - 2.0 * alpha)
}

fn ratios(best: &[f64], default: &[f64]) -> Vec<f64> {
    best.iter()
        .zip(default)
        .map(|(best, default)| best / default)
        .collect()
}

/// One-sided upper bound of the mean at 1 − alpha.
fn upper(values: &[f64], alpha: f64) -> Option<f64> {
    Some(interval(values, None, 1.0 - 2.0 * alpha)?.high)
}
