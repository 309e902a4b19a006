//! Mirrors and near mirrors on played time, with readers that are late.

use super::*;
use crate::sensor::ReadError;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use wattsmith_domain::Joules;

/// Numbers from 0 to 1 that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A counter that is brought up to date every `tick` seconds, from `phase` on, with jitter.
struct Counter {
    watts: f64,
    /// Watts by which it swings, and how often a second.
    swing: (f64, f64),
    tick: f64,
    phase: f64,
    offset: f64,
}

impl Counter {
    fn of(watts: f64) -> Self {
        Self {
            watts,
            swing: (0.0, 1.0),
            tick: 0.001,
            phase: 0.0,
            offset: 0.0,
        }
    }

    fn at(&self, seconds: f64) -> f64 {
        let ticked = ((seconds - self.phase) / self.tick).floor() * self.tick;
        let (swing, often) = self.swing;
        let angle = ticked * often * std::f64::consts::TAU;
        self.offset + self.watts * ticked + swing * (1.0 - angle.cos())
    }
}

/// What is said of two counters that are read for so long by a thread that is late now and then.
fn verdict(one: &Counter, other: &Counter, length: Duration, seed: u64) -> Verdict {
    let mut noise = Noise(seed);
    let mut pair = Pair::new(true);
    let mut at = 1.0;
    while at < 1.0 + length.as_secs_f64() {
        let mut step = |usual: f64| {
            let late = if noise.next() < 0.01 { 0.03 } else { 0.0 };
            at += usual * (0.5 + noise.next()) + late;
            at
        };
        let before = one.at(step(0.002));
        let between = other.at(step(0.000_02));
        let after = one.at(step(0.000_02));
        pair.see(before, between, after);
    }
    pair.verdict()
}

/// codecarbon's issue tracker has Threadrippers and EPYCs whose dies all show the socket's counter.
#[test]
fn two_zones_of_one_register_are_mirrors_with_and_without_an_offset() {
    for (tick, offset) in [(0.01, 0.0), (0.01, 0.012_345), (0.001, 0.0), (0.001, 900.0)] {
        let first = || Counter {
            tick,
            ..Counter::of(70.0)
        };
        let second = Counter { offset, ..first() };
        for seed in 0..5 {
            let told = verdict(&first(), &second, FULL, seed);
            assert_eq!(told, Verdict::Mirrored, "{tick} {offset} {seed}");
        }
    }
}

/// Made: each die's register is brought up to date a little after the other's.
#[test]
fn mirrors_that_are_brought_up_to_date_one_after_the_other_are_mirrors() {
    for (tick, phase) in [(0.001, 0.0004), (0.01, 0.001), (0.01, 0.004)] {
        let first = Counter {
            tick,
            ..Counter::of(70.0)
        };
        let second = Counter {
            tick,
            phase,
            ..Counter::of(70.0)
        };
        for seed in 0..5 {
            assert_eq!(verdict(&first, &second, FULL, seed), Verdict::Mirrored);
        }
    }
}

/// Made: the hard case, two real packages that draw nearly the same.
#[test]
fn two_packages_of_nearly_equal_power_are_two() {
    for (watts, tick) in [
        (70.4, 0.001),
        (70.4, 0.01),
        (70.1, 0.01),
        (69.9, 0.001),
        (70.02, 0.001),
    ] {
        let first = Counter {
            tick,
            ..Counter::of(70.0)
        };
        let second = Counter {
            tick,
            phase: tick * 0.3,
            ..Counter::of(watts)
        };
        for seed in 0..5 {
            let told = verdict(&first, &second, FULL, seed);
            assert_eq!(told, Verdict::Different, "{watts} {tick} {seed}");
        }
    }
}

/// Made: equal over five seconds, and yet each lives a life of its own.
#[test]
fn two_packages_of_equal_mean_power_that_swing_apart_are_two() {
    let first = Counter {
        swing: (0.4, 1.0),
        ..Counter::of(70.0)
    };
    let second = Counter {
        swing: (0.4, 0.6),
        ..Counter::of(70.0)
    };
    assert_eq!(verdict(&first, &second, FULL, 1), Verdict::Different);
}

#[test]
fn counters_that_hardly_move_are_no_mirrors_for_all_that_is_known() {
    let slow = || Counter {
        tick: 2.0,
        ..Counter::of(70.0)
    };
    assert_eq!(verdict(&slow(), &slow(), FULL, 1), Verdict::Unclear);
}

