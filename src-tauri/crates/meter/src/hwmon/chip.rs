//! One driver's folder of the hwmon class, and the files for power and energy in it.

use super::reading::Reader;
use super::state::ChipState;
use super::table::{self, Row};
use crate::conditions::StateGauge;
use crate::files::{Root, text};
use crate::probe::Looked;
use crate::sensor::{Device, EnergyCounter, Info, PERIOD, PowerGauge, reading_period};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Scope, Source};

pub(super) const CLASS: &str = "sys/class/hwmon";
/// Typical systematic error: no maker states one, and reviews against a meter in the supply line
/// find a few per cent.
pub(super) const ERROR: f64 = 0.05;

/// What a file of a sensor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// `energyN_input`, µJ so far.
    Energy,
    /// `powerN_average`, µW.
    Average,
    /// `powerN_input`, µW.
    Moment,
}

/// One file of a chip.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) holds: Holds,
    pub(super) number: u32,
    /// Empty where there is none.
    pub(super) label: String,
    pub(super) file: PathBuf,
}

impl Channel {
    /// Such as `energy2_input`.
    pub(super) fn file_name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// One driver's folder.
pub(super) struct Chip {
    /// Text of its `name` file: the driver.
    pub(super) name: String,
    /// Such as `hwmon3`.
    pub(super) entry: String,
    /// The driver and what tells it from its like, such as `amdgpu 0000:03:00.0`.
    pub(super) device: String,
    /// Where its files are.
    pub(super) folder: PathBuf,
    pub(super) channels: Vec<Channel>,
    pub(super) read: Reader,
}

/// All chips, in the order of their folders.
pub(super) fn chips(root: &Root, read: Reader) -> Vec<Chip> {
    let mut chips: Vec<Chip> = root
        .names(CLASS)
        .into_iter()
        .filter_map(|entry| {
            // Drivers of the old kind keep name and files in the device's folder.
            let (folder, name) = [entry.clone(), format!("{entry}/device")]
                .into_iter()
                .find_map(|folder| {
                    let folder = root.path(CLASS).join(folder);
                    let name = text(&folder.join("name")).ok()?;
                    Some((folder, name))
                })?;
            Some(Chip {
                channels: channels(&folder),
                device: device(&name, &folder),
                name,
                entry,
                folder,
                read,
            })
        })
        .collect();
    // Names stand for devices from here on, so no two may be the same.
    for index in 0..chips.len() {
        let device = chips[index].device.clone();
        if chips.iter().filter(|one| one.device == device).count() > 1 {
            for chip in chips.iter_mut().filter(|one| one.device == device) {
                chip.device = format!("{device} ({})", chip.entry);
            }
        }
    }
    chips
}

fn device(name: &str, folder: &Path) -> String {
    let facts = ["device/uevent", "uevent"]
        .into_iter()
        .find_map(|file| text(&folder.join(file)).ok());
    let slot = facts.and_then(|facts| {
        let line = facts
            .lines()
            .find_map(|one| one.strip_prefix("PCI_SLOT_NAME="))?;
        Some(format!(" {line}"))
    });
    format!("{name}{}", slot.unwrap_or_default())
}

/// Files that hold a value: energy first, then averaged power, each in the order of its number.
fn channels(folder: &Path) -> Vec<Channel> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut channels: Vec<Channel> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (holds, prefix, number) = [
                (Holds::Energy, "energy", "_input"),
                (Holds::Average, "power", "_average"),
                (Holds::Moment, "power", "_input"),
            ]
            .into_iter()
            .find_map(|(holds, prefix, suffix)| {
                let number = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
                Some((holds, prefix, number.parse::<u32>().ok()?))
            })?;
            // ACPI's power meters are told apart by what their maker wrote.
            let label = ["label", "oem_info"]
                .into_iter()
                .find_map(|what| text(&folder.join(format!("{prefix}{number}_{what}"))).ok());
            Some(Channel {
                holds,
                number,
                label: label.unwrap_or_default(),
                file: entry.path(),
            })
        })
        .collect();
    channels.sort_by_key(|channel| (channel.holds, channel.number));
    channels
}

/// What counts or tells, and how it was seen to.
#[derive(Default)]
pub(super) struct Sensors {
    pub(super) counter: Option<Arc<dyn EnergyCounter>>,
    pub(super) gauge: Option<Arc<dyn PowerGauge>>,
    pub(super) averaging: Option<Duration>,
    /// How often the counter moves.
    pub(super) update: Option<Duration>,
}

impl Chip {
    pub(super) fn text(&self, file: &str) -> Option<String> {
        text(&self.folder.join(file)).ok()
    }

    /// Its device with a channel's label.
    pub(super) fn device_of(&self, label: &str) -> String {
        match label {
            "" => self.device.clone(),
            label => format!("{} {label}", self.device),
        }
    }

    /// Its driver's row, whatever the label.
    pub(super) fn row(&self) -> Option<&'static Row> {
        table::driver(&self.name)
    }

    /// Channels with their rows; none for a label that no source explains.
    pub(super) fn explained(&self) -> impl Iterator<Item = (&Channel, Option<&'static Row>)> {
        self.channels
            .iter()
            .map(|channel| (channel, table::row(&self.name, &channel.label)))
    }

    /// Channels whose row is one of these.
    pub(super) fn with(&self, wanted: impl Fn(&Row) -> bool) -> Vec<&Channel> {
        self.explained()
            .filter(|(_, row)| row.is_some_and(&wanted))
            .map(|(channel, _)| channel)
            .collect()
    }

    pub(super) fn looked(&self, title: &'static str, label: &str, scope: Scope) -> Looked {
        Looked {
            name: title,
            device: self.device_of(label),
            source: Source::Hwmon,
            scope,
            error: ERROR,
        }
    }

    pub(super) fn sensor(&self, label: &str, scope: Scope, sensors: Sensors) -> Device {
        Device {
            info: Info {
                name: self.device_of(label),
                source: Source::Hwmon,
                scope,
                error: ERROR,
                period: sensors
                    .update
                    .map_or(PERIOD, |update| reading_period(Some(update))),
                update: sensors.update,
                averaging: sensors.averaging,
            },
            counter: sensors.counter,
            gauge: sensors.gauge,
            state: scope.is_gpu().then(|| {
                let folder = self.folder.clone();
                Arc::new(ChipState { folder }) as Arc<dyn StateGauge>
            }),
        }
    }
}
