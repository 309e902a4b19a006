//! A rest, some work and a rest again, with sensors that are written by hand.

use super::{Judged, Span};
use crate::conditions::{ConditionLog, State};
use crate::cpu::{CpuLog, CpuReading};
use crate::device_log::DeviceLog;
use crate::error::MeterError;
use crate::estimate::Prices;
use crate::files::Root;
use crate::recorded::Recorded;
use crate::sensor::Info;
use crate::series::Series;
use std::collections::BTreeMap;
use std::time::Duration;
use wattsmith_domain::{MonotonicNs, Scope, SensorFault, Source};

/// Seconds at which the work begins and ends, and at which the last rest ends.
pub(super) const WORK: (f64, f64) = (10.0, 40.0);
pub(super) const END: f64 = 50.0;

pub(super) fn s(seconds: f64) -> MonotonicNs {
    MonotonicNs((seconds * 1e9) as u64)
}

/// One value at rest and another at work.
pub(super) fn step(rest: f64, work: f64) -> impl Fn(f64) -> f64 {
    move |at| {
        if at >= WORK.0 && at < WORK.1 {
            work
        } else {
            rest
        }
    }
}

/// Joules since the beginning of what draws `rest` and `work` watts.
pub(super) fn joules(rest: f64, work: f64) -> impl Fn(f64) -> f64 {
    move |at| rest * at + (work - rest) * (at.clamp(WORK.0, WORK.1) - WORK.0)
}

/// A value that trembles by so much around `value`, the same in every run.
pub(super) fn trembling(value: impl Fn(f64) -> f64, by: f64) -> impl Fn(f64) -> f64 {
    move |at| value(at) + by * ((at * 7.3).sin() * 43_758.5).fract()
}

/// A series of readings `period` seconds apart, of values that are renewed every `update`.
fn series(period: f64, update: f64, value: impl Fn(f64) -> f64) -> Series {
    let mut series = Series::default();
    for reading in 0..=(END / period) as u32 {
        let at = f64::from(reading) * period;
        series.push(s(at), value((at / update + 1e-9).floor() * update));
    }
    series
}

/// A sensor without readings, of what its source usually covers.
fn sensor(name: &str, source: Source, scope: Scope, update: f64) -> DeviceLog {
    let period = match source {
        Source::WallPlug | Source::Battery | Source::Prometheus => update.max(1.0),
        _ => (update / 2.0).clamp(0.02, 0.1),
    };
    let info = Info {
        name: name.to_owned(),
        source,
        scope,
        error: if source == Source::WallPlug {
            0.03
        } else {
            0.05
        },
        period: Duration::from_secs_f64(period),
        update: Some(Duration::from_secs_f64(update)),
        averaging: None,
    };
    let mut log = DeviceLog::lost(info, "");
    log.failure = None;
    log
}

/// One that tells power.
pub(super) fn gauge(
    name: &str,
    source: Source,
    scope: Scope,
    update: f64,
    watts: impl Fn(f64) -> f64,
) -> DeviceLog {
    let mut log = sensor(name, source, scope, update);
    log.gauge = Some(series(log.info.period.as_secs_f64(), update, watts));
    log
}

/// One that counts energy.
pub(super) fn counter(
    name: &str,
    source: Source,
    scope: Scope,
    update: f64,
    joules: impl Fn(f64) -> f64,
) -> DeviceLog {
    let mut log = sensor(name, source, scope, update);
    log.counter = Some(series(log.info.period.as_secs_f64(), update, joules));
    log
}

/// A plug at the wall, new values every second.
pub(super) fn plug(watts: impl Fn(f64) -> f64) -> DeviceLog {
    gauge("plug", Source::WallPlug, Scope::Wall, 1.0, watts)
}

/// A processor that counts its joules.
pub(super) fn package(rest: f64, work: f64) -> DeviceLog {
    counter(
        "package-0",
        Source::Rapl,
        Scope::CpuPackage,
        0.02,
        joules(rest, work),
    )
}

impl DeviceLog {
    /// It keeps a total, too, which grows by `step` joules at least.
    pub(super) fn with_total(mut self, step: f64, joules: impl Fn(f64) -> f64) -> Self {
        let told = |at: f64| (joules(at) / step + 1e-9).floor() * step;
        self.total = series(self.info.period.as_secs_f64(), 1e-3, told);
        self.total_step = step;
        self
    }

    /// It tells power beside its counter.
    pub(super) fn with_gauge(mut self, watts: impl Fn(f64) -> f64) -> Self {
        self.gauge = Some(series(0.1, 0.1, watts));
        self
    }

    /// It tells how busy it is.
    pub(super) fn with_load(mut self, percent: impl Fn(f64) -> f64) -> Self {
        let mut log = ConditionLog::new(Root("/nowhere".into()), None);
        for second in 0..END as u32 {
            let at = f64::from(second) + 0.5;
            let state = State {
                busy_percent: Some(percent(at)),
                ..State::default()
            };
            log.push(s(at), state);
        }
        self.conditions = Some(log);
        self
    }
}

/// A recording on a machine of which so many cores were busy.
pub(super) fn recorded(
    devices: Vec<DeviceLog>,
    beside: Vec<DeviceLog>,
    cores: impl Fn(f64) -> f64,
) -> Recorded {
    let mut cpu = CpuLog::new(8);
    let mut machine = 0.0;
    for reading in 0..=(END * 10.0) as u32 {
        let at = f64::from(reading) / 10.0;
        let reading = CpuReading {
            engine: machine,
            own: 0.0,
            machine,
            stolen: 0.0,
            allowed: None,
        };
        cpu.push(s(at), reading);
        machine += cores(at) / 10.0;
    }
    Recorded {
        devices,
        beside,
        cpu,
        on_battery: false,
        not_covered: None,
        prices: Prices::PLAUSIBLE,
        decided: BTreeMap::new(),
    }
}

/// The same with four cores at work and a tenth of one at rest.
pub(super) fn four_cores(devices: Vec<DeviceLog>, beside: Vec<DeviceLog>) -> Recorded {
    recorded(devices, beside, step(0.1, 4.0))
}

pub(super) const RESTS: [(f64, f64); 2] = [(0.5, WORK.0), (WORK.1, END - 0.5)];

/// The window judged with the rests around it.
pub(super) fn judged(recorded: &Recorded) -> Result<Judged, MeterError> {
    let rests: Vec<Span> = RESTS.iter().map(|(from, to)| (s(*from), s(*to))).collect();
    let rest = recorded.rest(&rests, None);
    recorded.judged((s(WORK.0), s(WORK.1)), &rests, &rest)
}

/// The faults that are told of a figure.
pub(super) fn faults(recorded: &Recorded) -> Vec<SensorFault> {
    let judged = judged(recorded).unwrap();
    judged.warnings.iter().filter_map(|one| one.fault).collect()
}
