//! Why the driver does not answer, and what helps, in plain words.

use crate::probe::Refusal;
use nvml_wrapper::error::NvmlError;
use wattsmith_domain::SensorFault;

/// Why a board that is there does not answer. What it or its driver never offered is no fault.
pub(super) fn refusal(error: &NvmlError) -> Refusal {
    let offered = !matches!(
        error,
        NvmlError::NotSupported | NvmlError::FunctionNotFound | NvmlError::FailedToLoadSymbol(_)
    );
    let (reason, remedy) = explain(error);
    Refusal::new(offered.then_some(SensorFault::Unreadable), reason).advise(remedy)
}

/// Reason and remedy; the remedy is empty where nothing helps.
pub(crate) type Why = (String, String);

/// Whether there is no library to ask at all.
pub(super) fn unloadable(error: &NvmlError) -> bool {
    matches!(error, NvmlError::LibloadingError(_))
}

const RESET: &str = "Reset it while nothing uses it: sudo nvidia-smi --gpu-reset — or restart the \
                     machine.";

pub(super) fn explain(error: &NvmlError) -> Why {
    let (reason, remedy) = match error {
        NvmlError::LibloadingError(_) => (
            "the NVIDIA driver's library could not be loaded",
            "Install the NVIDIA driver; without an NVIDIA GPU nothing is missing.",
        ),
        NvmlError::LibraryNotFound => (
            "a library that the NVIDIA driver needs is missing",
            "Install the driver's packages again, all of one version.",
        ),
        NvmlError::DriverNotLoaded => (
            "the NVIDIA driver is installed but not running",
            "Load it with: sudo modprobe nvidia — or restart after an update.",
        ),
        NvmlError::LibRmVersionMismatch => (
            "the NVIDIA driver was updated while it was running",
            "Restart the machine.",
        ),
        NvmlError::NoPermission => (
            "the NVIDIA driver denies access to this user",
            "Check the rights on /dev/nvidia*; in a container, start it with --gpus all.",
        ),
        NvmlError::OperatingSystem => (
            "the operating system blocks access to the GPU",
            "In a container, start it with --gpus all; else check the device rules of its cgroup.",
        ),
        NvmlError::NotSupported
        | NvmlError::FunctionNotFound
        | NvmlError::FailedToLoadSymbol(_) => ("this GPU or its driver does not offer it", ""),
        NvmlError::GpuLost => (
            "the GPU has fallen off the bus",
            "Restart the machine; look into its power supply and slot if that repeats.",
        ),
        NvmlError::ResetRequired => ("the GPU waits for a reset", RESET),
        NvmlError::NotFound => (
            "the driver does not find the GPU any more",
            "Plug it in again or restart the machine, then restart Wattsmith.",
        ),
        NvmlError::InsufficientPower => (
            "the GPU's power cables are not properly attached",
            "Switch the machine off and plug in every power cable of the board.",
        ),
        NvmlError::IrqIssue => (
            "the kernel has trouble with the GPU's interrupts",
            "Restart the machine; update its firmware if that repeats.",
        ),
        NvmlError::CorruptedInfoROM => (
            "the memory in which the GPU keeps its own data (infoROM) is corrupted",
            "Have the board looked at by its maker; until then measure the whole machine at a plug.",
        ),
        NvmlError::Timeout => (
            "the GPU did not answer in time",
            "Try again when it is less busy; restart the machine if that repeats.",
        ),
        NvmlError::InUse => (
            "the GPU is in use by something that keeps others out",
            "End what uses it (nvidia-smi lists it) and start Wattsmith again.",
        ),
        NvmlError::InsufficientMemory => (
            "the driver had not enough memory to answer",
            "Free some memory and start Wattsmith again.",
        ),
        NvmlError::NoData => ("the driver has no data for it", "Try again in a moment."),
        NvmlError::Uninitialized | NvmlError::InvalidArg | NvmlError::InsufficientSize(_) => (
            "the NVIDIA driver did not understand Wattsmith",
            "Update the driver; it may be too old or too new for this Wattsmith.",
        ),
        NvmlError::UnexpectedVariant(code) => return (by_number(*code), UPDATE.to_owned()),
        NvmlError::Unknown => ("the NVIDIA driver failed without saying why", UPDATE),
        other => return (format!("NVML answered: {other}"), UPDATE.to_owned()),
    };
    (reason.to_owned(), remedy.to_owned())
}

const UPDATE: &str = "Look for the cause with: sudo dmesg | grep -i nvrm — then restart the machine \
                      or update the driver.";

/// Codes that are newer than the binding that is used.
fn by_number(code: u32) -> String {
    match code {
        23 => "the GPU has no resources left".to_owned(),
        25 | 26 => "the NVIDIA driver and Wattsmith speak different versions of NVML".to_owned(),
        27 => "the GPU is not ready yet".to_owned(),
        28 => "the GPU is gone".to_owned(),
        29 => "the GPU is in a state in which it does not answer".to_owned(),
        _ => format!("NVML answered with the unknown code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_return_code_has_a_reason_and_nearly_all_a_remedy() {
        for code in (1..=40).chain([999, 12345]) {
            let (reason, remedy) = explain(&NvmlError::from(code));
            assert!(!reason.is_empty(), "{code}");
            let offered = matches!(code, 3 | 13);
            assert!(offered || !remedy.is_empty(), "{code}: {reason}");
        }
    }
}
