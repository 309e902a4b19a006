//! Meters that the person brings. Each kind tells a bare number, read by a file of its own below
//! here; what the number means is stated with the meter, and a number that cannot be it is refused.

mod command;
mod csv;
mod http;
mod plug;
mod prometheus;

use crate::probe::Looked;
use crate::sensor::{Device, EnergyCounter, Info, PERIOD, PowerGauge, ReadError, Total};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wattsmith_domain::{
    Joules, MeterUnit, OutsideKind, OutsideMeter, Reader, Scope, SensorReport, Source, Watts,
};

/// The meters that the person brings, and what they prefer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutsideSettings {
    /// The meters.
    pub meters: Vec<OutsideMeter>,
    /// Whether RAPL's platform counter makes the figure instead of its packages.
    pub platform_first: bool,
    /// Which of a device's two readers stands, by the device's name.
    pub readers: BTreeMap<String, Reader>,
    /// Why the settings could not be read, where that is so.
    pub problem: Option<String>,
}

/// More than a workstation can draw; whoever tells it counts in another unit.
const MOST_WATTS: f64 = 100_000.0;
/// How long a meter is tried.
const TRY: Duration = Duration::from_secs(3);
/// How many of its own steps a counter is tried for.
const TRY_STEPS: f64 = 2.2;
/// Values that may be missing before the last one is too old.
const STALE_AFTER: u32 = 3;

/// Something that tells a number again and again.
trait Reading: Send + Sync {
    /// The newest value, in the meter's own unit.
    fn value(&self) -> Result<f64, ReadError>;

    /// The energy that the meter itself counted as of the newest value, where it tells that too.
    fn total(&self) -> Option<Total> {
        None
    }
}

impl<T: Reading + ?Sized> Reading for Arc<T> {
    fn value(&self) -> Result<f64, ReadError> {
        (**self).value()
    }

    fn total(&self) -> Option<Total> {
        (**self).total()
    }
}

fn reading(meter: &OutsideMeter) -> Arc<dyn Reading> {
    let stale = stale_after(meter.period());
    match &meter.kind {
        OutsideKind::Shelly1 { url, switch } => Arc::new(plug::Plug::shelly1(url, *switch)),
        OutsideKind::Shelly2 { url, switch } => Arc::new(plug::Plug::shelly2(url, *switch)),
        OutsideKind::Tasmota { url } => Arc::new(plug::Plug::tasmota(url)),
        OutsideKind::Command { argv, mode } => Arc::new(command::Program::new(argv, *mode, stale)),
        OutsideKind::Csv {
            path,
            column,
            separator,
        } => Arc::new(csv::Tail::new(path, column, *separator, stale)),
        OutsideKind::Prometheus { url, query } => Arc::new(prometheus::Query::new(url, query)),
    }
}

fn stale_after(period: Duration) -> Duration {
    (period * STALE_AFTER).max(Duration::from_secs(2))
}

/// How often to read a meter that changes every `period`: often enough to see when it changes, and
/// seldom enough for what is asked over the network or started anew.
fn read_every(kind: &OutsideKind, period: Duration) -> Duration {
    let (least, most) = match kind {
        OutsideKind::Csv { .. } => (PERIOD, Duration::from_secs(1)),
        OutsideKind::Command { mode, .. } if *mode == wattsmith_domain::CommandMode::Stream => {
            (PERIOD, Duration::from_secs(1))
        }
        _ => (Duration::from_secs(1), Duration::from_secs(5)),
    };
    (period / 2).clamp(least, most)
}

/// Power told as a number.
struct Gauge<R> {
    reading: R,
    unit: MeterUnit,
}

impl<R: Reading> PowerGauge for Gauge<R> {
    fn power(&self) -> Result<Watts, ReadError> {
        let value = self.reading.value()? * self.unit.factor();
        if !value.is_finite() {
            return Err(ReadError("it tells no finite number".to_owned()));
        }
        if value == 0.0 {
            return Err(ReadError(
                "it tells 0 W, which nothing that runs draws: it measures something else, or \
                 nothing"
                    .to_owned(),
            ));
        }
        if value < 0.0 {
            return Err(ReadError(format!(
                "it tells {value} W; a negative power is no consumption: turn the meter around"
            )));
        }
        if value > MOST_WATTS {
            return Err(ReadError(format!(
                "it tells {value:.0} W, more than any workstation draws: is its unit right?"
            )));
        }
        Ok(Watts(value))
    }

    fn total(&self) -> Option<Total> {
        self.reading.total()
    }
}

/// Energy told as a number that grows.
struct Counter<R> {
    reading: R,
    unit: MeterUnit,
    state: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    last: Option<f64>,
    /// Once it ran back, what it counted meanwhile is lost, and no later value can be joined to an
    /// earlier one.
    broken: Option<ReadError>,
}

