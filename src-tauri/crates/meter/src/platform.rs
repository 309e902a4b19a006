//! Systems whose sensors are known and not read yet: said, where this runs on one of them.

use crate::probe::Looked;
use wattsmith_domain::{Scope, SensorReport, Source};

/// What is not written for the system that this was built for.
pub(crate) fn unwritten() -> Vec<SensorReport> {
    unwritten_on(std::env::consts::OS)
}

fn unwritten_on(system: &str) -> Vec<SensorReport> {
    let (name, source, scope, reason) = match system {
        "macos" => (
            "Apple energy counters (IOReport)",
            Source::AppleIoReport,
            Scope::GpuAndCpu,
            "Wattsmith does not read Apple's energy counters yet",
        ),
        "windows" => (
            "Windows energy meters (EMI)",
            Source::WindowsEmi,
            Scope::Platform,
            "Wattsmith does not read Windows' energy meter interface yet",
        ),
        _ => return Vec::new(),
    };
    let looked = Looked {
        name,
        device: String::new(),
        source,
        scope,
        error: 0.05,
    };
    let remedy = "Add a wall plug, or a program that prints watts, with: wattsmith-cli meters add";
    vec![looked.unavailable((reason.to_owned(), remedy.to_owned()))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::Availability;

    #[test]
    fn each_system_names_its_own_sensor_and_linux_none() {
        for (system, source) in [
            ("macos", Source::AppleIoReport),
            ("windows", Source::WindowsEmi),
        ] {
            let report = unwritten_on(system).remove(0);
            assert_eq!(report.source, source);
            let Availability::Unavailable { reason, remedy } = report.availability else {
                panic!("available");
            };
            assert!(reason.contains("yet") && remedy.contains("meters add"));
        }
        assert!(unwritten_on("linux").is_empty());
    }
}
