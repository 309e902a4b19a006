//! What was so before a window may explain a part of it; what the settings themselves cause may not.
//!
//! The simulated machine: heat from before costs energy. The settings in question save, and they also hold the clock
//! down and have CPU time stolen, within the window, which costs energy in its turn. That is part of what they
//! cost.

use crate::figures::Noise;
use wattsmith_stats::{Before, Observed, Slopes, adjusted_ratio};

/// ln J/unit of the settings over the default's: by themselves, and by clock and steal that they cause.
const DIRECT: f64 = -0.15;
const BY_CLOCK: f64 = -0.10;
const BY_STEAL: f64 = 0.30;
/// How much the settings change both within the window.
const CLOCK_GHZ: f64 = -0.3;
const STEAL: f64 = 0.1;
/// What a degree from before costs.
const BY_HEAT: f64 = 0.01;

fn truth() -> f64 {
    DIRECT + BY_CLOCK * CLOCK_GHZ + BY_STEAL * STEAL
}

struct Window {
    observed: Observed,
    clock_within: f64,
    steal_within: f64,
}

fn window(noise: &mut Noise, tuned: bool) -> Window {
    let before = Before {
        others: 0.02 + 0.005 * noise.normal(),
        heat_c: 50.0 + 4.0 * noise.normal(),
        clock_ghz: 3.0 + 0.01 * noise.normal(),
        hours: 1.0,
    };
    let own = f64::from(u8::from(tuned));
    let clock_within = 3.0 + CLOCK_GHZ * own + 0.05 * noise.normal();
    let steal_within = 0.02 + STEAL * own + 0.01 * noise.normal();
    let log = DIRECT * own
        + BY_CLOCK * (clock_within - 3.0)
        + BY_STEAL * (steal_within - 0.02)
        + BY_HEAT * (before.heat_c - 50.0)
        + 0.02 * noise.normal();
    Window {
        observed: Observed { log, before },
        clock_within,
        steal_within,
    }
}

fn earlier(noise: &mut Noise) -> Vec<Vec<Observed>> {
    [false, true]
        .map(|tuned| (0..8).map(|_| window(noise, tuned).observed).collect())
        .to_vec()
}

fn pairs(noise: &mut Noise) -> Vec<(Window, Window)> {
    (0..6)
        .map(|_| (window(noise, true), window(noise, false)))
        .collect()
}

fn observed(pairs: &[(Window, Window)]) -> Vec<(Observed, Observed)> {
    let both = |(best, default): &(Window, Window)| (best.observed, default.observed);
    pairs.iter().map(both).collect()
}

#[test]
fn the_effect_stays_unbiased_though_the_settings_change_clock_and_steal() {
    let mut noise = Noise(21);
    let rounds = 1500;
    let (mut plain, mut adjusted, mut naive) = (Vec::new(), Vec::new(), Vec::new());
    let mut held = 0;
    for _ in 0..rounds {
        let slopes = Slopes::of(&earlier(&mut noise));
        let pairs = pairs(&mut noise);
        let own = observed(&pairs);
        let ratio = adjusted_ratio(&own, slopes.as_ref(), 0.95).unwrap();
        held += u32::from(ratio.low.ln() <= truth() && truth() <= ratio.high.ln());
        adjusted.push(ratio.mean.ln());
        plain.push(adjusted_ratio(&own, None, 0.95).unwrap().mean.ln());
        // Taking out what is seen within the window, at the very slopes that are true.
        let within = |window: &Window| {
            window.observed.log
                - BY_CLOCK * (window.clock_within - 3.0)
                - BY_STEAL * (window.steal_within - 0.02)
        };
        let ratios = pairs
            .iter()
            .map(|(best, default)| within(best) - within(default));
        naive.push(ratios.sum::<f64>() / pairs.len() as f64);
    }
    let mean = |logs: &[f64]| logs.iter().sum::<f64>() / logs.len() as f64;
    let sd = |logs: &[f64]| {
        let mean = mean(logs);
        (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt()
    };
    // Three standard errors of so many rounds, at the most 0.3 %.
    let close = 3.0 * sd(&plain) / f64::from(rounds).sqrt();
    assert!(close < 0.003);
    for (name, logs) in [("as they are", &plain), ("adjusted", &adjusted)] {
        let bias = mean(logs) - truth();
        assert!(bias.abs() < close, "{name}: off by {bias}");
    }
    let bias = mean(&naive) - truth();
    assert!(bias < -0.05, "the naive adjustment is off by {bias}");
    // And what is explained narrows it.
    assert!(
        sd(&adjusted) < 0.7 * sd(&plain),
        "{} {}",
        sd(&adjusted),
        sd(&plain)
    );
    let share = f64::from(held) / f64::from(rounds);
    assert!((0.93..=0.97).contains(&share), "{share}");
}

#[test]
fn what_does_not_matter_is_not_used() {
    let mut noise = Noise(22);
    let still = |noise: &mut Noise| Observed {
        log: 0.02 * noise.normal(),
        before: Before {
            heat_c: 50.0 + 4.0 * noise.normal(),
            ..Before::default()
        },
    };
    let used = (0..300)
        .filter(|_| {
            let group = (0..12).map(|_| still(&mut noise)).collect();
            Slopes::of(&[group]).is_some()
        })
        .count();
    // One in twenty by chance; 27 of 300 would be seen once in a thousand runs.
    assert!(used < 27, "{used} of 300");
}

#[test]
fn too_few_windows_or_none_of_one_configuration_have_no_slopes() {
    let mut noise = Noise(23);
    let few = vec![(0..4).map(|_| window(&mut noise, false).observed).collect()];
    assert_eq!(Slopes::of(&few), None);
    let apart: Vec<Vec<Observed>> = (0..30)
        .map(|_| vec![window(&mut noise, false).observed])
        .collect();
    assert_eq!(Slopes::of(&apart), None);
    assert_eq!(Slopes::of(&[]), None);
}
