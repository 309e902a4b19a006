//! CPU packages and their memory through RAPL, as the kernel's powercap class shows it.
//!
//! Each `intel-rapl:N` is a package, or `psys`, the whole platform, which contains the packages and
//! is therefore never added to them; `intel-rapl:N:M` are parts of a package, of which only `dram`
//! lies beside it and not within. AMD's processors appear under the same names. Zones that show one
//! counter twice are found in `mirror`.

use crate::files::{Root, text};
use crate::plausible;
use crate::probe::{Found, Looked, Movement, Refusal, Still};
use crate::probed::Probed;
use crate::sensor::{Device, EnergyCounter, Info, ReadError, reading_period};
use crate::surroundings::Surroundings;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wattsmith_domain::{Joules, Scope, SensorFault, Source};

const CLASS: &str = "sys/class/powercap";
/// How the memory beside a package is called after it.
const DRAM: &str = " dram";
/// Typical systematic error against a meter at the processor's supply.
const ERROR: f64 = 0.05;

/// How a counter file is read; a parameter because tests run as root, who is denied nothing.
pub(crate) type Reader = fn(&Path) -> io::Result<String>;

/// Looks for packages and their memory.
pub(crate) fn find(root: &Root, surroundings: &Surroundings, probed: &Probed) -> Found {
    find_with(root, surroundings, probed, text)
}

fn find_with(root: &Root, surroundings: &Surroundings, probed: &Probed, read: Reader) -> Found {
    let mut found = Found::default();
    let zones = zones(root);
    if zones.is_empty() {
        let why = surroundings.hides_the_cpu().unwrap_or_else(|| {
            (
                format!(
                    "there is no CPU energy counter under {}",
                    root.path(CLASS).display()
                ),
                "On an Intel processor since 2011 or an AMD one since 2017: sudo modprobe \
                 intel_rapl_msr"
                    .to_owned(),
            )
        });
        // Every processor draws power, so a figure without it covers less than the machine.
        found.missing = Some(why.0.clone());
        let looked = looked(String::new(), Scope::CpuPackage);
        found.reports.push(looked.unavailable(why));
        return found;
    }
    for zone in zones {
        let counter = Zone::new(&zone, read);
        let watched = watch(root, &zone, &counter, probed);
        let looked = looked(zone.name.clone(), zone.scope);
        match watched {
            Err(why) => {
                if zone.scope == Scope::CpuPackage && !zone.is_second_die() {
                    found.missing.get_or_insert_with(|| why.reason.clone());
                }
                found.reports.push(looked.refused(why));
            }
            Ok(movement) => {
                let period = movement.period;
                found
                    .reports
                    .push(looked.available_as(Some(movement), None));
                let devices = match zone.scope {
                    Scope::Platform => &mut found.whole,
                    _ => &mut found.devices,
                };
                devices.push(Device {
                    info: Info {
                        name: zone.name,
                        source: Source::Rapl,
                        scope: zone.scope,
                        error: ERROR,
                        period: reading_period(Some(period)),
                        update: Some(period),
                        averaging: None,
                    },
                    counter: Some(Arc::new(counter)),
                    gauge: None,
                    state: None,
                });
            }
        }
    }
    // DRAM without its package would be a fraction of what the scope's name says.
    if found.devices.iter().all(|one| one.info.name.contains(DRAM)) {
        found.devices.clear();
    }
    found
}

/// How the counter moves, if it is one of what the zone's name says.
fn watch(
    root: &Root,
    zone: &ZoneFiles,
    counter: &Zone,
    probed: &Probed,
) -> Result<Movement, Refusal> {
    let raw = counter.raw().map_err(|error| explain(root, zone, &error))?;
    let watched = probed.watch(&zone.name, counter, None);
    let movement = watched.counter.map_err(|still| match still {
        Still::Frozen if raw == 0 => reads_zero(zone),
        other => Refusal::from(other),
    })?;
    // What memory rests at is not known to a factor of a thousand.
    let scope = if zone.is_memory() {
        Scope::Part
    } else {
        zone.scope
    };
    let Some(Err(reason)) = watched.level.map(|watts| plausible::judge(scope, watts)) else {
        return Ok(movement);
    };
    Err(Refusal::new(SensorFault::ImpossibleLevel, reason).advise(
        "The unit that the kernel takes for this processor's counter is wrong, or a virtual machine \
         invents it: update the kernel.",
    ))
}

fn looked(device: String, scope: Scope) -> Looked {
    Looked {
        name: match scope {
            Scope::Platform => "Platform energy counter (RAPL psys)",
            _ => "CPU energy counter (RAPL)",
        },
        device,
        source: Source::Rapl,
        scope,
        error: ERROR,
    }
}

