//! How the machine runs at this moment: battery, clock.

use super::facts::Facts;
use wattsmith_domain::{Finding, Severity, Source};

/// Clock sources that the kernel falls back to when it no longer trusts the processor's own.
const UNSTABLE: [&str; 5] = ["hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"];

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    [on_battery(facts), clock(facts)]
        .into_iter()
        .flatten()
        .collect()
}

fn on_battery(facts: &Facts) -> Option<Finding> {
    facts.state.on_battery.then(|| {
        Finding::new(
            Severity::Note,
            "on-battery",
            "The machine runs on its battery",
            format!(
                "Laptops lower clocks and power limits on battery, so figures hold for this state \
                 only.{}",
                if facts.answers(Source::Battery) {
                    " On the other hand the battery tells what the whole machine draws."
                } else {
                    ""
                }
            ),
        )
        .advise("Plug it in for figures that compare with those of other days.")
    })
}

fn clock(facts: &Facts) -> Option<Finding> {
    let source = facts.state.clock_source.as_str();
    UNSTABLE.contains(&source).then(|| {
        Finding::new(
            Severity::Note,
            "clock-unstable",
            "The kernel does not trust the processor's clock",
            format!(
                "It keeps time by {source}, a fallback that is slow to read: every time stamp costs \
                 microseconds, and tokens per second come out a little low."
            ),
        )
        .command(
            "Read why it was given up:",
            "sudo dmesg | grep -iE 'clocksource|tsc'",
        )
        .advise("A firmware update often cures it; in a virtual machine, its host's settings.")
    })
}
