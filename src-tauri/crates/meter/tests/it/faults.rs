//! Sensors that fail in every way we could think of. Whatever happens, a figure is a positive, finite
//! number that says where it comes from, or there is none and the reason is given.

mod table;

use crate::machine::{Machine, now};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use table::Then::{Estimate, Figure, Refused, Warned};
use table::{FAULTS, FREEZE, Fault};
use wattsmith_domain::{Availability, Energy, MonotonicNs, PowerSample, Scope, SensorReport};
use wattsmith_meter::{Meter, Recorded};
use wattsmith_testkit::fake_nvml::FakeNvml;

#[test]
fn no_fault_yields_a_zero_a_negative_or_an_unlabelled_number() {
    assert!(FAULTS.len() >= 30);
    let next = Mutex::new(FAULTS.iter());
    let work = || {
        loop {
            let fault = next.lock().unwrap().next();
            let Some(fault) = fault else { break };
            play(fault);
        }
    };
    let failed: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..12).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().err())
            .map(|error| {
                let text = error.downcast_ref::<String>().cloned();
                text.unwrap_or_else(|| "a fault failed".to_owned())
            })
            .collect()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn play(fault: &Fault) {
    let what = fault.what;
    let mut machine = Machine::bare();
    for (number, text) in fault.packages.iter().enumerate() {
        machine = machine.with_odd_package(u32::try_from(number).unwrap(), *text);
    }
    for (path, text) in fault.files {
        machine = machine.with_odd_file(path, *text);
    }
    let driver = fault.boards.map(|script| FakeNvml::new(script).unwrap());
    if let Some(driver) = &driver {
        machine.library = driver.library();
    }
    let meter = machine.meter();
    let (tell, told) = channel();
    let recording = meter.record(None, move |sample| {
        let _ = tell.send(sample);
    });
    let from = now();
    std::thread::sleep(Duration::from_millis(250));
    machine.break_it();
    if let (Some(driver), Some(later)) = (&driver, fault.later) {
        driver.play(&script(driver, later)).unwrap();
    }
    std::thread::sleep(Duration::from_millis(fault.for_ms));
    let to = now();
    let recorded = recording.finish();
    let live: Vec<PowerSample> = told.try_iter().collect();

    check_reports(what, &meter);
    for power in live
        .iter()
        .map(|sample| sample.power.0)
        .chain(powers(&recorded))
    {
        assert!(power.is_finite() && power > 0.0, "{what}: {power} W");
    }
    let energy = recorded.energy(from, to);
    if let Ok(energy) = &energy {
        check_energy(what, energy, to.since(from).0);
        let mean = recorded.mean_power(from, to).unwrap().0;
        assert!(mean.is_finite() && mean > 0.0, "{what}: {mean} W");
    }
    let reasons = reasons(&meter.sensors());
    match (fault.then, &energy) {
        (Estimate(word), Ok(energy)) => {
            assert_eq!(energy.source(), "estimate", "{what}");
            assert!(!meter.is_measured(), "{what}");
            assert!(
                reasons.contains(word),
                "{what}: {word:?} is not in {reasons}"
            );
        }
        (Figure(source), Ok(energy)) => {
            check_figure(what, energy, source, driver.as_ref(), from, to);
        }
        (Warned(source, kind), Ok(energy)) => {
            check_figure(what, energy, source, driver.as_ref(), from, to);
            let warnings = recorded.warnings(from, to);
            let found = warnings.iter().any(|one| one.kind == kind);
            assert!(found, "{what}: {kind:?} is not in {warnings:?}");
        }
        (Refused(word), Err(error)) => {
            let text = error.to_string();
            assert!(text.contains(word), "{what}: {word:?} is not in {text}");
        }
        (_, other) => panic!("{what}: {other:?}, sensors {reasons}"),
    }
}

/// Scripts know no word for now.
fn script(driver: &FakeNvml, later: &str) -> String {
    if later != FREEZE {
        return later.to_owned();
    }
    let at = driver.script_time(now());
    format!("counter 0 ticks 20 freeze {:.0}", at.as_secs_f64() * 1e3)
}

