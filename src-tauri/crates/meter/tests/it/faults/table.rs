//! The faults: what a machine has, how it fails, and what must come of it.

use crate::machine::CounterText;
use std::sync::Mutex;
use wattsmith_domain::WarningKind;

/// Stands for `counter 0 freeze` at the moment at which it is played.
pub(super) const FREEZE: &str = "freeze";

/// What must come of a fault.
#[derive(Clone, Copy)]
pub(super) enum Then {
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

/// One fault, and what must come of it.
pub(super) struct Fault {
    pub what: &'static str,
    /// The boards' script; none is a machine without NVIDIA's driver.
    pub boards: Option<&'static str>,
    /// What becomes of it in the middle of the window.
    pub later: Option<&'static str>,
    pub packages: &'static [CounterText],
    /// Files below the root.
    pub files: &'static [(&'static str, CounterText)],
    pub then: Then,
    /// After the fault.
    pub for_ms: u64,
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

pub(super) const FAULTS: &[Fault] = &[
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
        "tells milliwatts",
        "counter 0 3\nintegral 0 0.0004",
        Estimate("no running board"),
    ),
    nvml(
        "tells all bits of a register",
        "counter 0 3\nintegral 0 655.35",
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
        Refused("draws more than"),
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
        Estimate("no number"),
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
