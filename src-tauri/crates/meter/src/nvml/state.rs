//! A board's heat, clocks, load, limits and company. Every one of these may be missing on some board; what
//! is missing is none.

use super::board::Board;
use crate::conditions::{HeldDown, State, StateGauge, User};
use nvml_wrapper::Device;
use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::{Clock, PerformanceState, TemperatureSensor};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;
use wattsmith_domain::Watts;

/// Reasons as NVML names them. That a board is idle is none.
const REASONS: [(ThrottleReasons, HeldDown); 8] = [
    (ThrottleReasons::SW_POWER_CAP, HeldDown::POWER_LIMIT),
    (
        ThrottleReasons::APPLICATIONS_CLOCKS_SETTING,
        HeldDown::SETTING,
    ),
    (ThrottleReasons::DISPLAY_CLOCK_SETTING, HeldDown::SETTING),
    (ThrottleReasons::SYNC_BOOST, HeldDown::SETTING),
    (ThrottleReasons::SW_THERMAL_SLOWDOWN, HeldDown::DRIVER_HEAT),
    (ThrottleReasons::HW_THERMAL_SLOWDOWN, HeldDown::BOARD_HEAT),
    (
        ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN,
        HeldDown::POWER_BRAKE,
    ),
    (ThrottleReasons::HW_SLOWDOWN, HeldDown::PROTECTION),
];

impl StateGauge for Board {
    fn state(&self) -> State {
        self.with(|device| Ok(state(device))).unwrap_or_default()
    }
}

fn state(device: &Device) -> State {
    let clock = |kind| device.clock_info(kind).ok().map(f64::from);
    let load = device.utilization_rates().ok();
    State {
        temperature_c: device
            .temperature(TemperatureSensor::Gpu)
            .ok()
            .map(f64::from),
        clock_mhz: clock(Clock::SM),
        memory_clock_mhz: clock(Clock::Memory),
        busy_percent: load.as_ref().map(|load| f64::from(load.gpu)),
        memory_busy_percent: load.as_ref().map(|load| f64::from(load.memory)),
        power_limit: device
            .enforced_power_limit()
            .ok()
            .map(|milliwatts| Watts(f64::from(milliwatts) / 1e3)),
        p_state: device
            .performance_state()
            .ok()
            .filter(|state| *state != PerformanceState::Unknown)
            .map(|state| state.as_c()),
        held_down: device
            .current_throttle_reasons()
            .map_or_else(|_| HeldDown::default(), held_down),
        users: users(device.running_compute_processes(), true)
            .chain(users(device.running_graphics_processes(), false))
            .collect(),
    }
}

fn held_down(reasons: ThrottleReasons) -> HeldDown {
    let mut held_down = HeldDown::default();
    for (reason, told) in REASONS {
        // Hardware slowdown is also set where one of its two causes is.
        let explained = reason == ThrottleReasons::HW_SLOWDOWN
            && reasons.intersects(
                ThrottleReasons::HW_THERMAL_SLOWDOWN | ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN,
            );
        if reasons.contains(reason) && !explained {
            held_down.add(told);
        }
    }
    held_down
}

fn users(told: Result<Vec<ProcessInfo>, NvmlError>, computes: bool) -> impl Iterator<Item = User> {
    told.unwrap_or_default().into_iter().map(move |one| User {
        pid: one.pid,
        computes,
    })
}
