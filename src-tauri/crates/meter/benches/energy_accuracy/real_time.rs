//! The same against the machine's own clock and scheduler: threads that sleep, wake up late and read.

use super::loads::Load;
use super::random::Random;
use super::sensors::Sensor;
use std::time::Duration;
use wattsmith_domain::Clock as _;
use wattsmith_meter::{Meter, MeterOptions};
use wattsmith_testkit::fake_nvml::FakeNvml;

const RUNS: u64 = 20;
const WINDOW: Duration = Duration::from_secs(12);
/// The most that a counter's window may be off.
const MOST: f64 = 0.005;

/// Runs all windows at once, each on a board and with threads of its own; whether all were kept.
pub fn run() -> anyhow::Result<bool> {
    println!(
        "\nreal time: {RUNS} windows of {} s, counters",
        WINDOW.as_secs()
    );
    let runs: Vec<_> = (0..RUNS)
        .map(|seed| std::thread::spawn(move || one(seed)))
        .collect();
    let mut kept = true;
    for run in runs {
        let line = run
            .join()
            .map_err(|_| anyhow::anyhow!("a run panicked"))??;
        kept &= line.error.abs() <= MOST;
        println!(
            "{:<22} {:<27} window {:>7.3} % stated {:>6.3} %",
            line.sensor,
            line.load,
            line.error * 100.0,
            line.stated * 100.0
        );
    }
    Ok(kept)
}

struct Line {
    sensor: &'static str,
    load: &'static str,
    error: f64,
    stated: f64,
}

fn one(seed: u64) -> anyhow::Result<Line> {
    let sensor = Sensor::ALL[seed as usize % 2];
    let load = Load::ALL[seed as usize / 2 % Load::ALL.len()];
    let mut random = Random::new(seed + 1);
    let script = load.script(&mut random, sensor.update().as_secs_f64(), 30.0)
        + &sensor.script(1.0, random.unit());
    let driver = FakeNvml::new(&script)?;
    let empty = tempfile::tempdir()?;
    let meter = Meter::open(MeterOptions {
        root: empty.path().to_owned(),
        nvml_library: Some(driver.library()),
        clock: driver.clock(),
        ..MeterOptions::default()
    });
    let recording = meter.record(None, |_| {});
    std::thread::sleep(Duration::from_millis(500));
    let from = driver.clock().now();
    std::thread::sleep(WINDOW);
    let to = driver.clock().now();
    std::thread::sleep(Duration::from_millis(300));
    let energy = recording.finish().energy(from, to)?;
    Ok(Line {
        sensor: sensor.name,
        load: load.name(),
        error: energy.gross.0 / driver.energy(0, from, to).0 - 1.0,
        stated: energy.window_error,
    })
}