fn powers(recorded: &Recorded) -> impl Iterator<Item = f64> {
    recorded
        .samples()
        .into_iter()
        .inspect(|(name, _)| assert!(!name.is_empty()))
        .flat_map(|(_, samples)| samples)
        .map(|sample| sample.power.0)
}

fn reasons(sensors: &[SensorReport]) -> String {
    let reasons = sensors
        .iter()
        .filter_map(|report| match &report.availability {
            Availability::Unavailable { reason, .. } => Some(reason.clone()),
            Availability::Available { .. } => None,
        });
    reasons.collect::<Vec<_>>().join("; ")
}

fn check_reports(what: &str, meter: &Meter) {
    for report in meter.sensors() {
        assert!(
            report.error > 0.0 && report.error.is_finite(),
            "{what}: {report:?}"
        );
        match &report.availability {
            Availability::Unavailable { reason, .. } => {
                assert!(!reason.trim().is_empty(), "{what}: {report:?}");
            }
            Availability::Available {
                period_ms,
                resolution,
                averaging_ms,
            } => {
                let positive = |value: &f64| value.is_finite() && *value > 0.0;
                let good = [period_ms, resolution].into_iter().flatten().all(positive);
                let instant_or_longer = averaging_ms.is_none_or(|ms| ms == 0.0 || positive(&ms));
                assert!(good && instant_or_longer, "{what}: {report:?}");
            }
        }
    }
    assert_eq!(
        meter.is_measured(),
        meter.source_label() != "estimate",
        "{what}"
    );
    assert_eq!(
        meter.is_measured(),
        meter.scope() != Scope::Estimated,
        "{what}"
    );
}

fn check_energy(what: &str, energy: &Energy, window: f64) {
    let positive = |joules: f64| joules.is_finite() && joules > 0.0 && joules < 10_000.0 * window;
    assert!(positive(energy.gross.0), "{what}: {energy:?}");
    assert!(!energy.devices.is_empty(), "{what}: {energy:?}");
    for device in &energy.devices {
        assert!(positive(device.joules.0), "{what}: {energy:?}");
        assert!(
            device.integral.is_none_or(|joules| positive(joules.0)),
            "{what}: {energy:?}"
        );
        assert!(!device.device.is_empty(), "{what}: {energy:?}");
    }
    assert!(
        energy.sensor_error.is_finite() && energy.sensor_error > 0.0,
        "{what}: {energy:?}"
    );
    assert!(
        energy.window_error.is_finite() && energy.window_error >= 0.0,
        "{what}: {energy:?}"
    );
    assert_eq!(
        energy.is_measured(),
        energy.scope != Scope::Estimated,
        "{what}: {energy:?}"
    );
    assert!(!energy.source().is_empty(), "{what}");
}

fn check_figure(
    what: &str,
    energy: &Energy,
    source: &str,
    driver: Option<&FakeNvml>,
    from: MonotonicNs,
    to: MonotonicNs,
) {
    assert_eq!(energy.source(), source, "{what}");
    let truth = driver.map_or(40.0 * to.since(from).0, |driver| {
        driver.energy(0, from, to).0
    });
    let off = energy.gross.0 / truth - 1.0;
    assert!(
        off.abs() < 0.25,
        "{what}: {} J of {truth} J",
        energy.gross.0
    );
}

#[test]
fn a_net_figure_is_only_made_of_idle_that_was_measured() {
    let driver = FakeNvml::new("power 0 80").unwrap();
    let mut machine = Machine::bare();
    machine.library = driver.library();
    let meter = machine.meter();
    let recording = meter.record(None, |_| {});
    let from = now();
    std::thread::sleep(Duration::from_millis(300));
    driver.play("lost 0").unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let to = now();
    let recorded = Arc::new(recording.finish());
    assert_eq!(recorded.mean_power(from, to), None);
}
