//! Windows cut out of recordings that were written by hand, so that time is exact.

use super::*;
use crate::cpu::CpuReading;
use crate::sensor::{Info, PERIOD};
use crate::series::Series;
use std::time::Duration;
use wattsmith_domain::WarningKind;

fn s(seconds: f64) -> MonotonicNs {
    MonotonicNs((seconds * 1e9) as u64)
}

/// Ten readings a second from 0 to `end` seconds.
fn series(end: f64, value: impl Fn(f64) -> f64) -> Series {
    let mut series = Series::default();
    for step in 0..=(end * 10.0) as u64 {
        let at = step as f64 / 10.0;
        series.push(s(at), value(at));
    }
    series
}

fn device(source: Source, counter: Option<Series>, gauge: Option<Series>) -> DeviceLog {
    let scope = match source {
        Source::Rapl => Scope::CpuPackage,
        _ => Scope::GpuBoard,
    };
    DeviceLog {
        info: Info {
            name: format!("the {source}"),
            source,
            scope,
            error: if source == Source::NvmlAverage {
                0.13
            } else {
                0.05
            },
            period: PERIOD,
            update: None,
            averaging: None,
        },
        counter,
        gauge,
        total: Series::default(),
        total_step: 0.0,
        coarse: false,
        conditions: None,
        leaps: Vec::new(),
        failure: None,
    }
}

/// CPU seconds that grow by so much per second on a machine of two cores.
fn recorded(devices: Vec<DeviceLog>, engine: f64, own: f64, other: f64) -> Recorded {
    let mut cpu = CpuLog::new(2);
    for step in 0..=300 {
        let at = f64::from(step) / 10.0;
        let reading = CpuReading {
            allowed: None,
            engine: engine * at,
            own: own * at,
            machine: (engine + own + other) * at,
            stolen: 0.0,
        };
        cpu.push(s(at), reading);
    }
    Recorded {
        devices,
        beside: Vec::new(),
        cpu,
        on_battery: false,
        not_covered: None,
        prices: Prices::PLAUSIBLE,
        decided: BTreeMap::new(),
    }
}

fn quiet(devices: Vec<DeviceLog>) -> Recorded {
    recorded(devices, 1.5, 0.01, 0.02)
}

fn near(joules: Joules, expected: f64) -> bool {
    (joules.0 - expected).abs() < 1e-6 * expected
}

#[test]
fn devices_add_up_and_keep_counter_and_integral_side_by_side() {
    let gpu = device(
        Source::NvmlCounter,
        Some(series(30.0, |at| 7000.0 + 200.0 * at)),
        Some(series(30.0, |_| 198.0)),
    );
    let cpu = device(Source::Rapl, Some(series(30.0, |at| 50.0 * at)), None);
    let all = quiet(vec![gpu, cpu]);
    let energy = all.energy(s(5.03), s(25.07)).unwrap();
    let window = 20.04;
    assert!(near(energy.gross, 250.0 * window), "{}", energy.gross);
    assert!(near(energy.devices[0].joules, 200.0 * window));
    assert!(near(energy.devices[0].integral.unwrap(), 198.0 * window));
    assert_eq!(energy.devices[1].integral, None);
    assert_eq!(energy.scope, Scope::GpuAndCpu);
    assert_eq!(energy.source(), "nvml-counter+rapl");
    assert_eq!((energy.net, energy.estimate), (None, None));
    assert_eq!(energy.sensor_error, 0.05);
    let watts = all.mean_power(s(5.0), s(25.0)).unwrap();
    assert!((watts.0 - 250.0).abs() < 1e-6);
    assert_eq!(all.warnings(s(5.0), s(25.0)), []);
    let samples = all.samples();
    assert_eq!(samples[0].1.len(), 301);
    assert!((samples[1].1[7].power.0 - 50.0).abs() < 1e-6);
}

#[test]
fn without_a_sensor_the_seconds_are_priced_and_labelled() {
    let none = quiet(Vec::new());
    let energy = none.energy(s(10.0), s(20.0)).unwrap();
    assert!(near(energy.gross, 10.0 * 10.0 + 8.0 * 15.0));
    let spread = energy.estimate.unwrap();
    assert!(near(spread.low_idle, 3.0 * 10.0 + 10.0 * 15.0));
    assert!(near(spread.high_idle, 30.0 * 10.0 + 4.0 * 15.0));
    assert_eq!(
        (energy.scope, energy.source().as_str()),
        (Scope::Estimated, "estimate")
    );
    assert!(energy.sensor_error >= 0.5);
    let (name, power) = &none.samples()[0];
    assert_eq!(name, ESTIMATE_DEVICE);
    assert!((power[3].power.0 - 22.0).abs() < 1e-6);
}

