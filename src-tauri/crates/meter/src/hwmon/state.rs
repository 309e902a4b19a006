//! What a graphics driver tells beside power, in files next to it: heat, clocks, load and the power
//! cap, as the kernel's documentation of amdgpu's thermal interface names them. What another driver
//! lacks is none.

use crate::conditions::{State, StateGauge};
use crate::files::text;
use std::path::PathBuf;
use wattsmith_domain::Watts;

/// A graphics chip's folder of the hwmon class.
pub(super) struct ChipState {
    pub folder: PathBuf,
}

impl ChipState {
    fn value(&self, file: &str) -> Option<f64> {
        let text = text(&self.folder.join(file)).ok()?;
        text.parse().ok().filter(|value| *value >= 0.0)
    }
}

impl StateGauge for ChipState {
    fn state(&self) -> State {
        let percent = |file| self.value(file).filter(|value| *value <= 100.0);
        State {
            temperature_c: self.value("temp1_input").map(|milli| milli / 1e3),
            clock_mhz: self.value("freq1_input").map(|hertz| hertz / 1e6),
            memory_clock_mhz: self.value("freq2_input").map(|hertz| hertz / 1e6),
            busy_percent: percent("device/gpu_busy_percent"),
            memory_busy_percent: percent("device/mem_busy_percent"),
            power_limit: self.value("power1_cap").map(|micro| Watts(micro / 1e6)),
            ..State::default()
        }
    }
}
