//! Sensors that show power and make no figure: named, with what they tell, as far as that is known.

use super::chip::{CLASS, Channel, Chip, Holds};
use super::table::{Covers, Row, SUPPLY};
use crate::files::Root;
use crate::plausible;
use crate::probe::{Found, Refusal};
use wattsmith_domain::{Scope, SensorFault};

/// One report per chip and kind of sensor.
pub(super) fn find(root: &Root, chips: &[Chip], found: &mut Found) {
    for chip in chips {
        if is_supply(root, chip) {
            if !chip.channels.is_empty() {
                let refusal = Refusal::new(
                    None,
                    "not used: its own files (power_supply) tell the same, and nothing is counted \
                     twice",
                );
                let looked = chip.looked(SUPPLY.title, "", SUPPLY.covers.scope());
                found.reports.push(looked.refused(refusal));
            }
            continue;
        }
        let strangers: Vec<&Channel> = chip
            .explained()
            .filter(|(_, row)| row.is_none())
            .map(|(channel, _)| channel)
            .collect();
        if !strangers.is_empty() {
            let looked = chip.looked(UNKNOWN, "", Scope::Part);
            found
                .reports
                .push(looked.refused(unknown(chip, &strangers)));
        }
        let mut told: Option<&Row> = None;
        for (channel, row) in chip.explained() {
            let Some(row) = row else { continue };
            if told.is_some_and(|before| std::ptr::eq(before, row)) {
                continue;
            }
            if let Some(refusal) = known(chip, channel, row) {
                let looked = chip.looked(row.title, "", row.covers.scope());
                found.reports.push(looked.refused(refusal));
                told = Some(row);
            }
        }
    }
}

/// How the report of a sensor is called that no source explains; the doctor looks for its code.
const UNKNOWN: &str = "Power sensor that nobody here knows";

/// Batteries and chargers appear in hwmon under the name of their `power_supply`, `-` as `_`.
fn is_supply(root: &Root, chip: &Chip) -> bool {
    let class = "sys/class/power_supply";
    let same = |name: &String| name.replace('-', "_") == chip.name.replace('-', "_");
    // The hwmon folder lies within the supply's, so its `type` is at hand even where the class is not.
    let kind = chip.text("device/type");
    root.names(class).iter().any(same)
        || kind.is_some_and(|kind| ["Battery", "Mains", "USB", "UPS", "Wireless"].contains(&&*kind))
}

fn known(chip: &Chip, channel: &Channel, row: &Row) -> Option<Refusal> {
    let what = row.tells;
    let (fault, why) = match row.covers {
        Covers::Rail => (
            None,
            "and no device whose joules could make a figure".to_owned(),
        ),
        Covers::OtherMachine => (
            SensorFault::OtherScope.into(),
            "and not this machine".to_owned(),
        ),
        Covers::Unsaid => (
            SensorFault::UnknownDriver.into(),
            format!("here “{}”, which no source explains", channel.label),
        ),
        // Those that make figures, and their pieces, are told of elsewhere.
        Covers::Board
        | Covers::Chip
        | Covers::Package(_)
        | Covers::Whole
        | Covers::Processor
        | Covers::Supply => return None,
        Covers::Piece if has_whole(chip) => return None,
        Covers::Piece => (
            SensorFault::OtherScope.into(),
            "which makes no figure by itself".to_owned(),
        ),
    };
    let reason = format!(
        "not used: it tells {what}, {why} (known from {})",
        row.source
    );
    Some(Refusal::new(fault, reason).advise(own_meter(chip, channel)))
}

fn has_whole(chip: &Chip) -> bool {
    !chip
        .with(|row| matches!(row.covers, Covers::Package(_) | Covers::Whole))
        .is_empty()
}

fn unknown(chip: &Chip, strangers: &[&Channel]) -> Refusal {
    let first = strangers[0];
    let shown: Vec<String> = strangers.iter().map(|one| shown(chip, one)).collect();
    let reason = format!(
        "the driver {} shows power, and nobody here knows of what: {}",
        chip.name,
        shown.join(", ")
    );
    Refusal::new(SensorFault::UnknownDriver, reason).advise(own_meter(chip, first))
}

/// Such as `power1_input (CPU rail) = 35 W`.
fn shown(chip: &Chip, channel: &Channel) -> String {
    let label = match channel.label.as_str() {
        "" => String::new(),
        label => format!(" ({label})"),
    };
    let value = (chip.read)(&channel.file);
    let told = match value.map(|text| text.parse::<f64>()) {
        Ok(Ok(micro)) => {
            let unit = if channel.holds == Holds::Energy {
                "J"
            } else {
                "W"
            };
            format!(" = {} {unit}", plausible::words(micro / 1e6))
        }
        Ok(Err(_)) => " (no number)".to_owned(),
        Err(error) => format!(" (cannot be read: {error})"),
    };
    format!("{}{label}{told}", channel.file_name())
}

/// What a person can do who knows what it is.
fn own_meter(chip: &Chip, channel: &Channel) -> String {
    let file = format!("/{CLASS}/{}/{}", chip.entry, channel.file_name());
    let (unit, program) = match channel.holds {
        Holds::Energy => ("microjoules", format!("cat {file}")),
        Holds::Average | Holds::Moment => ("watts", format!("awk '{{print $1/1e6}}' {file}")),
    };
    format!(
        "If you know what it measures, make it a meter of your own, with its scope: wattsmith-cli \
         meters add {} --kind command --mode once --unit {unit} --scope platform -- {program}",
        chip.name
    )
}
