//! What covers the whole against what it contains: it may not read less than the sum inside it, and
//! from rest to work it must rise by nine tenths of what the sum rises, both beyond the errors of
//! both sides. How much more it reads is the supply's losses and the rest of the machine, and is not
//! judged. A battery is no part of the wall: on mains it gives off nothing.

use super::known::{Known, resolution};
use super::rest::Rest;
use super::{Key, SURELY, Span, doubt, key};
use crate::device_log::DeviceLog;
use crate::recorded::Recorded;
use std::collections::BTreeSet;
use wattsmith_domain::{MonotonicNs, Scope, Seconds, SensorFault, Warning};

/// Share of the parts' rise that the whole must show.
const LEAST_RISE: f64 = 0.9;

impl Recorded {
    /// Every whole that cannot contain what it should, those of `frozen` sensors left out.
    pub(super) fn parts(&self, window: Span, rest: &Rest, frozen: &BTreeSet<Key>) -> Vec<Warning> {
        let answers = |log: &&DeviceLog| !frozen.contains(&key(log));
        let figure: Vec<&DeviceLog> = self.devices.iter().filter(answers).collect();
        let beside: Vec<&DeviceLog> = self.beside.iter().filter(answers).collect();
        let all = || figure.iter().chain(&beside).copied();
        let (gpu, cpu) = (
            part(Scope::is_gpu, &figure, &beside),
            part(|scope| scope == Scope::CpuPackage, &figure, &beside),
        );
        let parts = match gpu.is_empty() && cpu.is_empty() {
            true => part(|scope| scope == Scope::GpuAndCpu, &figure, &beside),
            false => [gpu, cpu].concat(),
        };
        let mut warnings = Vec::new();
        for whole in all().filter(|log| log.info.scope.is_whole()) {
            warnings.extend(held_against(whole, &parts, window, rest));
            if whole.info.scope == Scope::Wall {
                let platform = part(|scope| scope == Scope::Platform, &figure, &beside);
                warnings.extend(held_against(whole, &platform, window, rest));
            }
        }
        warnings
    }
}

/// The sensors of a part: those of the figure, else the built-in ones, else one of the person's.
fn part<'a>(
    is_it: fn(Scope) -> bool,
    figure: &[&'a DeviceLog],
    beside: &[&'a DeviceLog],
) -> Vec<&'a DeviceLog> {
    let of = |logs: &[&'a DeviceLog], own: Option<bool>| -> Vec<&'a DeviceLog> {
        let fits = |log: &&DeviceLog| {
            is_it(log.info.scope) && own.is_none_or(|own| log.info.source.is_own() == own)
        };
        logs.iter().copied().filter(fits).collect()
    };
    let mut own = of(beside, Some(true));
    own.truncate(1);
    [of(figure, None), of(beside, Some(false)), own]
        .into_iter()
        .find(|logs| !logs.is_empty())
        .unwrap_or_default()
}

fn held_against(
    whole: &DeviceLog,
    parts: &[&DeviceLog],
    (from, to): Span,
    rest: &Rest,
) -> Option<Warning> {
    if parts.is_empty() {
        return None;
    }
    let slowest = parts.iter().map(|log| log.info.settled().0);
    let settled = slowest.fold(whole.info.settled().0, f64::max);
    let from = from.plus(Seconds(settled));
    let told = Known::since(whole, from, to)?;
    let each: Vec<Known> = parts
        .iter()
        .map(|log| Known::since(log, from, to))
        .collect::<Option<_>>()?;
    let inside: Known = each.iter().copied().sum();
    let names: Vec<&str> = parts.iter().map(|log| log.info.name.as_str()).collect();
    let (name, names) = (&whole.info.name, names.join(" and "));
    if told.watts + room(whole, &told, &inside, from) < inside.watts {
        let text = format!(
            "{name}: it told {:.1} W over the window, less than the {:.1} W of what it should \
             contain ({names}). Is all of this machine behind it, is its scope right, its unit?",
            told.watts, inside.watts
        );
        return Some(doubt(SensorFault::LessThanItsParts, text));
    }
    let rose = told.more_than(rest.of(whole)?.power.as_ref()?);
    let inside: Known = parts
        .iter()
        .zip(&each)
        .map(|(log, now)| Some(now.more_than(rest.of(log)?.power.as_ref()?)))
        .sum::<Option<Known>>()?;
    let needed = LEAST_RISE * inside.watts;
    (rose.watts + room(whole, &rose, &inside, from) < needed).then(|| {
        let text = format!(
            "{name}: from rest to work it rose by {:.1} W, and what it should contain ({names}) by \
             {:.1} W. Is all of this machine behind it? A meter that lags by many seconds needs \
             longer windows.",
            rose.watts, inside.watts
        );
        doubt(SensorFault::RisesLessThanItsParts, text)
    })
}

/// What the errors of both sides explain, watts.
fn room(whole: &DeviceLog, told: &Known, inside: &Known, from: MonotonicNs) -> f64 {
    let step = whole.gauge.as_ref().map_or(0.0, |gauge| {
        let value = gauge.get(gauge.first_at(from)).map(|(_, value)| value);
        value.map_or(0.0, resolution)
    });
    let windows = SURELY * (told.variance + inside.variance).sqrt();
    told.limit + inside.limit + windows + step
}