#[test]
fn a_lost_gapped_frozen_or_uncovered_sensor_is_an_error_and_never_a_number() {
    let mut lost = device(Source::NvmlInstant, None, Some(series(12.0, |_| 90.0)));
    lost.failure = Some(ReadError::unreadable("the GPU has fallen off the bus"));
    let mut gap = Series::default();
    for at in [0.0, 0.1, 0.2, 1.5, 1.6, 30.0] {
        gap.push(s(at), 80.0);
    }
    let gap = device(Source::NvmlInstant, None, Some(gap));
    let frozen = |from: f64| {
        let counter = series(30.0, |at| 40.0 * at.min(from));
        device(Source::Rapl, Some(counter), None)
    };
    let early = device(Source::Rapl, Some(series(19.9, |at| 40.0 * at)), None);
    let fine = device(Source::Rapl, Some(series(30.0, |at| 40.0 * at)), None);
    let error = |device: DeviceLog, from: f64, to: f64| {
        let all = quiet(vec![fine.clone(), device]);
        assert_eq!(all.mean_power(s(from), s(to)), None);
        all.energy(s(from), s(to)).unwrap_err().to_string()
    };
    let errors = [
        error(lost, 10.0, 20.0),
        error(gap, 0.0, 1.6),
        error(frozen(0.0), 10.0, 20.0),
        error(frozen(15.0), 10.0, 20.0),
        error(early, 10.0, 20.0),
        error(fine.clone(), 20.0, 20.0),
        error(
            DeviceLog::lost(fine.info.clone(), "its thread ended early"),
            1.0,
            2.0,
        ),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_machine_that_tells_nothing_has_no_estimate_either() {
    let nothing = Recorded {
        devices: Vec::new(),
        cpu: CpuLog::new(0),
        beside: Vec::new(),
        prices: Prices::PLAUSIBLE,
        decided: BTreeMap::new(),
        on_battery: false,
        not_covered: None,
    };
    let error = nothing.energy(s(1.0), s(2.0)).unwrap_err();
    assert!(matches!(error, MeterError::NoSensor { .. }), "{error}");
    assert_eq!(nothing.cpu(s(1.0), s(2.0)), None);
}

#[test]
fn everything_that_can_be_wrong_is_warned_about_with_advice() {
    let off = device(
        Source::NvmlCounter,
        Some(series(30.0, |at| 100.0 * at)),
        Some(series(30.0, |_| 80.0)),
    );
    let averaged = device(Source::NvmlAverage, None, Some(series(30.0, |_| 80.0)));
    let mut all = recorded(vec![off, averaged], 1.0, 0.05, 0.4);
    all.on_battery = true;
    all.not_covered = Some("the CPU package (only root may read it)".to_owned());
    let warnings = all.warnings(s(5.0), s(25.0));
    let kinds: Vec<WarningKind> = warnings.iter().map(|one| one.kind).collect();
    assert_eq!(
        kinds,
        [
            WarningKind::OtherLoad,
            WarningKind::DriverLoad,
            WarningKind::OnBattery,
            WarningKind::PartialScope,
            WarningKind::ShortWindow,
            WarningKind::SensorDisagreement,
        ]
    );
    let texts: Vec<&str> = warnings.iter().map(|one| one.text.as_str()).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_meter_of_another_scope_stands_beside_and_its_failure_is_named() {
    let beside = |name: &str, gauge: Series| {
        let mut log = device(Source::WallPlug, None, Some(gauge));
        log.info.name = name.to_owned();
        log.info.scope = Scope::Wall;
        log
    };
    let mut all = quiet(vec![device(
        Source::Rapl,
        Some(series(30.0, |at| 50.0 * at)),
        None,
    )]);
    all.beside = vec![
        beside("plug", series(30.0, |_| 120.0)),
        beside("other plug", series(12.0, |_| 120.0)),
    ];
    let energy = all.energy(s(5.0), s(25.0)).unwrap();
    assert!(near(energy.gross, 1000.0), "{}", energy.gross);
    assert_eq!(energy.scope, Scope::CpuPackage);
    assert!(near(energy.beside[0].joules.clone().unwrap(), 2400.0));
    let reason = energy.beside[1].joules.clone().unwrap_err();
    assert!(
        reason.contains("other plug was not recorded over the whole window"),
        "{reason}"
    );
}

#[test]
fn a_counter_that_moves_seldom_is_not_frozen_between_its_steps() {
    let steps = |update| {
        let counter = series(30.0, |at| 100.0 * (at / 5.0).floor());
        let mut log = device(Source::Prometheus, Some(counter), None);
        log.info.update = update;
        quiet(vec![log])
    };
    let seldom = steps(Some(Duration::from_secs(5)));
    assert!(near(seldom.energy(s(5.5), s(25.5)).unwrap().gross, 400.0));
    let unknown = steps(None).energy(s(5.5), s(25.5)).unwrap_err();
    assert!(matches!(unknown, MeterError::Frozen { .. }), "{unknown}");
}
