//! The one rule that may end a session: fresh repeats of the best and of the default.
//!
//! A search looks again and again, so some configuration will cross the threshold by luck alone. A
//! crossing therefore only opens a confirmation, whose repeats are all new. It is judged after each
//! pair from its rule's first look on, at levels that keep the session's false stops below 5 % however many
//! looks and crossings there are ([`Rule`]); `benches/stopping_rule.rs` and `benches/certainty` show it on
//! simulated sessions. It ends when it is decided, when its budget of pairs is spent, or when more
//! pairs would hardly change anything: then it stays "not decided".
//!
//! What was known of the spread of pairs before the first one ([`PairSpread`]) gives t more degrees of freedom.
//! It tells nothing of the ratio itself, and it goes where the pairs contradict it.

use crate::compare::{common_scope, ends, gross};
use crate::interval::{Logs, Pooled, bounded, interval};
use crate::noise::known_spread;
use crate::quantile::{LEAST_TAIL, normal_tail, student};
use crate::sequential::Rule;
use wattsmith_domain::{Confirmation, Decision, Interval, PairSpread, Repeat, Threshold};

/// Pairs that are judged at the least where nothing was known of their spread.
const LEAST_UNKNOWN: usize = 5;
/// The same where something was: with a single pair nothing could contradict it.
const LEAST_KNOWN: usize = 2;

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
    Rule::of(confirmation).look(confirmation, threshold)
}

impl Rule {
    /// The same by this rule.
    #[must_use]
    pub fn look(&self, confirmation: &Confirmation, threshold: Threshold) -> Look {
        let spending = &self.spending;
        let (best, default) = (&confirmation.best, &confirmation.default);
        let pairs = u32::try_from(best.len().min(default.len())).unwrap_or(u32::MAX);
        let alpha = self.alpha(confirmation.number, pairs.min(spending.most));
        let known = self.known(confirmation);
        let judged = decide(best, default, threshold, alpha, known.as_ref());
        let chance = |most: u32| self.chance(confirmation, threshold, most);
        let (chance, least) = match pairs < spending.usual {
            true => (chance(spending.usual), spending.least_chance),
            false => (chance(spending.most), spending.good_chance),
        };
        let chance = chance.filter(|_| pairs >= spending.first);
        let hopeless = pairs >= spending.give_up_from && chance.is_some_and(|one| one < least);
        let decision = match judged {
            Some((_, decision)) if decision != Decision::NotDecided => Some(decision),
            // Also where the repeats cannot be judged at all, since a sensor came or went, or where the
            // ration is spent.
            _ if pairs >= spending.most || (pairs >= spending.first && judged.is_none()) => {
                Some(Decision::NotDecided)
            }
            _ if hopeless => Some(Decision::NotDecided),
            _ => None,
        };
        Look {
            alpha,
            ratio: judged.map(|(ratio, _)| ratio),
            decision,
            chance,
        }
    }

    /// What a confirmation knew before its first pair, as far as this rule trusts it.
    pub(crate) fn known(&self, confirmation: &Confirmation) -> Option<PairSpread> {
        let known = confirmation.spread?;
        let windows = known.windows.min(self.spending.prior_windows);
        (windows >= 1.0).then_some(PairSpread {
            log_sd: known.log_sd * self.spending.doubt,
            windows,
        })
    }

