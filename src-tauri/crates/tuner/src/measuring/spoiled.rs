//! When a window does not count: something outside the settings disturbed it, and a fresh one may be
//! free of that. The rule looks at the disturbance only, never at the figure, so it favours no result.

use crate::measuring::too_busy;
use std::time::Duration;
use wattsmith_domain::{
    Cause, Configuration, DeviceConditions, Repeat, SessionRecord, Warning, WarningKind, host_took,
    others_used,
};
use wattsmith_engine::GPU_POWER_LIMIT;
use wattsmith_stats::Basis;

pub use wattsmith_domain::MOST_OTHER_LOAD;
/// Degrees Celsius by which a device may be warmer or colder at a window's start than at the start of
/// the session's first.
pub const SAME_HEAT_C: f64 = 3.0;
/// Watts by which two power limits may differ: drivers round them.
pub const SAME_LIMIT_W: f64 = 1.0;
/// Longest wait for a device to cool down to that; after it the window opens with a warning.
pub const LONGEST_COOLING: Duration = Duration::from_secs(120);
/// A spoiled window is measured again so many times; then it is kept with its warnings.
pub const RERUNS_PER_REPEAT: u32 = 2;
/// Reruns of one trial, or of one confirmation.
pub const RERUNS_PER_TRIAL: u32 = 4;
/// The same after a trial that had to keep a spoiled window: this machine is never quiet for long.
pub const RERUNS_IF_NEVER_QUIET: u32 = 1;

/// Why `repeat` does not count; none where it does. An estimate that was too busy has no figure at
/// all; every other window is kept in the end. `reference` is the session's first window: what
/// held then already (a laptop on battery all along, a counter that always disagrees with its power)
/// is the session's condition and spoils nothing.
#[must_use]
pub fn spoiled(repeat: &Repeat, reference: Option<&Repeat>) -> Option<Cause> {
    let cause = |kind, text: String| Some(Cause { kind, text });
    let has = |repeat: &Repeat, kind| repeat.warnings.iter().any(|one| one.kind == kind);
    if has(repeat, WarningKind::TooBusy) {
        return cause(WarningKind::TooBusy, too_busy::cause(repeat));
    }
    let whole = repeat.energy.is_measured();
    let (other, stolen) = repeat.cpu.taken_shares(repeat.window, whole);
    if stolen > MOST_OTHER_LOAD {
        return cause(WarningKind::OtherLoad, host_took(stolen));
    }
    if other > MOST_OTHER_LOAD {
        return cause(WarningKind::OtherLoad, others_used(other));
    }
    let came = |kind| has(repeat, kind) && !reference.is_some_and(|first| has(first, kind));
    if has(repeat, WarningKind::GpuShared) {
        return cause(
            WarningKind::GpuShared,
            "other processes used the GPU".to_owned(),
        );
    }
    if has(repeat, WarningKind::Throttled) {
        return cause(
            WarningKind::Throttled,
            "the device held its clocks down".to_owned(),
        );
    }
    if has(repeat, WarningKind::LimitChanged) {
        return cause(
            WarningKind::LimitChanged,
            "the power limit changed in mid-window".to_owned(),
        );
    }
    if reference.is_some() && came(WarningKind::OnBattery) {
        return cause(
            WarningKind::OnBattery,
            "the machine went on battery".to_owned(),
        );
    }
    if came(WarningKind::SensorDisagreement) {
        return cause(
            WarningKind::SensorDisagreement,
            "energy counter and integrated power disagreed".to_owned(),
        );
    }
    // A quota stays: what it holds back once it holds back again, and that follows from the settings.
    // One that came in mid-session is another matter.
    let quota = |repeat: &Repeat| repeat.cpu.quota().is_some();
    if has(repeat, WarningKind::CpuQuota) && reference.is_some_and(|first| !quota(first)) {
        return cause(
            WarningKind::CpuQuota,
            "a quota of CPU time came that was not there when the session began".to_owned(),
        );
    }
    None
}

/// Whether others used so much of the CPU that the window says nothing about how much repeats vary.
pub(crate) fn others_disturbed(repeat: &Repeat) -> bool {
    let whole = repeat.energy.is_measured();
    let (other, stolen) = repeat.cpu.taken_shares(repeat.window, whole);
    other.max(stolen) > MOST_OTHER_LOAD
}

/// Reruns that a new trial or confirmation may spend.
pub(crate) fn reruns_allowed(record: &SessionRecord) -> u32 {
    let reference = reference(record);
    let never_quiet = record
        .trials
        .iter()
        .rfind(|trial| trial.is_complete())
        .is_some_and(|trial| {
            let kept = |repeat| spoiled(repeat, reference).is_some();
            !trial.discarded.is_empty() && trial.repeats.iter().any(kept)
        });
    match (record.session.rerun, never_quiet) {
        (false, _) => 0,
        (true, true) => RERUNS_IF_NEVER_QUIET,
        (true, false) => RERUNS_PER_TRIAL,
    }
}

