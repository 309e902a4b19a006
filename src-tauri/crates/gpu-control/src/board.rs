//! Reading: which boards there are and what of them can be set. Needs no rights.

use crate::refusal::{Code, Refusal};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};
use std::path::Path;
use wattsmith_domain::{GpuControl, PowerLimits, Watts};

/// What of each board can be set, by the driver's word. Boards where nothing can be are left out,
/// and so are all where no driver answers. `library` replaces the driver's own. Blocks.
#[must_use]
pub fn boards(library: Option<&Path>) -> Vec<GpuControl> {
    let Ok(nvml) = open(library) else {
        return Vec::new();
    };
    let count = nvml.device_count().unwrap_or(0);
    (0..count)
        .filter_map(|index| control(&nvml.device_by_index(index).ok()?).ok())
        .filter(|board| board.power_limit.is_some() || !board.clocks_mhz.is_empty())
        .collect()
}

/// The power limit that a board has now; none where it does not tell. Blocks.
#[must_use]
pub fn power_limit(library: Option<&Path>, uuid: &str) -> Option<Watts> {
    let nvml = open(library).ok()?;
    let milliwatts = find(&nvml, uuid).ok()?.power_management_limit().ok()?;
    Some(watts(milliwatts))
}

fn control(device: &Device) -> Result<GpuControl, NvmlError> {
    Ok(GpuControl {
        uuid: device.uuid()?,
        name: device.name()?,
        power_limit: limits(device).ok().filter(|limits| limits.min < limits.max),
        clocks_mhz: clocks(device).unwrap_or_default(),
    })
}

fn limits(device: &Device) -> Result<PowerLimits, NvmlError> {
    let range = device.power_management_limit_constraints()?;
    Ok(PowerLimits {
        min: watts(range.min_limit),
        max: watts(range.max_limit),
        default: watts(device.power_management_limit_default()?),
    })
}

/// Graphics clocks at the highest memory clock, MHz, ascending.
pub(crate) fn clocks(device: &Device) -> Result<Vec<u32>, NvmlError> {
    let memory = device.supported_memory_clocks()?;
    let highest = memory.into_iter().max().ok_or(NvmlError::NotSupported)?;
    let mut clocks = device.supported_graphics_clocks(highest)?;
    clocks.sort_unstable();
    clocks.dedup();
    Ok(clocks)
}

/// Opens the driver's library, or the one named.
pub(crate) fn open(library: Option<&Path>) -> Result<Nvml, Refusal> {
    let opened = match library {
        Some(path) => Nvml::builder().lib_path(path.as_os_str()).init(),
        None => Nvml::init(),
    };
    opened.map_err(|error| Refusal::of_driver("No GPU can be set", &error))
}

/// The board with this UUID.
pub(crate) fn find<'nvml>(nvml: &'nvml Nvml, uuid: &str) -> Result<Device<'nvml>, Refusal> {
    let count = nvml
        .device_count()
        .map_err(|error| Refusal::of_driver("The GPUs cannot be listed", &error))?;
    (0..count)
        .filter_map(|index| nvml.device_by_index(index).ok())
        .find(|device| device.uuid().is_ok_and(|own| own == uuid))
        .ok_or_else(|| {
            Refusal::new(
                Code::NoSuchBoard,
                format!("There is no GPU {uuid} here; nvidia-smi -L lists them."),
            )
        })
}

pub(crate) fn watts(milliwatts: u32) -> Watts {
    Watts(f64::from(milliwatts) / 1e3)
}
