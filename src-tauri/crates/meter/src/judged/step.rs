//! The step from idle to work. A sensor of what the engine uses must show it. One that tells exactly
//! the same value before and during the work is frozen; one that varies but does not rise belongs to
//! another device, which is told and is no error. Where the work is too small for the sensor's steps,
//! or nothing else tells that there was more of it than at rest, nothing is accused.

use super::known::{Known, resolution};
use super::rest::{AtRest, Rest};
use super::{SURELY, Span};
use crate::device_log::DeviceLog;
use crate::recorded::Recorded;
use crate::series::Series;
use wattsmith_domain::{MonotonicNs, Scope, Seconds};

/// No busy core of a workstation draws less, watts: the least of the estimates' coefficients.
const PER_CORE: f64 = 2.0;
/// Cores by which the machine must have been busier than at rest.
const LEAST_CORES: f64 = 0.5;
/// A GPU that computes by so many per cent of the time more than at rest is at work...
const LEAST_BUSY: f64 = 20.0;
/// ... and draws at least so much more, watts.
const PER_GPU: f64 = 5.0;
/// Steps of the sensor that the work must be worth for standing still to mean anything.
const LEAST_STEPS: f64 = 2.0;
/// What a device that the engine does not use may draw more, watts and as a fraction of its rest.
const IDLE_RISE: (f64, f64) = (1.0, 0.02);
/// Readings that must have told the same.
const LEAST_READINGS: usize = 3;
/// A device's own total that stands still for so long, while power is told, has frozen: there are
/// plugs that bring it up to date once a minute.
const LONGEST_MINUTE: Seconds = Seconds(75.0);
/// Steps that it should have grown by.
const LEAST_GROWTH: f64 = 3.0;
/// Where the power told does not vary either, this long and so many steps are enough.
const BOTH_STILL: (Seconds, f64) = (Seconds(5.0), 10.0);

/// What was seen of a sensor.
pub(super) enum Seen {
    /// What it told.
    Frozen(String),
    /// A sentence or two.
    NotUsed(String),
    /// A sentence or two.
    TooSmall(String),
}

/// What is known of the work.
pub(super) struct Work<'a> {
    window: Span,
    rests: &'a [Span],
    rest: &'a Rest,
    /// Cores that were busier than at rest.
    cores: f64,
    /// Watts that each sensor told more than at rest.
    rises: Vec<(Scope, Known)>,
}

impl<'a> Work<'a> {
    pub(super) fn of(recorded: &Recorded, window: Span, rests: &'a [Span], rest: &'a Rest) -> Self {
        let busy = recorded.busy_cores(&[window]);
        let all = recorded.devices.iter().chain(&recorded.beside);
        Self {
            window,
            rests,
            rest,
            cores: busy.zip(rest.cores).map_or(0.0, |(now, then)| now - then),
            rises: all
                .filter_map(|log| Some((log.info.scope, rise(log, window, rest)?)))
                .collect(),
        }
    }

    /// The least that a sensor must have seen of the work, watts; none where nothing tells that its
    /// device worked.
    fn expected(&self, log: &DeviceLog, at_rest: &AtRest) -> Option<f64> {
        let scope = log.info.scope;
        if let Some(more) = busier(log, at_rest, self.window) {
            return (more >= LEAST_BUSY).then_some(PER_GPU);
        }
        let by_cores = (self.cores >= LEAST_CORES).then_some(self.cores * PER_CORE);
        let within = |part: Scope| match scope {
            Scope::GpuAndCpu => part.is_gpu() || part == Scope::CpuPackage,
            whole => whole.is_whole() && !part.is_whole(),
        };
        let by_parts = self
            .rises
            .iter()
            .filter(|(part, _)| within(*part))
            .map(|(_, rise)| 0.9 * (rise.watts - rise.limit - SURELY * rise.sd()))
            .filter(|watts| *watts >= LEAST_CORES * PER_CORE)
            .fold(None, |most: Option<f64>, one| {
                Some(most.map_or(one, |most| most.max(one)))
            });
        match (by_cores, by_parts) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        }
    }
}

/// Per cent of the time by which a GPU computed more than at rest, where it tells.
fn busier(log: &DeviceLog, at_rest: &AtRest, (from, to): Span) -> Option<f64> {
    let now = log.conditions.as_ref()?.busy(from, to)?;
    Some(now - at_rest.busy?)
}

/// Watts that it told more than at rest, since it had caught up with the work.
pub(super) fn rise(log: &DeviceLog, (from, to): Span, rest: &Rest) -> Option<Known> {
    let now = Known::of(log, from, to)?;
    Some(now.more_than(rest.of(log)?.power.as_ref()?))
}

pub(super) fn seen(log: &DeviceLog, work: &Work<'_>) -> Option<Seen> {
    let at_rest = work.rest.of(log)?;
    if let Some(frozen) = still_total(log, at_rest) {
        return Some(frozen);
    }
    let expected = work.expected(log, at_rest);
    let same = log
        .gauge
        .as_ref()
        .filter(|_| log.counter.is_none() && !counts(log))
        .and_then(|gauge| same_value(log, gauge, at_rest, work));
    if let (Some(value), Some(expected)) = (same, expected) {
        let step = resolution(value);
        return Some(if expected < LEAST_STEPS * step {
            unknown(
                log,
                value,
                &format!("the work was too small to show in its steps of {step} W"),
            )
        } else {
            Seen::Frozen(format!(
                "it told exactly {value} W at rest and at work alike, where the work must have \
                 added {expected:.0} W or more"
            ))
        });
    }
    let seen = not_used(log, at_rest, work, expected, same.is_some());
    seen.or_else(|| too_little(log, at_rest, work))
}

