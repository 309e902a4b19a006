//! What one device told while it was recorded: the step that reads it, and its joules in a window.

use crate::boxcar;
use crate::conditions::ConditionLog;
use crate::cut::Cut;
use crate::error::MeterError;
use crate::gauge::{self, Looks};
use crate::recorded::error;
use crate::sensor::{Device, Info, LONG_AVERAGE, PERIOD, ReadError};
use crate::series::{Hole, Point, Series};
use crate::sink::{ChunkSink, Quantity};
use crate::ticks;
use std::time::Duration;
use wattsmith_domain::{
    Clock, DeviceEnergy, EnergyReading, Joules, MonotonicNs, PowerSample, Reckoning, Seconds,
    Source, Watts,
};

/// Periods that may pass without a sample, and never less than half a second.
const MOST_PERIODS: u32 = 5;
/// A counter that stands still for so long inside a window has frozen: on a device that is on, it
/// moves ten times a second.
const MOST_STILL: Seconds = Seconds(2.0);
/// A counter that moves more seldom may stand still for so many of its own steps.
const MOST_STEPS_STILL: f64 = 3.0;
/// A long average is tiled where the window holds so many of its stretches.
const LEAST_TILES: u32 = 2;
/// Updates of the sensor in the shortest slice of time that is looked at by itself.
const SLICE_UPDATES: f64 = 2.0;
/// Readings that are due together come a little apart.
const ALMOST: f64 = 0.9;

/// Ticks of a counter that are kept before a window and after it: its edges are cut by two on either side.
const TICKS_AROUND: u32 = 8;
/// And no less than this.
const LEAST_AROUND: Duration = Duration::from_secs(2);

/// No device of a workstation draws more; a counter that gains faster than this has leapt.
const MOST_POWER: Watts = Watts(10_000.0);
/// Leaps that are remembered one by one.
const MOST_LEAPS: usize = 64;

/// What one device told.
#[derive(Debug, Clone)]
pub(crate) struct DeviceLog {
    pub(crate) info: Info,
    /// Joules over time, where it counts them.
    pub(crate) counter: Option<Series>,
    /// Watts over time, where it tells them.
    pub(crate) gauge: Option<Series>,
    /// The energy that it counted itself, joules over time; empty where it does not tell, or where
    /// that is its counter.
    pub(crate) total: Series,
    /// The least by which that grows, joules.
    pub(crate) total_step: f64,
    /// Whether its counter moves so seldom that standing still for a while tells nothing.
    pub(crate) coarse: bool,
    /// Heat, clocks and company, where it tells.
    pub(crate) conditions: Option<ConditionLog>,
    /// Between which readings its counter went back or gained more than can be: what was used
    /// meanwhile is not known.
    pub(crate) leaps: Vec<(MonotonicNs, MonotonicNs)>,
    /// The last reading that failed.
    pub(crate) failure: Option<ReadError>,
}

