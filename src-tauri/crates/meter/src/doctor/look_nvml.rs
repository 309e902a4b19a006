//! Asking NVML for what the meter does not need but a person may: who else is on the GPU, limits,
//! heat, persistence.

use super::facts::{Board, Driver, Health};
use crate::files::Root;
use nvml_wrapper::Nvml;
use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::error::NvmlError;
use std::path::Path;
use wattsmith_domain::Watts;

/// Reasons that make a figure a bad one; a power cap is a setting and is none of them.
const HELD_DOWN: [(ThrottleReasons, &str); 4] = [
    (
        ThrottleReasons::SW_THERMAL_SLOWDOWN,
        "the driver's heat limit",
    ),
    (
        ThrottleReasons::HW_THERMAL_SLOWDOWN,
        "the board's heat limit",
    ),
    (
        ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN,
        "the power supply's brake",
    ),
    (ThrottleReasons::HW_SLOWDOWN, "the board's own protection"),
];

pub(super) fn driver(root: &Root, library: Option<&Path>) -> Driver {
    let opened = match library {
        Some(path) => Nvml::builder().lib_path(path.as_os_str()).init(),
        None => Nvml::init(),
    };
    match opened.and_then(|nvml| boards(root, &nvml)) {
        Ok(boards) => Driver::Answers(boards),
        Err(NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound) => Driver::NoLibrary,
        Err(NvmlError::DriverNotLoaded) => Driver::NotLoaded,
        Err(NvmlError::LibRmVersionMismatch) => Driver::Mismatch,
        Err(NvmlError::NoPermission) => Driver::Denied,
        Err(other) => Driver::Refused(other.to_string()),
    }
}

fn boards(root: &Root, nvml: &Nvml) -> Result<Vec<Board>, NvmlError> {
    (0..nvml.device_count()?)
        .map(|index| match nvml.device_by_index(index) {
            Ok(device) => Ok(board(root, index, &device)),
            Err(error @ NvmlError::NoPermission) => Err(error),
            Err(error) => Ok(Board {
                name: format!("GPU {index}"),
                health: health(&error),
                ..Board::default()
            }),
        })
        .collect()
}

fn health(error: &NvmlError) -> Health {
    match error {
        NvmlError::GpuLost => Health::Lost,
        NvmlError::ResetRequired => Health::ResetRequired,
        _ => Health::Good,
    }
}

fn board(root: &Root, index: u32, device: &nvml_wrapper::Device) -> Board {
    let counter = device.total_energy_consumption();
    let power = device.power_usage();
    let health = [counter.as_ref().err(), power.as_ref().err()]
        .into_iter()
        .flatten()
        .map(health)
        .find(|health| *health != Health::Good)
        .unwrap_or_default();
    let name = device
        .name()
        .map_or_else(|_| String::new(), |name| format!(": {name}"));
    let watts = |limit: Result<u32, NvmlError>| limit.ok().map(|mw| Watts(f64::from(mw) / 1e3));
    let reasons = device
        .current_throttle_reasons()
        .unwrap_or(ThrottleReasons::NONE);
    Board {
        name: format!("GPU {index}{name}"),
        health,
        counter: counter.is_ok(),
        power: power.is_ok_and(|milliwatts| milliwatts > 0),
        mig: device.mig_mode().is_ok_and(|mode| mode.current == 1),
        persistence: device.is_in_persistent_mode().ok(),
        limit: watts(device.power_management_limit()),
        default_limit: watts(device.power_management_limit_default()),
        throttled: HELD_DOWN
            .iter()
            .filter(|(reason, _)| reasons.contains(*reason))
            .map(|(_, words)| *words)
            .collect(),
        temperature_c: device.temperature(TemperatureSensor::Gpu).ok(),
        processes: processes(root, device),
    }
}

fn processes(root: &Root, device: &nvml_wrapper::Device) -> Vec<String> {
    let mut pids: Vec<u32> = [
        device.running_compute_processes(),
        device.running_graphics_processes(),
    ]
    .into_iter()
    .flat_map(Result::unwrap_or_default)
    .map(|process| process.pid)
    .filter(|pid| !is_ours(root, *pid))
    .collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter()
        .map(|pid| {
            // In a container pids are those of the host, and have no name here.
            let name = root.text(&format!("proc/{pid}/comm"));
            format!("{} ({pid})", name.as_deref().unwrap_or("process"))
        })
        .collect()
}

/// Whether a process is this one or descends from it, as an engine does while a trial runs.
fn is_ours(root: &Root, pid: u32) -> bool {
    let parent = |pid: u32| -> Option<u32> {
        let status = root.text(&format!("proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
        line.trim().parse().ok()
    };
    let mut at = Some(pid);
    // A chain of parents is short; the bound is for a tree that changes while it is read.
    for _ in 0..64 {
        match at {
            Some(here) if here == std::process::id() => return true,
            Some(here) if here > 1 => at = parent(here),
            _ => return false,
        }
    }
    false
}
