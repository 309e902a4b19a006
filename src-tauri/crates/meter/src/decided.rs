//! Which of two readers of a device stands, where the person said so. Within a device the counter is
//! used and power stands beside it, or the other way round; between the person's own meter and
//! another sensor of the same part, the one makes the figure and the other stands beside it.

use crate::sensor::{Device, EnergyCounter, PERIOD, PowerGauge, ReadError, Total, reading_period};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Joules, MeterRole, Reader, Scope, Source, Watts};

/// A device with two readers, and which of them stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderChoice {
    /// Its name.
    pub device: String,
    /// The two.
    pub ways: [Reader; 2],
    /// What the person said.
    pub decided: Option<Reader>,
}

/// What the person said, by the device's name.
pub(crate) type Decided = BTreeMap<String, Reader>;

/// The device as it is to be read.
pub(crate) fn as_decided(mut device: Device, decided: &Decided) -> Device {
    let total = device
        .gauge
        .as_ref()
        .filter(|gauge| gauge.total().is_some());
    match (decided.get(&device.info.name), &device.counter) {
        (Some(Reader::Counter), None) => {
            device.counter = total.map(|gauge| {
                let gauge = Arc::clone(gauge);
                Arc::new(OwnTotal { gauge }) as Arc<dyn EnergyCounter>
            });
        }
        (Some(Reader::Power), Some(counter)) => {
            let Some(gauge) = device.gauge.clone() else {
                return device;
            };
            if let Some((source, error, averaging)) = gauge.nature() {
                device.info.source = source;
                device.info.error = error;
                device.info.averaging = averaging;
                device.info.update = None;
                device.info.period = reading_period(None).min(PERIOD);
            }
            let counter = Arc::clone(counter);
            device.gauge = Some(Arc::new(WithCounter { gauge, counter }));
            device.counter = None;
        }
        _ => {}
    }
    device
}

/// The person's meters with the roles that follow from what was decided.
pub(crate) fn with_roles(
    mut own: Vec<(MeterRole, Device)>,
    decided: &Decided,
) -> Vec<(MeterRole, Device)> {
    for index in 0..own.len() {
        let Some((role, device)) = own.get(index) else {
            continue;
        };
        let scope = device.info.scope;
        let said = decided.get(&device.info.name).copied();
        let rival = own.iter().position(|(role, other)| {
            *role == MeterRole::Main
                && other.info.scope == scope
                && other.info.name != device.info.name
        });
        match (said, *role) {
            (Some(Reader::BuiltIn), MeterRole::Main) => own[index].0 = MeterRole::Beside,
            // A meter of the whole would change what the figure covers.
            (Some(Reader::Own), MeterRole::Beside) if !scope.is_whole() || rival.is_some() => {
                own[index].0 = MeterRole::Main;
                if let Some(rival) = rival {
                    own[rival].0 = MeterRole::Beside;
                }
            }
            _ => {}
        }
    }
    own
}

/// Every device with two readers; `own` are the names of the person's meters.
pub(crate) fn choices<'a>(
    devices: impl Iterator<Item = &'a Device> + Clone,
    own: &[String],
    decided: &Decided,
) -> Vec<ReaderChoice> {
    let choice = |device: &Device, ways: [Reader; 2]| {
        let said = decided.get(&device.info.name).copied();
        ReaderChoice {
            device: device.info.name.clone(),
            ways,
            decided: said.filter(|said| ways.contains(said)),
        }
    };
    let within = devices.clone().filter_map(|device| {
        let gauge = device.gauge.as_ref()?;
        let two = device.counter.is_some() || gauge.total().is_some();
        two.then(|| choice(device, [Reader::Counter, Reader::Power]))
    });
    let between = devices.clone().filter_map(|device| {
        let scope = device.info.scope;
        // A chip is less than its board, and so no second reader of both together.
        let is_in_it = |part| matches!(part, Scope::GpuBoard | Scope::CpuPackage);
        let fits = |other: &Device| {
            other.info.name != device.info.name
                && (other.info.scope == scope
                    || (scope == Scope::GpuAndCpu && is_in_it(other.info.scope)))
        };
        let two = own.contains(&device.info.name) && devices.clone().any(fits);
        two.then(|| choice(device, [Reader::Own, Reader::BuiltIn]))
    });
    within.chain(between).collect()
}

/// The total that a device keeps, as its counter.
struct OwnTotal {
    gauge: Arc<dyn PowerGauge>,
}

impl EnergyCounter for OwnTotal {
    fn energy(&self) -> Result<Joules, ReadError> {
        self.gauge.power()?;
        let total = self.gauge.total();
        total
            .map(|total| total.joules)
            .ok_or_else(|| ReadError::unreadable("it tells no energy total any more"))
    }

    fn is_coarse(&self) -> bool {
        true
    }
}

/// Power, with a counter beside it instead of before it.
struct WithCounter {
    gauge: Arc<dyn PowerGauge>,
    counter: Arc<dyn EnergyCounter>,
}

impl PowerGauge for WithCounter {
    fn power(&self) -> Result<Watts, ReadError> {
        self.gauge.power()
    }

    fn total(&self) -> Option<Total> {
        let joules = self.counter.energy().ok()?;
        Some(Total { joules, step: FINE })
    }

    fn nature(&self) -> Option<(Source, f64, Option<Duration>)> {
        self.gauge.nature()
    }
}

/// Counters of boards and packages count finer than this.
const FINE: Joules = Joules(1.0);

#[cfg(test)]
#[path = "decided_tests.rs"]
mod tests;
