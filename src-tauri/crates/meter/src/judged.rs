//! What a real window shows of the sensors themselves. Loading them is the one thing that looking at
//! them beforehand cannot do: from idle to work a sensor of the engine's device must move (`step`),
//! two readers of one device must agree (`readers`), and what covers the whole may not read less than
//! what it contains (`parts`).

mod known;
mod parts;
mod readers;
mod rest;
mod step;

use crate::device_log::DeviceLog;
use crate::error::MeterError;
use crate::recorded::Recorded;
use std::collections::BTreeSet;
use step::{Seen, Work};
use wattsmith_domain::{Energy, MonotonicNs, SensorFault, Source, Warning, WarningKind};

pub use rest::Rest;

/// Standard deviations of both sides that a finding must lie beyond.
const SURELY: f64 = 3.0;

/// A part of a recording.
pub type Span = (MonotonicNs, MonotonicNs);

/// Which sensor; a name alone can be that of two.
type Key = (String, Source);

/// A window's joules, held against what the sensors told at rest and against each other.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The figure. A meter beside it that froze has none, and says why.
    pub energy: Energy,
    /// What to be careful about.
    pub warnings: Vec<Warning>,
}

impl Recorded {
    /// The joules of a window and what speaks against them. `rests` are the spans of this recording
    /// in which the loaded model was idle, before the window and after it; `rest` is what
    /// [`Recorded::rest`] made of these, or of those of an earlier window.
    ///
    /// # Errors
    /// As [`Recorded::energy`]; and a sensor of the figure that is frozen.
    pub fn judged(&self, window: Span, rests: &[Span], rest: &Rest) -> Result<Judged, MeterError> {
        wattsmith_fail_points::fail_point!(
            "meter::window::joules",
            MeterError::NotCovered {
                device: "fail point".to_owned()
            }
        );
        let mut energy = self.energy(window.0, window.1)?;
        let mut warnings = self.own_warnings(window.0, window.1);
        let work = Work::of(self, window, rests, rest);
        // Sensors without a figure; nothing is held against them.
        let mut out = BTreeSet::new();
        for one in &energy.beside {
            if let Err(why) = &one.joules {
                out.insert((one.device.clone(), one.source));
                let text = format!("{}: {why}.", one.device);
                warnings.extend(one.fault.map(|fault| doubt(fault, text)));
            }
        }
        for log in self.devices.iter().chain(&self.beside) {
            if out.contains(&key(log)) {
                continue;
            }
            match step::seen(log, &work) {
                Some(Seen::Frozen(what)) => {
                    let device = log.info.name.clone();
                    let error = MeterError::Stuck { device, what };
                    if self.devices.iter().any(|one| key(one) == key(log)) {
                        return Err(error);
                    }
                    let text = format!("{}: {error}.", log.info.name);
                    warnings.push(doubt(SensorFault::Frozen, text));
                    without_figure(&mut energy, log, &error);
                    out.insert(key(log));
                }
                Some(Seen::NotUsed(text)) => {
                    warnings.push(doubt(SensorFault::NotUsedByEngine, text));
                }
                Some(Seen::TooSmall(text)) => warnings.push(Warning {
                    kind: WarningKind::SensorDoubtful,
                    text,
                    fault: None,
                }),
                None => {}
            }
        }
        let apart = self.readers(window, &out);
        energy.undecided = apart
            .iter()
            .filter_map(|one| one.undecided.clone())
            .collect();
        warnings.extend(apart.into_iter().map(|one| one.warning));
        warnings.extend(self.parts(window, rest, &out));
        Ok(Judged { energy, warnings })
    }
}

fn without_figure(energy: &mut Energy, log: &DeviceLog, error: &MeterError) {
    let own = energy
        .beside
        .iter_mut()
        .find(|one| (&one.device, one.source) == (&log.info.name, log.info.source));
    if let Some(own) = own {
        own.joules = Err(error.to_string());
        own.fault = error.fault();
    }
}

fn key(log: &DeviceLog) -> Key {
    (log.info.name.clone(), log.info.source)
}

fn doubt(fault: SensorFault, text: String) -> Warning {
    Warning {
        kind: WarningKind::SensorDoubtful,
        text,
        fault: Some(fault),
    }
}

#[cfg(test)]
#[path = "judged/scripted.rs"]
mod scripted;

#[cfg(test)]
#[path = "judged/tests.rs"]
mod tests;

#[cfg(test)]
#[path = "judged/healthy_tests.rs"]
mod healthy_tests;
