//! What the sensors themselves showed: which answer, which stand still, which contradict each other.

use super::facts::{ChipPower, Facts, Vendor, listed};
use crate::probe::STOOD_STILL;
use wattsmith_domain::{Finding, SensorReport, Severity, Source};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if !facts.measured {
        let beside = facts.answering().find(|one| one.source.is_measured());
        found.push(match (beside, facts.answers(Source::Estimate)) {
            (Some(meter), true) => beside_only(meter),
            (None, true) => no_sensor(),
            (_, false) => nothing_works(facts),
        });
    }
    found.extend(frozen(facts));
    found.extend(disagreeing(facts));
    found.extend(outside_unreachable(facts));
    found.extend(amd_silent(facts));
    found.extend(reads_zero(facts));
    found.extend(hwmon_denied(facts));
    found.extend(hwmon_without_power(facts));
    found.extend(working(facts));
    found
}

fn no_sensor() -> Finding {
    Finding::new(
        Severity::Problem,
        "no-sensor",
        "No power sensor answers",
        "Joules are estimated from the CPU time of the engine, with coefficients that nobody \
         measured on this machine. The error is ±50 % or more, and a saving is only called one \
         where it does not depend on how much the machine draws when idle.",
    )
    .advise(
        "The other findings say which sensor could be made to answer. What always works is a plug \
         at the wall that tells its watts over the network (Shelly, Tasmota): add it as an outside \
         meter.",
    )
    .until_then(Some(Source::Estimate))
}

fn beside_only(meter: &SensorReport) -> Finding {
    let name = outside_name(meter);
    Finding::new(
        Severity::Problem,
        "beside-only",
        format!("{name} answers, but does not make the figure"),
        format!(
            "It covers the {} and stands beside a figure that is estimated from CPU time. As the \
             figure itself it would make every joule a measured one.",
            meter.scope.label()
        ),
    )
    .advise(
        "Change the meter on the page This machine: “Make this the figure”. Or write role = \
         \"main\" for it in meters.toml.",
    )
    .until_then(Some(Source::Estimate))
}

fn nothing_works(facts: &Facts) -> Finding {
    let reason = facts
        .silent()
        .find(|(report, ..)| report.source == Source::Estimate)
        .map_or("CPU time cannot be read", |(_, reason, _)| reason);
    Finding::new(
        Severity::Problem,
        "nothing-works",
        "Nothing can be measured here, not even estimated",
        format!("No sensor answers, and {reason}."),
    )
    .command(
        "Mount procfs, which tells CPU time:",
        "sudo mount -t proc proc /proc",
    )
}

pub(super) fn device(report: &SensorReport) -> String {
    match report.device.as_str() {
        "" => report.name.clone(),
        device => format!("{}, {device}", report.name),
    }
}

fn frozen(facts: &Facts) -> Option<Finding> {
    let still: Vec<String> = facts
        .silent()
        .filter(|(_, reason, _)| reason.contains(STOOD_STILL))
        .map(|(report, ..)| device(report))
        .collect();
    (!still.is_empty()).then(|| {
        Finding::new(
            facts.missing(),
            "counter-frozen",
            "An energy counter answers, but does not count",
            format!(
                "{} gave the same value for a whole second. Every device that is on draws power, \
                 so the value is not used.",
                listed(&still)
            ),
        )
        .advise(
            "Restart the machine; update driver and firmware if it stays. Some virtual machines \
             and mainboards never let it count.",
        )
        .until_then(facts.fallback())
    })
}

fn disagreeing(facts: &Facts) -> Option<Finding> {
    let which = facts.disagreeing.iter().map(|(name, share)| {
        let (size, word) = (
            share.abs() * 100.0,
            if *share > 0.0 { "more" } else { "less" },
        );
        format!("{name}: {size:.0} % {word}")
    });
    (!facts.disagreeing.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "counter-disagrees",
            "Counter and power of the same device contradict each other",
            format!(
                "Power summed over a few seconds is more than 5 % off what the energy counter says \
                 ({}). The counter is used. Power that is averaged or read in part of the time \
                 explains most such cases.",
                listed(which)
            ),
        )
        .advise(
            "Look again; if it stays above 5 %, compare both with a plug at the wall over a steady \
             load, and trust differences more than totals.",
        )
    })
}

fn outside_unreachable(facts: &Facts) -> Vec<Finding> {
    facts
        .silent()
        .filter(|(report, ..)| report.source.is_own())
        .map(|(report, reason, remedy)| {
            let finding = Finding::new(
                Severity::Problem,
                "outside-unreachable",
                format!("The outside meter {} does not answer", outside_name(report)),
                sentence(reason),
            )
            .until_then(facts.fallback());
            match remedy {
                "" => finding.advise(
                    "Check that it is on and in this network, and that its address is still the \
                     one that was entered.",
                ),
                remedy => finding.advise(remedy),
            }
        })
        .collect()
}

fn outside_name(report: &SensorReport) -> &str {
    match report.device.as_str() {
        "" => &report.name,
        device => device,
    }
}

