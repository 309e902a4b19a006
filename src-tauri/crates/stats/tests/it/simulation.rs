//! False stops, counted over whole sessions that deserve none.
//!
//! Each session is the worst honest case: every configuration that crosses lies exactly on the
//! threshold, crossings keep coming, and each is looked at after every pair. Repeats have 6 %
//! noise, half of it shared by the pair, and the machine grows warmer and dearer all along.

use crate::figures::{Noise, confirmation, measured};
use wattsmith_domain::{Decision, Repeat, Threshold};
use wattsmith_stats::{WITHOUT_PRIOR, decide, look};

const SESSIONS: u32 = 800;
const CONFIRMATIONS: u32 = 6;
const THRESHOLD: Threshold = Threshold::PercentBelowDefault { percent: 10.0 };

/// Pairs whose true ratio is `ratio`; who goes first alternates, so that drift favours neither.
fn pairs(noise: &mut Noise, ratio: f64, count: u32) -> (Vec<Repeat>, Vec<Repeat>) {
    let mut at = 0.0;
    let mut figure = |noise: &mut Noise, level: f64, shared: f64| {
        at += 1.0;
        measured(level * (0.042 * (shared + noise.normal()) + 0.003 * at).exp())
    };
    (0..count)
        .map(|pair| {
            let shared = noise.normal();
            if pair % 2 == 0 {
                let best = figure(noise, 0.4 * ratio, shared);
                (best, figure(noise, 0.4, shared))
            } else {
                let default = figure(noise, 0.4, shared);
                (figure(noise, 0.4 * ratio, shared), default)
            }
        })
        .unzip()
}

/// How one confirmation ends when it is looked at after each pair.
fn confirm(noise: &mut Noise, number: u32, ratio: f64) -> (Decision, usize) {
    let (best, default) = pairs(noise, ratio, WITHOUT_PRIOR.most);
    let mut confirmation = confirmation(number, &best[..4], &default[..4]);
    loop {
        let pairs = confirmation.best.len();
        if let Some(decision) = look(&confirmation, THRESHOLD).decision {
            return (decision, pairs);
        }
        confirmation.best.push(best[pairs].clone());
        confirmation.default.push(default[pairs].clone());
    }
}

#[test]
fn at_most_one_session_in_twenty_stops_for_nothing() {
    let mut noise = Noise(20_261);
    let stopped = (0..SESSIONS)
        .filter(|_| {
            (1..=CONFIRMATIONS).any(|number| confirm(&mut noise, number, 0.9).0 == Decision::Below)
        })
        .count();
    let rate = stopped as f64 / f64::from(SESSIONS);
    assert!(rate <= 0.05, "{rate}");
    // Some must: a rule that never stops would pass too.
    assert!(rate > 0.01, "{rate}");
}

#[test]
fn the_same_looks_without_rationing_would_stop_many_more() {
    let mut noise = Noise(20_261);
    let stopped = (0..200)
        .filter(|_| {
            let (best, default) = pairs(&mut noise, 0.9, WITHOUT_PRIOR.most);
            (WITHOUT_PRIOR.first as usize..=best.len()).any(|pairs| {
                decide(&best[..pairs], &default[..pairs], THRESHOLD, 0.05, None)
                    .is_some_and(|(_, decision)| decision == Decision::Below)
            })
        })
        .count();
    assert!(stopped > 20, "{stopped} of 200");
}

#[test]
fn a_clear_saving_is_confirmed_with_the_fewest_pairs_and_a_missing_one_given_up_early() {
    let mut noise = Noise(7);
    let mut ends = |ratio: f64| -> (usize, f64) {
        let ends: Vec<(Decision, usize)> =
            (0..200).map(|_| confirm(&mut noise, 1, ratio)).collect();
        let below = ends.iter().filter(|(end, _)| *end == Decision::Below);
        let pairs: usize = ends.iter().map(|(_, pairs)| pairs).sum();
        (below.count(), pairs as f64 / 200.0)
    };
    let (confirmed, pairs) = ends(0.75);
    assert!(
        confirmed > 190 && pairs < 8.0,
        "{confirmed} of 200, {pairs} pairs"
    );
    let (confirmed, pairs) = ends(0.95);
    assert!(
        confirmed < 4 && pairs < 7.0,
        "{confirmed} of 200, {pairs} pairs"
    );
}
