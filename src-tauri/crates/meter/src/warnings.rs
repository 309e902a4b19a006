//! What makes a window's figure less trustworthy, and what to do about it.

use crate::recorded::Recorded;
use std::collections::BTreeSet;
use wattsmith_domain::{CpuUse, MonotonicNs, Seconds, Source, Warning, WarningKind};

/// Share of the machine that other programs may use.
const MOST_OTHER: f64 = 0.05;
/// Share of the machine that Wattsmith itself may use: 3 % of a core where there are two.
const MOST_OWN: f64 = 0.015;
/// An averaged power needs so long a window for its lag not to matter.
const LEAST_AVERAGED: Seconds = Seconds(60.0);

impl Recorded {
    /// What to be careful about between two instants, as far as that shows without knowing what the
    /// sensors told at rest: [`Recorded::judged`] sees more.
    #[must_use]
    pub fn warnings(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<Warning> {
        let mut warnings = self.own_warnings(from, to);
        let apart = self.readers((from, to), &BTreeSet::new());
        warnings.extend(apart.into_iter().map(|one| one.warning));
        warnings
    }

    /// Those that are not about one sensor against another.
    pub(crate) fn own_warnings(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<Warning> {
        let window = to.since(from);
        let mut warnings = Vec::new();
        if let Some(used) = self.cpu(from, to) {
            warnings.extend(other_load(used, window));
            warnings.extend(busy_host(used, window));
            warnings.extend(driver_load(used, window));
        }
        if self.on_battery {
            warnings.push(warning(
                WarningKind::OnBattery,
                "The machine ran on battery, which lowers its clocks. Plug it in and measure again."
                    .to_owned(),
            ));
        }
        if let Some(what) = &self.not_covered {
            warnings.push(warning(
                WarningKind::PartialScope,
                format!("The figure leaves out {what}. See the sensors for what can be done."),
            ));
        }
        warnings.extend(self.condition_warnings(from, to));
        let averaged = self
            .devices
            .iter()
            .any(|one| one.info.source == Source::NvmlAverage);
        if averaged && window.0 < LEAST_AVERAGED.0 {
            warnings.push(warning(
                WarningKind::ShortWindow,
                format!(
                    "This GPU tells its power only as an average over a second, which needs windows \
                     of {} s or more; this one took {:.1} s.",
                    LEAST_AVERAGED.0, window.0
                ),
            ));
        }
        warnings
    }
}

fn other_load(used: CpuUse, window: Seconds) -> Option<Warning> {
    let share = used.other_s / (f64::from(used.cores) * window.0);
    (share > MOST_OTHER).then(|| {
        warning(
            WarningKind::OtherLoad,
            format!(
                "Other programs used {:.0} % of the machine's CPU time during the window. Close \
                 builds, browsers and the like, and measure again.",
                share * 100.0
            ),
        )
    })
}

/// What a virtual machine's host gives to others slows the work and draws no power here.
fn busy_host(used: CpuUse, window: Seconds) -> Option<Warning> {
    let share = used.stolen_s / (f64::from(used.cores) * window.0);
    (share > MOST_OTHER).then(|| {
        warning(
            WarningKind::OtherLoad,
            format!(
                "The host of this virtual machine took {:.0} % of the CPU time away during the \
                 window. Measure again when the host has less to do.",
                share * 100.0
            ),
        )
    })
}

fn driver_load(used: CpuUse, window: Seconds) -> Option<Warning> {
    let of_a_core = used.own_s / window.0;
    let share = of_a_core / f64::from(used.cores);
    (share > MOST_OWN).then(|| {
        warning(
            WarningKind::DriverLoad,
            format!(
                "Wattsmith itself used {:.0} % of a core during the window. Hide its window, or \
                 measure with wattsmith-cli.",
                of_a_core * 100.0
            ),
        )
    })
}

fn warning(kind: WarningKind, text: String) -> Warning {
    Warning {
        kind,
        text,
        fault: None,
    }
}