struct ZoneFiles {
    name: String,
    folder: PathBuf,
    scope: Scope,
}

impl ZoneFiles {
    /// A processor of several dies can count all of its energy in the first one's register.
    fn is_second_die(&self) -> bool {
        let die = self.name.split_once("-die-").map(|(_, die)| die);
        die.is_some_and(|die| die != "0")
    }

    fn is_memory(&self) -> bool {
        self.name.contains(DRAM)
    }
}

/// A register that holds 0 and stays there is not counted by anybody.
fn reads_zero(zone: &ZoneFiles) -> Refusal {
    let reason = if zone.is_second_die() {
        "its counter reads 0 and stays there: this processor counts all of its dies in the first one"
    } else {
        "its counter reads 0 and stays there: some AMD processors do not count the second package"
    };
    Refusal::new(SensorFault::Frozen, reason)
        .advise("Update the kernel and the machine's firmware.")
}

fn zones(root: &Root) -> Vec<ZoneFiles> {
    let name_of = |zone: &str| root.text(&format!("{CLASS}/{zone}/name"));
    let mut zones: Vec<ZoneFiles> = Vec::new();
    for zone in root.names(CLASS) {
        let Some(number) = zone.strip_prefix("intel-rapl:") else {
            continue;
        };
        let Some(own) = name_of(&zone) else { continue };
        let mut scope = Scope::CpuPackage;
        let name = match number.split_once(':') {
            None if own.starts_with("package") => own,
            None if own == "psys" => {
                scope = Scope::Platform;
                own
            }
            Some((package, _)) if own == "dram" => {
                let package = name_of(&format!("intel-rapl:{package}"));
                format!("{}{DRAM}", package.unwrap_or_default())
            }
            _ => continue,
        };
        // Names stand for zones from here on, so no two may be the same.
        let name = match zones.iter().any(|other| other.name == name) {
            true => format!("{name} ({zone})"),
            false => name,
        };
        zones.push(ZoneFiles {
            name,
            folder: root.path(CLASS).join(zone),
            scope,
        });
    }
    zones
}

fn explain(root: &Root, zone: &ZoneFiles, error: &io::Error) -> Refusal {
    let file = zone.folder.join("energy_uj");
    if error.kind() == ErrorKind::PermissionDenied {
        return Refusal::new(
            SensorFault::Unreadable,
            format!(
                "only root may read {} (since 2020, because fine-grained energy readings can leak \
                 secrets to other users)",
                file.display()
            ),
        )
        .advise(format!(
            "Grant it until the next start of the machine: sudo chmod a+r \
             {}/intel-rapl:*/energy_uj",
            root.path(CLASS).display()
        ));
    }
    Refusal::new(
        SensorFault::Unreadable,
        format!("{} cannot be read: {error}", file.display()),
    )
}

/// One zone's counter, unwrapped.
struct Zone {
    file: PathBuf,
    /// Microjoules after which it starts again from 0, where the kernel tells.
    range: Option<u64>,
    read: Reader,
    state: Mutex<Unwrapped>,
}

#[derive(Default)]
struct Unwrapped {
    last: Option<u64>,
    microjoules: u64,
}

impl Zone {
    fn new(zone: &ZoneFiles, read: Reader) -> Self {
        Self {
            file: zone.folder.join("energy_uj"),
            range: text(&zone.folder.join("max_energy_range_uj"))
                .ok()
                .and_then(|range| range.parse().ok()),
            read,
            state: Mutex::default(),
        }
    }

    fn raw(&self) -> io::Result<u64> {
        (self.read)(&self.file)?
            .parse()
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it holds no number"))
    }
}

impl EnergyCounter for Zone {
    fn energy(&self) -> Result<Joules, ReadError> {
        // Held while reading, so that two threads cannot count the same wrap twice.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let raw = self
            .raw()
            .map_err(|error| ReadError::unreadable(format!("{}: {error}", self.file.display())))?;
        let gained = match (state.last, self.range) {
            (None, _) => 0,
            (Some(last), _) if raw >= last => raw - last,
            (Some(last), Some(range)) if range >= last => range - last + raw,
            _ => {
                return Err(ReadError::unreadable(format!(
                    "{} ran backwards and does not say where it wraps",
                    self.file.display()
                )));
            }
        };
        state.last = Some(raw);
        state.microjoules = state.microjoules.saturating_add(gained);
        Ok(Joules(state.microjoules as f64 / 1e6))
    }
}

#[cfg(test)]
#[path = "rapl_tests.rs"]
mod tests;
