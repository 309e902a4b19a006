//! Graphics boards, and graphics inside processors.

use super::chip::{CLASS, Channel, Chip, ERROR, Holds, Sensors};
use super::reading::{READS_ZERO, sensors};
use super::table::Covers;
use crate::files::Root;
use crate::plausible::TOO_LITTLE;
use crate::probe::{Found, Looked, Refusal};
use crate::probed::Probed;
use crate::sensor::Device;
use wattsmith_domain::{Scope, SensorFault, SensorReport, Source};

/// How the report of a board begins whose driver has switched it off; the doctor looks for it.
pub(crate) const ASLEEP: &str = "the board is asleep";

/// What answers of a board.
struct Answer {
    scope: Scope,
    /// Empty where the whole board is told of.
    label: String,
    sensors: Sensors,
    /// Why the board's own sensor does not, where only the chip's does.
    silent: Option<(String, Refusal)>,
}

/// All graphics boards. Where a board of AMD's has two dies the first one's sensor tells the power of
/// both, and the second one's tells 0.
pub(super) fn find(chips: &[&Chip], rapl: bool, probed: &Probed, found: &mut Found) {
    found
        .names
        .extend(chips.iter().map(|chip| chip.device.clone()));
    let mut boards = Vec::new();
    for chip in chips {
        if is_asleep(chip) {
            asleep(chip, found);
        } else if is_integrated(chip) {
            found.reports.push(integrated(chip, rapl));
        } else {
            boards.push((chip, answer(chip, probed)));
        }
    }
    let first = boards
        .iter()
        .find(|(chip, answer)| chip.name == "amdgpu" && answer.is_ok())
        .map(|(chip, _)| chip.device.clone());
    for (chip, answer) in boards {
        board(chip, answer, first.as_deref(), found);
    }
}

/// `first` is the first board of AMD's that answers.
fn board(chip: &Chip, answer: Result<Answer, Refusal>, first: Option<&str>, found: &mut Found) {
    let title = chip.row().map_or("GPU power (hwmon)", |row| row.title);
    match answer {
        Ok(answer) => {
            if let Some((label, refusal)) = answer.silent {
                let looked = chip.looked(title, &label, Scope::GpuBoard);
                found.reports.push(looked.refused(refusal));
            }
            let device = chip.sensor(&answer.label, answer.scope, answer.sensors);
            let looked = chip.looked(title, &answer.label, answer.scope);
            found.reports.push(told(looked, &device));
            found.devices.push(device);
        }
        Err(refusal)
            if refusal.reason.ends_with(READS_ZERO) && chip.name == "amdgpu" && first.is_some() =>
        {
            let reason = format!(
                "it reads 0 W; on boards with two dies the first one ({}) tells the power of both",
                first.unwrap_or_default()
            );
            let refusal = Refusal::new(SensorFault::ImpossibleLevel, reason);
            let looked = chip.looked(title, "", Scope::GpuBoard);
            found.reports.push(looked.refused(refusal));
        }
        Err(mut refusal) => {
            let too_little = refusal.fault == Some(SensorFault::ImpossibleLevel)
                && refusal.reason.contains(TOO_LITTLE);
            if too_little && !is_surely_a_board(chip) {
                refusal.reason.push_str(
                    ": graphics inside a processor are known to tell such values, whose power the \
                     CPU's counters hold",
                );
            } else {
                found.missing.get_or_insert_with(|| refusal.reason.clone());
            }
            if refusal.remedy.is_empty() {
                refusal = refusal.advise("Update the kernel and its firmware.");
            }
            let looked = chip.looked(title, "", Scope::GpuBoard);
            found.reports.push(looked.refused(refusal));
        }
    }
}

fn told(looked: Looked, device: &Device) -> SensorReport {
    match device.info.update {
        Some(update) => looked.available(Some(update)),
        None => looked.available_as(None, device.info.averaging),
    }
}

/// The board's own sensors, else its chip's, or why neither answers.
fn answer(chip: &Chip, probed: &Probed) -> Result<Answer, Refusal> {
    let board = of_scope(chip, Covers::Board, probed);
    let refusal = match board {
        Ok((_, sensors)) => {
            return Ok(Answer {
                scope: Scope::GpuBoard,
                label: String::new(),
                sensors,
                silent: None,
            });
        }
        Err(refusal) => refusal,
    };
    match of_scope(chip, Covers::Chip, probed) {
        Ok((label, sensors)) => Ok(Answer {
            scope: Scope::GpuPackage,
            label,
            sensors,
            silent: refusal.map(|(label, refusal)| {
                let reason = format!("{}; its chip's own counter is used", refusal.reason);
                (label, Refusal { reason, ..refusal })
            }),
        }),
        Err(chips) => Err(refusal.or(chips).map_or_else(
            || {
                let reason = format!("the driver {} offers no power sensor for it", chip.name);
                Refusal::new(None, reason)
            },
            |(_, refusal)| refusal,
        )),
    }
}

