//! Sensors that fail in every way we could think of. Whatever happens, a figure is a positive, finite
//! number that says where it comes from, or there is none and the reason is given.

use crate::machine::{CounterText, Machine, now};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wattsmith_domain::{
    Availability, Energy, MonotonicNs, PowerSample, Scope, SensorReport, WarningKind,
};
use wattsmith_meter::{Meter, Recorded};
use wattsmith_testkit::fake_nvml::FakeNvml;

/// What must come of a fault.
#[derive(Clone, Copy)]
enum Then {
    /// No sensor is left: an estimate that is labelled as one, and this word in some reason.
    Estimate(&'static str),
    /// A figure from these sources, close to the truth.
    Figure(&'static str),
    /// The same with a warning.
    Warned(&'static str, WarningKind),
    /// No figure for the window, and this word in the error.
    Refused(&'static str),
}
use Then::{Estimate, Figure, Refused, Warned};

struct Fault {
    what: &'static str,
    /// The boards' script; none is a machine without NVIDIA's driver.
    boards: Option<&'static str>,
    /// What becomes of it in the middle of the window.
    later: Option<&'static str>,
    packages: &'static [CounterText],
    /// Files below the root.
    files: &'static [(&'static str, CounterText)],
    then: Then,
    /// After the fault.
    for_ms: u64,
}

const fn nvml(what: &'static str, boards: &'static str, then: Then) -> Fault {
    Fault {
        what,
        boards: Some(boards),
        later: None,
        packages: &[],
        files: &[],
        then,
        for_ms: 250,
    }
}

const fn mid_run(
    what: &'static str,
    boards: &'static str,
    later: &'static str,
    then: Then,
) -> Fault {
    Fault {
        what,
        boards: Some(boards),
        later: Some(later),
        packages: &[],
        files: &[],
        then,
        for_ms: 800,
    }
}

const fn rapl(what: &'static str, packages: &'static [CounterText], then: Then) -> Fault {
    Fault {
        what,
        boards: None,
        later: None,
        packages,
        files: &[],
        then,
        for_ms: 800,
    }
}

const fn sensor(
    what: &'static str,
    files: &'static [(&'static str, CounterText)],
    then: Then,
) -> Fault {
    Fault {
        what,
        boards: None,
        later: None,
        packages: &[],
        files,
        then,
        for_ms: 1300,
    }
}

const CHIP: (&str, CounterText) = ("sys/class/hwmon/hwmon0/name", |_, _| {
    Some("amdgpu".to_owned())
});
const CHIP_POWER: &str = "sys/class/hwmon/hwmon0/power1_average";
const BATTERY: (&str, CounterText) = ("sys/class/power_supply/BAT0/type", |_, _| {
    Some("Battery".to_owned())
});
const DISCHARGING: (&str, CounterText) = ("sys/class/power_supply/BAT0/status", |_, _| {
    Some("Discharging".to_owned())
});
const BATTERY_POWER: &str = "sys/class/power_supply/BAT0/power_now";
/// As many microwatts as a package has.
const FORTY: CounterText = |_, _| Some("40000000".to_owned());
const ZERO: CounterText = |_, _| Some("0".to_owned());
const NONSENSE: CounterText = |_, _| Some("NaN".to_owned());

