//! The doctor's eyes: what it sees in files and through NVML's own calls.

use crate::machine::Machine;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use wattsmith_domain::{Finding, Severity};
use wattsmith_meter::doctor::{Facts, diagnose};
use wattsmith_meter::{Meter, MeterOptions};
use wattsmith_testkit::fake_nvml::FakeNvml;

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A tree that holds these files only, so that nothing of the machine which runs the test shows.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), files);
    dir
}

fn meter(root: &Path, library: PathBuf) -> Meter {
    Meter::open(MeterOptions {
        root: root.to_owned(),
        nvml_library: Some(library),
        ..MeterOptions::default()
    })
}

fn examine(root: &Path, library: PathBuf) -> Vec<Finding> {
    diagnose(&Facts::look(&meter(root, library), Duration::ZERO))
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|one| one.id.as_str()).collect()
}

const CARD: &str = "sys/bus/pci/devices/0000:01:00.0";
const NVIDIA_CARD: [(&str, &str); 2] = [
    ("sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n"),
    ("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n"),
];

#[test]
fn a_gpu_on_the_bus_without_its_driver_is_seen() {
    let tree = tree(&NVIDIA_CARD);
    let none = || tree.path().join("no/libnvidia-ml.so.1");
    let findings = examine(tree.path(), none());
    assert!(
        ids(&findings).contains(&"nvidia-no-driver"),
        "{findings:#?}"
    );

    let driver = tree.path().join(CARD).join("driver");
    std::os::unix::fs::symlink("../../../../bus/pci/drivers/nouveau", driver).unwrap();
    let findings = examine(tree.path(), none());
    assert!(ids(&findings).contains(&"nvidia-nouveau"), "{findings:#?}");
}

#[test]
fn a_card_that_is_no_display_is_no_gpu() {
    let tree = tree(&[
        ("sys/bus/pci/devices/0000:02:00.0/class", "0x020000\n"),
        ("sys/bus/pci/devices/0000:02:00.0/vendor", "0x10de\n"),
    ]);
    let findings = examine(tree.path(), tree.path().join("no/libnvidia-ml.so.1"));
    assert!(!ids(&findings).contains(&"nvidia-no-driver"));
}

#[test]
fn what_the_driver_answers_decides_what_is_said() {
    // NVML's codes: driver not loaded 9, library and module differ 18, no permission 4.
    for (code, id) in [
        (9, "nvidia-not-loaded"),
        (18, "nvidia-mismatch"),
        (4, "nvidia-denied"),
    ] {
        let library = FakeNvml::new(&format!("init {code}\n")).unwrap();
        let tree = tree(&NVIDIA_CARD);
        let findings = examine(tree.path(), library.library());
        assert!(ids(&findings).contains(&id), "{code}: {findings:#?}");
    }
}

#[test]
fn a_board_that_counts_is_fine_and_a_lost_one_a_problem() {
    let library = FakeNvml::new("name 0 Scripted GPU\n").unwrap();
    let tree = tree(&[]);
    let findings = examine(tree.path(), library.library());
    assert!(ids(&findings).contains(&"sensors-answer"), "{findings:#?}");
    assert!(!ids(&findings).contains(&"no-sensor"));

    library.play("lost 0\n").unwrap();
    let findings = examine(tree.path(), library.library());
    let lost = findings.iter().find(|one| one.id == "gpu-lost").unwrap();
    assert_eq!(lost.severity, Severity::Problem);
}

#[test]
fn settings_of_the_machine_are_read_from_where_the_kernel_keeps_them() {
    let machine = Machine::bare().with_package(0, 20.0);
    write(
        machine.root(),
        &[
            (
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
                "powersave\n",
            ),
            (
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_driver",
                "acpi-cpufreq\n",
            ),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"),
            (
                "sys/devices/system/clocksource/clocksource0/current_clocksource",
                "hpet\n",
            ),
            ("sys/class/power_supply/BAT0/type", "Battery\n"),
            ("sys/class/power_supply/BAT0/status", "Discharging\n"),
            ("sys/class/hwmon/hwmon0/name", "amdgpu\n"),
            ("sys/class/hwmon/hwmon0/power1_average", "0\n"),
        ],
    );
    let findings = examine(machine.root(), machine.library.clone());
    for id in [
        "cpu-powersave",
        "cpu-turbo-off",
        "clock-unstable",
        "on-battery",
        "hwmon-reads-zero",
        "sensors-answer",
    ] {
        assert!(ids(&findings).contains(&id), "{id}: {findings:#?}");
    }
}

#[test]
fn a_counter_that_power_contradicts_is_told_by_how_much() {
    // The board tells a fifth more power than it counts energy.
    let library = FakeNvml::new("power 0 100\nintegral 0 1.2\n").unwrap();
    let machine = Machine::bare();
    let meter = meter(machine.root(), library.library());
    let told = || {
        let facts = Facts::look(&meter, Duration::from_millis(1000));
        let findings = diagnose(&facts);
        findings
            .into_iter()
            .find(|one| one.id == "counter-disagrees")
    };
    // A machine that is too busy to be read leaves gaps, and then nothing is said.
    let told = std::iter::repeat_with(told).take(10).flatten().next();
    assert!(told.unwrap().cause.contains("% more"));
}
