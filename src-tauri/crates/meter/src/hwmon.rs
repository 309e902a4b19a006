//! Power and energy sensors of the kernel's hwmon class: AMD and Intel GPUs, CPUs, power supplies.
//!
//! What a driver measures is known by its name only, so the names are listed here. Each watt is
//! counted once: RAPL comes before every hwmon sensor of the CPU package, and of those `amd_energy`
//! (a counter) before `zenpower` and `fam15h_power` (gauges); the energy counter of a device before
//! its power, and averaged power before a moment's. Files: `powerN_*` in µW, `energyN_input` in µJ.

mod state;

use crate::conditions::StateGauge;
use crate::files::{Root, text};
use crate::probe::{Found, Looked};
use crate::sensor::{Device, EnergyCounter, Info, PERIOD, PowerGauge, ReadError};
use state::ChipState;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Joules, Scope, SensorReport, Source, Watts};

const CLASS: &str = "sys/class/hwmon";
/// Typical systematic error: no maker states one, and reviews against a meter in the supply line
/// find a few per cent.
const ERROR: f64 = 0.05;

/// What a driver measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A graphics board.
    Gpu,
    /// CPU packages; the number is the order in which they are preferred.
    Cpu(u8),
    /// All that a power supply or the firmware feeds.
    Whole,
}

/// Drivers that measure power, by the text in their `name` file.
const DRIVERS: [(&str, Part, &str); 9] = [
    ("amdgpu", Part::Gpu, "AMD GPU power"),
    ("i915", Part::Gpu, "Intel GPU energy counter"),
    ("xe", Part::Gpu, "Intel GPU energy counter"),
    ("nouveau", Part::Gpu, "NVIDIA GPU power (nouveau)"),
    ("amd_energy", Part::Cpu(0), "AMD CPU energy counter (hwmon)"),
    ("zenpower", Part::Cpu(1), "AMD CPU power (zenpower)"),
    ("fam15h_power", Part::Cpu(2), "AMD CPU power (fam15h)"),
    ("corsairpsu", Part::Whole, "Power supply (Corsair)"),
    (
        "power_meter",
        Part::Whole,
        "Power meter of the firmware (ACPI)",
    ),
];

/// Looks for what hwmon has to offer; `rapl` says whether RAPL counts the CPU already. Gives GPUs,
/// and CPUs with what covers the whole machine.
pub(crate) fn find(root: &Root, rapl: bool) -> (Found, Found) {
    let (mut gpu, mut cpu) = <(Found, Found)>::default();
    let mut chips = chips(root);
    chips.sort_by_key(|chip| match chip.part {
        Part::Cpu(order) => order,
        Part::Gpu | Part::Whole => 0,
    });
    let boards: Vec<&Chip> = chips.iter().filter(|one| one.part == Part::Gpu).collect();
    graphics(&boards, rapl, &mut gpu);
    for chip in &chips {
        match chip.part {
            Part::Gpu => {}
            Part::Cpu(_) => {
                let taken = if rapl {
                    Some("RAPL")
                } else {
                    cpu.devices.first().map(|_| "a better sensor")
                };
                package(chip, taken, &mut cpu);
            }
            Part::Whole => supply(chip, &mut cpu),
        }
    }
    unseen_boards(root, &chips, &mut gpu);
    (gpu, cpu)
}

/// One driver's folder.
struct Chip {
    name: String,
    folder: PathBuf,
    part: Part,
    title: &'static str,
}

fn chips(root: &Root) -> Vec<Chip> {
    root.names(CLASS)
        .into_iter()
        .filter_map(|entry| {
            let name = root.text(&format!("{CLASS}/{entry}/name"))?;
            let (_, part, title) = DRIVERS.iter().find(|(driver, ..)| *driver == name)?;
            Some(Chip {
                name,
                folder: root.path(CLASS).join(entry),
                part: *part,
                title,
            })
        })
        .collect()
}

impl Chip {
    fn text(&self, file: &str) -> Option<String> {
        text(&self.folder.join(file)).ok()
    }

    /// Such as `amdgpu 0000:03:00.0`.
    fn device(&self) -> String {
        let slot = self.text("device/uevent").and_then(|facts| {
            let line = facts
                .lines()
                .find_map(|one| one.strip_prefix("PCI_SLOT_NAME="))?;
            Some(format!(" {line}"))
        });
        format!("{}{}", self.name, slot.unwrap_or_default())
    }