impl DeviceLog {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            info: device.info.clone(),
            counter: device.counter.as_ref().map(|_| Series::default()),
            gauge: device.gauge.as_ref().map(|_| Series::default()),
            total: Series::default(),
            total_step: 0.0,
            coarse: device.counter.as_ref().is_some_and(|one| one.is_coarse()),
            conditions: None,
            leaps: Vec::new(),
            failure: None,
        }
    }

    pub(crate) fn lost(info: Info, message: &str) -> Self {
        Self {
            info,
            counter: None,
            gauge: None,
            total: Series::default(),
            total_step: 0.0,
            coarse: false,
            conditions: None,
            leaps: Vec::new(),
            failure: Some(ReadError::unreadable(message)),
        }
    }

    /// One reading of what is due; the device's power, as far as that is known. Power beside a
    /// counter is for the chart and for comparison, so ten times a second is enough for it; `all`
    /// reads it even so.
    pub(crate) fn read(
        &mut self,
        device: &Device,
        clock: &dyn Clock,
        sink: Option<&dyn ChunkSink>,
        all: bool,
    ) -> Option<Watts> {
        let hand_over = |quantity: Quantity, chunk: Option<&[Point]>| {
            if let (Some(sink), Some(chunk)) = (sink, chunk) {
                sink.take(&device.info.name, quantity, chunk);
            }
        };
        let mut power = None;
        if let (Some(counter), Some(series)) = (&device.counter, &mut self.counter) {
            match stamped(clock, || counter.energy()) {
                (at, Ok(energy)) => {
                    if let Some(leap) = leap(series, &self.info, at, energy) {
                        remember(&mut self.leaps, leap);
                    }
                    power = recent_power(series, &self.info, at, energy);
                    hand_over(Quantity::Joules, series.push(at, energy.0));
                }
                (_, Err(error)) => self.failure = Some(error),
            }
        }
        let Some((gauge, series)) = device.gauge.as_ref().zip(self.gauge.as_mut()) else {
            return power;
        };
        let last = series.last();
        let age = last.map(|(at, _)| clock.now().since(at).0);
        let apart = PERIOD.as_secs_f64() * ALMOST;
        if !all && self.counter.is_some() && age.is_some_and(|age| age < apart) {
            return last.map(|(_, watts)| Watts(watts));
        }
        match stamped(clock, || gauge.power()) {
            (at, Ok(watts)) if plausible(watts) => {
                hand_over(Quantity::Watts, series.push(at, watts.0));
                if let (None, Some(total)) = (&self.counter, gauge.total()) {
                    self.total.push(at, total.joules.0);
                    self.total_step = total.step.0;
                }
                Some(watts)
            }
            (_, answer) => {
                self.failure = Some(match answer {
                    Err(error) => error,
                    Ok(watts) => ReadError::impossible(format!(
                        "it tells {:.0} W, which no device draws",
                        watts.0
                    )),
                });
                None
            }
        }
    }

    /// Asks the device for its state where that is due; after its power, which must not wait.
    pub(crate) fn look(&mut self, device: &Device, clock: &dyn Clock) {
        let (Some(gauge), Some(log)) = (&device.state, &mut self.conditions) else {
            return;
        };
        let now = clock.now();
        if log.is_due(now) {
            log.push(now, gauge.state());
        }
    }

    /// Hands over the readings that fill no chunk yet.
    pub(crate) fn flush(&self, sink: &dyn ChunkSink) {
        for (quantity, series) in [
            (Quantity::Joules, &self.counter),
            (Quantity::Watts, &self.gauge),
        ] {
            let rest = series.as_ref().map_or(&[][..], Series::rest);
            if !rest.is_empty() {
                sink.take(&self.info.name, quantity, rest);
            }
        }
    }

    pub(crate) fn energy(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
    ) -> Result<DeviceEnergy, MeterError> {
        let most = self.most();
        let integral = self.gauge.as_ref().map(|series| {
            self.integral(series, from, to)
                .map_err(|hole| self.error(hole, most))
        });
        let (cut, integral) = match (&self.counter, integral) {
            (Some(counter), integral) => {
                if self.leaps.iter().any(|leap| leap.0 < to && leap.1 > from) {
                    return Err(MeterError::Leapt {
                        device: self.info.name.clone(),
                    });
                }
                let cut = ticks::counted(counter, from, to, self.info.update, most)
                    .map_err(|hole| self.error(hole, most))?;
                let stood = !self.coarse && counter.longest_still(from, to).0 > self.most_still();
                if cut.joules <= 0.0 || stood {
                    return Err(MeterError::Frozen {
                        device: self.info.name.clone(),
                    });
                }
                (cut, integral.and_then(Result::ok))
            }
            (None, Some(integral)) => (integral?, None),
            (None, None) => {
                let failure = self.failure.clone();
                return Err(MeterError::Lost {
                    device: self.info.name.clone(),
                    failure: failure.unwrap_or_else(|| ReadError::unreadable("nothing")),
                });
            }
        };
        Ok(DeviceEnergy {
            device: self.info.name.clone(),
            source: self.info.source,
            joules: Joules(cut.joules),
            integral: integral.map(|cut| Joules(cut.joules)),
            counted: self.counted(from, to).map(|cut| Joules(cut.joules)),
            reckoning: Some(self.reckoning(from, to)),
            window_error: cut.relative_error(),
        })
    }

    /// The window by its own total beside its power; none where that did not move.
    pub(crate) fn counted(&self, from: MonotonicNs, to: MonotonicNs) -> Option<Cut> {
        let cut = ticks::counted(&self.total, from, to, None, self.most()).ok()?;
        (cut.joules > 0.0).then_some(cut)
    }

    /// The window by integrated power; none where there is none, or with gaps.
    pub(crate) fn integrated(&self, from: MonotonicNs, to: MonotonicNs) -> Option<Cut> {
        self.integral(self.gauge.as_ref()?, from, to).ok()
    }

    /// What makes its joules, whether it froze or not; none where that does not cover the window.
    pub(crate) fn cut(&self, from: MonotonicNs, to: MonotonicNs) -> Option<Cut> {
        if self.leaps.iter().any(|leap| leap.0 < to && leap.1 > from) {
            return None;
        }
        match &self.counter {
            Some(counter) => ticks::counted(counter, from, to, self.info.update, self.most()).ok(),
            None => self.integrated(from, to),
        }
    }

    /// Whether it is the memory beside a package, which draws little.
    pub(crate) fn is_memory(&self) -> bool {
        self.info.source == Source::Rapl && self.info.name.ends_with(" dram")
    }

    /// Seconds over which power can be told apart from that of its neighbours; none where it is only
    /// known as a long average.
    pub(crate) fn least_slice(&self) -> Option<f64> {
        let averaged = self.counter.is_none()
            && self
                .info
                .averaging
                .is_some_and(|stretch| stretch >= LONG_AVERAGE);
        let update = self.info.update.unwrap_or(self.info.period);
        (!averaged).then_some(update.as_secs_f64() * SLICE_UPDATES)
    }

    /// Joules of a slice that is known to be covered, whatever their error.
    pub(crate) fn joules(&self, from: MonotonicNs, to: MonotonicNs) -> Option<f64> {
        let most = self.most();
        let cut = match (&self.counter, &self.gauge) {
            (Some(counter), _) => ticks::counted(counter, from, to, self.info.update, most),
            (None, Some(gauge)) => self.integral(gauge, from, to),
            (None, None) => return None,
        };
        cut.ok().map(|cut| cut.joules.max(0.0))
    }

    fn integral(&self, series: &Series, from: MonotonicNs, to: MonotonicNs) -> Result<Cut, Hole> {
        let looks = self.looks();
        match self.tile(from, to) {
            Some(stretch) => boxcar::tiled(series, from, to, stretch, looks, self.most()),
            None => gauge::integrated(series, from, to, looks, self.most()),
        }
    }

    /// How its power is told.
    fn looks(&self) -> Looks {
        // What is known of the device's looks is of its counter, where it has one.
        match self.counter {
            Some(_) => Looks {
                period: self.info.period.max(PERIOD),
                update: None,
                averaging: None,
            },
            None => Looks {
                period: self.info.period,
                update: self.info.update,
                averaging: self.info.averaging,
            },
        }
    }

    /// The stretch over which its power is a mean, where that is long and fits the window often enough.
    fn tile(&self, from: MonotonicNs, to: MonotonicNs) -> Option<Duration> {
        let window = to.since(from).0;
        let stretch = self.looks().averaging?;
        let tiles = stretch >= LONG_AVERAGE && window >= (stretch * LEAST_TILES).as_secs_f64();
        tiles.then_some(stretch)
    }

    /// How its joules in a window are worked out, for somebody else who does it again.
    fn reckoning(&self, from: MonotonicNs, to: MonotonicNs) -> Reckoning {
        let seconds = |span: Duration| Seconds(span.as_secs_f64());
        if self.counter.is_some() {
            let update = self.info.update.map(seconds);
            return Reckoning::Counter { update };
        }
        let looks = self.looks();
        match self.tile(from, to) {
            Some(stretch) => Reckoning::Averages {
                stretch: seconds(stretch),
                update: seconds(looks.update.unwrap_or(looks.period)),
            },
            None => Reckoning::Power { lag: looks.lag() },
        }
    }

    /// What its counter told around a window, with the ticks before and after that its edges are cut by;
    /// none where it has no counter. All of it where nobody knows how often it ticks.
    pub(crate) fn readings(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
    ) -> Option<Vec<EnergyReading>> {
        let counter = self.counter.as_ref()?;
        let (from, to) = match self.info.update {
            Some(update) => {
                let around = (update * TICKS_AROUND).max(LEAST_AROUND);
                let around = Seconds(around.as_secs_f64());
                let before = (around.0 * 1e9) as u64;
                (MonotonicNs(from.0.saturating_sub(before)), to.plus(around))
            }
            None => (MonotonicNs(0), MonotonicNs(u64::MAX)),
        };
        let readings = counter.between(from, to).map(|(at, joules)| EnergyReading {
            at,
            energy: Joules(joules),
        });
        Some(readings.collect())
    }

    fn most(&self) -> Duration {
        self.info.period.max(PERIOD) * MOST_PERIODS
    }

    /// Seconds.
    fn most_still(&self) -> f64 {
        let update = self.info.update.unwrap_or_default().as_secs_f64();
        MOST_STILL.0.max(update * MOST_STEPS_STILL)
    }

    fn error(&self, hole: Hole, most: Duration) -> MeterError {
        let most = Seconds(most.as_secs_f64());
        error(hole, &self.info.name, most, self.failure.as_ref())
    }

    /// Power over time: as told, or else from the ticks of the counter.
    pub(crate) fn samples(&self) -> Vec<PowerSample> {
        if let Some(gauge) = self.gauge.as_ref().filter(|gauge| !gauge.is_empty()) {
            let sample = |(at, watts)| PowerSample {
                at,
                power: Watts(watts),
            };
            return gauge.points().map(sample).collect();
        }
        self.counter
            .as_ref()
            .map(|counter| ticks::steps(counter, self.info.update, PERIOD))
            .unwrap_or_default()
            .into_iter()
            .filter(|sample| plausible(sample.power))
            .collect()
    }
}