/// Begins with a capital and ends with a full stop.
pub(super) fn sentence(reason: &str) -> String {
    let mut letters = reason.trim_end_matches('.').chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn amd_silent(facts: &Facts) -> Option<Finding> {
    let told = facts
        .chips
        .iter()
        .any(|chip| chip.name == "amdgpu" && chip.power != ChipPower::None);
    if !facts.has_gpu(Vendor::Amd) || told || facts.surroundings.wsl {
        return None;
    }
    let run_by_amdgpu = facts
        .gpus
        .iter()
        .any(|gpu| gpu.vendor == Vendor::Amd && gpu.driver.as_deref() == Some("amdgpu"));
    let finding = if run_by_amdgpu {
        Finding::new(
            facts.missing(),
            "amdgpu-without-power",
            "There is an AMD GPU, but its driver tells no power",
            "The driver amdgpu has the GPU, but offers neither power1_average nor power1_input for \
             it: usual for some integrated GPUs and for kernels that are older than the card.",
        )
        .command(
            "See what it offers:",
            "grep -l amdgpu /sys/class/hwmon/hwmon*/name | xargs -n1 dirname | xargs ls",
        )
        .advise("Update the kernel and linux-firmware; an integrated GPU is part of what the CPU's energy counters cover.")
    } else {
        Finding::new(
            facts.missing(),
            "amdgpu-no-driver",
            "There is an AMD GPU, but the driver amdgpu does not run it",
            "Only amdgpu tells the power of AMD's GPUs; the old driver radeon does not.",
        )
        .command(
            "Load it, and read what it says:",
            "sudo modprobe amdgpu; sudo dmesg | grep -i amdgpu | tail",
        )
    };
    Some(finding.until_then(facts.fallback()))
}

fn chips(facts: &Facts, power: ChipPower) -> Vec<String> {
    facts
        .chips
        .iter()
        .filter(|chip| chip.power == power)
        .map(|chip| format!("{} ({})", chip.name, chip.folder))
        .collect()
}

fn reads_zero(facts: &Facts) -> Option<Finding> {
    let zero = chips(facts, ChipPower::Zero);
    (!zero.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "hwmon-reads-zero",
            "A power sensor reads 0 W",
            format!(
                "{} answers 0, which nothing that is on draws. On AMD cards with two dies or GPUs \
                 the first one tells the power of both and the second reads 0; it is left out, \
                 never counted as nothing.",
                listed(&zero)
            ),
        )
        .advise("Nothing needs to be done where the first die answers.")
        .until_then(facts.fallback())
    })
}

fn hwmon_denied(facts: &Facts) -> Option<Finding> {
    let closed = chips(facts, ChipPower::Denied);
    (!closed.is_empty()).then(|| {
        Finding::new(
            facts.missing(),
            "hwmon-denied",
            "This user may not read a power sensor",
            format!(
                "{} has files for power or energy that only root may read.",
                listed(&closed)
            ),
        )
        .command(
            "For now, until the machine restarts:",
            "sudo chmod a+r /sys/class/hwmon/hwmon*/{power,energy}*_{input,average}",
        )
        .command(
            "At every start:",
            "printf 'z /sys/class/hwmon/hwmon*/power*_* 0444 - - -\\nz \
             /sys/class/hwmon/hwmon*/energy*_input 0444 - - -\\n' | sudo tee \
             /etc/tmpfiles.d/wattsmith-hwmon.conf",
        )
        .until_then(facts.fallback())
    })
}

fn hwmon_without_power(facts: &Facts) -> Option<Finding> {
    let none = facts.chips.iter().all(|chip| chip.power == ChipPower::None);
    // Beside a sensor that answers this is no news: most chips tell temperatures only.
    (none && !facts.chips.is_empty() && !facts.measured).then(|| {
        let mut names: Vec<&str> = facts.chips.iter().map(|chip| chip.name.as_str()).collect();
        names.dedup();
        Finding::new(
            Severity::Note,
            "hwmon-without-power",
            "The mainboard's sensors tell no power",
            format!(
                "The kernel's hwmon class lists {}, which tell temperatures, fans or voltages. \
                 Power comes from chips such as amdgpu, ina2xx or a server's power supply.",
                listed(names)
            ),
        )
        .command(
            "On a board with more chips than the kernel found by itself (lm-sensors):",
            "sudo sensors-detect",
        )
        .until_then(facts.fallback())
    })
}

/// One finding for all that answers, so that the doctor does not only complain.
fn working(facts: &Facts) -> Option<Finding> {
    let mut sources: Vec<Source> = facts
        .answering()
        .map(|report| report.source)
        .filter(|source| source.is_measured())
        .collect();
    sources.sort();
    sources.dedup();
    let words = listed(sources.iter().map(|source| source.words()));
    (!sources.is_empty()).then(|| {
        let devices = facts
            .answering()
            .filter(|one| one.source.is_measured())
            .map(device);
        Finding::new(
            Severity::Fine,
            "sensors-answer",
            format!("Read here: {words}"),
            format!("Answering: {}.", devices.collect::<Vec<_>>().join("; ")),
        )
    })
}
