//! What a power supply or the firmware meters: all that it feeds.

use super::chip::{Channel, Chip};
use super::reading::sensors;
use super::table::Covers;
use crate::probe::{Found, Refusal};
use crate::probed::Probed;
use wattsmith_domain::{Scope, SensorFault};

/// Looks at all of them. Where there are several of one driver, nobody says whether they add up or
/// tell the same, so none is used.
pub(super) fn find(chips: &[Chip], probed: &Probed, found: &mut Found) {
    for chip in chips {
        let totals = totals(chip);
        let Some(total) = totals.first() else {
            continue;
        };
        let title = chip.row().map_or("Power of the machine", |row| row.title);
        let looked = chip.looked(title, &total.label, Scope::Platform);
        let like: usize = chips
            .iter()
            .filter(|other| other.name == chip.name)
            .map(meters)
            .sum();
        if like > 1 {
            found.reports.push(looked.refused(several(chip, like)));
            continue;
        }
        if chip
            .text(&format!("power{}_is_battery", total.number))
            .as_deref()
            == Some("1")
        {
            let reason = "it meters a battery, as its driver says, and not the machine";
            let refusal = Refusal::new(SensorFault::OtherScope, reason);
            found.reports.push(looked.refused(refusal));
            continue;
        }
        // Averaged power comes before a moment's of the same meter.
        let answer = totals
            .iter()
            .filter(|channel| channel.number == total.number)
            .map(|channel| sensors(chip, channel, Scope::Platform, probed))
            .reduce(|one, other| one.or_else(|first| other.map_err(|_| first)));
        match answer {
            Some(Ok(sensors)) => {
                found
                    .reports
                    .push(looked.available_as(None, sensors.averaging));
                found
                    .whole
                    .push(chip.sensor(&total.label, Scope::Platform, sensors));
            }
            Some(Err(refusal)) => found.reports.push(looked.refused(refusal)),
            None => {}
        }
    }
}

fn totals(chip: &Chip) -> Vec<&Channel> {
    chip.with(|row| row.covers == Covers::Whole)
}

/// How many things it meters; one can have a file for its average and one for its power now.
fn meters(chip: &Chip) -> usize {
    let mut numbers: Vec<u32> = totals(chip).iter().map(|channel| channel.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

fn several(chip: &Chip, count: usize) -> Refusal {
    let reason = format!(
        "there are {count} meters of the driver {} here, and nobody says whether they add up or \
         tell the same",
        chip.name
    );
    Refusal::new(SensorFault::SeveralValues, reason).advise(
        "Where you know which one to take, or that they add up, make that a meter of your own: \
         wattsmith-cli meters add, kind command.",
    )
}