/// The session's first window; once the machine changed, the default's first after that.
pub(crate) fn reference(record: &SessionRecord) -> Option<&Repeat> {
    let basis = Basis::of(record);
    let fresh = record.confirmations.iter().flat_map(|one| &one.default);
    let mut windows = record.default_trial()?.repeats.iter().chain(fresh);
    windows.find(|one| basis.holds(one))
}

/// Says so on a spoiled window that is kept all the same.
pub(crate) fn keep(repeat: &mut Repeat, cause: &Cause, reruns: u32) {
    let tried = match reruns {
        0 => "no reruns were left".to_owned(),
        1 => "a rerun was disturbed as well".to_owned(),
        some => format!("{some} reruns were disturbed as well"),
    };
    // First, so that it is the one that is shown of its kind.
    repeat.warnings.insert(
        0,
        Warning {
            fault: None,
            kind: cause.kind,
            text: format!(
                "Kept although {}: {tried}. Let the machine be quiet and measure again before \
                 relying on it.",
                cause.text
            ),
        },
    );
}

/// The device that is at least so much warmer or colder than in the session's first window, in words.
pub(crate) fn other_heat(repeat: &Repeat, reference: Option<&Repeat>) -> Option<Warning> {
    let first = reference?;
    repeat.conditions.iter().find_map(|now| {
        let then = first
            .conditions
            .iter()
            .find(|one| one.device == now.device)?;
        let (now_c, then_c) = (now.temperature_from_c?, then.temperature_from_c?);
        ((now_c - then_c).abs() > SAME_HEAT_C).then(|| Warning {
            fault: None,
            kind: WarningKind::TemperatureDrift,
            text: format!(
                "{} had {now_c:.0} °C when the window opened, {then_c:.0} °C in the session's first. \
                 Warm devices draw more: see to even cooling.",
                now.device
            ),
        })
    })
}

