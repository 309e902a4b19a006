//! Two settings that take turns: the interval holds the truth, and launches are what narrows it.

use crate::figures::Noise;
use wattsmith_domain::PairSpread;
use wattsmith_stats::{LEAST_LAUNCHES, Loaded, Turn, launch_log_ratio, turn_order, turns_ratio};

const TRUTH: f64 = 0.9;
/// Of ln J/unit: each slice, each launch, and drift from slice to slice.
const WHITE: f64 = 0.03;
const LAUNCH: f64 = 0.02;
const DRIFT: f64 = 0.02;

/// The turns of one launch of both, on a machine that drifts.
fn turns(noise: &mut Noise, fours: usize, begins: bool, drift: &mut f64) -> Vec<Turn> {
    let launches = [noise.normal(), noise.normal()].map(|z| LAUNCH * z);
    turn_order(fours, begins)
        .into_iter()
        .map(|best| {
            *drift += DRIFT * noise.normal();
            let level = if best { TRUTH } else { 1.0 };
            let shaken = launches[usize::from(best)] + *drift + WHITE * noise.normal();
            Turn {
                best,
                joules: 50.0 * level * shaken.exp(),
                units: 100.0,
            }
        })
        .collect()
}

fn launches(noise: &mut Noise, count: usize, fours: usize) -> Vec<Vec<Turn>> {
    let mut drift = 0.0;
    (0..count)
        .map(|launch| turns(noise, fours, launch % 2 == 0, &mut drift))
        .collect()
}

fn logs(launches: &[Vec<Turn>]) -> Vec<f64> {
    let log = |turns: &Vec<Turn>| launch_log_ratio(turns).unwrap();
    launches.iter().map(log).collect()
}

#[test]
fn intervals_by_launches_hold_the_truth_and_those_by_slices_do_not() {
    let mut noise = Noise(11);
    for count in [3, 5, 10] {
        let (mut by_launches, mut by_slices) = (0, 0);
        let rounds = 1500;
        for _ in 0..rounds {
            let launched = launches(&mut noise, count, 6);
            let interval = turns_ratio(&logs(&launched), None, None, 0.95).unwrap();
            by_launches += u32::from(interval.low <= TRUTH && TRUTH <= interval.high);
            // As if every four were independent of the others.
            let fours: Vec<f64> = launched
                .iter()
                .flat_map(|turns| turns.chunks(4).map(|four| launch_log_ratio(four).unwrap()))
                .collect();
            let interval = turns_ratio(&fours, None, None, 0.95).unwrap();
            by_slices += u32::from(interval.low <= TRUTH && TRUTH <= interval.high);
        }
        let share = |held: u32| f64::from(held) / f64::from(rounds);
        assert!(
            (0.93..=0.97).contains(&share(by_launches)),
            "{count} launches: {}",
            share(by_launches)
        );
        assert!(share(by_slices) < 0.85, "{count}: {}", share(by_slices));
    }
}

#[test]
fn more_slices_never_narrow_an_interval_below_what_launches_vary_by() {
    let mut noise = Noise(12);
    let count = 4;
    let mut width = |fours: usize| {
        let rounds = 400;
        let all: f64 = (0..rounds)
            .map(|_| {
                let logs = logs(&launches(&mut noise, count, fours));
                let interval = turns_ratio(&logs, None, None, 0.6827).unwrap();
                ((interval.high / interval.low).ln() / 2.0).powi(2)
            })
            .sum();
        (all / f64::from(rounds)).sqrt()
    };
    let least = LAUNCH * 2.0_f64.sqrt() / (count as f64).sqrt();
    let (few, many) = (width(2), width(40));
    assert!(many < few, "{few} {many}");
    assert!(many > least, "{many} {least}");
}

