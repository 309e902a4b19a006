//! CPU packages by hwmon, where RAPL does not count them.

use super::chip::Chip;
use super::reading::sensors;
use super::table::Covers;
use crate::probe::{Found, Refusal};
use crate::probed::Probed;
use wattsmith_domain::Scope;

/// Looks at one driver; `taken` is what counts the package already. Part of a package would be called
/// the package, so all of it answers or none counts.
pub(super) fn find(chip: &Chip, taken: Option<&str>, probed: &Probed, found: &mut Found) {
    let title = chip.row().map_or("CPU power (hwmon)", |row| row.title);
    let looked = |label: &str| chip.looked(title, label, Scope::CpuPackage);
    if let Some(by) = taken {
        let reason =
            format!("not used: {by} counts the same package, and nothing is counted twice");
        found
            .reports
            .push(looked("").unavailable((reason, String::new())));
        return;
    }
    let mut channels = chip.with(|row| matches!(row.covers, Covers::Package(_)));
    // Of counters, averages and a moment's power the first that there are tell it all.
    if let Some(best) = channels.first().map(|channel| channel.holds) {
        channels.retain(|channel| channel.holds == best);
    }
    let answers: Result<Vec<_>, Refusal> = channels
        .iter()
        .map(|channel| sensors(chip, channel, Scope::CpuPackage, probed).map(|one| (channel, one)))
        .collect();
    match answers {
        Ok(answers) if answers.is_empty() => {
            let reason = format!("the driver {} offers no power sensor", chip.name);
            let refusal = Refusal::new(None, reason);
            found.reports.push(looked("").refused(refusal));
        }
        Ok(answers) => {
            for (channel, sensors) in answers {
                let report = looked(&channel.label);
                found.reports.push(match sensors.update {
                    Some(update) => report.available(Some(update)),
                    None => report.available_as(None, sensors.averaging),
                });
                found
                    .devices
                    .push(chip.sensor(&channel.label, Scope::CpuPackage, sensors));
            }
        }
        Err(refusal) => found.reports.push(looked("").refused(refusal)),
    }
}