/// Reads with the instant half-way between the clock before and after, since a reading can take
/// milliseconds.
pub(crate) fn stamped<T>(clock: &dyn Clock, read: impl FnOnce() -> T) -> (MonotonicNs, T) {
    let before = clock.now();
    let value = read();
    let after = clock.now();
    (
        MonotonicNs(before.0 + after.0.saturating_sub(before.0) / 2),
        value,
    )
}

/// Whether a counter that now tells `joules` has gone back, or gained more than can be since its last
/// reading: between which two instants.
fn leap(
    series: &Series,
    info: &Info,
    at: MonotonicNs,
    joules: Joules,
) -> Option<(MonotonicNs, MonotonicNs)> {
    let (before, counted) = series.last()?;
    // What was used since the last update may be told all at once.
    let span = at.since(before).0.max(PERIOD.as_secs_f64());
    let span = span.max(info.update.unwrap_or_default().as_secs_f64() * MOST_STEPS_STILL);
    let gained = joules.0 - counted;
    (gained < 0.0 || gained > MOST_POWER.0 * span).then_some((before, at))
}

/// Many leaps become one long one: the counter is of no use then.
fn remember(leaps: &mut Vec<(MonotonicNs, MonotonicNs)>, leap: (MonotonicNs, MonotonicNs)) {
    let full = leaps.len() == MOST_LEAPS;
    match leaps.last_mut() {
        Some(last) if full => last.1 = leap.1,
        _ => leaps.push(leap),
    }
}

