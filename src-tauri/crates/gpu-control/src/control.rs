//! Setting: each verb checked against the board's own range, how it was before written down first,
//! and read back afterwards.

use crate::board::{clocks, find, open, watts};
use crate::elevated;
use crate::refusal::{Code, Refusal};
use crate::state::{self, Before};
use crate::verb::Verb;
use nvml_wrapper::enums::device::GpuLockedClocksSetting;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};
use std::path::PathBuf;

/// The driver, kept open: without its persistence mode a driver that nobody uses forgets settings.
pub(crate) struct Control {
    nvml: Nvml,
    folder: PathBuf,
}

/// How a board is after a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// Power limit, mW, where the board tells it.
    pub power_limit_mw: Option<u32>,
    /// Highest graphics clock that it was told, MHz; none where clocks are free.
    pub clock_lock_mhz: Option<u32>,
}

impl Control {
    pub(crate) fn open() -> Result<Self, Refusal> {
        Ok(Self {
            nvml: open(elevated::library().as_deref())?,
            folder: elevated::state_folder(),
        })
    }

    /// Does what a verb says.
    pub(crate) fn obey(&self, verb: &Verb) -> Result<Now, Refusal> {
        let uuid = verb.uuid();
        let mut device = find(&self.nvml, uuid)?;
        let saved = state::read(&self.folder, uuid);
        if saved.as_ref().is_some_and(state::Saved::is_held_elsewhere) {
            return Err(Refusal::new(
                Code::Busy,
                format!("Another Wattsmith holds the settings of {uuid}; wait until it is done."),
            ));
        }
        let before = saved.map(|saved| saved.before);
        let clock_lock_mhz = match verb {
            Verb::SetPowerLimit { milliwatts, .. } => {
                self.set_power_limit(&mut device, uuid, *milliwatts, before)?;
                None
            }
            Verb::LockClocks { mhz, .. } => {
                self.lock_clocks(&mut device, uuid, *mhz, before)?;
                Some(*mhz)
            }
            Verb::Reset { .. } => {
                reset(&mut device, before)?;
                state::forget(&self.folder, uuid);
                None
            }
        };
        Ok(Now {
            power_limit_mw: device.power_management_limit().ok(),
            clock_lock_mhz,
        })
    }

    fn set_power_limit(
        &self,
        device: &mut Device,
        uuid: &str,
        milliwatts: u32,
        before: Option<Before>,
    ) -> Result<(), Refusal> {
        let failed = |error| Refusal::of_driver("The power limit cannot be set", &error);
        let range = device
            .power_management_limit_constraints()
            .map_err(failed)?;
        if !(range.min_limit..=range.max_limit).contains(&milliwatts) {
            return Err(Refusal::new(
                Code::OutOfRange,
                format!(
                    "The power limit of this GPU can be {} to {}, not {}.",
                    watts(range.min_limit),
                    watts(range.max_limit),
                    watts(milliwatts)
                ),
            ));
        }
        let now = device.power_management_limit().map_err(failed)?;
        let before = before.unwrap_or_default();
        self.keep(
            uuid,
            Before {
                // The oldest is the one to go back to.
                power_limit_mw: before.power_limit_mw.or(Some(now)),
                ..before
            },
        )?;
        device
            .set_power_management_limit(milliwatts)
            .map_err(|error| {
                self.unkeep(uuid, before);
                failed(error)
            })
    }

    fn lock_clocks(
        &self,
        device: &mut Device,
        uuid: &str,
        mhz: u32,
        before: Option<Before>,
    ) -> Result<(), Refusal> {
        let failed = |error| Refusal::of_driver("The clocks cannot be locked", &error);
        let clocks = clocks(device).map_err(failed)?;
        let (Some(&lowest), Some(&highest)) = (clocks.first(), clocks.last()) else {
            return Err(failed(NvmlError::NotSupported));
        };
        if !(lowest..=highest).contains(&mhz) {
            return Err(Refusal::new(
                Code::OutOfRange,
                format!("The clocks of this GPU can be {lowest} to {highest} MHz, not {mhz} MHz."),
            ));
        }
        let before = before.unwrap_or_default();
        self.keep(
            uuid,
            Before {
                clocks_locked: true,
                ..before
            },
        )?;
        let setting = GpuLockedClocksSetting::Numeric {
            min_clock_mhz: lowest,
            max_clock_mhz: mhz,
        };
        device.set_gpu_locked_clocks(setting).map_err(|error| {
            self.unkeep(uuid, before);
            failed(error)
        })
    }

    fn keep(&self, uuid: &str, before: Before) -> Result<(), Refusal> {
        state::write(&self.folder, uuid, before).map_err(|error| {
            Refusal::new(
                match error.kind() {
                    std::io::ErrorKind::PermissionDenied => Code::Denied,
                    _ => Code::NoState,
                },
                format!(
                    "How the GPU is now cannot be written to {} ({error}), so nothing was changed. \
                     It takes an administrator's rights.",
                    self.folder.display()
                ),
            )
        })
    }

    /// Takes back what was written for a change that the driver then refused.
    fn unkeep(&self, uuid: &str, before: Before) {
        if before == Before::default() {
            state::forget(&self.folder, uuid);
        } else {
            // What stays written says more than was changed; going back then changes nothing.
            let _ = state::write(&self.folder, uuid, before);
        }
    }
}

/// Back to what was written down, or to the board's own defaults where nothing was.
fn reset(device: &mut Device, before: Option<Before>) -> Result<(), Refusal> {
    let failed = |error| Refusal::of_driver("The GPU's settings cannot be put back", &error);
    let limit = match before {
        Some(before) => before.power_limit_mw,
        None => device.power_management_limit_default().ok(),
    };
    if let Some(limit) = limit
        && device.power_management_limit().ok() != Some(limit)
    {
        device.set_power_management_limit(limit).map_err(failed)?;
    }
    match before {
        Some(before) if !before.clocks_locked => Ok(()),
        Some(_) => device.reset_gpu_locked_clocks().map_err(failed),
        // A board whose clocks cannot be locked has none to free.
        None => match device.reset_gpu_locked_clocks() {
            Err(NvmlError::NotSupported | NvmlError::FailedToLoadSymbol(_)) => Ok(()),
            answered => answered.map_err(failed),
        },
    }
}
