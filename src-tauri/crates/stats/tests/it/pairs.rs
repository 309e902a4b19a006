//! How much neighbours vary, from a session's own windows and what was known before.

use crate::figures::Noise;
use wattsmith_domain::{
    Joules, NoiseOrigin, PairSpread, SessionNoise, SessionRecord, SpreadPrior, Value,
};
use wattsmith_stats::noise::{MOST_PRIOR_WINDOWS, adjacent_spread, pair_spread};
use wattsmith_stats::{Analysis, Pooled};
use wattsmith_testkit::fixtures::{Fixture, Shown};

/// Trials of three windows each: every window shaken by itself, and all by a drift from window to window.
fn drifting(noise: &mut Noise, trials: i64, own: f64, drift: f64) -> SessionRecord {
    let mut fixture = Fixture::on_gpu();
    for trial in 0..trials {
        let change = [("parallel", Value::Int(100 + trial))];
        let changes: &[(&str, Value)] = if trial == 0 { &[] } else { &change };
        fixture = fixture.trial(changes, &[Shown(400.0, 120.0); 3]);
    }
    let mut record = fixture.build();
    let mut level = 0.0;
    for repeat in record.trials.iter_mut().flat_map(|one| &mut one.repeats) {
        level += drift * noise.normal();
        let shaken = (level + own * noise.normal()).exp();
        repeat.energy.gross = Joules(repeat.energy.gross.0 * shaken);
    }
    record
}

#[test]
fn slow_drift_is_in_the_spread_of_repeats_and_hardly_in_that_of_neighbours() {
    let mut noise = Noise(51);
    let record = drifting(&mut noise, 40, 0.02, 0.004);
    let seen = adjacent_spread(&record).unwrap();
    let truth = (2.0 * 0.02_f64.powi(2) + 0.004_f64.powi(2)).sqrt();
    assert!((seen.sd / truth - 1.0).abs() < 0.15, "{seen:?} {truth}");
    // Two differences that share a window are worth 1.6, not 2.
    assert!((seen.df / (40.0 * 1.6) - 1.0).abs() < 1e-9, "{seen:?}");
}

#[test]
fn the_spread_of_neighbours_is_as_sure_as_it_says() {
    let mut noise = Noise(52);
    let rounds = 600;
    let own = 0.03;
    let figures: Vec<f64> = (0..rounds)
        .map(|_| {
            let seen = adjacent_spread(&drifting(&mut noise, 4, own, 0.0)).unwrap();
            (seen.sd / own).powi(2) / 2.0
        })
        .collect();
    let mean = figures.iter().sum::<f64>() / f64::from(rounds);
    let variance = figures.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / f64::from(rounds);
    let df = 4.0 * 1.6;
    assert!((mean - 1.0).abs() < 0.08, "{mean}");
    assert!((variance / (2.0 / df) - 1.0).abs() < 0.3, "{variance}");
}

fn knowing(record: &mut SessionRecord, pairs: Option<f64>) {
    record.session.noise = Some(SessionNoise {
        prior: SpreadPrior {
            log_sd: 0.05,
            windows: 8.0,
            origin: NoiseOrigin::Sessions,
        },
        pairs: pairs.map(|log_sd| PairSpread {
            log_sd,
            windows: 8.0,
        }),
        window: None,
    });
}

#[test]
fn a_confirmation_begins_with_both_and_a_session_of_before_with_nothing() {
    let mut noise = Noise(53);
    let mut record = drifting(&mut noise, 6, 0.02, 0.0);
    assert_eq!(pair_spread(&record), None);
    let Pooled { sd, .. } = adjacent_spread(&record).unwrap();
    knowing(&mut record, Some(sd));
    let both = pair_spread(&record).unwrap();
    assert!((both.log_sd / sd - 1.0).abs() < 1e-9, "{both:?}");
    assert!(both.windows <= MOST_PRIOR_WINDOWS);
    // What is contradicted goes.
    knowing(&mut record, Some(sd / 20.0));
    assert!((pair_spread(&record).unwrap().log_sd / sd - 1.0).abs() < 1e-9);
}

#[test]
fn without_neighbours_they_are_taken_to_vary_as_windows_far_apart_do() {
    let mut record = Fixture::on_gpu().build();
    knowing(&mut record, None);
    let known = pair_spread(&record).unwrap();
    assert!((known.log_sd - 0.05 * 2.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!(Analysis::of(&record).repeatability.own, None);
}

#[test]
fn windows_that_others_disturbed_are_nobodys_neighbours() {
    let mut noise = Noise(54);
    let mut record = drifting(&mut noise, 5, 0.02, 0.0);
    for trial in &mut record.trials {
        trial.repeats[1].disturbed = true;
    }
    assert_eq!(adjacent_spread(&record), None);
}
