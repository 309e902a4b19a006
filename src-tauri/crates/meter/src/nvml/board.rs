//! One board and what it answers.

use super::explain::explain;
use crate::plausible;
use crate::sensor::{EnergyCounter, ReadError};
use nvml_wrapper::Nvml;
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id::NVML_FI_DEV_POWER_INSTANT;
use std::sync::Arc;
use wattsmith_domain::{Joules, Scope, Watts};

/// A board, found anew for each reading, which costs next to nothing.
#[derive(Clone)]
pub(super) struct Board {
    nvml: Arc<Nvml>,
    index: u32,
}

impl Board {
    pub(super) fn new(nvml: &Arc<Nvml>, index: u32) -> Self {
        Self {
            nvml: Arc::clone(nvml),
            index,
        }
    }

    pub(super) fn index(&self) -> u32 {
        self.index
    }

    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&nvml_wrapper::Device) -> Result<T, NvmlError>,
    ) -> Result<T, NvmlError> {
        read(&self.nvml.device_by_index(self.index)?)
    }

    /// The energy counter, since the driver was loaded.
    pub(super) fn millijoules(&self) -> Result<u64, NvmlError> {
        self.with(|device| device.total_energy_consumption())
    }

    /// The instant power field.
    pub(super) fn instant_milliwatts(&self) -> Result<f64, NvmlError> {
        let fields = [FieldId(NVML_FI_DEV_POWER_INSTANT)];
        let sample = self.with(|device| {
            let mut samples = device.field_values_for(&fields)?;
            samples.pop().ok_or(NvmlError::NoData)??.value
        })?;
        Ok(match sample {
            SampleValue::U32(value) => f64::from(value),
            SampleValue::U64(value) => value as f64,
            SampleValue::I64(value) => value as f64,
            SampleValue::F64(value) => value,
        })
    }

    /// What `nvmlDeviceGetPowerUsage` tells; see `power` for what that means.
    pub(super) fn usage_milliwatts(&self) -> Result<f64, NvmlError> {
        self.with(|device| device.power_usage()).map(f64::from)
    }
}

impl EnergyCounter for Board {
    fn energy(&self) -> Result<Joules, ReadError> {
        match self.millijoules() {
            Ok(millijoules) => Ok(Joules(millijoules as f64 / 1e3)),
            Err(error) => Err(ReadError::unreadable(explain(&error).0)),
        }
    }
}

/// A board that is on draws something, and not the power of a train: drivers answer so for what they
/// cannot read.
pub(super) fn watts(milliwatts: f64) -> Result<Watts, ReadError> {
    let watts = milliwatts / 1e3;
    let (least, most) = plausible::range(Scope::GpuBoard);
    if watts >= least && watts <= most {
        return Ok(Watts(watts));
    }
    Err(ReadError::impossible(format!(
        "it answers {} W, which no running board draws ({least} to {most} W)",
        plausible::words(watts)
    )))
}