    /// Chance that the bound lies below the limit once `most` pairs are there, given what was seen: the
    /// predictive power of Spiegelhalter, Freedman & Blackburn (*Controlled Clinical Trials* 7, 1986),
    /// with a flat prior for the true ratio and the spread as it is known so far.
    fn chance(&self, confirmation: &Confirmation, threshold: Threshold, most: u32) -> Option<f64> {
        let pairs = confirmation.best.len().min(confirmation.default.len());
        let (best, default) = (&confirmation.best[..pairs], &confirmation.default[..pairs]);
        let (over_limit, known): (Vec<f64>, _) = match threshold {
            Threshold::PercentBelowDefault { percent } => {
                let limit = 1.0 - percent / 100.0;
                let ratios = ratios(&gross(best), &gross(default));
                let over = ratios.iter().map(|ratio| ratio / limit).collect();
                (over, self.known(confirmation))
            }
            Threshold::Joules { joules } => {
                let bound =
                    |one: &Repeat| one.joules_per_unit() * (1.0 + one.energy.sensor_error) / joules;
                (best.iter().map(bound).collect(), None)
            }
        };
        let logs = Logs::of(&over_limit)?;
        let (seen, all) = (logs.n, f64::from(most));
        if seen >= all {
            return Some(0.0);
        }
        let spread = known_spread(logs.own_spread(), known.as_ref())?;
        let tail = self.alpha(confirmation.number, most);
        let Some(t) = student(1.0 - tail, spread.df + all - seen) else {
            return Some(0.0);
        };
        let short = -logs.mean - t * spread.sd / all.sqrt();
        let unknown = spread.sd * (1.0 / seen - 1.0 / all).sqrt();
        if unknown <= 0.0 {
            return Some(if short >= 0.0 { 1.0 } else { 0.0 });
        }
        let chance = normal_tail(-short / unknown);
        chance.is_finite().then_some(chance)
    }
}

/// Judges a confirmation from its own repeats only, one-sided at `alpha`.
///
/// The two lists are interleaved, so the n-th of each make a pair measured within minutes, and what
/// drifts over hours cancels in the pair's ratio: the interval is that of the mean log ratio with
/// t(pairs − 1). It is two-sided at 1 − 2·alpha, so its upper end is the very bound that decided; at
/// the alphas of a [`Rule`] that is at least a 95 % interval.
///
/// `known` is what was known of the spread of pairs before the first of them: with it t has
/// as many degrees of freedom more as it counts windows. It is about ratios, so a goal in joules does
/// without it.
///
/// Who goes first should alternate from pair to pair, or a steady drift favours one side.
///
/// - A threshold in per cent needs the ratio's upper end at or below it: repeatability only, since
///   a sensor's systematic error is the same on both sides.
/// - A threshold in joules needs the best's upper end, raised by the sensor's error, at or below it.
/// - An estimate must pass at both ends of its coefficients too.
///
/// `None` with fewer than five pairs (two where their spread was known before), with mixed scopes, or where
/// `alpha` is not between 0 and ½.
#[must_use]
pub fn decide(
    best: &[Repeat],
    default: &[Repeat],
    threshold: Threshold,
    alpha: f64,
    known: Option<&PairSpread>,
) -> Option<(Interval, Decision)> {
    let pairs = best.len().min(default.len());
    let least = known.map_or(LEAST_UNKNOWN, |_| LEAST_KNOWN);
    if pairs < least || !(alpha > 0.0 && alpha < 0.5) {
        return None;
    }
    let (best, default) = (&best[..pairs], &default[..pairs]);
    common_scope(best.iter().chain(default))?;
    if alpha < LEAST_TAIL {
        let ratio = paired(&gross(best), &gross(default), LEAST_TAIL, known)?;
        return Some((ratio, Decision::NotDecided));
    }
    let ratio = paired(&gross(best), &gross(default), alpha, known)?;
    let decision = match threshold {
        Threshold::PercentBelowDefault { percent } => {
            let limit = 1.0 - percent / 100.0;
            let at_ends = match (ends(best), ends(default)) {
                (Some(best), Some(default)) => best
                    .iter()
                    .zip(&default)
                    .map(|(best, default)| Some(paired(best, default, alpha, known)?.high <= limit))
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
fn paired(
    best: &[f64],
    default: &[f64],
    alpha: f64,
    known: Option<&PairSpread>,
) -> Option<Interval> {
    let ratios = ratios(best, default);
    let logs = Logs::of(&ratios)?;
    let spread: Pooled = known_spread(logs.own_spread(), known)?;
    let confidence = 1.0 - 2.0 * alpha;
    bounded(logs.mean, spread, 1.0 / logs.n, ratios.len(), confidence)
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