/// Counter and power that answer of those which cover so much, with the label of the first; else why
/// the first of them does not, where there is one.
fn of_scope(
    chip: &Chip,
    covers: Covers,
    probed: &Probed,
) -> Result<(String, Sensors), Option<(String, Refusal)>> {
    let mut both = Sensors::default();
    let mut label = None;
    let mut why = None;
    let channels = chip.with(|row| row.covers == covers);
    let is_known = |both: &Sensors, channel: &Channel| match channel.holds {
        Holds::Energy => both.counter.is_some(),
        Holds::Average | Holds::Moment => both.gauge.is_some(),
    };
    for channel in channels {
        if is_known(&both, channel) {
            continue;
        }
        match sensors(chip, channel, covers.scope(), probed) {
            Ok(one) => {
                label.get_or_insert_with(|| channel.label.clone());
                both.counter = both.counter.or(one.counter);
                both.update = both.update.or(one.update);
                if one.gauge.is_some() {
                    both.gauge = one.gauge;
                    both.averaging = one.averaging;
                }
            }
            Err(refusal) => {
                why.get_or_insert((channel.label.clone(), refusal));
            }
        }
    }
    match label {
        Some(label) => Ok((label, both)),
        None => Err(why),
    }
}

/// A driver switches a board off that nothing uses (D3cold). Reading its sensors would wake it, fail
/// or give 0, by the driver's version.
fn is_asleep(chip: &Chip) -> bool {
    chip.text("device/power/runtime_status").as_deref() == Some("suspended")
}

fn asleep(chip: &Chip, found: &mut Found) {
    let reason = format!(
        "{ASLEEP}: nothing uses it, so its driver has switched it off, and its sensors tell nothing"
    );
    found.missing.get_or_insert_with(|| reason.clone());
    let title = chip.row().map_or("GPU power (hwmon)", |row| row.title);
    let refusal = Refusal::new(None, reason).advise(format!(
        "Keep it awake while you measure: echo on | sudo tee {}/device/power/control; then let \
         Wattsmith look again.",
        chip.folder.display()
    ));
    let looked = chip.looked(title, "", Scope::GpuBoard);
    found.reports.push(looked.refused(refusal));
}

/// Whether the GPU is part of the processor: its sensor then tells the whole package's power. The
/// header of `gpu_metrics` says so by its format (1 for boards, 2 and 3 for such processors), and so
/// do the voltage of a northbridge and labels that only such processors have.
fn is_integrated(chip: &Chip) -> bool {
    if chip.name != "amdgpu" {
        return false;
    }
    let format = std::fs::read(chip.folder.join("device/gpu_metrics"))
        .ok()
        .and_then(|bytes| bytes.get(2).copied());
    let labelled = chip.with(|row| row.covers == Covers::Processor);
    format.is_some_and(|format| (2..=3).contains(&format))
        || !labelled.is_empty()
        || chip.text("in1_label").as_deref() == Some("vddnb")
}

/// Only boards have a fan, and a clock of their own memory.
fn is_surely_a_board(chip: &Chip) -> bool {
    ["fan1_input", "freq2_input"]
        .into_iter()
        .any(|file| chip.folder.join(file).exists())
}

fn integrated(chip: &Chip, rapl: bool) -> SensorReport {
    let reason =
        "this GPU is part of the processor, and its sensor tells the power of the whole package";
    let remedy = if rapl {
        "Nothing is missing: RAPL counts that package."
    } else {
        "Make RAPL readable, which counts that package (see the CPU energy counter)."
    };
    let title = chip.row().map_or("GPU power (hwmon)", |row| row.title);
    let refusal = Refusal::new(SensorFault::OtherScope, reason).advise(remedy);
    chip.looked(title, "", Scope::CpuPackage).refused(refusal)
}

/// A driver that is loaded for a board, and no sensor at all: a container or an old kernel.
pub(super) fn unseen(root: &Root, chips: &[Chip], found: &mut Found) {
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
