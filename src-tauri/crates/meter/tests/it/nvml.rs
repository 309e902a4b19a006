//! NVIDIA boards, through the C boundary.

use crate::machine::{Machine, is_available, now, record, unavailable};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use wattsmith_domain::{Availability, DeviceConditions, Scope, SensorReport, Source, WarningKind};
use wattsmith_meter::MeterError;
use wattsmith_testkit::fake_nvml::FakeNvml;

const COUNTER: &str = "NVIDIA GPU energy counter";
const INSTANT: &str = "NVIDIA GPU power, instant";
const AVERAGE: &str = "NVIDIA GPU power, averaged";

fn machine(script: &str) -> (FakeNvml, Machine) {
    let driver = FakeNvml::new(script).unwrap();
    let mut machine = Machine::bare();
    machine.library = driver.library();
    (driver, machine)
}

/// Within 5 %: the scripted counter ticks every 20 ms, and the window lasts over a second.
fn near(joules: f64, expected: f64) -> bool {
    (joules / expected - 1.0).abs() < 0.05
}

#[test]
fn a_boards_counter_and_its_integrated_power_tell_the_joules_of_a_window() {
    let script = "driver 580.82\ndevices 2\nname 0 Scripted H100\nuuid 0 GPU-aa\npower 0 300\n\
                  name 1 Scripted L4\nuuid 1 GPU-bb\npower 1 50\n";
    let (_driver, machine) = machine(script);
    let meter = machine.meter();
    assert_eq!(
        meter.gpus(),
        [
            "Scripted H100 (GPU-aa, driver 580.82)",
            "Scripted L4 (GPU-bb, driver 580.82)"
        ]
    );
    assert_eq!(
        (meter.scope(), meter.is_measured()),
        (Scope::GpuBoard, true)
    );
    assert_eq!(meter.source_label(), "nvml-counter");
    let (recorded, from, to) = record(&meter, Duration::from_millis(1200));
    let energy = recorded.energy(from, to).unwrap();
    let window = to.since(from).0;
    assert!(
        near(energy.gross.0, 350.0 * window),
        "{energy:?} over {window} s"
    );
    assert_eq!(energy.devices[0].device, "Scripted H100 (GPU-aa)");
    assert!(near(energy.devices[0].joules.0, 300.0 * window));
    assert!(near(energy.devices[1].integral.unwrap().0, 50.0 * window));
    assert!(
        energy
            .devices
            .iter()
            .all(|one| one.source == Source::NvmlCounter)
    );
    // The processor is there, but its counter is not.
    let kinds: Vec<_> = recorded
        .warnings(from, to)
        .iter()
        .map(|one| one.kind)
        .collect();
    assert!(kinds.contains(&WarningKind::PartialScope), "{kinds:?}");
    assert!(
        !kinds.contains(&WarningKind::SensorDisagreement),
        "{kinds:?}"
    );
}

#[test]
fn a_ramp_is_integrated_where_there_is_no_counter() {
    let (_driver, machine) = machine("power 0 100 40\ncounter 0 3\n");
    let meter = machine.meter();
    let (reason, _) = unavailable(&meter.sensors(), COUNTER);
    assert!(reason.contains("does not offer"), "{reason}");
    assert_eq!(meter.source_label(), "nvml-instant");
    let (recorded, from, to) = record(&meter, Duration::from_millis(1200));
    let energy = recorded.energy(from, to).unwrap();
    // The ramp began when the library was loaded, so only its slope is known here: the mean power
    // is that of the samples around the middle.
    let middle = from.0 + (to.0 - from.0) / 2;
    let samples = &recorded.samples()[0].1;
    let nearest = samples
        .iter()
        .min_by_key(|one| one.at.0.abs_diff(middle))
        .unwrap();
    let at_middle = nearest.power.0 + 40.0 * (middle as f64 - nearest.at.0 as f64) / 1e9;
    let mean = energy.gross.0 / to.since(from).0;
    assert!((mean / at_middle - 1.0).abs() < 0.02, "{mean} {at_middle}");
    assert_eq!(energy.devices[0].integral, None);
}