impl<R: Reading> EnergyCounter for Counter<R> {
    fn energy(&self) -> Result<Joules, ReadError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &state.broken {
            return Err(error.clone());
        }
        let value = self.reading.value()? * self.unit.factor();
        if !value.is_finite() || value < 0.0 {
            return Err(ReadError(format!("it tells {value} J, which is no energy")));
        }
        if let Some(last) = state.last.filter(|last| value < *last) {
            let error = ReadError(format!(
                "its counter ran back from {last:.1} to {value:.1} J, so it was restarted or reset; \
                 probe the sensors again to use it"
            ));
            state.broken = Some(error.clone());
            return Err(error);
        }
        state.last = Some(value);
        Ok(Joules(value))
    }
}

/// The sensors of a meter, not read yet.
fn device(meter: &OutsideMeter) -> Device {
    let reading = reading(meter);
    let unit = meter.unit;
    let counter = unit.is_energy().then(|| {
        Arc::new(Counter {
            reading: Arc::clone(&reading),
            unit,
            state: Mutex::default(),
        }) as Arc<dyn EnergyCounter>
    });
    let gauge =
        (!unit.is_energy()).then(|| Arc::new(Gauge { reading, unit }) as Arc<dyn PowerGauge>);
    Device {
        info: Info {
            name: meter.name.clone(),
            source: meter.kind.source(),
            scope: meter.scope,
            error: meter.error,
            period: read_every(&meter.kind, meter.period()),
            update: Some(meter.period()),
            averaging: None,
        },
        counter,
        gauge,
        state: None,
    }
}

fn read_once(device: &Device) -> Result<(), ReadError> {
    if let Some(counter) = &device.counter {
        counter.energy()?;
    }
    if let Some(gauge) = &device.gauge {
        gauge.power()?;
    }
    Ok(())
}

/// Reads every meter once, all at the same time, since one that does not answer takes seconds. Per
/// meter its report, and its device where it answers.
pub(crate) fn open(meters: &[OutsideMeter]) -> Vec<(SensorReport, Option<Device>)> {
    std::thread::scope(|scope| {
        let opened: Vec<_> = meters
            .iter()
            .map(|meter| scope.spawn(|| open_one(meter)))
            .collect();
        opened
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    })
}

/// A settings file that cannot be read, as one more thing that does not answer.
pub(crate) fn unreadable(problem: String) -> SensorReport {
    let looked = Looked {
        name: "Meters of your own",
        device: String::new(),
        source: Source::Command,
        scope: Scope::Wall,
        error: 1.0,
    };
    let remedy = "Correct the file; it is left as it is until then.";
    looked.unavailable((problem, remedy.to_owned()))
}

fn open_one(meter: &OutsideMeter) -> (SensorReport, Option<Device>) {
    let looked = Looked {
        name: match &meter.kind {
            OutsideKind::Shelly1 { .. } => "Wall plug (Shelly, first generation)",
            OutsideKind::Shelly2 { .. } => "Wall plug (Shelly, second generation or later)",
            OutsideKind::Tasmota { .. } => "Wall plug (Tasmota)",
            OutsideKind::Command { .. } => "Program of your own",
            OutsideKind::Csv { .. } => "CSV file of your own",
            OutsideKind::Prometheus { .. } => "Prometheus query of your own",
        },
        device: meter.name.clone(),
        source: meter.kind.source(),
        scope: meter.scope,
        error: meter.error,
    };
    let device = device(meter);
    match read_once(&device) {
        Ok(()) => (looked.available(Some(meter.period())), Some(device)),
        Err(error) => {
            let remedy = format!(
                "Correct it, then test it: wattsmith-cli meters test {}",
                meter.name
            );
            (looked.unavailable((error.0, remedy)), None)
        }
    }
}

/// Reads a meter for about 3 s, a counter for two of its steps at least; its mean power. Blocks.
///
/// # Errors
/// Why it gives none.
pub fn try_meter(meter: &OutsideMeter) -> Result<Watts, ReadError> {
    meter
        .check()
        .map_err(|error| ReadError(error.to_string()))?;
    let device = device(meter);
    let begin = Instant::now();
    match (&device.counter, &device.gauge) {
        (Some(counter), _) => {
            let length = TRY.max(meter.period().mul_f64(TRY_STEPS));
            let first = counter.energy()?;
            let mut last = first;
            while begin.elapsed() < length {
                std::thread::sleep(device.info.period);
                last = counter.energy()?;
            }
            let gained = last.0 - first.0;
            if gained <= 0.0 {
                return Err(ReadError(format!(
                    "its counter answers but stood still for {:.0} s",
                    begin.elapsed().as_secs_f64()
                )));
            }
            Ok(Watts(gained / begin.elapsed().as_secs_f64()))
        }
        (None, Some(gauge)) => {
            let (mut sum, mut count) = (gauge.power()?.0, 1.0);
            while begin.elapsed() < TRY {
                std::thread::sleep(device.info.period);
                sum += gauge.power()?.0;
                count += 1.0;
            }
            Ok(Watts(sum / count))
        }
        (None, None) => Err(ReadError("it has no sensor".to_owned())),
    }
}

#[cfg(test)]
#[path = "outside/tests.rs"]
mod tests;
