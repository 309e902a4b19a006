//! One simulated run: the stand-in for NVML and the meter share a clock that is set by hand, and the
//! meter's own reading step is called when its thread would have woken up.

use super::loads::Load;
use super::naive::Naive;
use super::random::Random;
use super::sensors::Sensor;
use wattsmith_domain::{Clock as _, Energy, MonotonicNs, Seconds};
use wattsmith_meter::{Meter, MeterOptions};
use wattsmith_testkit::fake_nvml::FakeNvml;

/// History before a window, for sensors that look back.
const BEFORE: f64 = 3.0;
/// Recording after a window.
const AFTER: f64 = 1.0;

/// What a run brought.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub energy: Energy,
    /// Exact joules.
    pub truth: f64,
    /// The gain error that was drawn.
    pub gain: f64,
    pub naive: Naive,
}

/// A board with one sensor.
pub struct Player {
    sensor: Sensor,
    driver: FakeNvml,
    meter: Meter,
}

impl Player {
    /// Opens the meter on a board that has this sensor.
    pub fn new(sensor: Sensor) -> anyhow::Result<Self> {
        // Real time, since probing waits for the sensor to move; nothing of a run depends on it.
        let driver = FakeNvml::new(&format!(
            "power 0 bursty 100 300 50 50 7\n{}",
            sensor.script(1.0, 0.0)
        ))?;
        let empty = tempfile::tempdir()?;
        let meter = Meter::open(MeterOptions {
            root: empty.path().to_owned(),
            nvml_library: Some(driver.library()),
            clock: driver.clock(),
            ..MeterOptions::default()
        });
        anyhow::ensure!(
            meter.is_measured(),
            "{}: {:?}",
            sensor.name,
            meter.sensors()
        );
        Ok(Self {
            sensor,
            driver,
            meter,
        })
    }

    /// Measures one window of a load.
    pub fn run(&self, load: Load, seed: u64) -> anyhow::Result<Outcome> {
        let mut random = Random::new(seed);
        let span = random.between(self.sensor.spans.0, self.sensor.spans.1);
        let from = BEFORE + random.unit();
        let to = from + span;
        let stated = self.meter.sensor_error();
        let gain = random.between(-stated, stated);
        let update = self.sensor.update();
        let script = load.script(&mut random, update.as_secs_f64(), to + AFTER + 1.0)
            + &self.sensor.script(1.0 + gain, random.unit());
        let clock = self.driver.clock();
        clock.set(at(0.0));
        self.driver.play(&script)?;

        // What a probe finds, without the real time that it would take.
        let mut readings = self.meter.by_hand(None).with_update(update);
        let period = readings.periods().next().unwrap_or_default().as_secs_f64();
        let mut due = BEFORE - 2.0 + random.unit() * period;
        while due < to + AFTER {
            let woken = due + random.wake_up();
            clock.set(at(woken));
            readings.read(0);
            due = (due + period).max(woken);
        }
        debug_assert!(clock.now() >= at(to));
        let energy = readings.finish().energy(at(from), at(to))?;
        let true_energy = |from: f64, to: f64| self.driver.energy(0, at(from), at(to)).0;
        Ok(Outcome {
            energy,
            truth: true_energy(from, to),
            gain,
            naive: Naive::of(&true_energy, from, to),
        })
    }
}

fn at(seconds: f64) -> MonotonicNs {
    MonotonicNs(0).plus(Seconds(seconds))
}
