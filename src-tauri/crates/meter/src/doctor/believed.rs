//! Sensors that answer and are not believed, or believed for less than their place suggests.

use super::facts::{Facts, listed};
use super::sensors::{device, sentence};
use crate::hwmon::ASLEEP;
use wattsmith_domain::{Finding, Scope, SensorFault, SensorReport, Severity, Source};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(mirrored(facts));
    found.extend(impossible(facts));
    found.extend(several(facts));
    found.extend(unknown_drivers(facts));
    found.extend(chip_only(facts));
    found.extend(asleep(facts));
    found.extend(battery(facts));
    found
}

/// Sensors that do not answer for this reason.
fn silent(facts: &Facts, fault: SensorFault) -> impl Iterator<Item = (&SensorReport, &str, &str)> {
    facts
        .silent()
        .filter(move |(report, ..)| report.fault == Some(fault))
}

fn reasons<'a>(silent: impl Iterator<Item = (&'a SensorReport, &'a str, &'a str)>) -> Vec<String> {
    silent
        .map(|(report, reason, _)| format!("{}: {reason}", device(report)))
        .collect()
}

fn mirrored(facts: &Facts) -> Option<Finding> {
    let mirrors = reasons(silent(facts, SensorFault::Mirrored));
    (!mirrors.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "sensor-mirrored",
            "One counter is shown under several names",
            format!(
                "Added, its joules would be counted twice. {}",
                sentence(&mirrors.join("; "))
            ),
        )
        .advise("Nothing needs to be done: it is counted once.")
    })
}

fn impossible(facts: &Facts) -> Option<Finding> {
    // A sensor that reads 0 and a battery have findings of their own.
    let what = reasons(silent(facts, SensorFault::ImpossibleLevel).filter(
        |(report, reason, _)| report.source != Source::Battery && !reason.contains("reads 0"),
    ));
    (!what.is_empty()).then(|| {
        Finding::new(
            facts.missing(),
            "sensor-impossible",
            "A sensor tells what cannot be",
            format!(
                "Its value is not used: it tells something else than it claims, or in another unit. \
                 {}",
                sentence(&what.join("; "))
            ),
        )
        .advise(
            "Update kernel and firmware. Graphics inside a processor are part of what the CPU's \
             counters hold, and nothing is missing then.",
        )
        .until_then(facts.fallback())
    })
}

fn several(facts: &Facts) -> Option<Finding> {
    let what: Vec<_> = silent(facts, SensorFault::SeveralValues)
        // The person's own meters have a finding of their own.
        .filter(|(report, ..)| report.source == Source::Hwmon)
        .collect();
    let remedy = what.first().map(|(.., remedy)| (*remedy).to_owned())?;
    Some(
        Finding::new(
            facts.missing(),
            "sensor-several",
            "A sensor gives several values where one is wanted",
            sentence(&reasons(what.into_iter()).join("; ")),
        )
        .advise(remedy)
        .until_then(facts.fallback()),
    )
}

fn unknown_drivers(facts: &Facts) -> Vec<Finding> {
    silent(facts, SensorFault::UnknownDriver)
        .map(|(report, reason, remedy)| {
            Finding::new(
                Severity::Note,
                "unknown-driver",
                format!(
                    "{} shows power, and nobody here knows of what",
                    report.device
                ),
                format!(
                    "{} A sensor is used only where a source says what it measures.",
                    sentence(reason)
                ),
            )
            .advise(remedy)
        })
        .collect()
}

fn chip_only(facts: &Facts) -> Option<Finding> {
    let chips: Vec<&str> = facts
        .answering()
        .filter(|report| report.scope == Scope::GpuPackage && report.source == Source::Hwmon)
        .map(|report| report.device.as_str())
        .collect();
    (!chips.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "gpu-chip-only",
            "Only the GPU's chip is counted, not its board",
            format!(
                "{} counts what the chip's package takes. Memory, fans and the losses of converters \
                 on the board are not in it, so figures are lower than the board's, and are compared \
                 only with others of the same scope.",
                listed(chips)
            ),
        )
        .advise(
            "Where the kernel is older than the card, a newer one may count the board. A plug at the \
             wall tells the rest.",
        )
    })
}

fn asleep(facts: &Facts) -> Option<Finding> {
    let (report, _, remedy) = facts
        .silent()
        .find(|(_, reason, _)| reason.starts_with(ASLEEP))?;
    Some(
        Finding::new(
            facts.missing(),
            "gpu-asleep",
            "A GPU is asleep, so its sensors tell nothing",
            format!(
                "Nothing uses {}, so its driver has switched it off. It is not broken; as long as it \
                 sleeps it draws next to nothing.",
                report.device
            ),
        )
        .advise(remedy)
        .until_then(facts.fallback()),
    )
}

fn battery(facts: &Facts) -> Option<Finding> {
    let (_, reason, remedy) = facts
        .silent()
        .find(|(report, ..)| report.source == Source::Battery && report.fault.is_some())?;
    let finding = Finding::new(
        facts.missing(),
        "battery-silent",
        "The battery does not tell what it gives off",
        sentence(reason),
    )
    .until_then(facts.fallback());
    Some(match remedy {
        "" => finding.advise("A plug at the wall tells what the whole machine draws."),
        remedy => finding.advise(remedy),
    })
}