/// The device whose power limit is not that of the session's first window, in words; none where the
/// limit is one of the settings.
pub(crate) fn other_limit(
    repeat: &Repeat,
    reference: Option<&Repeat>,
    configuration: &Configuration,
) -> Option<Warning> {
    if configuration.int(GPU_POWER_LIMIT).is_some() {
        return None;
    }
    let first = reference?;
    repeat.conditions.iter().find_map(|now| {
        let same = |one: &&DeviceConditions| one.device == now.device;
        let then = first.conditions.iter().find(same)?.power_limit?;
        let limit = now.power_limit?;
        ((limit.0 - then.0).abs() > SAME_LIMIT_W).then(|| Warning {
            fault: None,
            kind: WarningKind::LimitDiffers,
            text: format!(
                "{} was limited to {:.0} W, to {:.0} W in the session's first window. Put the limit \
                 back, or begin a new session: figures under two limits are not compared.",
                now.device, limit.0, then.0
            ),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{DeviceConditions, Seconds};
    use wattsmith_testkit::fixtures::{Fixture, Shown};

    fn repeat() -> Repeat {
        Fixture::on_gpu().repeat(1, Shown(400.0, 120.0))
    }

    fn with(kind: WarningKind) -> Repeat {
        let mut repeat = repeat();
        repeat.warnings.push(Warning {
            fault: None,
            kind,
            text: "seen".to_owned(),
        });
        repeat
    }

    fn kind(repeat: &Repeat, reference: Option<&Repeat>) -> Option<WarningKind> {
        spoiled(repeat, reference).map(|cause| cause.kind)
    }

    #[test]
    fn a_quiet_window_counts_and_one_beside_other_load_does_not() {
        let mut one = repeat();
        assert_eq!(spoiled(&one, None), None);
        one.window = Seconds(10.0);
        one.cpu.cores = 4;
        one.cpu.other_s = 3.9;
        assert_eq!(spoiled(&one, None), None);
        one.cpu.other_s = 12.4;
        let cause = spoiled(&one, None).unwrap();
        assert_eq!(cause.text, "other programs used 31 % of the CPU");
        (one.cpu.other_s, one.cpu.stolen_s) = (0.0, 8.0);
        let cause = spoiled(&one, None).unwrap();
        assert!(
            cause.text.contains("took 20 % of the CPU away"),
            "{cause:?}"
        );
        one.cpu.cores = 0;
        assert_eq!(spoiled(&one, None), None, "nothing is known of other load");
    }

    #[test]
    fn a_quota_that_stays_spoils_nothing_and_one_that_came_later_does() {
        use wattsmith_domain::{Allowance, QuotaUse};
        let under_quota = || {
            let mut repeat = with(WarningKind::CpuQuota);
            repeat.cpu.allowed = Some(Allowance {
                cores: 0.5,
                places: 2,
                quota: Some(QuotaUse {
                    cores: 0.5,
                    periods: 100,
                    throttled: 90,
                    throttled_s: 4.0,
                }),
                ..Allowance::default()
            });
            repeat
        };
        assert_eq!(kind(&under_quota(), None), None);
        // The default with fewer threads was not held back by it.
        let mut slow = under_quota();
        slow.warnings.clear();
        assert_eq!(kind(&under_quota(), Some(&slow)), None);
        let came = kind(&under_quota(), Some(&repeat()));
        assert_eq!(came, Some(WarningKind::CpuQuota));
    }

    #[test]
    fn a_window_that_was_too_busy_to_estimate_says_who_was() {
        let mut one = Fixture::without_sensors().repeat(1, Shown(80.0, 26.0));
        one.window = Seconds(10.0);
        (one.cpu.cores, one.cpu.other_s) = (2, 11.6);
        assert_eq!(kind(&one, None), Some(WarningKind::OtherLoad));
        one.warnings = with(WarningKind::TooBusy).warnings;
        let cause = spoiled(&one, None).unwrap();
        assert_eq!(cause.kind, WarningKind::TooBusy);
        assert_eq!(
            cause.text,
            "too busy to estimate: other programs used 58 % of the CPU"
        );
    }

    #[test]
    fn what_passes_spoils_and_what_always_held_does_not() {
        let clean = repeat();
        for seen in [
            WarningKind::GpuShared,
            WarningKind::Throttled,
            WarningKind::LimitChanged,
        ] {
            assert_eq!(kind(&with(seen), Some(&with(seen))), Some(seen));
        }
        for seen in [WarningKind::OnBattery, WarningKind::SensorDisagreement] {
            assert_eq!(kind(&with(seen), Some(&clean)), Some(seen));
            assert_eq!(kind(&with(seen), Some(&with(seen))), None);
        }
        assert_eq!(kind(&with(WarningKind::OnBattery), None), None);
        for seen in [
            WarningKind::ShortWindow,
            WarningKind::PartialScope,
            WarningKind::SettingIgnored,
            WarningKind::Drift,
            WarningKind::DriverLoad,
            WarningKind::TemperatureDrift,
        ] {
            assert_eq!(kind(&with(seen), Some(&clean)), None, "{seen:?}");
        }
    }

    #[test]
    fn heat_is_held_against_the_first_window_of_the_same_device() {
        let at = |device: &str, degrees: f64| {
            let mut repeat = repeat();
            repeat.conditions = vec![DeviceConditions {
                device: device.to_owned(),
                temperature_from_c: Some(degrees),
                ..DeviceConditions::default()
            }];
            repeat
        };
        let first = at("GPU 0", 45.0);
        assert_eq!(other_heat(&at("GPU 0", 48.0), Some(&first)), None);
        let warm = other_heat(&at("GPU 0", 49.0), Some(&first)).unwrap();
        assert_eq!(warm.kind, WarningKind::TemperatureDrift);
        assert!(other_heat(&at("GPU 0", 41.0), Some(&first)).is_some());
        assert_eq!(other_heat(&at("GPU 1", 60.0), Some(&first)), None);
        assert_eq!(other_heat(&at("GPU 0", 60.0), None), None);
    }

    #[test]
    fn a_power_limit_is_held_against_the_first_windows_unless_it_is_a_setting() {
        let at = |watts: Option<f64>| {
            let mut repeat = repeat();
            repeat.conditions = vec![DeviceConditions {
                device: "GPU 0".to_owned(),
                power_limit: watts.map(wattsmith_domain::Watts),
                ..DeviceConditions::default()
            }];
            repeat
        };
        let (first, plain) = (at(Some(300.0)), Configuration::default());
        let seen = |watts, configuration: &Configuration| {
            other_limit(&at(watts), Some(&first), configuration).map(|warning| warning.kind)
        };
        assert_eq!(seen(Some(300.4), &plain), None);
        assert_eq!(seen(Some(250.0), &plain), Some(WarningKind::LimitDiffers));
        assert_eq!(seen(None, &plain), None);
        let mut tuned = Configuration::default();
        tuned.set(GPU_POWER_LIMIT, wattsmith_domain::Value::Int(250));
        assert_eq!(seen(Some(250.0), &tuned), None);
    }

    #[test]
    fn a_machine_that_is_never_quiet_gets_few_reruns_and_a_switch_none() {
        let mut record = Fixture::on_gpu()
            .trial(&[], &[Shown(400.0, 120.0); 3])
            .build();
        record.session.rerun = true;
        assert_eq!(reruns_allowed(&record), RERUNS_PER_TRIAL);
        let noisy = with(WarningKind::GpuShared);
        record.trials[0].discarded = vec![wattsmith_domain::DiscardedRepeat {
            repeat: noisy.clone(),
            cause: spoiled(&noisy, None).unwrap(),
        }];
        assert_eq!(reruns_allowed(&record), RERUNS_PER_TRIAL);
        record.trials[0].repeats[2] = noisy;
        assert_eq!(reruns_allowed(&record), RERUNS_IF_NEVER_QUIET);
        record.session.rerun = false;
        assert_eq!(reruns_allowed(&record), 0);
    }

    #[test]
    fn a_kept_window_says_so_before_anything_else_of_its_kind() {
        let mut one = with(WarningKind::GpuShared);
        let cause = spoiled(&one, None).unwrap();
        keep(&mut one, &cause, 2);
        assert_eq!(
            crate::session::words::warnings(&[one]),
            [
                "Kept although other processes used the GPU: 2 reruns were disturbed as well. Let \
                 the machine be quiet and measure again before relying on it."
            ]
        );
    }
}