#[test]
fn the_averaged_power_is_the_last_resort_and_says_that_it_needs_longer_windows() {
    let (_driver, machine) = machine("power 0 80\ncounter 0 3\ninstant 0 3\n");
    let meter = machine.meter();
    assert!(!is_available(&meter.sensors(), INSTANT));
    assert!(is_available(&meter.sensors(), AVERAGE));
    assert_eq!(
        (meter.source_label().as_str(), meter.sensor_error()),
        ("nvml-average", 0.13)
    );
    let (recorded, from, to) = record(&meter, Duration::from_millis(500));
    let warnings = recorded.warnings(from, to);
    assert!(
        warnings
            .iter()
            .any(|one| one.kind == WarningKind::ShortWindow),
        "{warnings:?}"
    );
}

#[test]
fn a_frozen_counter_is_unavailable_and_power_takes_its_place() {
    let (_driver, machine) = machine("power 0 80\ncounter 0 frozen\n");
    let meter = machine.meter();
    let (reason, remedy) = unavailable(&meter.sensors(), COUNTER);
    assert!(
        reason.contains("stood still") && !remedy.is_empty(),
        "{reason} {remedy}"
    );
    assert_eq!(meter.source_label(), "nvml-instant");
    let (recorded, from, to) = record(&meter, Duration::from_millis(600));
    let energy = recorded.energy(from, to).unwrap();
    assert!(near(energy.gross.0, 80.0 * to.since(from).0), "{energy:?}");
}

#[test]
fn a_board_that_tells_nothing_leaves_the_estimate_and_is_not_mixed_with_it() {
    let (_driver, machine) = machine("counter 0 3\ninstant 0 3\naverage 0 3\n");
    let meter = machine.meter();
    assert_eq!(
        (meter.scope(), meter.is_measured()),
        (Scope::Estimated, false)
    );
    assert_eq!(meter.gpus(), ["Scripted GPU (GPU-00000000, driver 580.00)"]);
    for name in [COUNTER, INSTANT, AVERAGE] {
        unavailable(&meter.sensors(), name);
    }
    let (recorded, from, to) = record(&meter, Duration::from_millis(300));
    let energy = recorded.energy(from, to).unwrap();
    assert_eq!(energy.source(), "estimate");
    let kinds: Vec<_> = recorded
        .warnings(from, to)
        .iter()
        .map(|one| one.kind)
        .collect();
    assert!(!kinds.contains(&WarningKind::PartialScope), "{kinds:?}");
}

