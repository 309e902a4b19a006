//! What looking for sensors brings, and the check that a counter counts.

use crate::sensor::{Device, EnergyCounter, PowerGauge, ReadError};
use std::time::{Duration, Instant};
use wattsmith_domain::{Availability, Scope, SensorFault, SensorReport, Source};

/// How long a counter may stand still before it is called frozen. Real ones move every 1 to 100 ms,
/// on an idle device too.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1000);
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
    /// Devices that cover the whole machine, the others with it.
    pub(crate) whole: Vec<Device>,
    /// Every sensor looked for.
    pub(crate) reports: Vec<SensorReport>,
    /// Names of the devices, measured or not.
    pub(crate) names: Vec<String>,
    /// Why hardware that is there is not measured, where that is so.
    pub(crate) missing: Option<String>,
}

impl Found {
    /// Both together.
    pub(crate) fn joined(mut self, other: Self) -> Self {
        self.devices.extend(other.devices);
        self.whole.extend(other.whole);
        self.reports.extend(other.reports);
        self.names.extend(other.names);
        self.missing = self.missing.or(other.missing);
        self
    }
}

fn in_ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// How a sensor's value was seen to move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Movement {
    /// Between changes.
    pub(crate) period: Duration,
    /// The smallest change, joules or watts.
    pub(crate) step: f64,
}

/// What was seen of a device that may have a counter and a gauge.
pub(crate) struct Watched {
    pub(crate) counter: Result<Movement, Still>,
    /// None where its value stayed the same, or there is no gauge.
    pub(crate) gauge: Option<Movement>,
    /// Watts that the counter tells, from its first change to its last; none where it changed less
    /// than twice.
    pub(crate) level: Option<f64>,
    /// Integrated power over counted energy, less one, where they are more than 5 % apart.
    pub(crate) disagreement: Option<f64>,
}

/// How long both are watched at least, so that a gauge that is renewed ten times a second is seen to
/// change.
const LEAST_WATCH: Duration = Duration::from_millis(300);
/// Share by which counter and integral may differ.
const MOST_DISAGREEMENT: f64 = 0.05;