/// Power that a device can draw; none where its counter stands or leapt.
fn plausible(power: Watts) -> bool {
    power.0 > 0.0 && power.0 <= MOST_POWER.0
}

/// Mean power over the last tenth of a second or four ticks, for the screen: from one change of the
/// counter to its last one, since a counter with long steps holds its value in between.
fn recent_power(series: &Series, info: &Info, at: MonotonicNs, joules: Joules) -> Option<Watts> {
    let span = PERIOD
        .max(info.update.unwrap_or_default() * 4)
        .as_secs_f64()
        * ALMOST;
    let earlier = (0..series.len())
        .rev()
        .filter_map(|index| series.get(index))
        .take_while(|(before, _)| at.since(*before).0 < span * 3.0);
    let mut newest: Option<Point> = None;
    let mut first: Option<Point> = None;
    // Each reading is held against the one before it; where they differ, it was a change.
    let mut later = (at, joules.0);
    for before in earlier {
        if before.1 != later.1 {
            let (last, _) = *newest.get_or_insert(later);
            first = Some(later);
            if last.since(later.0).0 >= span {
                break;
            }
        }
        later = before;
    }
    let ((to, end), (from, begin)) = newest.zip(first)?;
    let span = to.since(from).0;
    (span > 0.0)
        .then(|| Watts((end - begin) / span))
        .filter(|power| plausible(*power))
}
