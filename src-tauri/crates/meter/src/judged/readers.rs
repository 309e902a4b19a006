//! Two readers of one device: its counter and its power, the total that a plug or a battery keeps and
//! its power, the person's own meter and the sensor that is built in. Beyond both windows' errors a
//! difference of 5 % is told. One of 20 % means that one of them is wrong, and only the person can
//! say which.

use super::known::Known;
use super::{Key, SURELY, Span, key};
use crate::cut::Cut;
use crate::device_log::DeviceLog;
use crate::recorded::Recorded;
use crate::series::Point;
use std::collections::BTreeSet;
use wattsmith_domain::{
    MonotonicNs, Reader, Scope, Seconds, SensorFault, Source, Warning, WarningKind,
};

/// Share by which two readers may differ beyond their errors.
const MOST_APART: f64 = 0.05;
/// Share beyond which one of them is wrong.
const CONTRADICTION: f64 = 0.20;
/// A power beside a counter may be the mean of the second before, and nobody says so.
const LAG: Seconds = Seconds(2.0);
/// No more of a window than this is left out for what lags.
const MOST_LEFT_OUT: f64 = 0.5;

/// Two readers that differ.
pub(crate) struct Apart {
    pub(crate) warning: Warning,
    /// The device that the person has to decide about, where it makes the figure.
    pub(super) undecided: Option<String>,
}

/// One of two readings of the same.
struct Reading {
    /// Such as `its energy counter`.
    words: String,
    power: Known,
    /// The same with and without what the other reader may leave out.
    least: f64,
}

impl Reading {
    fn new(words: impl Into<String>, power: Known) -> Self {
        Self {
            words: words.into(),
            power,
            least: power.watts,
        }
    }
}

impl Recorded {
    /// Every pair of readers that differ in the window, those of `frozen` sensors left out.
    pub(crate) fn readers(&self, window: Span, frozen: &BTreeSet<Key>) -> Vec<Apart> {
        let answers = |log: &&DeviceLog| !frozen.contains(&key(log));
        let figure = self.devices.iter().filter(answers);
        let beside = self.beside.iter().filter(answers);
        let mut apart: Vec<Apart> = figure
            .clone()
            .map(|log| (log, true))
            .chain(beside.clone().map(|log| (log, false)))
            .filter_map(|(log, figure)| self.within(log, window, figure))
            .collect();
        let all: Vec<&DeviceLog> = figure.chain(beside).collect();
        apart.extend(self.between(&all, window));
        apart
    }

    /// Two readers inside one sensor's own device. They must agree at rest, too, so where the window
    /// alone is too short to tell, the whole recording is taken.
    fn within(&self, log: &DeviceLog, window: Span, figure: bool) -> Option<Apart> {
        let window = caught_up(window, log.info.settled().max_of(LAG));
        let doubt = |(one, other): &(Known, Known)| {
            let sd = (one.variance + other.variance).sqrt();
            SURELY * sd / one.watts.max(f64::MIN_POSITIVE)
        };
        let enough = both(log, window).filter(|told| doubt(told) <= MOST_APART);
        let (counter, gauge) = enough.or_else(|| {
            [Some(window), recording(log)]
                .into_iter()
                .filter_map(|span| both(log, span?))
                .min_by(|one, other| doubt(one).total_cmp(&doubt(other)))
        })?;
        let name = &log.info.name;
        let stands = Stands {
            decided: self.decided.get(name).copied(),
            used: match log.counter {
                Some(_) => Reader::Counter,
                None => Reader::Power,
            },
            ways: (Reader::Counter, Reader::Power),
            figure,
        };
        let kept = match log.info.source {
            Source::WallPlug | Source::Battery => "its own energy total",
            _ => "its energy counter",
        };
        let readings = [
            Reading::new(kept, counter),
            Reading::new("its power", gauge),
        ];
        apart(name, readings, stands)
    }

