//! Observing: reads files and asks NVML; changes nothing and needs no rights.

use super::facts::{Chip, ChipPower, Cpu, Facts, PciGpu, State, Vendor};
use super::look_nvml;
use crate::files::Root;
use crate::meter::Meter;
use crate::surroundings::{Surroundings, on_battery};
use std::io::ErrorKind;
use std::time::Duration;

const PCI: &str = "sys/bus/pci/devices";
const HWMON: &str = "sys/class/hwmon";
const POWERCAP: &str = "sys/class/powercap";
const CPUS: &str = "sys/devices/system/cpu";
const SECURE_BOOT: &str =
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// Share by which counter and integral may differ.
const MOST_DISAGREEMENT: f64 = 0.05;

impl Facts {
    /// Looks at the machine that `meter` measures and, for `watch`, at what its sensors say over
    /// time; zero leaves that out. Blocks.
    #[must_use]
    pub fn look(meter: &Meter, watch: Duration) -> Self {
        let root = &meter.root;
        let throttled_before = throttle_events(root);
        let disagreeing = if watch.is_zero() {
            Vec::new()
        } else {
            disagreeing(meter, watch)
        };
        let mut cpu = cpu(root);
        cpu.throttle_events = throttle_events(root).saturating_sub(throttled_before);
        Self {
            surroundings: Surroundings::look(root),
            jetson: jetson(root),
            gpus: gpus(root),
            secure_boot: secure_boot(root),
            driver: look_nvml::driver(root, meter.nvml_library.as_deref()),
            closed_files: closed_files(root),
            cpu,
            usable: crate::usable::usable(root),
            chips: chips(root),
            state: state(root),
            measured: meter.is_measured(),
            sensors: meter.sensors(),
            disagreeing,
        }
    }
}

/// Watches counters and gauges of the same device side by side.
fn disagreeing(meter: &Meter, watch: Duration) -> Vec<(String, f64)> {
    let recording = meter.record(None, |_| {});
    let from = meter.clock.now();
    std::thread::sleep(watch);
    let to = meter.clock.now();
    let Ok(energy) = recording.finish().energy(from, to) else {
        // A sensor that fails now is in the reports, or is told by the next measurement.
        return Vec::new();
    };
    energy
        .devices
        .into_iter()
        .filter_map(|device| Some((device.device, device.integral?.0 / device.joules.0 - 1.0)))
        .filter(|(_, share)| share.abs() > MOST_DISAGREEMENT && share.is_finite())
        .collect()
}

fn jetson(root: &Root) -> Option<String> {
    let model = root.text("proc/device-tree/model").unwrap_or_default();
    let model = model.trim_end_matches('\0').to_owned();
    if model.contains("Jetson") {
        return Some(model);
    }
    root.exists("etc/nv_tegra_release")
        .then(|| "NVIDIA Jetson".to_owned())
}

fn gpus(root: &Root) -> Vec<PciGpu> {
    root.names(PCI)
        .into_iter()
        .filter_map(|address| {
            let folder = format!("{PCI}/{address}");
            let class = root.text(&format!("{folder}/class"))?;
            // Class 03 is a display controller of any kind.
            if !class.starts_with("0x03") {
                return None;
            }
            let vendor = match root.text(&format!("{folder}/vendor"))?.as_str() {
                "0x10de" => Vendor::Nvidia,
                "0x1002" => Vendor::Amd,
                "0x8086" => Vendor::Intel,
                _ => Vendor::Other,
            };
            let driver = std::fs::read_link(root.path(&format!("{folder}/driver"))).ok();
            Some(PciGpu {
                address,
                vendor,
                driver: driver.and_then(|path| Some(path.file_name()?.to_str()?.to_owned())),
            })
        })
        .collect()
}

/// The variable holds four bytes of attributes, then 1 or 0.
fn secure_boot(root: &Root) -> bool {
    std::fs::read(root.path(SECURE_BOOT)).is_ok_and(|bytes| bytes.get(4) == Some(&1))
}

fn closed_files(root: &Root) -> Vec<String> {
    root.names("dev")
        .into_iter()
        .filter(|name| name.starts_with("nvidia"))
        .filter(|name| {
            let path = root.path(&format!("dev/{name}"));
            is_device(&path)
                && std::fs::File::open(path)
                    .is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
        })
        .map(|name| format!("/dev/{name}"))
        .collect()
}

fn is_device(path: &std::path::Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata()
        .is_ok_and(|meta| meta.file_type().is_char_device())
}

