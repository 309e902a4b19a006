//! Sensors that work, a thousand times with other noise, other loads and other moments: none of them
//! may be accused of anything.

use super::scripted::*;
use crate::device_log::DeviceLog;
use crate::recorded::Recorded;
use wattsmith_domain::{Scope, Source};

const WINDOWS: u64 = 1000;

/// Numbers from 0 to 1, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.next()
    }
}

/// A load that is sampled often, with what it has drawn so far.
struct Load {
    watts: Vec<f64>,
    joules: Vec<f64>,
}

const STEP: f64 = 0.02;

impl Load {
    /// `rest` watts and some noise; `more` at work, in bursts of tokens.
    fn new(numbers: &mut Numbers, rest: f64, more: f64) -> Self {
        let (burst, depth) = (numbers.between(0.05, 3.0), numbers.between(0.0, 0.5));
        let mut walk = 0.0;
        let (mut watts, mut joules, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for index in 0..=(END / STEP) as u32 {
            let at = f64::from(index) * STEP;
            walk = walk * 0.98 + numbers.between(-0.01, 0.01);
            let phase = (at / burst).fract();
            let work = more * if phase < 0.3 { 1.0 - depth } else { 1.0 };
            let now = (rest + step(0.0, work)(at)) * (1.0 + walk);
            joules.push(sum);
            sum += now * STEP;
            watts.push(now);
        }
        Self { watts, joules }
    }

    fn at(&self, values: &[f64], at: f64) -> f64 {
        let index = (at.max(0.0) / STEP) as usize;
        values[index.min(values.len() - 1)]
    }

    fn watts(&self, at: f64) -> f64 {
        self.at(&self.watts, at)
    }

    fn joules(&self, at: f64) -> f64 {
        let place = at / STEP;
        let (before, after) = (place.floor() * STEP, place.ceil() * STEP);
        let (before, after) = (self.at(&self.joules, before), self.at(&self.joules, after));
        before + (after - before) * place.fract()
    }

    /// Mean of the `stretch` seconds before.
    fn mean(&self, at: f64, stretch: f64) -> f64 {
        (self.joules(at) - self.joules(at - stretch)) / stretch.min(at.max(STEP))
    }
}

fn rounded(value: f64, step: f64) -> f64 {
    (value / step).round() * step
}

/// One machine: a board, a processor with its memory, the platform, a battery and plugs of several
/// makers around all of them, each with its own share of what its data sheet lets it be off.
fn machine(seed: u64) -> Vec<Recorded> {
    let mut n = Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let cores = n.between(1.0, 8.0);
    let per_core = n.between(2.5, 12.0);
    let (board_rest, board_more) = (n.between(8.0, 60.0), n.between(15.0, 300.0));
    let cpu_rest = n.between(2.0, 40.0);
    let cpu = Load::new(&mut n, cpu_rest, cores * per_core);
    let board = Load::new(&mut n, board_rest, board_more);
    let loss = n.between(1.08, 1.35);
    let others = n.between(5.0, 60.0);
    let watts = |at: f64| cpu.watts(at) + board.watts(at);
    let joules = |at: f64| cpu.joules(at) + board.joules(at);
    let wall_joules = |at: f64| (joules(at) + others * at) * loss;
    let mut gain = |error: f64| 1.0 + n.between(-error, error);
    let (board_gain, cpu_gain, wall_gain) = (gain(0.05), gain(0.05), gain(0.03));
    let counted = |at: f64| board.joules(at) * board_gain;
    // A quarter of the time between two values is looked at.
    let told = |at: f64| board.mean(at, 0.025) * board_gain;
    let nvml = |update| {
        counter(
            "GPU 0",
            Source::NvmlCounter,
            Scope::GpuBoard,
            update,
            counted,
        )
        .with_load(step(0.0, 90.0))
    };
    let package = || {
        let joules = |at: f64| cpu.joules(at) * cpu_gain;
        counter("package-0", Source::Rapl, Scope::CpuPackage, 0.02, joules)
    };
    let plug = |step: f64, total: f64, lag: f64| {
        // Metering chips integrate between two values.
        let told = move |at: f64| {
            let mean = wall_joules(at - lag) - wall_joules(at - lag - 1.0);
            rounded(mean * wall_gain, step)
        };
        plug(told).with_total(total, move |at| wall_joules(at - lag) * wall_gain)
    };
    let chip = |step: f64| {
        let told = move |at: f64| rounded(told(at), step);
        gauge("amdgpu", Source::Hwmon, Scope::GpuBoard, 0.1, told).with_load(step_load)
    };
    let battery = gauge("BAT0", Source::Battery, Scope::Battery, 5.0, |at| {
        rounded(watts(at - 1.0) + others, 0.001)
    });
    let four = |devices: Vec<DeviceLog>, beside| recorded(devices, beside, step(0.2, cores));
    vec![
        // A counter with the instant power, and with that of the last second beside it.
        four(
            vec![nvml(0.02).with_gauge(told), package()],
            vec![plug(0.1, 3.6, 0.5)],
        ),
        four(
            vec![nvml(0.1).with_gauge(|at| board.mean(at, 1.0) * board_gain)],
            vec![plug(1.0, 3600.0, 1.5), battery],
        ),
        // A board that tells power alone, in whole watts.
        four(vec![chip(1.0), package()], vec![plug(0.01, 60.0, 0.0)]),
        four(vec![plug(1.0, 3.6, 1.0)], vec![package(), chip(0.001)]),
    ]
}

fn step_load(at: f64) -> f64 {
    step(0.0, 90.0)(at)
}

#[test]
fn a_thousand_windows_of_healthy_sensors_accuse_none_of_them() {
    for seed in 1..=WINDOWS / 4 {
        for (kind, all) in machine(seed).iter().enumerate() {
            let seen = judged(all).unwrap_or_else(|why| panic!("{seed} {kind}: {why}"));
            let found: Vec<&str> = seen
                .warnings
                .iter()
                .filter(|one| one.fault.is_some())
                .map(|one| one.text.as_str())
                .collect();
            assert!(found.is_empty(), "seed {seed}, machine {kind}: {found:#?}");
        }
    }
}
