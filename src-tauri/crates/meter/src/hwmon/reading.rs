//! Reading one file of millionths, and whether what it holds can be.

use super::chip::{Channel, Chip, Holds, Sensors};
use crate::files::text;
use crate::plausible;
use crate::probe::{Refusal, Still};
use crate::probed::Probed;
use crate::sensor::{EnergyCounter, PowerGauge, ReadError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Joules, Scope, SensorFault, Watts};

/// How a file is read; a parameter because tests have counters that count.
pub(super) type Reader = fn(&Path) -> io::Result<String>;

pub(super) const READS_ZERO: &str = "it reads 0, which nothing that is on draws";

/// A file that holds millionths of a watt or of a joule.
pub(super) struct MicroFile {
    file: PathBuf,
    scope: Scope,
    read: Reader,
}

impl MicroFile {
    pub(super) fn new(channel: &Channel, scope: Scope, read: Reader) -> Self {
        Self {
            file: channel.file.clone(),
            scope,
            read,
        }
    }

    /// What it holds, or why that is none; `zero` is what is wrong where it holds 0.
    fn value(&self, zero: SensorFault) -> Result<f64, Refusal> {
        let failed =
            |fault, what: String| Refusal::new(fault, format!("{}: {what}", self.file.display()));
        let unreadable = |what| failed(SensorFault::Unreadable, what);
        let text = (self.read)(&self.file).map_err(|error| unreadable(error.to_string()))?;
        let value: i64 = text
            .parse()
            .map_err(|_| unreadable(format!("{text:?} is no number")))?;
        match value {
            0 => Err(failed(zero, READS_ZERO.to_owned())),
            1.. => Ok(value as f64 / 1e6),
            _ => Err(failed(SensorFault::Negative, format!("{value} is below 0"))),
        }
    }

    fn watts(&self) -> Result<f64, Refusal> {
        let watts = self.value(SensorFault::ImpossibleLevel)?;
        plausible::judge(self.scope, watts).map_err(|what| {
            let reason = format!("{}: {what}", self.file.display());
            Refusal::new(SensorFault::ImpossibleLevel, reason)
        })?;
        Ok(watts)
    }
}

impl PowerGauge for MicroFile {
    fn power(&self) -> Result<Watts, ReadError> {
        self.watts().map(Watts).map_err(ReadError::from)
    }
}

impl EnergyCounter for MicroFile {
    /// 64 bits of microjoules do not wrap in a machine's life.
    fn energy(&self) -> Result<Joules, ReadError> {
        self.value(SensorFault::Frozen)
            .map(Joules)
            .map_err(ReadError::from)
    }
}

/// What a channel tells, if it counts, or tells a power that its scope can draw.
pub(super) fn sensors(
    chip: &Chip,
    channel: &Channel,
    scope: Scope,
    probed: &Probed,
) -> Result<Sensors, Refusal> {
    let file = MicroFile::new(channel, scope, chip.read);
    if channel.holds != Holds::Energy {
        file.watts()?;
        return Ok(Sensors {
            averaging: averaging(channel),
            gauge: Some(Arc::new(file)),
            ..Sensors::default()
        });
    }
    file.value(SensorFault::Frozen)?;
    let key = format!("{} {}/{}", chip.device, chip.entry, channel.file_name());
    let watched = probed.watch(&key, &file, None);
    let movement = watched.counter.map_err(|still| match still {
        // Asked once more, for what is wrong by its code.
        Still::Unreadable(_) => {
            let again = file.value(SensorFault::Frozen).err();
            again.unwrap_or_else(|| Refusal::from(still))
        }
        Still::Frozen => Refusal::from(still),
    })?;
    if let Some(Err(reason)) = watched.level.map(|watts| plausible::judge(scope, watts)) {
        return Err(Refusal::new(SensorFault::ImpossibleLevel, reason));
    }
    Ok(Sensors {
        counter: Some(Arc::new(file)),
        update: Some(movement.period),
        ..Sensors::default()
    })
}

/// The stretch that a channel's power is the mean of: 0 for a moment's, none where it is not told.
fn averaging(channel: &Channel) -> Option<Duration> {
    if channel.holds == Holds::Moment {
        return Some(Duration::ZERO);
    }
    let interval = format!("power{}_average_interval", channel.number);
    text(&channel.file.with_file_name(interval))
        .ok()
        .and_then(|ms| ms.parse().ok())
        .filter(|ms| (0..=60_000).contains(ms))
        .map(Duration::from_millis)
}