const fn turns(well: bool, to: &'static str) -> Option<&'static str> {
    if well { Some("40000000") } else { Some(to) }
}

const WELL: CounterText = |counted, _| Some(counted.to_string());
/// As `Machine` writes it.
const RANGE: u64 = 262_143_328_850;

const FAULTS: &[Fault] = &[
    nvml("not initialised", "init 1", Estimate("understand")),
    nvml("bad argument", "init 2", Estimate("understand")),
    nvml("no permission", "init 4", Estimate("denies")),
    nvml("no driver", "init 9", Estimate("not running")),
    nvml("a library is missing", "init 12", Estimate("missing")),
    nvml("blocked by the system", "init 17", Estimate("blocks")),
    nvml("other versions", "init 18", Estimate("updated while")),
    nvml("no memory", "init 20", Estimate("memory")),
    nvml("not ready", "init 27", Estimate("not ready")),
    nvml(
        "an error without a name",
        "init 999",
        Estimate("without saying"),
    ),
    nvml("an error of the future", "init 77", Estimate("77")),
    nvml("no count", "count 999", Estimate("without saying")),
    nvml("no board", "devices 0", Estimate("sees no GPU")),
    nvml("power cables", "handle 0 8", Estimate("cables")),
    nvml("slow to answer", "handle 0 10", Estimate("in time")),
    nvml("interrupts", "handle 0 11", Estimate("interrupts")),
    nvml("infoROM", "handle 0 14", Estimate("infoROM")),
    nvml("off the bus", "handle 0 15", Estimate("off the bus")),
    nvml("wants a reset", "handle 0 16", Estimate("reset")),
    nvml("in use", "handle 0 19", Estimate("in use")),
    nvml(
        "nameless",
        "fault 0 nvmlDeviceGetName 999",
        Estimate("without saying"),
    ),
    nvml(
        "no UUID",
        "fault 0 nvmlDeviceGetUUID 10",
        Estimate("in time"),
    ),
    nvml("divided", "mig 0 4", Estimate("4 instances")),
    nvml("no counter", "counter 0 3", Figure("nvml-instant")),
    nvml("counter fails", "counter 0 999", Figure("nvml-instant")),
    nvml("counter frozen", "counter 0 frozen", Figure("nvml-instant")),
    nvml(
        "only the average",
        "counter 0 3\ninstant 0 3",
        Figure("nvml-average"),
    ),
    nvml(
        "fields fail",
        "counter 0 3\nfault 0 nvmlDeviceGetFieldValues 999",
        Figure("nvml-average"),
    ),
    nvml(
        "no power field",
        "instant 0 3\naverage 0 3",
        Figure("nvml-counter"),
    ),
    nvml(
        "tells nothing",
        "counter 0 3\ninstant 0 3\naverage 0 3",
        Estimate("does not offer"),
    ),
    nvml("tells 0 W", "counter 0 3\npower 0 0", Estimate("0 W")),
    nvml(
        "tells 0 W and counts none",
        "power 0 0",
        Estimate("stood still"),
    ),
    nvml(
        "tells megawatts",
        "counter 0 3\nintegral 0 50000",
        Estimate("no running board"),
    ),
    nvml(
        "one of two is lost",
        "devices 2\nlost 1",
        Warned("nvml-counter", WarningKind::PartialScope),
    ),
    mid_run("lost", "", "lost 0", Refused("off the bus")),
    mid_run(
        "wants a reset in mid-run",
        "",
        "counter 0 16",
        Refused("reset"),
    ),
    mid_run(
        "an unknown code in mid-run",
        "",
        "counter 0 77\ninstant 0 77",
        Refused("77"),
    ),
    mid_run(
        "one of two vanishes",
        "devices 2",
        "devices 2\nlost 1",
        Refused("off the bus"),
    ),
    mid_run(
        "counter begins anew",
        "",
        "counter 0 reset 0",
        Refused("leapt"),
    ),
    mid_run(
        "counter falls a little",
        "",
        "counter 0 start 4950",
        Refused("leapt"),
    ),
    mid_run(
        "counter leaps ahead",
        "",
        "counter 0 jump 0 1000000",
        Refused("leapt"),
    ),
    mid_run(
        "counter wraps early",
        "",
        "counter 0 wrap 5001",
        Refused("leapt"),
    ),
    mid_run(
        "power dies beside the counter",
        "",
        "instant 0 999",
        Figure("nvml-counter"),
    ),
    mid_run(
        "power dies alone",
        "counter 0 3",
        "counter 0 3\ninstant 0 999",
        Refused("stopped"),
    ),
    mid_run(
        "power becomes 0",
        "counter 0 3",
        "counter 0 3\npower 0 0",
        Refused("0 W"),
    ),
    mid_run(
        "power becomes a train's",
        "counter 0 3",
        "counter 0 3\nintegral 0 90000",
        Refused("no running board"),
    ),
    mid_run(
        "power is off by a third",
        "",
        "integral 0 1.5",
        Warned("nvml-counter", WarningKind::SensorDisagreement),
    ),
    Fault {
        for_ms: 2600,
        ..mid_run(
            "counter freezes",
            "counter 0 ticks 20",
            FREEZE,
            Refused("did not move"),
        )
    },
    rapl(
        "stands still",
        &[|_, _| Some("5".to_owned())],
        Estimate("stood still"),
    ),
    rapl(
        "says 0",
        &[|_, _| Some("0".to_owned())],
        Estimate("reads 0"),
    ),
    rapl(
        "says nonsense",
        &[|_, _| Some("lots".to_owned())],
        Estimate("no number"),
    ),
    rapl(
        "says nothing",
        &[|_, _| Some(String::new())],
        Estimate("no number"),
    ),
    rapl(
        "is negative",
        &[|counted, _| Some(format!("-{counted}"))],
        Estimate("no number"),
    ),
    rapl(
        "the second die reads 0",
        &[WELL, |_, _| Some("0".to_owned())],
        Warned("rapl", WarningKind::PartialScope),
    ),
    rapl(
        "wraps",
        &[|counted, _| Some(((RANGE - 20_000_000 + counted) % (RANGE + 1)).to_string())],
        Figure("rapl"),
    ),
    rapl(
        "vanishes",
        &[|counted, broken| (!broken).then(|| counted.to_string())],
        Refused("stopped answering"),
    ),
    rapl(
        "turns to nonsense",
        &[|counted, broken| {
            Some(if broken {
                "NaN".to_owned()
            } else {
                counted.to_string()
            })
        }],
        Refused("no number"),
    ),
    rapl(
        "turns negative",
        &[|counted, broken| {
            Some(if broken {
                format!("-{counted}")
            } else {
                counted.to_string()
            })
        }],
        Refused("no number"),
    ),
    rapl(
        "begins anew",
        &[|counted, broken| Some((if broken { 1000 } else { counted }).to_string())],
        Refused("leapt"),
    ),
    rapl(
        "leaps ahead",
        &[|counted, broken| Some((counted + 100_000_000_000 * u64::from(broken)).to_string())],
        Refused("leapt"),
    ),
    Fault {
        for_ms: 2600,
        ..rapl(
            "freezes",
            &[|counted, broken| {
                static LAST: Mutex<u64> = Mutex::new(0);
                let mut last = LAST.lock().unwrap();
                *last = if broken { *last } else { counted };
                Some(last.to_string())
            }],
            Refused("did not move"),
        )
    },
    sensor(
        "hwmon is well",
        &[CHIP, (CHIP_POWER, FORTY)],
        Figure("hwmon"),
    ),
    sensor(
        "hwmon reads 0",
        &[CHIP, (CHIP_POWER, ZERO)],
        Estimate("reads 0"),
    ),
    sensor(
        "hwmon reads nonsense",
        &[CHIP, (CHIP_POWER, NONSENSE)],
        Estimate("no number"),
    ),
    sensor("hwmon has no power", &[CHIP], Estimate("no power sensor")),
    sensor(
        "hwmon turns 0",
        &[
            CHIP,
            (CHIP_POWER, |_, broken| {
                turns(!broken, "0").map(str::to_owned)
            }),
        ],
        Refused("reads 0"),
    ),
    sensor(
        "hwmon turns negative",
        &[
            CHIP,
            (CHIP_POWER, |_, broken| {
                turns(!broken, "-40000000").map(str::to_owned)
            }),
        ],
        Refused("below 0"),
    ),
    sensor(
        "hwmon turns to a train",
        &[
            CHIP,
            (CHIP_POWER, |_, broken| {
                turns(!broken, "9000000000000").map(str::to_owned)
            }),
        ],
        Refused("no device draws"),
    ),
    sensor(
        "hwmon vanishes",
        &[
            CHIP,
            (CHIP_POWER, |_, broken| {
                (!broken).then(|| "40000000".to_owned())
            }),
        ],
        Refused("stopped answering"),
    ),
    sensor(
        "the battery is well",
        &[BATTERY, DISCHARGING, (BATTERY_POWER, FORTY)],
        Figure("battery"),
    ),
    sensor(
        "the battery reads 0",
        &[BATTERY, DISCHARGING, (BATTERY_POWER, ZERO)],
        Estimate("0 W"),
    ),
    sensor(
        "the battery reads no number",
        &[BATTERY, DISCHARGING, (BATTERY_POWER, NONSENSE)],
        Estimate("0 W"),
    ),
    sensor(
        "the charger is plugged in",
        &[
            BATTERY,
            (BATTERY_POWER, FORTY),
            ("sys/class/power_supply/BAT0/status", |_, broken| {
                Some(if broken { "Charging" } else { "Discharging" }.to_owned())
            }),
        ],
        Refused("on mains"),
    ),
];

/// Stands for `counter 0 freeze` at the moment at which it is played.
const FREEZE: &str = "freeze";

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
