//! What looking for sensors brings, and the check that a counter counts.

use crate::sensor::{Device, EnergyCounter, ReadError};
use std::time::{Duration, Instant};
use wattsmith_domain::{Availability, Scope, SensorReport, Source};

/// How long a counter may stand still before it is called frozen. Real ones move every 1 to 100 ms,
/// on an idle device too.
const PATIENCE: Duration = Duration::from_millis(1000);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How a report says that a counter is frozen; the doctor looks for it.
pub(crate) const STOOD_STILL: &str = "stood still";
/// Movements seen before its period is believed.
const MOVEMENTS: u32 = 3;

/// What one way of looking found.
#[derive(Default)]
pub(crate) struct Found {
    /// Devices with at least one sensor that answers.
    pub(crate) devices: Vec<Device>,
    /// Every sensor looked for.
    pub(crate) reports: Vec<SensorReport>,
    /// Names of the devices, measured or not.
    pub(crate) names: Vec<String>,
    /// Why hardware that is there is not measured, where that is so.
    pub(crate) missing: Option<String>,
}

/// Watches a counter until it has moved a few times; the time between movements.
pub(crate) fn watch(counter: &dyn EnergyCounter) -> Result<Duration, Still> {
    let begin = Instant::now();
    let mut last = counter.energy().map_err(Still::Unreadable)?;
    let mut first_move: Option<Instant> = None;
    let mut moves = 0;
    while begin.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_EVERY);
        let now = counter.energy().map_err(Still::Unreadable)?;
        if now > last {
            last = now;
            match first_move {
                None => first_move = Some(Instant::now()),
                Some(first) => {
                    moves += 1;
                    if moves == MOVEMENTS {
                        return Ok(first.elapsed() / MOVEMENTS);
                    }
                }
            }
        }
    }
    match first_move {
        Some(first) => Ok(first.elapsed() / (moves + 1)),
        None => Err(Still::Frozen),
    }
}

/// Why a counter is of no use.
pub(crate) enum Still {
    Unreadable(ReadError),
    Frozen,
}

impl Still {
    /// Reason and remedy.
    pub(crate) fn explain(self) -> (String, String) {
        match self {
            Self::Unreadable(error) => (error.to_string(), String::new()),
            Self::Frozen => (
                format!(
                    "the counter answers but {STOOD_STILL} for {} s",
                    PATIENCE.as_secs()
                ),
                "Restart the machine, or update its driver or firmware.".to_owned(),
            ),
        }
    }
}

/// A sensor as it is reported before its availability is known.
pub(crate) struct Looked {
    pub(crate) name: &'static str,
    pub(crate) device: String,
    pub(crate) source: Source,
    pub(crate) scope: Scope,
    pub(crate) error: f64,
}

impl Looked {
    pub(crate) fn available(self, period: Option<Duration>) -> SensorReport {
        self.report(Availability::Available {
            period_ms: period.map(|period| period.as_secs_f64() * 1e3),
            resolution: None,
            averaging_ms: None,
        })
    }

    pub(crate) fn unavailable(self, (reason, remedy): (String, String)) -> SensorReport {
        self.report(Availability::Unavailable { reason, remedy })
    }

    fn report(self, availability: Availability) -> SensorReport {
        SensorReport {
            name: self.name.to_owned(),
            device: self.device,
            source: self.source,
            scope: self.scope,
            error: self.error,
            availability,
        }
    }
}
