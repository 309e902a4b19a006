//! The machine that is measured, and which of its sensors answer.

use crate::measurement::{Scope, Source};
use crate::sensor_fault::SensorFault;
use crate::units::Watts;
use crate::usable::Usable;
use serde::{Deserialize, Serialize};

/// Whether a sensor can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "availability", rename_all = "kebab-case")]
pub enum Availability {
    /// It answers.
    Available {
        /// How often its value changes, milliseconds, where that was seen.
        period_ms: Option<f64>,
        /// Smallest step of its value, joules for a counter and watts for a gauge, where that was
        /// seen.
        #[serde(default)]
        resolution: Option<f64>,
        /// Over how long its power is averaged, milliseconds; 0 is an instant, none is unknown.
        #[serde(default)]
        averaging_ms: Option<f64>,
    },
    /// It does not answer. Never shown as zero.
    Unavailable {
        /// Why.
        reason: String,
        /// What the person can do about it; empty when nothing helps.
        remedy: String,
    },
}

/// One sensor, found or missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensorReport {
    /// Such as `NVIDIA GPU energy counter`.
    pub name: String,
    /// Such as `GPU 0: NVIDIA H100`; empty when there is no device to name.
    pub device: String,
    /// What it would give.
    pub source: Source,
    /// What it covers.
    pub scope: Scope,
    /// Typical systematic error as a fraction.
    pub error: f64,
    /// What is wrong with what it tells, where something is; one that answers can have a fault, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<SensorFault>,
    /// Whether it answers.
    #[serde(flatten)]
    pub availability: Availability,
}

/// Between which values a board's power limit can be set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerLimits {
    /// Least.
    pub min: Watts,
    /// Greatest.
    pub max: Watts,
    /// What the board has when nobody says anything.
    pub default: Watts,
}

/// What can be set of an NVIDIA board, as its driver tells; who may set it is another matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GpuControl {
    /// Such as `GPU-1f2e…`.
    pub uuid: String,
    /// Such as `NVIDIA H100`.
    pub name: String,
    /// None where the limit is fixed.
    pub power_limit: Option<PowerLimits>,
    /// Clocks of the compute units, MHz, ascending; empty where they cannot be held down.
    pub clocks_mhz: Vec<u32>,
}

impl SensorReport {
    /// Whether it can be used.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(self.availability, Availability::Available { .. })
    }
}

/// The machine, as recorded with every session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Such as `Debian GNU/Linux 12`.
    pub os: String,
    /// Kernel version.
    pub kernel: String,
    /// Processor name.
    pub cpu: String,
    /// Physical cores.
    pub physical_cores: u32,
    /// Logical cores.
    pub logical_cores: u32,
    /// How many of them the engine may use, and why no more; none in records from before it was
    /// looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usable: Option<Usable>,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// GPU names with UUID and driver.
    pub gpus: Vec<String>,
    /// Every sensor that was looked for.
    pub sensors: Vec<SensorReport>,
    /// Whether the machine is a virtual one, where that shows.
    pub virtual_machine: Option<String>,
    /// What can be set of its NVIDIA boards; boards where nothing can be are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpu_controls: Vec<GpuControl>,
}

impl Machine {
    /// Physical cores that the engine may use, at least 1.
    #[must_use]
    pub fn usable_physical(&self) -> u32 {
        let usable = self.usable.as_ref();
        usable
            .map_or(self.physical_cores, |one| one.physical)
            .max(1)
    }

    /// Logical cores that the engine may use, never fewer than physical ones.
    #[must_use]
    pub fn usable_logical(&self) -> u32 {
        let usable = self.usable.as_ref();
        usable
            .map_or(self.logical_cores, |one| one.logical)
            .max(self.usable_physical())
    }

    /// Threads that can run at full speed all the time: the usual number of them.
    #[must_use]
    pub fn steady_threads(&self) -> u32 {
        let usable = self.usable.as_ref();
        usable.map_or_else(|| self.usable_physical(), Usable::steady_threads)
    }

    /// Why the engine may not use all cores, in words; none where it may.
    #[must_use]
    pub fn core_limits(&self) -> Option<String> {
        let usable = self.usable.as_ref().filter(|one| one.is_limited())?;
        Some(usable.to_string())
    }

    /// What there is to say of the cores that the engine may use; none where it may use them all and
    /// they are alike.
    #[must_use]
    pub fn cores_in_words(&self) -> Option<String> {
        let usable = self.usable.as_ref().filter(|one| !one.why.is_empty())?;
        Some(usable.to_string())
    }
}