    /// Meters of the person's against what else measures the same part.
    fn between(&self, all: &[&DeviceLog], window: Span) -> Vec<Apart> {
        let own = all.iter().filter(|log| log.info.source.is_own());
        own.filter_map(|meter| {
            let others = same_part(meter, all);
            let slowest = others.iter().map(|log| log.info.settled());
            let settled = slowest.fold(meter.info.settled(), Seconds::max_of);
            let (from, to) = caught_up(window, settled);
            let power = |log: &DeviceLog| Known::since(log, from, to);
            let mut other = Reading::new(
                names(&others),
                others.iter().map(|log| power(log)).sum::<Option<Known>>()?,
            );
            let memory = others.iter().filter(|log| log.is_memory());
            other.least -= memory.filter_map(|log| power(log)).sum::<Known>().watts;
            let name = &meter.info.name;
            let figure = |log: &DeviceLog| self.devices.iter().any(|one| key(one) == key(log));
            let stands = Stands {
                decided: self.decided.get(name).copied(),
                used: match figure(meter) {
                    true => Reader::Own,
                    false => Reader::BuiltIn,
                },
                ways: (Reader::Own, Reader::BuiltIn),
                figure: figure(meter) || others.iter().any(|log| figure(log)),
            };
            let own = Reading::new("it", power(meter)?);
            apart(name, [other, own], stands)
        })
        .collect()
    }
}

/// What counter and power of a device told over a span.
fn both(log: &DeviceLog, (from, to): Span) -> Option<(Known, Known)> {
    if log.counter.is_none() || log.coarse {
        return between_ticks(log, (from, to));
    }
    let of = |cut| Known::from_cut(cut, to.since(from), log.info.error);
    Some((of(log.cut(from, to)?), of(log.integrated(from, to)?)))
}

/// From the first reading that both have to the last one, without the very ends.
fn recording(log: &DeviceLog) -> Option<Span> {
    let gauge = log.gauge.as_ref()?;
    let (first, last) = (gauge.get(0)?.0, gauge.last()?.0);
    let (from, to) = caught_up((first, last), log.info.settled());
    let to = from.plus(Seconds(to.since(from).0 - log.info.period.as_secs_f64()));
    (to > from).then_some((from, to))
}

/// A total that grows in coarse steps and the power beside it, both between the first and the last of
/// its steps in the window: only there is it known.
fn between_ticks(log: &DeviceLog, (from, to): Span) -> Option<(Known, Known)> {
    let total = match &log.counter {
        Some(counter) => counter,
        None => &log.total,
    };
    let readings: Vec<Point> = total.between(from, to).collect();
    // Where the step is not known, it is no more than the least that was seen.
    let grown = readings.windows(2).map(|pair| pair[1].1 - pair[0].1);
    let least = grown
        .filter(|more| *more > 0.0)
        .fold(f64::INFINITY, f64::min);
    let step = if log.coarse { least } else { log.total_step };
    let mut ticks = readings
        .windows(2)
        .filter(|pair| pair[1].1 > pair[0].1)
        .map(|pair| Tick {
            at: pair[0].0.plus(Seconds(pair[1].0.since(pair[0].0).0 / 2.0)),
            bracket: pair[1].0.since(pair[0].0).0,
            joules: pair[1].1,
        });
    let first = ticks.next()?;
    let last = ticks.next_back()?;
    let span = last.at.since(first.at);
    let joules = last.joules - first.joules;
    let stamps = (joules / span.0).powi(2) * (first.bracket.powi(2) + last.bracket.powi(2)) / 12.0;
    let counted = Cut {
        joules,
        // Both ends are rounded, too.
        variance: stamps + 2.0 * step.powi(2) / 12.0,
    };
    let told = log.integrated(first.at, last.at)?;
    let of = |cut| Known::from_cut(cut, span, log.info.error);
    Some((of(counted), of(told)))
}

struct Tick {
    at: MonotonicNs,
    /// Seconds in which it lies.
    bracket: f64,
    joules: f64,
}

/// The part of a window in which a sensor that needs `settled` to catch up tells of the work alone.
fn caught_up((from, to): Span, settled: Seconds) -> Span {
    let most = to.since(from).0 * MOST_LEFT_OUT;
    (from.plus(Seconds(settled.0.min(most))), to)
}

