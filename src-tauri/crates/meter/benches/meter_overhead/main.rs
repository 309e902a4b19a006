//! What measuring itself costs: CPU time, allocations and memory.
//!
//!     cargo bench -p wattsmith-meter --bench meter_overhead [-- --check]
//!
//! The stand-in for the driver shares the sensors' threads, so its cost is measured apart and taken
//! off. `--check` ends with code 1 where a promise is not kept.

mod allocations;
mod cpu;

use nvml_wrapper::Nvml;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wattsmith_domain::MonotonicNs;
use wattsmith_meter::{ChunkSink, Meter, MeterOptions, Quantity};
use wattsmith_testkit::fake_nvml::FakeNvml;

/// Share of a core that reading a device ten times a second may cost.
const MOST_CPU: f64 = 0.002;
const REAL_TIME: Duration = Duration::from_secs(20);
const CALLS: u32 = 20_000;
/// Counter and power, neither of which the wrapper around NVML allocates for.
const BOARD: &str = "power 0 square 100 300 700\ninstant 0 3\naverage 0 update 100 window 1000\n";

fn main() -> anyhow::Result<ExitCode> {
    let check = std::env::args().any(|word| word == "--check");
    let per_call = stand_in_cost()?;
    println!("a call into the stand-in: {:.2} µs\n", per_call * 1e6);
    let at_ten = reading(400, per_call)?;
    reading(100, per_call)?;
    let flat = a_day()?;
    driver_cost();
    let kept = at_ten <= MOST_CPU && flat;
    println!("\n{}", if kept { "all promises kept" } else { "MISSED" });
    Ok(if check && !kept {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn meter(driver: &FakeNvml) -> anyhow::Result<Meter> {
    let empty = tempfile::tempdir()?;
    let meter = Meter::open(MeterOptions {
        root: empty.path().to_owned(),
        nvml_library: Some(driver.library()),
        clock: driver.clock(),
        ..MeterOptions::default()
    });
    anyhow::ensure!(meter.is_measured(), "{:?}", meter.sensors());
    Ok(meter)
}

/// Seconds of CPU time for one call through the wrapper, as the meter makes it.
fn stand_in_cost() -> anyhow::Result<f64> {
    let driver = FakeNvml::new(BOARD)?;
    let nvml = Nvml::builder()
        .lib_path(driver.library().as_os_str())
        .init()?;
    let before = driver.calls();
    let began = cpu::own();
    for _ in 0..CALLS {
        nvml.device_by_index(0)?.total_energy_consumption()?;
    }
    let spent = cpu::own().saturating_sub(began) as f64 / 1e9;
    Ok(spent / (driver.calls() - before) as f64)
}

/// Share of a core that the sensor's thread takes beyond the stand-in's calls.
fn reading(ticks_ms: u32, per_call: f64) -> anyhow::Result<f64> {
    let driver = FakeNvml::new(&format!("{BOARD}counter 0 ticks {ticks_ms}\n"))?;
    let meter = meter(&driver)?;
    let hertz: f64 = meter
        .by_hand(None)
        .periods()
        .map(|period| 1.0 / period.as_secs_f64())
        .sum();
    let recording = meter.record(None, |_| {});
    std::thread::sleep(Duration::from_millis(500));
    let (calls, began, clock) = (
        driver.calls(),
        cpu::of_threads("meter-sensor"),
        Instant::now(),
    );
    std::thread::sleep(REAL_TIME);
    let spent = cpu::of_threads("meter-sensor").saturating_sub(began) as f64 / 1e9;
    let calls = (driver.calls() - calls) as f64;
    let wall = clock.elapsed().as_secs_f64();
    drop(recording.finish());
    let theirs = calls * per_call / wall;
    let ours = (spent / wall - theirs).max(0.0);
    println!(
        "{hertz:>3.0} readings a second: {:.3} % of a core, and {:.3} % for {:.0} calls a second into \
         the stand-in",
        ours * 100.0,
        theirs * 100.0,
        calls / wall
    );
    Ok(ours)
}

/// Counts what it is handed.
#[derive(Default)]
struct Count(AtomicU64);

impl ChunkSink for Count {
    fn take(&self, _: &str, _: Quantity, readings: &[(MonotonicNs, f64)]) {
        self.0.fetch_add(readings.len() as u64, Ordering::Relaxed);
    }
}

/// A day at ten readings a second on a clock set by hand; whether memory stays flat.
fn a_day() -> anyhow::Result<bool> {
    const READINGS_AN_HOUR: u64 = 36_000;
    let driver = FakeNvml::new(BOARD)?;
    let meter = meter(&driver)?;
    let sink = Arc::new(Count::default());
    let clock = driver.clock();
    clock.set(MonotonicNs(0));
    let mut readings = meter.by_hand(Some(sink.clone()));
    println!("\n24 h at 10 Hz, counter and power: allocations and bytes in use");
    let mut steady = (0, 0);
    let mut flat = true;
    for hour in 0..24 {
        let (before, _) = allocations::now();
        for reading in 0..READINGS_AN_HOUR {
            clock.set(MonotonicNs(
                (hour * READINGS_AN_HOUR + reading + 1) * 100_000_000,
            ));
            readings.read(0);
        }
        let (after, bytes) = allocations::now();
        if hour % 4 == 3 {
            println!(
                "hour {:>2}: {:>4} allocations in {} readings, {:.2} MiB",
                hour + 1,
                after - before,
                2 * READINGS_AN_HOUR,
                bytes as f64 / f64::from(1 << 20)
            );
        }
        // What is kept is full after eight hours and a little.
        match hour {
            0..10 => steady = (after, bytes),
            _ => flat &= (after, bytes) == steady,
        }
    }
    drop(readings.finish());
    let handed = sink.0.load(Ordering::Relaxed);
    println!("{handed} readings handed to the sink");
    Ok(flat && handed >= 24 * READINGS_AN_HOUR * 2 - 48)
}

/// What the real driver's own calls cost, where there is one.
fn driver_cost() {
    let Ok(nvml) = Nvml::init() else {
        println!("\nno NVIDIA driver here: its own cost was not measured");
        return;
    };
    let began = (cpu::own(), Instant::now());
    let calls = 200;
    for _ in 0..calls {
        let device = nvml.device_by_index(0);
        let _ = device.and_then(|device| device.total_energy_consumption());
    }
    println!(
        "\nNVIDIA driver: {:.1} µs of CPU time and {:.1} µs of wall time for a counter reading",
        cpu::own().saturating_sub(began.0) as f64 / 1e3 / f64::from(calls),
        began.1.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    );
}
