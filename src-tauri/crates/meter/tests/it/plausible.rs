//! Sensors that are read and do not mean what their place suggests, on whole machines.

use crate::machine::{CounterText, Machine};
use std::path::Path;
use std::time::{Duration, Instant};
use wattsmith_domain::{Availability, Scope, SensorFault, SensorReport};
use wattsmith_meter::Meter;
use wattsmith_meter::doctor::{Facts, diagnose};

fn fault(meter: &Meter, fault: SensorFault) -> SensorReport {
    let sensors = meter.sensors();
    let found = sensors.iter().find(|one| one.fault == Some(fault));
    found.unwrap_or_else(|| panic!("{sensors:#?}")).clone()
}

fn reason(report: &SensorReport) -> &str {
    match &report.availability {
        Availability::Unavailable { reason, .. } => reason,
        Availability::Available { .. } => panic!("available: {report:?}"),
    }
}

fn findings(meter: &Meter) -> Vec<String> {
    let facts = Facts::look(meter, Duration::ZERO);
    diagnose(&facts).into_iter().map(|one| one.id).collect()
}

fn write(machine: &Machine, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = machine.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// codecarbon's issue tracker has processors of several dies whose zones all show one counter.
#[test]
fn a_second_die_that_mirrors_the_first_is_counted_once_and_known_at_the_next_start() {
    let machine = Machine::bare()
        .with_package(0, 70.0)
        .with_mirror_of_the_first(1);
    let state = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let meter = machine.meter_with(Some(state.path()));
    assert!(begin.elapsed() >= Duration::from_secs(5));
    let counted_once = |meter: &Meter| {
        assert_eq!(meter.figure_devices(), ["package-0"]);
        let mirror = fault(meter, SensorFault::Mirrored);
        assert_eq!(mirror.device, "package-1");
        assert!(reason(&mirror).contains("it shows what package-0 shows once more"));
        assert!(findings(meter).contains(&"sensor-mirrored".to_owned()));
    };
    counted_once(&meter);

    let begin = Instant::now();
    counted_once(&machine.meter_with(Some(state.path())));
    assert!(begin.elapsed() < Duration::from_secs(5));

    // The same folder in a machine whose second package counts for itself.
    let two = Machine::bare().with_package(0, 70.0).with_package(1, 40.0);
    let meter = two.meter_with(Some(state.path()));
    assert_eq!(meter.figure_devices(), ["package-0", "package-1"]);
}

#[test]
fn one_package_starts_as_fast_as_ever() {
    let machine = Machine::bare().with_package(0, 25.0);
    let state = tempfile::tempdir().unwrap();
    let kept = || std::fs::read_to_string(state.path().join("probe.json")).unwrap();
    assert_eq!(
        machine.meter_with(Some(state.path())).figure_devices(),
        ["package-0"]
    );
    assert!(kept().contains("\"mirrors\": {}"), "{}", kept());
}

const XE: &str = "sys/class/hwmon/hwmon0";

/// nvtop's issue tracker has cards whose own counter stays at 0.
#[test]
fn an_intel_card_that_counts_its_chip_only_is_no_board() {
    let counting: CounterText = |counted, _| Some(counted.to_string());
    let machine = Machine::bare()
        .with_package(0, 25.0)
        .with_odd_file(Path::new(XE).join("energy2_input"), counting);
    let name = (format!("{XE}/name"), "xe");
    let label = (format!("{XE}/energy2_label"), "pkg");
    write(&machine, &[(&name.0, name.1), (&label.0, label.1)]);
    let meter = machine.meter();
    assert_eq!(meter.scope(), Scope::GpuPackageAndCpu);
    assert_eq!(meter.figure_devices(), ["xe pkg", "package-0"]);
    assert!(findings(&meter).contains(&"gpu-chip-only".to_owned()));
}

/// MangoHud's issue tracker has a laptop whose graphics tell milliwatts.
#[test]
fn graphics_of_some_milliwatts_leave_the_scope_to_the_cpu() {
    let graphics = [
        ("sys/class/hwmon/hwmon0/name", "amdgpu"),
        ("sys/class/hwmon/hwmon0/power1_label", "PPT"),
        ("sys/class/hwmon/hwmon0/power1_input", "12000"),
    ];
    let machine = Machine::bare().with_package(0, 25.0);
    write(&machine, &graphics);
    let meter = machine.meter();
    assert_eq!(meter.scope(), Scope::CpuPackage);
    let told = fault(&meter, SensorFault::ImpossibleLevel);
    assert!(reason(&told).contains("0.012 W"), "{told:?}");
    assert!(findings(&meter).contains(&"sensor-impossible".to_owned()));

    let alone = Machine::bare();
    write(&alone, &graphics);
    let meter = alone.meter();
    assert_eq!(
        (meter.scope(), meter.is_measured()),
        (Scope::Estimated, false)
    );
}

/// omarchy's issue tracker has laptops whose power file answers ENODEV.
#[test]
fn a_battery_that_cannot_be_read_is_named_and_its_neighbour_is_not_the_sum() {
    let machine = Machine::bare();
    let folder = "sys/class/power_supply";
    std::fs::create_dir_all(machine.root().join(folder).join("BAT0/power_now")).unwrap();
    let laptop = [
        ("sys/class/power_supply/BAT0/type", "Battery"),
        ("sys/class/power_supply/BAT0/status", "Discharging"),
        ("sys/class/power_supply/BAT0/voltage_now", "11520000"),
        ("sys/class/power_supply/BAT0/energy_now", "40000000"),
    ];
    write(&machine, &laptop);
    let check = |machine: &Machine| {
        let meter = machine.meter();
        assert!(!meter.is_measured());
        let told = fault(&meter, SensorFault::Unreadable);
        assert!(reason(&told).contains("BAT0/power_now cannot be read"));
        let facts = Facts::look(&meter, Duration::ZERO);
        let found = diagnose(&facts);
        let on_battery = found.iter().find(|one| one.id == "on-battery").unwrap();
        assert!(!on_battery.cause.contains("the whole machine draws"));
        assert!(found.iter().any(|one| one.id == "battery-silent"));
    };
    check(&machine);
    let healthy = [
        ("sys/class/power_supply/BAT1/type", "Battery"),
        ("sys/class/power_supply/BAT1/status", "Discharging"),
        ("sys/class/power_supply/BAT1/power_now", "7700000"),
    ];
    write(&machine, &healthy);
    check(&machine);
}

/// Made: a driver of tomorrow.
#[test]
fn a_driver_that_nobody_knows_is_named_by_the_doctor() {
    let machine = Machine::bare();
    let driver = [
        ("sys/class/hwmon/hwmon0/name", "foo"),
        ("sys/class/hwmon/hwmon0/power1_input", "35000000"),
    ];
    write(&machine, &driver);
    let meter = machine.meter();
    assert!(!meter.is_measured());
    assert_eq!(fault(&meter, SensorFault::UnknownDriver).scope, Scope::Part);
    let facts = Facts::look(&meter, Duration::ZERO);
    let found = diagnose(&facts);
    let named = found.iter().find(|one| one.id == "unknown-driver").unwrap();
    assert!(
        named.cause.contains("The driver foo shows power"),
        "{}",
        named.cause
    );
    assert!(named.remedies[0].text.contains("meters add foo"));
}
