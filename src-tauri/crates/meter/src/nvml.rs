//! NVIDIA boards through NVML, the library that comes with the driver.
//!
//! Per board the energy counter is preferred (Volta and newer); beside it, or instead of it, comes
//! power: the instant field where the driver has it, else the call whose meaning depends on the
//! board's architecture ([`power`]). A board that is shared out ([`mig`]) is measured only where the
//! whole of it is ours. Heat, clocks and company are told by [`state`], free memory by [`memory`]; why something does not
//! answer, and what helps, by [`explain`].

mod board;
mod explain;
mod memory;
mod mig;
mod power;
mod state;

pub use memory::free_gpu_memory;

use crate::plausible;
use crate::probe::{Found, Looked, Refusal, Still};
use crate::probed::Probed;
use crate::sensor::{Device, EnergyCounter, Info, reading_period};
use board::Board;
use explain::{Why, explain, refusal, unloadable};
use nvml_wrapper::Nvml;
use power::{ERROR, Power};
use std::path::Path;
use std::sync::Arc;
use wattsmith_domain::{Scope, SensorFault, Source};

pub(crate) const COUNTER: &str = "NVIDIA GPU energy counter";

/// Looks for boards; `library` replaces the driver's own library.
pub(crate) fn find(library: Option<&Path>, probed: &Probed) -> Found {
    let opened = match library {
        Some(path) => Nvml::builder().lib_path(path.as_os_str()).init(),
        None => Nvml::init(),
    };
    let mut found = Found::default();
    let nvml = match opened {
        Ok(nvml) => Arc::new(nvml),
        Err(error) => {
            let why = explain(&error);
            // No library, no board to miss; a library that refuses stands for a board.
            if !unloadable(&error) {
                found.missing = Some(why.0.clone());
            }
            found.reports.push(counter_report("").unavailable(why));
            return found;
        }
    };
    let driver = nvml
        .sys_driver_version()
        .map_or_else(|_| String::new(), |version| format!(", driver {version}"));
    match nvml.device_count() {
        Ok(0) => {
            let why = (
                "the NVIDIA driver answers but sees no GPU".to_owned(),
                "Look for it with: lspci | grep -i nvidia — and for errors with: \
                 sudo dmesg | grep -i nvrm; in a container, start it with --gpus all."
                    .to_owned(),
            );
            found.reports.push(counter_report("").unavailable(why));
        }
        Ok(count) => {
            for index in 0..count {
                look_at(&Board::new(&nvml, index), &driver, probed, &mut found);
            }
        }
        Err(error) => {
            let why = explain(&error);
            found.missing = Some(why.0.clone());
            found.reports.push(counter_report("").unavailable(why));
        }
    }
    found
}

fn look_at(board: &Board, driver: &str, probed: &Probed, found: &mut Found) {
    let index = board.index();
    let (name, uuid) = match board.with(|device| Ok((device.name()?, device.uuid()?))) {
        Ok(known) => known,
        Err(error) => return miss(found, &format!("GPU {index}"), explain(&error)),
    };
    found.names.push(format!("{name} ({uuid}{driver})"));
    let device = format!("GPU {index}: {name}");
    if let Err(why) = mig::whole_board(board) {
        return miss(found, &device, why);
    }
    let power = power::find(board);
    let gauge = power.gauge.as_ref().ok();
    let key = format!("{uuid}{driver}");
    let watched = probed.watch(&key, board, gauge.map(|power| power.gauge.as_ref()));
    let counter = watched.counter.map_err(|still| match still {
        // Asked once more, since only the driver's own error has a remedy.
        Still::Unreadable(_) => board.millijoules().err().map_or_else(
            || Refusal::new(SensorFault::Unreadable, "it answers only now and then"),
            |error| refusal(&error),
        ),
        Still::Frozen => Refusal::from(still),
    });
    let level = watched.level;
    let counter = counter.and_then(|movement| {
        match level.map(|watts| plausible::judge(Scope::GpuBoard, watts)) {
            Some(Err(reason)) => Err(Refusal::new(SensorFault::ImpossibleLevel, reason)),
            _ => Ok(movement),
        }
    });
    let report = counter_report(&device);
    found.reports.push(match &counter {
        Ok(movement) => report.available_as(Some(*movement), None),
        Err(why) => report.refused(why.clone()),
    });
    found.reports.extend(power.reports(&device, watched.gauge));
    if let Some(off) = watched.disagreement {
        tracing::warn!(device, off, "integrated power is off the energy counter");
    }

    let (source, update) = match (&counter, gauge) {
        (Ok(movement), _) => (Source::NvmlCounter, Some(movement.period)),
        (Err(_), Some(power)) => (power.source, watched.gauge.map(|movement| movement.period)),
        (Err(why), None) => {
            found.missing.get_or_insert_with(|| why.reason.clone());
            return;
        }
    };
    found.devices.push(Device {
        info: Info {
            name: format!("{name} ({uuid})"),
            source,
            scope: Scope::GpuBoard,
            error: power::error_of(source),
            period: reading_period(update),
            update,
            averaging: power::averaging_of(source),
        },
        counter: counter
            .ok()
            .map(|_| Arc::new(board.clone()) as Arc<dyn EnergyCounter>),
        gauge: power.gauge.ok().map(|Power { gauge, .. }| gauge),
        state: Some(Arc::new(board.clone())),
    });
}

/// A board that cannot be measured at all.
fn miss(found: &mut Found, device: &str, why: Why) {
    found.missing.get_or_insert_with(|| why.0.clone());
    found.reports.push(counter_report(device).unavailable(why));
}

fn counter_report(device: &str) -> Looked {
    Looked {
        name: COUNTER,
        device: device.to_owned(),
        source: Source::NvmlCounter,
        scope: Scope::GpuBoard,
        error: ERROR,
    }
}
