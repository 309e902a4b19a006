//! What was observed of the machine, before anything is concluded from it.

use crate::surroundings::Surroundings;
use wattsmith_domain::{Availability, SensorReport, Severity, Source, Usable, Watts};

/// Everything that the catalogue concludes from. Filled by [`Facts::look`], or by a test.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub(crate) surroundings: Surroundings,
    /// The board's name where this is a Jetson.
    pub(crate) jetson: Option<String>,
    pub(crate) gpus: Vec<PciGpu>,
    pub(crate) secure_boot: bool,
    pub(crate) driver: Driver,
    /// Device files of the NVIDIA driver that this user may not open.
    pub(crate) closed_files: Vec<String>,
    pub(crate) cpu: Cpu,
    /// Cores that the engine may use, where that can be told.
    pub(crate) usable: Option<Usable>,
    pub(crate) chips: Vec<Chip>,
    pub(crate) state: State,
    /// Whether a sensor makes the figure.
    pub(crate) measured: bool,
    /// Every sensor that the meter looked for.
    pub(crate) sensors: Vec<SensorReport>,
    /// Devices whose integrated power is off their counter: name and share, 0.07 is 7 % too much.
    pub(crate) disagreeing: Vec<(String, f64)>,
}

/// A graphics device on the PCI bus.
#[derive(Debug, Clone, Default)]
pub(crate) struct PciGpu {
    /// Such as `0000:01:00.0`.
    pub(crate) address: String,
    pub(crate) vendor: Vendor,
    /// The kernel driver that has it, if any has.
    pub(crate) driver: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Vendor {
    Nvidia,
    Amd,
    Intel,
    #[default]
    Other,
}

/// How NVML answers.
#[derive(Debug, Clone, Default)]
pub(crate) enum Driver {
    /// Its library is not there.
    #[default]
    NoLibrary,
    /// The library is there, the kernel module not.
    NotLoaded,
    /// Library and module are of different versions.
    Mismatch,
    Denied,
    /// Something else, in its own words.
    Refused(String),
    Answers(Vec<Board>),
}

/// One NVIDIA board as NVML tells of it; what it does not tell is none or empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board {
    /// Such as `GPU 0: NVIDIA GeForce RTX 4090`.
    pub(crate) name: String,
    pub(crate) health: Health,
    /// Whether total energy answers.
    pub(crate) counter: bool,
    /// Whether power answers, instant or averaged.
    pub(crate) power: bool,
    pub(crate) mig: bool,
    pub(crate) persistence: Option<bool>,
    pub(crate) limit: Option<Watts>,
    pub(crate) default_limit: Option<Watts>,
    /// Why its clocks are held down by heat or a failing supply, in words.
    pub(crate) throttled: Vec<&'static str>,
    pub(crate) temperature_c: Option<u32>,
    /// Processes that are not ours, such as `python3 (4711)`.
    pub(crate) processes: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Health {
    #[default]
    Good,
    Lost,
    ResetRequired,
}

/// The processor and its energy counters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cpu {
    pub(crate) name: String,
    /// Whether its maker and generation have RAPL.
    pub(crate) has_rapl: bool,
    /// Folders of RAPL zones, and whether their counter may be read.
    pub(crate) zones: Vec<(String, bool)>,
    pub(crate) governor: String,
    pub(crate) scaling_driver: String,
    pub(crate) energy_preference: String,
    pub(crate) turbo_off: bool,
    /// How often a core was slowed by heat while the doctor looked.
    pub(crate) throttle_events: u64,
}

/// A chip of the kernel's hwmon class.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chip {
    /// Such as `amdgpu`.
    pub(crate) name: String,
    /// Such as `hwmon3`.
    pub(crate) folder: String,
    pub(crate) power: ChipPower,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ChipPower {
    /// No file for power or energy.
    #[default]
    None,
    Zero,
    Denied,
    Answers,
}

/// How the machine runs at this moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) on_battery: bool,
    pub(crate) clock_source: String,
}

impl Facts {
    /// A missing sensor is a problem where nothing else measures, and a note beside one that does.
    pub(crate) fn missing(&self) -> Severity {
        if self.measured {
            Severity::Note
        } else {
            Severity::Problem
        }
    }

    /// The best sensor that answers, for use in place of one that does not.
    pub(crate) fn fallback(&self) -> Option<Source> {
        self.answering().map(|report| report.source).min()
    }

    pub(crate) fn answers(&self, source: Source) -> bool {
        self.answering().any(|report| report.source == source)
    }

    pub(crate) fn answering(&self) -> impl Iterator<Item = &SensorReport> {
        self.sensors.iter().filter(|report| report.answers())
    }

    /// Sensors that do not answer, with their reason and remedy.
    pub(crate) fn silent(&self) -> impl Iterator<Item = (&SensorReport, &str, &str)> {
        self.sensors
            .iter()
            .filter_map(|report| match &report.availability {
                Availability::Unavailable { reason, remedy } => {
                    Some((report, reason.as_str(), remedy.as_str()))
                }
                Availability::Available { .. } => None,
            })
    }

    /// Whether a graphics device of this maker is on the bus.
    pub(crate) fn has_gpu(&self, vendor: Vendor) -> bool {
        self.gpus.iter().any(|gpu| gpu.vendor == vendor)
    }

    pub(crate) fn boards(&self) -> &[Board] {
        match &self.driver {
            Driver::Answers(boards) => boards,
            _ => &[],
        }
    }
}

/// Names in a row: `one`, `one and two`, `one, two and three`.
pub(crate) fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<T> = names.into_iter().collect();
    let joined = |names: &[T]| {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        names.join(", ")
    };
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("{} and {}", joined(rest), last.as_ref())
        }
        _ => joined(&names),
    }
}
