//! What makes a window's figure less trustworthy, and what to do about it.

use crate::recorded::Recorded;
use std::collections::BTreeSet;
use wattsmith_domain::{
    CpuUse, MonotonicNs, Seconds, Source, Warning, WarningKind, cores_in_words,
};

/// Share of the machine that other programs may use.
const MOST_OTHER: f64 = 0.05;
/// Share of the machine that Wattsmith itself may use: 3 % of a core where there are two.
const MOST_OWN: f64 = 0.015;
/// Share of a quota's periods in which it may be used up.
const MOST_THROTTLED: f64 = 0.01;
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
            let whole = !self.devices.is_empty();
            let (other, stolen) = used.taken_shares(window, whole);
            warnings.extend(other_load(other, used));
            warnings.extend(busy_host(stolen));
            warnings.extend(driver_load(used, window));
            warnings.extend(throttled(used));
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

fn other_load(share: f64, used: CpuUse) -> Option<Warning> {
    let of = match used.allowed {
        None => "the machine's CPU time",
        Some(_) => "the CPU time that was there for the engine",
    };
    (share > MOST_OTHER).then(|| {
        warning(
            WarningKind::OtherLoad,
            format!(
                "Other programs used {:.0} % of {of} during the window. Close builds, browsers and \
                 the like, and measure again.",
                share * 100.0
            ),
        )
    })
}

/// What a virtual machine's host gives to others slows the work and draws no power here.
fn busy_host(share: f64) -> Option<Warning> {
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

/// The whole control group shares a quota: what Wattsmith or a neighbour in it uses is the engine's
/// loss.
fn throttled(used: CpuUse) -> Option<Warning> {
    let quota = used.quota().filter(|one| one.share() > MOST_THROTTLED)?;
    Some(warning(
        WarningKind::CpuQuota,
        format!(
            "A quota of {} of CPU time held the engine back in {} of {} periods, so \
             that its threads stood still for {:.1} s in all. The figure holds under this quota only; \
             where you can, raise it or take it away.",
            cores_in_words(quota.cores),
            quota.throttled,
            quota.periods,
            quota.throttled_s
        ),
    ))
}

fn warning(kind: WarningKind, text: String) -> Warning {
    Warning {
        kind,
        text,
        fault: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{Allowance, QuotaUse};

    fn under_quota(throttled: u32) -> CpuUse {
        CpuUse {
            cores: 8,
            allowed: Some(Allowance {
                cores: 0.5,
                places: 8,
                quota: Some(QuotaUse {
                    cores: 0.5,
                    periods: 120,
                    throttled,
                    throttled_s: 7.25,
                }),
                ..Allowance::default()
            }),
            ..CpuUse::default()
        }
    }

    #[test]
    fn a_quota_that_held_the_engine_back_is_warned_about() {
        let warning = throttled(under_quota(26)).unwrap();
        assert_eq!(warning.kind, WarningKind::CpuQuota);
        insta::assert_snapshot!(warning.text, @"A quota of 0.5 cores of CPU time held the engine back in 26 of 120 periods, so that its threads stood still for 7.2 s in all. The figure holds under this quota only; where you can, raise it or take it away.");
        assert_eq!(throttled(under_quota(1)), None);
        assert_eq!(throttled(CpuUse::default()), None);
    }

    #[test]
    fn a_neighbour_on_the_one_core_of_the_engine_is_no_small_share_of_a_large_machine() {
        let mut used = CpuUse {
            other_s: 5.0,
            cores: 64,
            allowed: Some(Allowance {
                cores: 1.0,
                places: 1,
                other_s: 5.0,
                ..Allowance::default()
            }),
            ..CpuUse::default()
        };
        let window = Seconds(10.0);
        assert_eq!(used.taken_shares(window, false), (0.5, 0.0));
        // What runs on other cores leaves CPU time alone; a sensor of the package sees it.
        used.other_s = 320.0;
        used.allowed = used.allowed.map(|one| Allowance {
            other_s: 0.0,
            ..one
        });
        assert_eq!(used.taken_shares(window, false), (0.0, 0.0));
        assert_eq!(used.taken_shares(window, true), (0.5, 0.0));
    }
}