    /// Files that hold a value, `energy` first, by their label where it is there.
    fn files(&self, prefix: &str, suffix: &str) -> Vec<(String, PathBuf)> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut files: Vec<(u32, String, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let file = entry.file_name().into_string().ok()?;
                let number = file.strip_prefix(prefix)?.strip_suffix(suffix)?;
                let label = self.text(&format!("{prefix}{number}_label"));
                Some((
                    number.parse().ok()?,
                    label.unwrap_or_default(),
                    entry.path(),
                ))
            })
            .collect();
        files.sort();
        files
            .into_iter()
            .map(|(_, label, path)| (label, path))
            .collect()
    }

    /// Whether the GPU is part of the processor: its sensor then tells the whole package's power.
    /// The header of `gpu_metrics` says so by its format: 1 for boards, 2 and 3 for such processors.
    fn is_integrated(&self) -> bool {
        std::fs::read(self.folder.join("device/gpu_metrics"))
            .ok()
            .and_then(|bytes| bytes.get(2).copied())
            .is_some_and(|format| (2..=3).contains(&format))
    }

    fn looked(&self, scope: Scope) -> Looked {
        Looked {
            name: self.title,
            device: self.device(),
            source: Source::Hwmon,
            scope,
            error: ERROR,
        }
    }

    fn sensor(&self, scope: Scope, label: &str, sensors: Sensors) -> Device {
        let label = if label.is_empty() {
            String::new()
        } else {
            format!(" {label}")
        };
        Device {
            info: Info {
                name: format!("{}{label}", self.device()),
                source: Source::Hwmon,
                scope,
                error: ERROR,
                period: PERIOD,
                update: None,
                averaging: sensors.averaging,
            },
            counter: sensors.counter,
            gauge: sensors.gauge,
            state: (self.part == Part::Gpu).then(|| {
                let folder = self.folder.clone();
                Arc::new(ChipState { folder }) as Arc<dyn StateGauge>
            }),
        }
    }
}

#[derive(Default)]
struct Sensors {
    counter: Option<Arc<dyn EnergyCounter>>,
    gauge: Option<Arc<dyn PowerGauge>>,
    averaging: Option<Duration>,
}

/// What answers of the chip's board-wide values: its counter, its power, or why neither does.
fn board(chip: &Chip) -> Result<Sensors, String> {
    let mut sensors = Sensors::default();
    let mut why = None;
    if let Some((_, file)) = chip.files("energy", "_input").into_iter().next() {
        let counter = MicroFile::new(file);
        match counter.energy() {
            Ok(_) => sensors.counter = Some(Arc::new(counter)),
            Err(error) => why = Some(error.0),
        }
    }
    let average = chip.files("power", "_average").into_iter().next();
    let moment = chip.files("power", "_input").into_iter().next();
    for (file, averaged) in [(average, true), (moment, false)] {
        let Some((_, file)) = file else { continue };
        let interval = file.with_file_name("power1_average_interval");
        let gauge = MicroFile::new(file);
        match gauge.power() {
            Ok(_) => {
                sensors.averaging = if averaged {
                    text(&interval)
                        .ok()
                        .and_then(|ms| ms.parse().ok())
                        .filter(|ms| (0..=60_000).contains(ms))
                        .map(Duration::from_millis)
                } else {
                    Some(Duration::ZERO)
                };
                sensors.gauge = Some(Arc::new(gauge));
                break;
            }
            Err(error) => why = Some(why.unwrap_or(error.0)),
        }
    }
    if sensors.counter.is_some() || sensors.gauge.is_some() {
        return Ok(sensors);
    }
    Err(why.unwrap_or_else(|| format!("the driver {} offers no power sensor for it", chip.name)))
}

/// All graphics boards. Where a board has two dies the first one's sensor tells the power of both,
/// and the second one's tells 0.
fn graphics(chips: &[&Chip], rapl: bool, found: &mut Found) {
    let answers: Vec<_> = chips
        .iter()
        .filter(|chip| !chip.is_integrated())
        .map(|chip| (*chip, board(chip)))
        .collect();
    let first = answers
        .iter()
        .find(|(_, answer)| answer.is_ok())
        .map(|(chip, _)| chip.device());
    found.names.extend(chips.iter().map(|chip| chip.device()));
    for chip in chips.iter().filter(|chip| chip.is_integrated()) {
        found.reports.push(integrated(chip, rapl));
    }
    for (chip, answer) in answers {
        let looked = chip.looked(Scope::GpuBoard);
        match (answer, &first) {
            (Ok(sensors), _) => {
                let averaging = sensors.averaging;
                found.reports.push(looked.available_as(None, averaging));
                found
                    .devices
                    .push(chip.sensor(Scope::GpuBoard, "", sensors));
            }
            (Err(reason), Some(first)) if reason.ends_with(READS_ZERO) => {
                let reason = format!(
                    "it reads 0 W; on boards with two dies the first one ({first}) tells the power \
                     of both"
                );
                found
                    .reports
                    .push(looked.unavailable((reason, String::new())));
            }
            (Err(reason), _) => {
                found.missing.get_or_insert_with(|| reason.clone());
                let remedy = "Update the kernel and its firmware.".to_owned();
                found.reports.push(looked.unavailable((reason, remedy)));
            }
        }
    }
}

fn integrated(chip: &Chip, rapl: bool) -> SensorReport {
    let reason =
        "this GPU is part of the processor, and its sensor tells the power of the whole package";
    let remedy = if rapl {
        "Nothing is missing: RAPL counts that package."
    } else {
        "Make RAPL readable, which counts that package (see the CPU energy counter)."
    };
    chip.looked(Scope::CpuPackage)
        .unavailable((reason.to_owned(), remedy.to_owned()))
}

