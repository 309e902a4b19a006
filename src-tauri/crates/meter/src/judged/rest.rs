//! What the sensors told while the loaded model was idle. A trial rests once, so this is carried from
//! its first window to the later ones.

use super::known::Known;
use super::{Key, Span, key};
use crate::device_log::DeviceLog;
use crate::recorded::Recorded;
use std::collections::BTreeMap;
use wattsmith_domain::MonotonicNs;

/// What the sensors told at rest.
#[derive(Debug, Clone, Default)]
pub struct Rest {
    /// Cores of the machine that were busy, with whatever.
    pub(super) cores: Option<f64>,
    pub(super) devices: BTreeMap<Key, AtRest>,
}

/// What one sensor told.
#[derive(Debug, Clone, Default)]
pub(super) struct AtRest {
    pub(super) power: Option<Known>,
    /// The last value of its gauge, where the rest was long enough for it to be one of rest.
    pub(super) last: Option<f64>,
    /// Per cent of the time in which the device computed.
    pub(super) busy: Option<f64>,
    /// The last value of its own total, and since when that was told.
    pub(super) still: Option<(MonotonicNs, f64)>,
}

impl Rest {
    pub(super) fn of(&self, log: &DeviceLog) -> Option<&AtRest> {
        self.devices.get(&key(log))
    }
}

impl Recorded {
    /// What the sensors told in `rests`, spans of this recording; where there are none, what they
    /// told in `earlier` ones.
    #[must_use]
    pub fn rest(&self, rests: &[Span], earlier: Option<&Rest>) -> Rest {
        let before = |log: &DeviceLog| earlier.and_then(|rest| rest.of(log));
        let devices = self.devices.iter().chain(&self.beside).map(|log| {
            let mut told = match (rests.first(), before(log)) {
                (None, Some(before)) => before.clone(),
                (None, None) => AtRest::default(),
                (Some(first), _) => AtRest {
                    power: power(log, rests),
                    last: last(log, *first),
                    busy: busy(log, rests),
                    still: None,
                },
            };
            told.still = still(log, before(log).and_then(|one| one.still));
            (key(log), told)
        });
        Rest {
            devices: devices.collect(),
            cores: match rests {
                [] => earlier.and_then(|rest| rest.cores),
                rests => self.busy_cores(rests),
            },
        }
    }

    /// Cores that were busy with anything; none where that is not known throughout.
    pub(super) fn busy_cores(&self, spans: &[Span]) -> Option<f64> {
        let (mut busy, mut seconds) = (0.0, 0.0);
        for (from, to) in spans {
            let used = self.cpu(*from, *to)?;
            busy += used.engine_s + used.own_s + used.other_s;
            seconds += to.since(*from).0;
        }
        (seconds > 0.0).then(|| busy / seconds)
    }
}

/// Mean power of the spans that are long enough for the sensor, by their lengths.
fn power(log: &DeviceLog, rests: &[Span]) -> Option<Known> {
    let told = rests.iter().filter_map(|(from, to)| {
        let seconds = to.since(from.plus(log.info.settled())).0;
        Some((Known::of(log, *from, *to)?, seconds))
    });
    let (sum, seconds) = told.fold((Known::default(), 0.0), |(sum, all), (one, seconds)| {
        let weighed = Known {
            watts: one.watts * seconds,
            variance: one.variance * seconds * seconds,
            limit: one.limit * seconds,
        };
        (sum + weighed, all + seconds)
    });
    (seconds > 0.0).then(|| Known {
        watts: sum.watts / seconds,
        variance: sum.variance / (seconds * seconds),
        limit: sum.limit / seconds,
    })
}

/// The last value of a rest that the gauge had caught up with.
fn last(log: &DeviceLog, (from, to): Span) -> Option<f64> {
    let settled = from.plus(log.info.settled());
    let gauge = log.gauge.as_ref()?;
    gauge.between(settled, to).last().map(|(_, value)| value)
}

fn busy(log: &DeviceLog, rests: &[Span]) -> Option<f64> {
    let conditions = log.conditions.as_ref()?;
    let told: Vec<f64> = rests
        .iter()
        .filter_map(|(from, to)| conditions.busy(*from, *to))
        .collect();
    (!told.is_empty()).then(|| told.iter().sum::<f64>() / told.len() as f64)
}

/// Since when its own total tells what it told last.
fn still(log: &DeviceLog, before: Option<(MonotonicNs, f64)>) -> Option<(MonotonicNs, f64)> {
    let (_, now) = log.total.last()?;
    let changed = (0..log.total.len())
        .rev()
        .map_while(|index| log.total.get(index))
        .take_while(|(_, value)| *value == now)
        .last()?;
    let all_of_it = log.total.get(0).is_some_and(|first| first.0 == changed.0);
    match before {
        Some((since, value)) if all_of_it && value == now => Some((since, value)),
        _ => Some(changed),
    }
}