/// A gauge that told one value all the time, where nothing follows from that.
fn too_little(log: &DeviceLog, at_rest: &AtRest, work: &Work<'_>) -> Option<Seen> {
    let gauge = log
        .gauge
        .as_ref()
        .filter(|_| log.counter.is_none() && !counts(log))?;
    let ((from, to), settled) = (work.window, log.info.settled().0);
    let value = at_rest.last?;
    let same = gauge.between(from, to).all(|(_, one)| one == value);
    let short = to.since(from).0 <= settled;
    let why = match short {
        true => format!("the work was over before it had to tell of it ({settled:.1} s)"),
        false => "nothing else tells that the machine worked harder than at rest".to_owned(),
    };
    same.then(|| unknown(log, value, &why))
}

fn unknown(log: &DeviceLog, value: f64, why: &str) -> Seen {
    Seen::TooSmall(format!(
        "{}: it told {value} W at rest and at work alike, and {why}; whether it works cannot be \
         told. Measure with more work on a quiet machine.",
        log.info.name
    ))
}

/// The one value that a gauge told on both sides of a step between rest and work, long enough on
/// each to have caught up with it.
fn same_value(log: &DeviceLog, gauge: &Series, at_rest: &AtRest, work: &Work<'_>) -> Option<f64> {
    let (from, to) = work.window;
    let settled = log.info.settled();
    if to.since(from).0 <= settled.0 {
        return None;
    }
    let into_work = at_rest
        .last
        .filter(|value| all_are(gauge, (from, to), *value));
    into_work.or_else(|| {
        // It froze within the window: it did not fall with the end of the work either.
        let (begin, end) = work.rests.iter().find(|(begin, _)| *begin >= to)?;
        let (_, value) = gauge.between(*begin, *end).last()?;
        let early = MonotonicNs(to.0.saturating_sub(nanoseconds(settled)));
        let long_enough = end.since(*begin).0 > settled.0;
        (long_enough && all_are(gauge, (early, *end), value)).then_some(value)
    })
}

fn nanoseconds(span: Seconds) -> u64 {
    (span.0 * 1e9) as u64
}

fn all_are(series: &Series, (from, to): Span, value: f64) -> bool {
    let mut count = 0;
    let same = series.between(from, to).all(|(_, one)| {
        count += 1;
        one == value
    });
    same && count >= LEAST_READINGS
}

/// Whether its own total grows: then it does measure, however even its power is.
fn counts(log: &DeviceLog) -> bool {
    let (first, last) = (log.total.get(0), log.total.last());
    matches!((first, last), (Some(first), Some(last)) if last.1 > first.1)
}

/// A total that stands still while power is told.
fn still_total(log: &DeviceLog, at_rest: &AtRest) -> Option<Seen> {
    let (since, total) = at_rest.still?;
    let gauge = log.gauge.as_ref()?;
    let (first, last) = (gauge.get(0)?, gauge.last()?);
    let watts = gauge.integral(first.0, last.0, LONGEST_GAP).ok()? / last.0.since(first.0).0;
    let still = last.0.since(since);
    let growth = watts * still.0 / log.total_step.max(f64::MIN_POSITIVE);
    let even = all_are(gauge, (first.0, last.0), first.1);
    let surely = still.0 >= LONGEST_MINUTE.0 && growth >= LEAST_GROWTH;
    let both = even && still.0 >= BOTH_STILL.0.0 && growth >= BOTH_STILL.1;
    (surely || both).then(|| {
        Seen::Frozen(format!(
            "its energy total stood at {} Wh for {:.0} s, while it told {watts:.1} W",
            total / 3600.0,
            still.0
        ))
    })
}

/// Readings farther apart tell no mean power.
const LONGEST_GAP: std::time::Duration = std::time::Duration::from_secs(60);

/// A sensor that varies, or tells that its device does not compute, and does not rise.
fn not_used(
    log: &DeviceLog,
    at_rest: &AtRest,
    work: &Work<'_>,
    expected: Option<f64>,
    even: bool,
) -> Option<Seen> {
    let idle = busier(log, at_rest, work.window).is_some_and(|more| more < LEAST_BUSY);
    let others_worked = work.cores >= LEAST_CORES;
    let rest = at_rest.power?;
    let rise = rise(log, work.window, work.rest)?;
    // Of the whole machine more can be expected than of a part that others share.
    let most = match (log.info.scope.is_whole(), expected) {
        (true, Some(expected)) => expected / 2.0,
        (false, Some(expected)) => little(rest.watts).min(expected / 2.0),
        (_, None) => little(rest.watts),
    };
    let told = expected.is_some() || (idle && others_worked);
    // Memory draws too little to tell, and one value for all time is no varying.
    let judged = !log.is_memory() && (idle || (!even && varies(log, work.window, at_rest)));
    let flat = rise.watts + SURELY * rise.sd() < most;
    (told && judged && flat).then(|| {
        Seen::NotUsed(format!(
            "{}: it told {:.1} W at rest and {:.1} W at work, so it does not follow the engine's \
             work. It seems to be of another device, or of one that the engine does not use.",
            log.info.name,
            rest.watts,
            rest.watts + rise.watts,
        ))
    })
}

/// What a part that the engine does not use may draw more, watts.
fn little(rest: f64) -> f64 {
    IDLE_RISE.0.max(IDLE_RISE.1 * rest)
}

fn varies(log: &DeviceLog, (from, to): Span, at_rest: &AtRest) -> bool {
    let Some(gauge) = &log.gauge else { return true };
    let mut values = gauge.between(from, to).map(|(_, value)| value);
    let Some(first) = values.next() else {
        return false;
    };
    at_rest.last.is_some_and(|last| last != first) || values.any(|one| one != first)
}