/// Watches counter and gauge side by side.
pub(crate) fn watch_both(counter: &dyn EnergyCounter, gauge: Option<&dyn PowerGauge>) -> Watched {
    let begin = Instant::now();
    let mut counted = Changes::default();
    let mut told = Changes::default();
    let mut broken = None;
    // A gauge that is all there is gets as much time as a counter does.
    let done = |counted: &Changes, told: &Changes, broken: bool| {
        let elapsed = begin.elapsed();
        let seen = match (broken, gauge) {
            (false, None) => counted.count() > MOVEMENTS,
            (false, Some(_)) => counted.count() > MOVEMENTS && elapsed >= LEAST_WATCH,
            (true, None) => true,
            (true, Some(_)) => told.count() > MOVEMENTS,
        };
        seen || elapsed >= PATIENCE
    };
    loop {
        if broken.is_none() {
            match counter.energy() {
                Ok(joules) => counted.see(begin.elapsed(), joules.0),
                Err(error) => broken = Some(error),
            }
        }
        if let Some(Ok(watts)) = gauge.map(PowerGauge::power) {
            told.see(begin.elapsed(), watts.0);
        }
        if done(&counted, &told, broken.is_some()) {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let off = counted
        .gain_of(&told)
        .filter(|off| off.abs() > MOST_DISAGREEMENT);
    Watched {
        counter: match broken {
            Some(error) => Err(Still::Unreadable(error)),
            None => counted.movement().ok_or(Still::Frozen),
        },
        gauge: told.movement().filter(|_| told.count() >= MOVEMENTS),
        level: counted.slope(),
        disagreement: off,
    }
}

/// Readings of one sensor, and when its value changed.
#[derive(Default)]
struct Changes {
    readings: Vec<(Duration, f64)>,
    changes: Vec<(Duration, f64)>,
    step: Option<f64>,
}

impl Changes {
    fn see(&mut self, at: Duration, value: f64) {
        if let Some((_, before)) = self.readings.last()
            && *before != value
        {
            self.changes.push((at, value));
            let step = (value - before).abs();
            self.step = Some(self.step.map_or(step, |least| least.min(step)));
        }
        self.readings.push((at, value));
    }

    fn count(&self) -> u32 {
        u32::try_from(self.changes.len()).unwrap_or(u32::MAX)
    }

    /// The period is the median of the times between changes: a reading that came late makes two of
    /// them wrong, and a value that happened to stay the same one of them double.
    fn movement(&self) -> Option<Movement> {
        let mut between: Vec<Duration> = self
            .changes
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0)
            .collect();
        between.sort();
        let first = self.changes.first()?.0;
        Some(Movement {
            period: between.get(between.len() / 2).copied().unwrap_or(first),
            step: self.step?,
        })
    }

    /// What the value gained a second between its first change and its last.
    fn slope(&self) -> Option<f64> {
        let (from, to) = (self.changes.first()?, self.changes.last()?);
        let seconds = to.0.saturating_sub(from.0).as_secs_f64();
        (seconds > 0.0).then(|| (to.1 - from.1) / seconds)
    }

    /// How far the integral of `power` is off what was counted between the first and the last change.
    fn gain_of(&self, power: &Self) -> Option<f64> {
        let (from, to) = (self.changes.first()?, self.changes.last()?);
        let counted = to.1 - from.1;
        let inside = power
            .readings
            .windows(2)
            .filter(|pair| pair[0].0 >= from.0 && pair[1].0 <= to.0);
        let (joules, seconds) = inside.fold((0.0, 0.0), |(joules, seconds), pair| {
            let span = (pair[1].0 - pair[0].0).as_secs_f64();
            (
                joules + span * (pair[0].1 + pair[1].1) / 2.0,
                seconds + span,
            )
        });
        let whole = (to.0 - from.0).as_secs_f64();
        // The stretches that the readings leave out are filled with the mean.
        (counted > 0.0 && seconds > whole / 2.0).then(|| joules / seconds * whole / counted - 1.0)
    }
}

/// Why a counter is of no use.
pub(crate) enum Still {
    Unreadable(ReadError),
    Frozen,
}

impl Still {
    /// As a code.
    pub(crate) fn fault(&self) -> SensorFault {
        match self {
            Self::Unreadable(error) => error.fault,
            Self::Frozen => SensorFault::Frozen,
        }
    }

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

/// Why a sensor that is there is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// None where nothing is wrong with it, such as a board that sleeps.
    pub(crate) fault: Option<SensorFault>,
    pub(crate) reason: String,
    /// What the person can do; empty where nothing helps.
    pub(crate) remedy: String,
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        Self {
            reason: refusal.reason,
            fault: refusal.fault.unwrap_or(SensorFault::Unreadable),
        }
    }
}

impl Refusal {
    pub(crate) fn new(fault: impl Into<Option<SensorFault>>, reason: impl Into<String>) -> Self {
        Self {
            fault: fault.into(),
            reason: reason.into(),
            remedy: String::new(),
        }
    }

    /// The same with what the person can do.
    pub(crate) fn advise(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Makes a report one of a sensor that is not used.
    pub(crate) fn put_into(self, report: &mut SensorReport) {
        report.fault = self.fault;
        report.availability = Availability::Unavailable {
            reason: self.reason,
            remedy: self.remedy,
        };
    }
}

impl From<Still> for Refusal {
    fn from(still: Still) -> Self {
        let fault = still.fault();
        let (reason, remedy) = still.explain();
        Self::new(fault, reason).advise(remedy)
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
            period_ms: period.map(in_ms),
            resolution: None,
            averaging_ms: None,
        })
    }

    /// With what was seen of its movement, and the stretch that its power is the mean of.
    pub(crate) fn available_as(
        self,
        movement: Option<Movement>,
        averaging: Option<Duration>,
    ) -> SensorReport {
        self.report(Availability::Available {
            period_ms: movement.map(|seen| in_ms(seen.period)),
            resolution: movement.map(|seen| seen.step),
            averaging_ms: averaging.map(in_ms),
        })
    }

    pub(crate) fn unavailable(self, (reason, remedy): (String, String)) -> SensorReport {
        self.report(Availability::Unavailable { reason, remedy })
    }

    pub(crate) fn refused(self, refusal: Refusal) -> SensorReport {
        let mut report = self.unavailable((String::new(), String::new()));
        refusal.put_into(&mut report);
        report
    }

    fn report(self, availability: Availability) -> SensorReport {
        SensorReport {
            fault: None,
            name: self.name.to_owned(),
            device: self.device,
            source: self.source,
            scope: self.scope,
            error: self.error,
            availability,
        }
    }
}
