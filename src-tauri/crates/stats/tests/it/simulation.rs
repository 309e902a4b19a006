//! False stops, counted over whole sessions that deserve none.
//!
//! Each session is the worst honest case: every configuration that crosses lies exactly on the
//! threshold, crossings keep coming, and each is confirmed at every look allowed. Repeats have 6 %
//! noise, half of it shared by the pair, and the machine grows warmer and dearer all along.

use crate::figures::{Noise, measured};
use wattsmith_domain::{Decision, Repeat, Threshold};
use wattsmith_stats::{CONFIRMATION_LOOKS, confirmation_alpha, decide};

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

/// Whether one confirmation says "below" at any of its looks.
fn stops(noise: &mut Noise, ratio: f64, alpha: impl Fn(u32) -> f64) -> bool {
    let (best, default) = pairs(noise, ratio, CONFIRMATION_LOOKS[1]);
    (1..).zip(CONFIRMATION_LOOKS).any(|(look, pairs)| {
        let pairs = pairs as usize;
        decide(&best[..pairs], &default[..pairs], THRESHOLD, alpha(look))
            .is_some_and(|(_, decision)| decision == Decision::Below)
    })
}

fn false_stops(seed: u64, alpha: impl Fn(u32, u32) -> f64) -> f64 {
    let mut noise = Noise(seed);
    let stopped = (0..SESSIONS)
        .filter(|_| {
            (1..=CONFIRMATIONS).any(|number| stops(&mut noise, 0.9, |look| alpha(number, look)))
        })
        .count();
    stopped as f64 / f64::from(SESSIONS)
}

#[test]
fn at_most_one_session_in_twenty_stops_for_nothing() {
    let rate = false_stops(20_261, confirmation_alpha);
    assert!(rate <= 0.05, "{rate}");
    // Some must: a rule that never stops would pass too.
    assert!(rate > 0.01, "{rate}");
}

#[test]
fn without_rationing_many_more_would() {
    let rate = false_stops(20_261, |_, _| 0.05);
    assert!(rate > 0.15, "{rate}");
}

#[test]
fn a_saving_of_twice_the_threshold_is_nearly_always_confirmed() {
    let mut noise = Noise(7);
    let confirmed = (0..300)
        .filter(|_| stops(&mut noise, 0.8, |look| confirmation_alpha(1, look)))
        .count();
    assert!(confirmed > 270, "{confirmed} of 300");
}
