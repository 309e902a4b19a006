//! Meters that the person brings. Each kind tells a bare number, read by a file of its own below
//! here; what the number means is stated with the meter, and a number that cannot be it is refused.

mod attempt;
mod command;
mod csv;
mod http;
mod number;
mod plug;
mod printed;
mod prometheus;
mod refusal;
mod sensors;
mod unit;

use crate::probe::Looked;
use crate::sensor::{Device, EnergyCounter, Info, PERIOD, PowerGauge, Total};
pub use attempt::{MeterTrial, try_meter};
pub use refusal::{MeterOffer, MeterRefusal};
use sensors::{Counter, Gauge};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{
    MeterRole, MeterUnit, OutsideKind, OutsideMeter, Reader, Scope, SensorReport, Source,
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

impl OutsideSettings {
    /// With the meters of one machine: none is this one.
    #[must_use]
    pub fn of(mut self, machine: Option<&str>) -> Self {
        self.meters
            .retain(|meter| meter.machine.as_deref().map(str::trim) == machine);
        self
    }
}

/// Values that may be missing before the last one is too old.
const STALE_AFTER: u32 = 3;

/// What a meter tells.
#[derive(Debug, Clone, PartialEq)]
struct Value {
    /// In the meter's own unit.
    number: f64,
    /// What of the meter it is, for words: `it`, or a component.
    of: String,
    /// How long ago it was measured, where the meter tells.
    age: Option<Duration>,
}

impl Value {
    fn of_now(number: f64) -> Self {
        Self {
            number,
            of: "it".to_owned(),
            age: None,
        }
    }
}

/// Something that tells a number again and again.
trait Reading: Send + Sync {
    /// The newest value.
    fn value(&self) -> Result<Value, MeterRefusal>;

    /// The energy that the meter itself counted as of the newest value, where it tells that too.
    fn total(&self) -> Option<Total> {
        None
    }

    /// What there is to choose from, where the meter can tell.
    fn offers(&self) -> Vec<MeterOffer> {
        Vec::new()
    }
}

fn reading(meter: &OutsideMeter) -> Arc<dyn Reading> {
    let stale = stale_after(meter.period());
    match &meter.kind {
        OutsideKind::Shelly1 { url, part } => Arc::new(plug::Plug::shelly1(url, part)),
        OutsideKind::Shelly2 { url, part } => Arc::new(plug::Plug::shelly2(url, part)),
        OutsideKind::Tasmota { url, part } => Arc::new(plug::Plug::tasmota(url, part)),
        OutsideKind::Command { argv, mode, part } => {
            let terms = (meter.unit, part);
            Arc::new(command::Program::new(argv, *mode, terms, stale))
        }
        OutsideKind::Csv {
            path,
            column,
            separator,
            decimal,
        } => {
            let columns = csv::Columns {
                column,
                separator: *separator,
                decimal: *decimal,
                unit: meter.unit,
            };
            Arc::new(csv::Tail::new(path, &columns, stale))
        }
        OutsideKind::Prometheus { url, query } => {
            let terms = prometheus::Terms {
                counts: meter.unit.is_energy(),
                averaging: meter.averaging_s.map(Duration::from_secs_f64),
                stale,
            };
            Arc::new(prometheus::Asked::new(url, query, terms))
        }
    }
}

/// What a meter at the wall says now, in watts: for tests that let it hear anything and wait for no second value.
///
/// # Errors
/// As [`try_meter`].
#[doc(hidden)]
pub fn read_once(kind: OutsideKind) -> Result<f64, MeterRefusal> {
    let meter = OutsideMeter {
        name: "asked once".to_owned(),
        kind,
        unit: MeterUnit::Watts,
        scope: Scope::Wall,
        error: 0.05,
        role: MeterRole::Beside,
        period_s: None,
        averaging_s: None,
        flip: false,
        machine: None,
    };
    Ok(reading(&meter).value()?.number)
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

/// A meter's sensor, not read yet.
struct Opened {
    reading: Arc<dyn Reading>,
    sensor: Sensor,
    device: Device,
}

enum Sensor {
    Gauge(Arc<Gauge>),
    Counter(Arc<Counter>),
}

impl Opened {
    fn of(meter: &OutsideMeter) -> Self {
        let reading = reading(meter);
        let unit = meter.unit;
        let sensor = match unit.is_energy() {
            true => Sensor::Counter(Arc::new(Counter::new(Arc::clone(&reading), unit))),
            false => Sensor::Gauge(Arc::new(Gauge {
                reading: Arc::clone(&reading),
                unit,
                flip: meter.flip,
            })),
        };
        let (counter, gauge) = match &sensor {
            Sensor::Counter(counter) => (Some(Arc::clone(counter) as Arc<dyn EnergyCounter>), None),
            Sensor::Gauge(gauge) => (None, Some(Arc::clone(gauge) as Arc<dyn PowerGauge>)),
        };
        let device = Device {
            info: Info {
                name: meter.name.clone(),
                source: meter.kind.source(),
                scope: meter.scope,
                error: meter.error,
                period: read_every(&meter.kind, meter.period()),
                update: Some(meter.period()),
                averaging: meter.averaging_s.map(Duration::from_secs_f64),
            },
            counter,
            gauge,
            state: None,
        };
        Self {
            reading,
            sensor,
            device,
        }
    }

    fn read_once(&self) -> Result<(), MeterRefusal> {
        match &self.sensor {
            Sensor::Gauge(gauge) => gauge.watts().map(|_| ()),
            Sensor::Counter(counter) => counter.joules().map(|_| ()),
        }
    }
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
    let opened = Opened::of(meter);
    match opened.read_once() {
        Ok(()) => (looked.available(Some(meter.period())), Some(opened.device)),
        Err(refusal) => {
            let remedy = format!(
                "Correct it, then test it: wattsmith-cli meters test {}",
                meter.name
            );
            let mut report = looked.unavailable((refusal.what, remedy));
            report.fault = Some(refusal.fault);
            (report, None)
        }
    }
}

#[cfg(test)]
mod tests;
