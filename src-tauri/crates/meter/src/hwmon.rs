//! Power and energy sensors of the kernel's hwmon class: AMD and Intel GPUs, CPUs, power supplies.
//!
//! What a driver's sensor measures is known by its name and label only, so they are listed, each with
//! its source ([`table`]). Each watt is counted once: RAPL comes before every hwmon sensor of the CPU
//! package, and of those a counter before gauges; the energy counter of a device before its power, and
//! averaged power before a moment's. What is in no row is named and not used ([`others`]).

mod chip;
mod graphics;
mod others;
mod package;
mod reading;
mod state;
mod table;
mod whole;

pub(crate) use graphics::ASLEEP;

use crate::files::{Root, text};
use crate::probe::Found;
use crate::probed::Probed;
use chip::Chip;
use reading::Reader;
use table::Covers;

/// Looks for what hwmon has to offer; `rapl` says whether RAPL counts the CPU already. Gives GPUs,
/// and CPUs with what covers the whole machine.
pub(crate) fn find(root: &Root, rapl: bool, probed: &Probed) -> (Found, Found) {
    find_with(root, rapl, probed, text)
}

fn find_with(root: &Root, rapl: bool, probed: &Probed, read: Reader) -> (Found, Found) {
    let (mut gpu, mut cpu) = <(Found, Found)>::default();
    let chips = chip::chips(root, read);
    let boards: Vec<&Chip> = chips.iter().filter(|chip| is_graphics(chip)).collect();
    graphics::find(&boards, rapl, probed, &mut gpu);
    graphics::unseen(root, &chips, &mut gpu);
    let mut packages: Vec<(u8, &Chip)> = chips
        .iter()
        .filter_map(|chip| Some((package_order(chip)?, chip)))
        .collect();
    packages.sort_by_key(|(order, _)| *order);
    for (_, chip) in packages {
        let better = || !cpu.devices.is_empty() && !is_of_driver(&cpu, &chip.name, &chips);
        let taken = match rapl {
            true => Some("RAPL"),
            false => better().then_some("a better sensor"),
        };
        package::find(chip, taken, probed, &mut cpu);
    }
    whole::find(&chips, probed, &mut cpu);
    others::find(root, &chips, &mut cpu);
    (gpu, cpu)
}

fn is_graphics(chip: &Chip) -> bool {
    chip.row()
        .is_some_and(|row| matches!(row.covers, Covers::Board | Covers::Chip | Covers::Processor))
}

/// In which order its driver is preferred for the CPU package, if it tells of one.
fn package_order(chip: &Chip) -> Option<u8> {
    let orders = chip.explained().filter_map(|(_, row)| match row?.covers {
        Covers::Package(order) => Some(order),
        _ => None,
    });
    orders.min()
}

/// Whether what counts the CPU so far is of this driver, too: then another chip of it tells of another
/// package.
fn is_of_driver(cpu: &Found, driver: &str, chips: &[Chip]) -> bool {
    let mut chips = chips.iter().filter(|chip| chip.name == driver);
    chips.any(|chip| {
        let mut devices = cpu.devices.iter();
        devices.any(|one| one.info.name.starts_with(&chip.device))
    })
}

#[cfg(test)]
#[path = "hwmon_tests.rs"]
mod tests;
