//! The processor's own energy counters, and what holds its clocks.

use super::facts::{Facts, listed};
use wattsmith_domain::{Finding, Severity};

/// Gives the counters to a group of their own at every start: fine-grained energy readings can leak
/// secrets, so they are better not open to everybody.
const UDEV_RULE: &str = "sudo groupadd --force --system energy && sudo usermod --append --groups \
    energy \"$USER\" && echo 'SUBSYSTEM==\"powercap\", ACTION==\"add|change\", \
    KERNEL==\"intel-rapl:*\", RUN+=\"/bin/chgrp energy /sys%p/energy_uj\", \
    RUN+=\"/bin/chmod g+r /sys%p/energy_uj\"' | sudo tee \
    /etc/udev/rules.d/70-wattsmith-rapl.rules && sudo udevadm control --reload && sudo udevadm \
    trigger --subsystem-match=powercap --action=add";

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let hidden = facts.surroundings.wsl
        || facts.surroundings.container
        || facts.surroundings.virtual_machine.is_some();
    let mut found = Vec::new();
    if !facts.cpu.zones.is_empty() {
        found.extend(denied(facts));
    } else if !hidden {
        found.push(match facts.cpu.has_rapl {
            true => not_loaded(facts),
            false => absent(facts),
        });
    }
    found.extend(governor(facts));
    found.extend(turbo_off(facts));
    found.extend(throttled(facts));
    found
}

fn denied(facts: &Facts) -> Option<Finding> {
    let closed: Vec<&str> = facts
        .cpu
        .zones
        .iter()
        .filter(|(_, readable)| !readable)
        .map(|(folder, _)| folder.as_str())
        .collect();
    (!closed.is_empty()).then(|| {
        Finding::new(
            facts.missing(),
            "rapl-denied",
            "Only root may read the CPU's energy counters",
            format!(
                "{} cannot be read by this user. The kernel closed them to everybody in 2020, \
                 because fine-grained energy readings can leak secrets to other users of the \
                 machine.",
                listed(closed.iter().map(|folder| format!("{folder}/energy_uj")))
            ),
        )
        .command(
            "For now, to every user, until the machine restarts:",
            "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj",
        )
        .command(
            "For good: a udev rule that opens them to a group, with you in it. Log out and in \
             again afterwards.",
            UDEV_RULE,
        )
        .until_then(facts.fallback())
    })
}

fn not_loaded(facts: &Facts) -> Finding {
    Finding::new(
        facts.missing(),
        "rapl-not-loaded",
        "The CPU has energy counters, but the kernel does not show them",
        format!(
            "{} counts its energy, but /sys/class/powercap is empty: the module that reads the \
             counters is not loaded, or this kernel was built without it.",
            facts.cpu.name
        ),
    )
    .command("Load it now:", "sudo modprobe intel_rapl_msr")
    .command(
        "Load it at every start (it serves AMD's processors too):",
        "echo intel_rapl_msr | sudo tee /etc/modules-load.d/wattsmith.conf",
    )
    .until_then(facts.fallback())
}

fn absent(facts: &Facts) -> Finding {
    let name = match facts.cpu.name.as_str() {
        "" => "This processor",
        name => name,
    };
    Finding::new(
        facts.missing(),
        "rapl-absent",
        "This processor has no energy counters that Linux can read",
        format!(
            "{name} is not one of those that do: Intel since Sandy Bridge (2011) and AMD since Zen \
             (2017). Most ARM processors have none, and older x86 ones neither."
        ),
    )
    .advise(
        "Measure the whole machine instead: a plug at the wall (Shelly, Tasmota), or the battery \
         of a laptop that runs unplugged.",
    )
    .until_then(facts.fallback())
}

/// With these drivers `powersave` is the usual, fully dynamic governor.
const DYNAMIC_POWERSAVE: [&str; 4] = [
    "intel_pstate",
    "amd-pstate-epp",
    "amd_pstate_epp",
    "amd-pstate",
];

fn governor(facts: &Facts) -> Option<Finding> {
    let cpu = &facts.cpu;
    let dynamic = DYNAMIC_POWERSAVE.contains(&cpu.scaling_driver.as_str());
    let held_low = cpu.governor == "powersave" && !dynamic;
    let prefers_low = cpu.energy_preference == "power";
    (held_low || prefers_low).then(|| {
        let (what, command) = if held_low {
            (
                "The governor “powersave” holds the cores at their lowest clock",
                "echo schedutil | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
            )
        } else {
            (
                "The energy preference “power” keeps the cores at low clocks",
                "echo balance_performance | sudo tee \
                 /sys/devices/system/cpu/cpu*/cpufreq/energy_performance_preference",
            )
        };
        Finding::new(
            Severity::Note,
            "cpu-powersave",
            "The CPU is set to save power",
            format!(
                "{what}. That changes what is best for the engine; figures hold for this setting \
                 only, and a desktop may switch it by itself."
            ),
        )
        .command(
            "Where you want the usual setting (until the machine restarts):",
            command,
        )
    })
}

fn turbo_off(facts: &Facts) -> Option<Finding> {
    facts.cpu.turbo_off.then(|| {
        Finding::new(
            Severity::Note,
            "cpu-turbo-off",
            "The CPU's turbo is off",
            "Clocks stay at or below the base clock. Figures are steadier so, and often lower per \
             token; they hold for this setting only.",
        )
        .command(
            "Where you want it on again (Intel, then AMD):",
            "echo 0 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo; echo 1 | sudo tee \
             /sys/devices/system/cpu/cpufreq/boost",
        )
    })
}

fn throttled(facts: &Facts) -> Option<Finding> {
    (facts.cpu.throttle_events > 0).then(|| {
        Finding::new(
            Severity::Problem,
            "cpu-throttled",
            "The CPU is slowed down by heat at this moment",
            format!(
                "Its package was throttled {} times while it was looked at. Figures taken now are \
                 those of a hot machine.",
                facts.cpu.throttle_events
            ),
        )
        .advise("Let it cool, end other load, clear fans and vents; then look again.")
    })
}