#[test]
fn a_steady_drift_favours_neither_side() {
    let drifting = |best_begins: bool| -> Vec<Turn> {
        let order = turn_order(3, best_begins);
        let turn = |(at, best): (usize, bool)| Turn {
            best,
            joules: if best { 0.9 } else { 1.0 } * 1.05_f64.powi(at as i32),
            units: 1.0,
        };
        order.into_iter().enumerate().map(turn).collect()
    };
    for begins in [true, false] {
        let log = launch_log_ratio(&drifting(begins)).unwrap();
        assert!((log - 0.9_f64.ln()).abs() < 1e-12, "{log}");
    }
}

#[test]
fn fewer_than_three_launches_and_turns_that_are_not_balanced_say_nothing() {
    assert_eq!(LEAST_LAUNCHES, 3);
    assert_eq!(turns_ratio(&[-0.1, -0.11], None, None, 0.95), None);
    let turn = |best: bool, joules: f64| Turn {
        best,
        joules,
        units: 1.0,
    };
    let fair = [
        turn(true, 0.9),
        turn(false, 1.0),
        turn(false, 1.0),
        turn(true, 0.9),
    ];
    assert!(launch_log_ratio(&fair).is_some());
    assert_eq!(launch_log_ratio(&fair[..3]), None);
    assert_eq!(launch_log_ratio(&[turn(true, 0.9); 4]), None);
    let mut bad = fair;
    bad[2].joules = 0.0;
    assert_eq!(launch_log_ratio(&bad), None);
}

#[test]
fn what_was_known_of_launches_narrows_and_goes_where_they_contradict_it() {
    let launches = [-0.10, -0.13, -0.09];
    let width = |known: Option<f64>| {
        let known = known.map(|log_sd| PairSpread {
            log_sd,
            windows: 8.0,
        });
        let interval = turns_ratio(&launches, known.as_ref(), None, 0.95).unwrap();
        interval.high / interval.low
    };
    assert!(width(Some(0.02)) < width(None));
    assert_eq!(width(Some(0.001)), width(None));
}

#[test]
fn an_engine_that_waits_is_corrected_with_its_error() {
    let mut noise = Noise(13);
    let (idle, rounds) = (0.05, 1500);
    let mut held = 0;
    for _ in 0..rounds {
        // Watts of the engine that waits add to both sides, and weigh more on the cheaper one.
        let pulls = [(1.0 + idle / TRUTH).ln(), (1.0 + idle).ln()];
        let launched: Vec<f64> = logs(&launches(&mut noise, 5, 6))
            .into_iter()
            .map(|log| log + pulls[0] - pulls[1])
            .collect();
        let loaded = pulls.map(|pull| {
            let mut figures = |level: f64| -> Vec<f64> {
                (0..4)
                    .map(|_| level * (0.02 * noise.normal()).exp())
                    .collect()
            };
            Loaded::of(&figures(pull.exp()), &figures(1.0)).unwrap()
        });
        assert!(!loaded[0].is_alike());
        let interval = turns_ratio(&launched, None, Some(loaded), 0.95).unwrap();
        held += u32::from(interval.low <= TRUTH && TRUTH <= interval.high);
    }
    let share = f64::from(held) / f64::from(rounds);
    assert!((0.93..=0.98).contains(&share), "{share}");
}

#[test]
fn only_a_probe_that_certainly_differs_by_less_than_one_per_cent_needs_no_correction() {
    let alike = Loaded::of(&[1.001, 0.999, 1.0, 1.001], &[1.0; 4]).unwrap();
    assert!(alike.is_alike(), "{alike:?}");
    let shaky = Loaded::of(&[1.02, 0.98, 1.0, 1.0], &[1.0; 4]).unwrap();
    assert!(!shaky.is_alike(), "{shaky:?}");
    let dearer = Loaded::of(&[1.021, 1.019, 1.02, 1.02], &[1.0; 4]).unwrap();
    assert!(!dearer.is_alike(), "{dearer:?}");
    assert_eq!(Loaded::of(&[1.0], &[1.0]), None);
}