fn cpu(root: &Root) -> Cpu {
    let info = root.text("proc/cpuinfo").unwrap_or_default();
    let policy = |name: &str| {
        root.text(&format!("{CPUS}/cpu0/cpufreq/{name}"))
            .unwrap_or_default()
    };
    let says =
        |path: &str, value: &str| root.text(&format!("{CPUS}/{path}")).as_deref() == Some(value);
    Cpu {
        name: field(&info, "model name").unwrap_or_default().to_owned(),
        has_rapl: has_rapl(&info),
        zones: zones(root),
        governor: policy("scaling_governor"),
        scaling_driver: policy("scaling_driver"),
        energy_preference: policy("energy_performance_preference"),
        turbo_off: says("intel_pstate/no_turbo", "1") || says("cpufreq/boost", "0"),
        throttle_events: 0,
    }
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

/// Intel since Sandy Bridge (family 6, model 42, and what came after), AMD and Hygon since Zen
/// (family 23).
fn has_rapl(info: &str) -> bool {
    let number = |name| field(info, name).and_then(|value| value.parse::<u32>().ok());
    let (family, model) = (number("cpu family"), number("model"));
    match (field(info, "vendor_id"), family) {
        (Some("GenuineIntel"), Some(6)) => model.is_some_and(|model| {
            // Atoms older than Silvermont carry higher numbers than their age.
            model >= 42 && ![0x35, 0x36].contains(&model)
        }),
        (Some("GenuineIntel"), Some(family)) => family > 6 && family != 15,
        (Some("AuthenticAMD" | "HygonGenuine"), Some(family)) => family >= 23,
        _ => false,
    }
}

fn zones(root: &Root) -> Vec<(String, bool)> {
    root.names(POWERCAP)
        .into_iter()
        .filter(|name| name.starts_with("intel-rapl:"))
        .map(|name| {
            let file = root.path(&format!("{POWERCAP}/{name}/energy_uj"));
            let denied =
                std::fs::read(file).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
            (format!("/{POWERCAP}/{name}"), !denied)
        })
        .collect()
}

fn throttle_events(root: &Root) -> u64 {
    root.text(&format!(
        "{CPUS}/cpu0/thermal_throttle/package_throttle_count"
    ))
    .and_then(|count| count.parse().ok())
    .unwrap_or(0)
}

fn chips(root: &Root) -> Vec<Chip> {
    root.names(HWMON)
        .into_iter()
        .map(|folder| Chip {
            name: root
                .text(&format!("{HWMON}/{folder}/name"))
                .unwrap_or_default(),
            power: chip_power(root, &format!("{HWMON}/{folder}")),
            folder,
        })
        .collect()
}

/// The best that one of its files says.
fn chip_power(root: &Root, folder: &str) -> ChipPower {
    let tells = |name: &String| {
        let power =
            name.starts_with("power") && (name.ends_with("_input") || name.ends_with("_average"));
        power || name.starts_with("energy") && name.ends_with("_input")
    };
    let mut best = ChipPower::None;
    for name in root.names(folder).iter().filter(|name| tells(name)) {
        let seen = match std::fs::read_to_string(root.path(&format!("{folder}/{name}"))) {
            Ok(text) if text.trim() == "0" => ChipPower::Zero,
            Ok(_) => ChipPower::Answers,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => ChipPower::Denied,
            // Some chips tell the file and then answer "no data".
            Err(_) => ChipPower::None,
        };
        if seen == ChipPower::Answers || best == ChipPower::None {
            best = seen;
        }
    }
    best
}

fn state(root: &Root) -> State {
    State {
        on_battery: on_battery(root),
        clock_source: root
            .text("sys/devices/system/clocksource/clocksource0/current_clocksource")
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_with_energy_counters_are_told_by_maker_and_generation() {
        let cpu = |vendor: &str, family: u32, model: u32| {
            has_rapl(&format!(
                "vendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\n"
            ))
        };
        assert!(cpu("GenuineIntel", 6, 42), "Sandy Bridge");
        assert!(cpu("GenuineIntel", 6, 151), "Alder Lake");
        assert!(!cpu("GenuineIntel", 6, 23), "Core 2");
        assert!(!cpu("GenuineIntel", 15, 4), "Pentium 4");
        assert!(cpu("AuthenticAMD", 23, 1), "Zen");
        assert!(!cpu("AuthenticAMD", 21, 2), "Piledriver");
        assert!(!has_rapl("CPU implementer\t: 0x41\n"), "ARM");
    }
}