proptest! {
    /// Whatever the power, its updates and the offset: a register is a mirror of itself, and a second
    /// one that draws a twentieth more or less is not.
    #[test]
    fn a_mirror_is_told_from_a_twentieth_more(
        watts in 1.0..400.0_f64,
        tick in 0.0008..0.02_f64,
        offset in -1000.0..1000.0_f64,
        seed in 0..1000_u64,
    ) {
        let first = Counter { tick, ..Counter::of(watts) };
        let mirror = Counter { tick, offset, ..Counter::of(watts) };
        prop_assert_eq!(verdict(&first, &mirror, CHECK, seed), Verdict::Mirrored);
        for share in [0.95, 1.05] {
            let other = Counter { tick, offset, ..Counter::of(watts * share) };
            prop_assert_eq!(verdict(&first, &other, FULL, seed), Verdict::Different);
        }
    }
}

fn gauges(one: impl Fn(usize) -> f64, other: impl Fn(usize) -> f64) -> Verdict {
    let mut pair = Pair::new(false);
    for round in 0..500 {
        pair.see(one(round), other(round), one(round));
    }
    pair.verdict()
}

#[test]
fn gauges_are_mirrors_where_they_change_and_stay_equal() {
    let changing = |round: usize| 30.0 + (round / 20 % 7) as f64;
    assert_eq!(gauges(changing, changing), Verdict::Mirrored);
    assert_eq!(gauges(changing, |_| 31.0), Verdict::Different);
    // Two boards at rest that both tell 12 W may be two boards.
    assert_eq!(gauges(|_| 12.0, |_| 12.0), Verdict::Unclear);
}

/// Counts as many joules with each reading.
struct Steps {
    joules: AtomicU64,
    each: u64,
}

impl EnergyCounter for Steps {
    fn energy(&self) -> Result<Joules, ReadError> {
        let joules = self.joules.fetch_add(self.each, Ordering::Relaxed);
        Ok(Joules(joules as f64))
    }
}

fn device(name: &str, source: Source, scope: Scope, each: u64) -> Device {
    Device {
        info: crate::sensor::Info {
            name: name.to_owned(),
            source,
            scope,
            error: 0.05,
            period: crate::sensor::PERIOD,
            update: None,
            averaging: None,
        },
        counter: Some(Arc::new(Steps {
            joules: AtomicU64::new(0),
            each,
        })),
        gauge: None,
        state: None,
    }
}

fn found(devices: Vec<Device>) -> Found {
    Found {
        devices,
        ..Found::default()
    }
}

#[test]
fn only_sensors_of_one_kind_are_compared_and_a_single_one_takes_no_time() {
    let keys = |gpu: Vec<Device>, cpu: Vec<Device>| {
        let question = Question::of([&found(gpu), &found(cpu)], &Probed::nothing());
        (0..question.pairs.len())
            .map(|pair| question.key(pair))
            .collect::<Vec<_>>()
    };
    let package = |name: &str| device(name, Source::Rapl, Scope::CpuPackage, 1);
    let board = |name: &str, source| device(name, source, Scope::GpuBoard, 1);
    assert!(keys(Vec::new(), vec![package("a")]).is_empty());
    assert!(keys(vec![board("gpu", Source::Hwmon)], vec![package("a")]).is_empty());
    let nvidia = || board("gpu", Source::NvmlCounter);
    assert!(keys(vec![nvidia(), nvidia()], Vec::new()).is_empty());
    assert_eq!(
        keys(Vec::new(), vec![package("a"), package("b"), package("c")]),
        ["a | b", "a | c", "b | c"]
    );

    let single = Question::of(
        [&Found::default(), &found(vec![package("a")])],
        &Probed::nothing(),
    );
    let begin = Instant::now();
    assert!(single.answer().mirrored.is_empty());
    assert!(begin.elapsed() < Duration::from_millis(500));
}

#[test]
fn packages_that_differ_are_known_long_before_the_end() {
    let apart = vec![
        device("a", Source::Rapl, Scope::CpuPackage, 1),
        device("b", Source::Rapl, Scope::CpuPackage, 3),
    ];
    let question = Question::of([&Found::default(), &found(apart)], &Probed::nothing());
    let begin = Instant::now();
    let answer = question.answer();
    assert!(answer.mirrored.is_empty());
    assert_eq!(answer.seen, [("a | b".to_owned(), false)]);
    assert!(begin.elapsed() < FULL / 2);
}