/// What measures the same part as a meter of the person's: the sensors that are built in, else the
/// first of the person's other meters. None for a meter that is that first one.
fn same_part<'a>(meter: &DeviceLog, all: &[&'a DeviceLog]) -> Vec<&'a DeviceLog> {
    let built_in = |scope: Scope| {
        all.iter()
            .copied()
            .filter(move |log| log.info.scope == scope && !log.info.source.is_own())
    };
    let scope = meter.info.scope;
    let mut others: Vec<&DeviceLog> = match scope {
        Scope::GpuAndCpu => {
            let (gpu, cpu) = (built_in(Scope::GpuBoard), built_in(Scope::CpuPackage));
            match gpu.clone().next().is_some() && cpu.clone().next().is_some() {
                true => gpu.chain(cpu).collect(),
                false => Vec::new(),
            }
        }
        // What meters the platform is a matter of its maker; any one of them will do.
        whole if whole.is_whole() => built_in(whole).take(1).collect(),
        part => built_in(part).collect(),
    };
    if others.is_empty() {
        let first = all
            .iter()
            .find(|log| log.info.scope == scope && log.info.source.is_own());
        others.extend(first.filter(|log| key(log) != key(meter)).copied());
    }
    others
}

fn names(logs: &[&DeviceLog]) -> String {
    let names: Vec<&str> = logs.iter().map(|log| log.info.name.as_str()).collect();
    names.join(" and ")
}

/// Which reader makes the figure, and what the person said.
struct Stands {
    decided: Option<Reader>,
    used: Reader,
    ways: (Reader, Reader),
    /// Whether one of the two makes the figure.
    figure: bool,
}

impl Stands {
    /// What the person said, as far as it is about these two.
    fn said(&self) -> Option<Reader> {
        let (one, other) = self.ways;
        self.decided.filter(|said| [one, other].contains(said))
    }
}

fn apart(device: &str, [first, second]: [Reading; 2], stands: Stands) -> Option<Apart> {
    let (one, other) = (first.power, second.power);
    if one.watts <= 0.0 || other.watts <= 0.0 {
        return None;
    }
    // As far as the second lies outside what the first covers at least and at most.
    let nearest = other.watts.clamp(first.least.min(one.watts), one.watts);
    let off = other.watts / nearest - 1.0;
    let doubt = SURELY * (one.variance + other.variance).sqrt() / nearest;
    let fault = match off.abs() - doubt {
        beyond if beyond > CONTRADICTION => SensorFault::ReadersContradict,
        beyond if beyond > MOST_APART => SensorFault::ReadersDiffer,
        _ => return None,
    };
    let (ways, figure, said) = (stands.ways, stands.figure, stands.said());
    let used = stands.used.words();
    let advice = match (fault, said) {
        (_, Some(reader)) => format!("You decided for {}.", reader.words()),
        (SensorFault::ReadersContradict, None) if figure => format!(
            "One of them is wrong, so the figure, which rests on {used}, is not certain and nothing \
             is compared with it. Say which one stands: wattsmith-cli meters reader \"{device}\" \
             {} (or {}).",
            ways.0, ways.1
        ),
        (_, None) if figure => format!(
            "The figure rests on {used}. A longer window, or a third meter, tells which is right."
        ),
        (_, None) => "Neither makes the figure.".to_owned(),
    };
    let text = format!(
        "{device}: {} told {:.1} W and {} {:.1} W over the same time, {:.0} % {}; their own errors \
         explain {:.0} % at the most. {advice}",
        first.words,
        one.watts,
        second.words,
        other.watts,
        off.abs() * 100.0,
        if off > 0.0 { "more" } else { "less" },
        doubt * 100.0,
    );
    let undecided = fault == SensorFault::ReadersContradict && figure && said.is_none();
    Some(Apart {
        warning: Warning {
            kind: WarningKind::SensorDisagreement,
            text,
            fault: Some(fault),
        },
        undecided: undecided.then(|| device.to_owned()),
    })
}

trait MaxOf {
    fn max_of(self, other: Self) -> Self;
}

impl MaxOf for Seconds {
    fn max_of(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }
}
