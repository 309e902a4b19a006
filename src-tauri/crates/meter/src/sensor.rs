//! What a sensor is: something that counts joules, tells watts, or both.

use crate::conditions::StateGauge;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Joules, Scope, Seconds, SensorFault, Source, Watts};

/// A reading failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ReadError {
    /// What the sensor answered.
    pub reason: String,
    /// As a code.
    pub fault: SensorFault,
}

impl ReadError {
    /// It does not answer, or answers what is no number.
    #[must_use]
    pub fn unreadable(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            fault: SensorFault::Unreadable,
        }
    }

    /// It tells what nothing of its kind can draw.
    #[must_use]
    pub fn impossible(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            fault: SensorFault::ImpossibleLevel,
        }
    }
}

/// Counts the energy that a device has used.
pub trait EnergyCounter: Send + Sync {
    /// Joules since an origin that stays the same while the process lives. Never less than before:
    /// a register that wraps is unwrapped inside.
    ///
    /// # Errors
    /// What the sensor answered instead of a number.
    fn energy(&self) -> Result<Joules, ReadError>;

    /// Whether it moves so seldom that standing still for a while tells nothing.
    fn is_coarse(&self) -> bool {
        false
    }
}

/// Tells a device's power at this moment.
pub trait PowerGauge: Send + Sync {
    /// Watts now.
    ///
    /// # Errors
    /// What the sensor answered instead of a number.
    fn power(&self) -> Result<Watts, ReadError>;

    /// The energy that the device itself counted so far, where it tells that with its power. Too
    /// coarse to make a figure of unasked, but it must agree. As of the last call of
    /// [`PowerGauge::power`].
    fn total(&self) -> Option<Total> {
        None
    }

    /// What its joules are labelled with, its typical error and what each value is the mean over,
    /// where that is another than that of the counter beside it.
    fn nature(&self) -> Option<(Source, f64, Option<Duration>)> {
        None
    }
}

/// A device's own energy total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// Since some origin.
    pub joules: Joules,
    /// The least by which it grows.
    pub step: Joules,
}

/// A device with the sensors that were found to answer.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) info: Info,
    /// Preferred for energy where it is there.
    pub(crate) counter: Option<Arc<dyn EnergyCounter>>,
    /// Integrated where there is no counter, kept beside it where there is.
    pub(crate) gauge: Option<Arc<dyn PowerGauge>>,
    /// Asked about once a second, where the device tells.
    pub(crate) state: Option<Arc<dyn StateGauge>>,
}

/// How often to read a sensor within this machine that changes its value every `update`.
pub(crate) fn reading_period(update: Option<Duration>) -> Duration {
    update.map_or(PERIOD, |update| {
        (update / READINGS_PER_UPDATE).clamp(FASTEST, PERIOD)
    })
}

/// What is known of a device besides its readings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Info {
    /// Such as `NVIDIA H100 (GPU-1f2e…)` or `package-0`.
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) scope: Scope,
    /// Typical systematic error as a fraction.
    pub(crate) error: f64,
    /// How often it is read.
    pub(crate) period: Duration,
    /// How often its value changes, where that was seen or is stated.
    pub(crate) update: Option<Duration>,
    /// Length of the stretch before it that each power value is the mean of, where that is known;
    /// none for counters.
    pub(crate) averaging: Option<Duration>,
}

impl Info {
    /// How long after the load has changed this sensor must have told another value, as far as it
    /// changes at all: its updates may just have passed, and a reading comes later still.
    pub(crate) fn settled(&self) -> Seconds {
        let update = self.update.unwrap_or(self.period);
        let all = update * 2 + self.averaging.unwrap_or_default() + self.period;
        Seconds((all + SETTLING).as_secs_f64())
    }

    /// Whether its power is told as a long average only, so that nothing shorter can be cut out of it.
    fn averages(&self) -> bool {
        self.averaging
            .is_some_and(|stretch| stretch >= LONG_AVERAGE)
    }

    /// A hundred of its updates: the shortest window, where the machine's noise is known; none where power is
    /// told as a long average.
    pub(crate) fn hundred_updates(&self) -> Option<Duration> {
        let update = self.update.unwrap_or(self.period);
        (!self.averages()).then_some(update * LEAST_UPDATES)
    }

    /// The shortest slice of a continuous run in which its figure is no chance of when it was read; none
    /// where power is told as a long average.
    pub(crate) fn least_slice(&self) -> Option<Duration> {
        let update = self.update.unwrap_or(self.period);
        (!self.averages()).then_some((update * SLICE_UPDATES).max(LEAST_SLICE))
    }

    /// Shortest window that this sensor measures well.
    pub(crate) fn least_window(&self) -> Duration {
        let update = self.update.unwrap_or(self.period);
        let least = if self.averages() {
            LEAST_AVERAGED.max(self.averaging.unwrap_or_default() * LEAST_STRETCHES)
        } else {
            LEAST_WINDOW
        };
        least.max(update * LEAST_UPDATES)
    }
}

/// What the device, its supply and the way of its values add to that.
const SETTLING: Duration = Duration::from_millis(500);
/// Shortest window of any sensor: below it start and end weigh too much.
pub(crate) const LEAST_WINDOW: Duration = Duration::from_secs(10);
/// Shortest window where power is told only as a long average, for its lag not to matter.
pub(crate) const LEAST_AVERAGED: Duration = Duration::from_secs(60);
/// Stretches of a long average that a window must hold, so that they can be laid side by side.
const LEAST_STRETCHES: u32 = 2;
/// An average over so long a stretch is a long one.
pub(crate) const LONG_AVERAGE: Duration = Duration::from_millis(500);
/// Updates of the sensor that a window must hold.
const LEAST_UPDATES: u32 = 100;
/// Updates of the sensor in a slice of a recording of noise.
const SLICE_UPDATES: u32 = 4;
/// The shortest such slice.
pub(crate) const LEAST_SLICE: Duration = Duration::from_millis(500);
/// Readings for each new value: so many that it is seen when the value changed, which is what the
/// stamps of ticks come from.
const READINGS_PER_UPDATE: u32 = 4;
/// No sensor is read more often.
const FASTEST: Duration = Duration::from_millis(20);
/// How often a sensor is read of which no more is known: as fast as most of NVML's change.
pub(crate) const PERIOD: Duration = Duration::from_millis(100);