/// A driver that is loaded for a board, and no sensor at all: a container or an old kernel.
fn unseen_boards(root: &Root, chips: &[Chip], found: &mut Found) {
    let class = "sys/class/drm";
    for card in root.names(class) {
        let facts = root.text(&format!("{class}/{card}/device/uevent"));
        let driver = facts.as_deref().and_then(|facts| {
            facts
                .lines()
                .find_map(|line| line.strip_prefix("DRIVER="))
                .filter(|driver| ["amdgpu", "xe"].contains(driver))
        });
        let Some(driver) = driver else { continue };
        if card.contains('-') || chips.iter().any(|chip| chip.name == driver) {
            continue;
        }
        let reason = format!(
            "the driver {driver} is loaded, but there is no sensor of it under {}",
            root.path(CLASS).display()
        );
        found.missing.get_or_insert_with(|| reason.clone());
        let looked = Looked {
            name: "GPU power (hwmon)",
            device: format!("{driver} {card}"),
            source: Source::Hwmon,
            scope: Scope::GpuBoard,
            error: ERROR,
        };
        let remedy = "Update the kernel; in a container, mount the host's /sys read-only.";
        found
            .reports
            .push(looked.unavailable((reason, remedy.to_owned())));
        return;
    }
}

fn package(chip: &Chip, taken: Option<&str>, found: &mut Found) {
    let looked = || chip.looked(Scope::CpuPackage);
    if let Some(by) = taken {
        let reason =
            format!("not used: {by} counts the same package, and nothing is counted twice");
        found
            .reports
            .push(looked().unavailable((reason, String::new())));
        return;
    }
    // amd_energy lists every core, and then the sockets; zenpower the cores and the uncore apart.
    let sockets = chip
        .files("energy", "_input")
        .into_iter()
        .filter(|(label, _)| label.starts_with("Esocket"));
    let rails: Vec<_> = ["_average", "_input"]
        .iter()
        .map(|suffix| chip.files("power", suffix))
        .find(|files| !files.is_empty())
        .unwrap_or_default();
    let mut devices = Vec::new();
    let mut failures = Vec::new();
    for (label, file) in sockets {
        let counter = MicroFile::new(file);
        match counter.energy() {
            Ok(_) => devices.push((
                label,
                Sensors {
                    counter: Some(Arc::new(counter)),
                    ..Sensors::default()
                },
            )),
            Err(error) => failures.push(error.0),
        }
    }
    if devices.is_empty() && failures.is_empty() {
        for (label, file) in rails {
            let gauge = MicroFile::new(file);
            match gauge.power() {
                Ok(_) => devices.push((
                    label,
                    Sensors {
                        gauge: Some(Arc::new(gauge)),
                        ..Sensors::default()
                    },
                )),
                Err(error) => failures.push(error.0),
            }
        }
    }
    // Part of a package would be called the package, so all of it answers or none counts.
    match failures.into_iter().next() {
        None if !devices.is_empty() => {
            found.reports.push(looked().available(None));
            found.devices.extend(
                devices
                    .into_iter()
                    .map(|(label, sensors)| chip.sensor(Scope::CpuPackage, &label, sensors)),
            );
        }
        reason => {
            let reason = reason
                .unwrap_or_else(|| format!("the driver {} offers no power sensor", chip.name));
            found
                .reports
                .push(looked().unavailable((reason, String::new())));
        }
    }
}

/// The first value is the total; the others are its rails.
fn supply(chip: &Chip, found: &mut Found) {
    let looked = chip.looked(Scope::Platform);
    match board(chip) {
        Ok(sensors) => {
            found
                .reports
                .push(looked.available_as(None, sensors.averaging));
            found.whole.push(chip.sensor(Scope::Platform, "", sensors));
        }
        Err(reason) => found
            .reports
            .push(looked.unavailable((reason, String::new()))),
    }
}

const READS_ZERO: &str = "it reads 0, which nothing that is on draws";

/// A file that holds millionths of a watt or of a joule.
struct MicroFile {
    file: PathBuf,
}

impl MicroFile {
    fn new(file: PathBuf) -> Self {
        Self { file }
    }

    fn value(&self) -> Result<f64, ReadError> {
        let failed = |what: String| ReadError(format!("{}: {what}", self.file.display()));
        let text = text(Path::new(&self.file)).map_err(|error| failed(error.to_string()))?;
        let value: i64 = text
            .parse()
            .map_err(|_| failed(format!("{text:?} is no number")))?;
        match value {
            0 => Err(failed(READS_ZERO.to_owned())),
            1.. => Ok(value as f64 / 1e6),
            _ => Err(failed(format!("{value} is below 0"))),
        }
    }
}

impl PowerGauge for MicroFile {
    fn power(&self) -> Result<Watts, ReadError> {
        self.value().map(Watts)
    }
}

impl EnergyCounter for MicroFile {
    /// 64 bits of microjoules do not wrap in a machine's life.
    fn energy(&self) -> Result<Joules, ReadError> {
        self.value().map(Joules)
    }
}

#[cfg(test)]
#[path = "hwmon_tests.rs"]
mod tests;
