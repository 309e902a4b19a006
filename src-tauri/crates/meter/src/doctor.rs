//! Why this machine can or cannot be measured, and what to do: a catalogue of situations.
//!
//! [`Facts`] hold what was observed; each module beside this one turns them into [`Finding`]s by
//! pure functions, so that every situation is tested from facts that are written down. Only `look`
//! reads anything, and nothing is ever changed or run: remedies are text to copy. Situations that
//! need more than the machine's sensors (engine, models, disk, keyring) are in `tuner::doctor`.
//!
//! A new situation is a function in the module of its subject, called from that module's `findings`.

mod cores;
mod cpu;
mod facts;
mod gpu;
mod look;
mod look_nvml;
mod nvidia;
mod place;
mod sensors;
mod state;
#[cfg(test)]
mod tests;

pub use facts::Facts;

use wattsmith_domain::Finding;

/// What is to be said of these facts, worst first; within one severity causes come before
/// what follows from them.
#[must_use]
pub fn diagnose(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = [
        gpu::findings(facts),
        nvidia::findings(facts),
        place::findings(facts),
        cpu::findings(facts),
        cores::findings(facts),
        sensors::findings(facts),
        state::findings(facts),
    ]
    .into_iter()
    .flatten()
    .collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}