#[test]
fn a_board_lost_in_mid_run_is_an_error_and_the_live_stream_stops() {
    let (driver, machine) = machine("power 0 80\n");
    let meter = machine.meter();
    let told = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&told);
    let recording = meter.record(None, move |sample| {
        assert!(sample.power.0 > 0.0);
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let from = now();
    wait_until(|| told.load(Ordering::Relaxed) >= 2);
    driver.play("power 0 80\nlost 0\n").unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let quiet = told.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(told.load(Ordering::Relaxed), quiet);
    let to = now();
    let error = recording.finish().energy(from, to).unwrap_err();
    assert!(matches!(error, MeterError::Lost { .. }), "{error}");
    assert!(error.to_string().contains("fallen off the bus"), "{error}");
}

#[test]
fn a_counter_that_starts_anew_in_mid_run_is_an_error() {
    let (driver, machine) = machine("power 0 80\n");
    let meter = machine.meter();
    let recording = meter.record(None, |_| {});
    let from = now();
    std::thread::sleep(Duration::from_millis(300));
    driver.play("power 0 80\ncounter 0 frozen\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let error = recording.finish().energy(from, now());
    assert!(error.is_err(), "{error:?}");
}

#[test]
fn counter_and_power_that_disagree_are_flagged() {
    let (_driver, machine) = machine("power 0 200\nintegral 0 1.3\n");
    let (recorded, from, to) = record(&machine.meter(), Duration::from_millis(1200));
    let warnings = recorded.warnings(from, to);
    let warning = warnings
        .iter()
        .find(|one| one.kind == WarningKind::SensorDisagreement)
        .unwrap_or_else(|| panic!("{warnings:?}"));
    assert!(warning.text.contains("% more; "), "{}", warning.text);
    assert_eq!(
        warning.fault,
        Some(wattsmith_domain::SensorFault::ReadersContradict)
    );
}

#[test]
fn every_way_in_which_the_driver_refuses_has_a_reason() {
    let reasons: Vec<String> = ["init 9", "init 18", "init 4", "init 999", "devices 0"]
        .into_iter()
        .map(|script| {
            let (_driver, machine) = machine(&format!("{script}\n"));
            let meter = machine.meter();
            assert!(!meter.is_measured());
            let (reason, remedy) = unavailable(&meter.sensors(), COUNTER);
            format!("{script}: {reason} | {remedy}")
        })
        .collect();
    insta::assert_snapshot!(reasons.join("\n"));
}

#[test]
fn a_missing_library_is_a_clean_unavailable() {
    let meter = Machine::bare().meter();
    let (reason, remedy) = unavailable(&meter.sensors(), COUNTER);
    assert!(reason.contains("could not be loaded"), "{reason}");
    assert!(
        remedy.contains("without an NVIDIA GPU nothing is missing"),
        "{remedy}"
    );
    assert!(meter.gpus().is_empty());
    assert!(!meter.is_measured());
}

#[test]
fn boards_and_packages_are_measured_together() {
    let (_driver, machine) = machine("power 0 200\n");
    let machine = machine.with_package(0, 30.0).with_package(1, 20.0);
    let meter = machine.meter();
    assert_eq!(meter.scope(), Scope::GpuAndCpu);
    assert_eq!(meter.source_label(), "nvml-counter+rapl");
    let (recorded, from, to) = record(&meter, Duration::from_millis(1200));
    let energy = recorded.energy(from, to).unwrap();
    assert_eq!(
        (energy.scope, energy.source().as_str()),
        (Scope::GpuAndCpu, "nvml-counter+rapl")
    );
    let names: Vec<&str> = energy
        .devices
        .iter()
        .map(|one| one.device.as_str())
        .collect();
    assert_eq!(
        names,
        ["Scripted GPU (GPU-00000000)", "package-0", "package-1"]
    );
    assert!(near(energy.gross.0, 250.0 * to.since(from).0), "{energy:?}");
    let kinds: Vec<_> = recorded
        .warnings(from, to)
        .iter()
        .map(|one| one.kind)
        .collect();
    assert!(!kinds.contains(&WarningKind::PartialScope), "{kinds:?}");
}

#[test]
fn a_package_that_cannot_be_read_beside_a_board_narrows_the_scope_aloud() {
    let (_driver, machine) = machine("power 0 200\n");
    let machine = machine.with_unreadable_package(0);
    let meter = machine.meter();
    assert_eq!(meter.scope(), Scope::GpuBoard);
    let (recorded, from, to) = record(&meter, Duration::from_millis(300));
    let warnings = recorded.warnings(from, to);
    let text = &warnings
        .iter()
        .find(|one| one.kind == WarningKind::PartialScope)
        .unwrap()
        .text;
    assert!(
        text.contains("the CPU package") && text.contains("cannot be read"),
        "{text}"
    );
}

fn wait_until(done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "it never happened"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn averaging(sensors: &[SensorReport], name: &str) -> Option<f64> {
    let report = sensors.iter().find(|report| report.name == name).unwrap();
    match &report.availability {
        Availability::Available { averaging_ms, .. } => *averaging_ms,
        Availability::Unavailable { reason, .. } => panic!("{name}: {reason}"),
    }
}

#[test]
fn what_power_means_depends_on_the_architecture_where_the_instant_field_is_missing() {
    for (arch, source) in [
        ("kepler", "nvml-instant"),
        ("pascal", "nvml-instant"),
        ("turing", "nvml-instant"),
        ("ampere 8.0", "nvml-instant"),
        ("ampere 8.6", "nvml-average"),
        ("hopper", "nvml-average"),
        ("unknown", "nvml-average"),
    ] {
        let (_driver, machine) = machine(&format!("arch 0 {arch}\ncounter 0 3\ninstant 0 3\n"));
        let meter = machine.meter();
        assert_eq!(meter.source_label(), source, "{arch}");
        let sensors = meter.sensors();
        let (name, expected) = match source {
            "nvml-average" => (AVERAGE, Some(1000.0)),
            _ => (INSTANT, None),
        };
        assert_eq!(averaging(&sensors, name), expected, "{arch}");
    }
    // A board that does not say what it is: the worse is assumed.
    let silent = "counter 0 3\ninstant 0 3\nfault 0 nvmlDeviceGetArchitecture 3\n\
                  fault 0 nvmlDeviceGetCudaComputeCapability 3\n";
    let (_driver, machine) = machine(silent);
    assert_eq!(machine.meter().source_label(), "nvml-average");
}

#[test]
fn the_probe_tells_how_often_values_change_and_by_how_much() {
    let script = "power 0 bursty 100 300 15 15 5\ncounter 0 ticks 40\n\
                  instant 0 update 50 window 25 resolution 0.5\n";
    let (_driver, machine) = machine(script);
    let sensors = machine.meter().sensors();
    let told = |name: &str| {
        let report = sensors.iter().find(|one| one.name == name).unwrap();
        let Availability::Available {
            period_ms,
            resolution,
            ..
        } = report.availability
        else {
            panic!("{report:?}");
        };
        (period_ms.unwrap(), resolution.unwrap())
    };
    // Wide, since a busy machine looks late.
    let (period, step) = told(COUNTER);
    assert!(
        (20.0..200.0).contains(&period) && step > 0.0,
        "{period} {step}"
    );
    let (period, step) = told(INSTANT);
    assert!(
        (25.0..250.0).contains(&period) && step >= 0.5,
        "{period} {step}"
    );
}

#[test]
fn a_divided_board_is_unavailable_with_the_way_out_unless_it_is_all_ours() {
    let (_driver, divided) = machine("mig 0 3\n");
    let meter = divided.meter();
    assert!(!meter.is_measured());
    assert_eq!(meter.gpus().len(), 1);
    let (reason, remedy) = unavailable(&meter.sensors(), COUNTER);
    assert!(reason.contains("3 instances"), "{reason}");
    assert!(remedy.contains("nvidia-smi -i 0 -mig 0"), "{remedy}");
    let (_driver, whole) = machine("mig 0 1\n");
    assert_eq!(whole.meter().source_label(), "nvml-counter");
}

#[test]
fn heat_clocks_limits_and_company_stand_beside_the_joules() {
    let stranger = 1;
    let script = format!(
        "temperature 0 71\nsm-clock 0 1755\nmemory-clock 0 2619\np-state 0 2\nbusy 0 93\n\
         memory-busy 0 71\nlimits 0 200 700 650\n\
         throttle 0 0x44\nprocess 0 compute {own} 1000\nprocess 0 compute {stranger} 1000\n\
         process 0 graphics {engine} 5\n",
        own = std::process::id(),
        engine = std::os::unix::process::parent_id(),
    );
    let (_driver, machine) = machine(&script);
    let recording = machine
        .meter()
        .record(Some(std::os::unix::process::parent_id()), |_| {});
    let from = now();
    // The state is looked at once a second.
    std::thread::sleep(Duration::from_millis(1300));
    let to = now();
    let recorded = recording.finish();
    let told = &recorded.conditions(from, to)[0];
    assert_eq!(told.device, "Scripted GPU (GPU-00000000)");
    assert_eq!(
        (told.temperature_from_c, told.temperature_to_c),
        (Some(71.0), Some(71.0))
    );
    assert_eq!(
        (told.clock_mhz, told.memory_clock_mhz, told.p_state),
        (Some(1755.0), Some(2619.0), Some(2))
    );
    assert_eq!(
        (told.busy_percent, told.memory_busy_percent),
        (Some(93.0), Some(71.0))
    );
    assert_eq!(told.power_limit.unwrap().0, 650.0);
    assert_eq!(
        told.throttled,
        ["its power limit", "the board's heat limit"]
    );
    // This test descends from the engine that was named; the first process of the machine does not.
    assert_eq!(told.other_processes.len(), 1, "{told:?}");
    assert!(told.other_processes[0].ends_with("(pid 1)"), "{told:?}");
    let warnings = recorded.warnings(from, to);
    let text = |kind| {
        let found = warnings.iter().find(|one| one.kind == kind);
        found.unwrap_or_else(|| panic!("{warnings:?}")).text.clone()
    };
    assert!(text(WarningKind::Throttled).contains("by the board's heat limit during"));
    assert!(text(WarningKind::GpuShared).contains("(pid 1)"));
}

#[test]
fn a_power_limit_that_moves_in_mid_window_is_warned_about() {
    let (driver, machine) = machine("limit 0 300\n");
    let recording = machine.meter().record(None, |_| {});
    let from = now();
    driver.play("limit 0 250\n").unwrap();
    std::thread::sleep(Duration::from_millis(1300));
    let to = now();
    let warnings = recording.finish().warnings(from, to);
    let moved = warnings
        .iter()
        .find(|one| one.kind == WarningKind::LimitChanged);
    assert!(
        moved.is_some_and(|one| one.text.contains("between 250 and 300 W")),
        "{warnings:?}"
    );
}

#[test]
fn a_board_that_tells_nothing_of_its_state_is_measured_all_the_same() {
    let silent: String = [
        "Temperature",
        "ClockInfo",
        "PerformanceState",
        "UtilizationRates",
        "CurrentClocksThrottleReasons",
        "EnforcedPowerLimit",
        "ComputeRunningProcesses_v3",
        "GraphicsRunningProcesses_v3",
        "MigMode",
    ]
    .iter()
    .map(|call| format!("fault 0 nvmlDeviceGet{call} 3\n"))
    .collect();
    let (_driver, machine) = machine(&silent);
    let (recorded, from, to) = record(&machine.meter(), Duration::from_millis(300));
    assert!(recorded.energy(from, to).unwrap().gross.0 > 0.0);
    let told = recorded.conditions(from, to);
    let expected = DeviceConditions {
        device: "Scripted GPU (GPU-00000000)".to_owned(),
        ..DeviceConditions::default()
    };
    assert_eq!(told, [expected]);
}

#[test]
fn free_memory_of_all_boards_is_known_only_where_each_tells_its_own() {
    let told = |script: &str| {
        let driver = FakeNvml::new(script).unwrap();
        wattsmith_meter::free_gpu_memory(Some(&driver.library()))
    };
    let two = "devices 2\npower 0 300\npower 1 50\nmemory 0 80e9 70e9\n";
    assert_eq!(
        told(&format!("{two}memory 1 24e9 20e9\n")),
        Some(90_000_000_000)
    );
    // The other board shares the machine's memory, or is divided.
    assert_eq!(told(two), None);
    assert_eq!(told(&format!("{two}memory 1 24e9 20e9\nmig 1 2\n")), None);
    assert_eq!(told("devices 0\n"), None);
    assert_eq!(
        wattsmith_meter::free_gpu_memory(Some("/no/such/library.so".as_ref())),
        None
    );
}
