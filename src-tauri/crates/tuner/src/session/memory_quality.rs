//! How much the figures of an earlier session are worth to a new one: what was measured beside other
//! load, or once only, teaches less.

use crate::measuring::spoiled::spoiled;
use wattsmith_domain::{Repeat, WarningKind};
use wattsmith_stats::Basis;

/// Worth of a window that was kept although something disturbed it.
const SPOILED: f64 = 0.2;
/// Worth of a window with a warning about such a thing.
const WARNED: f64 = 0.5;
/// Worth of a single window beside several: it shows no error.
const ALONE: f64 = 0.5;

/// Worth of some windows of one configuration, above 0 to 1.
pub(crate) fn worth(windows: &[Repeat]) -> f64 {
    let few = if windows.len() < 2 { ALONE } else { 1.0 };
    few * clean(windows)
}

/// Mean worth of the windows.
fn clean(windows: &[Repeat]) -> f64 {
    if windows.is_empty() {
        return 1.0;
    }
    windows.iter().map(of_window).sum::<f64>() / windows.len() as f64
}

fn of_window(repeat: &Repeat) -> f64 {
    // Held against no first window: what always was so teaches as little.
    if spoiled(repeat, None).is_some() {
        SPOILED
    } else if repeat.warnings.iter().any(|one| disturbs(one.kind)) {
        WARNED
    } else {
        1.0
    }
}

/// Whether such a warning is about something that passes and changes the figure.
fn disturbs(kind: WarningKind) -> bool {
    matches!(
        kind,
        WarningKind::OtherLoad
            | WarningKind::GpuShared
            | WarningKind::Throttled
            | WarningKind::LimitChanged
            | WarningKind::LimitDiffers
    )
}

/// How much all ratios of a session are worth, by its default, and what makes them less telling, in
/// words; empty where nothing does.
pub(crate) fn quality(basis: &Basis) -> (f64, String) {
    let default = basis.default();
    let mut doubts = Vec::new();
    match basis.changes().len() {
        0 => {}
        1 => doubts.push(
            "the machine changed while it ran, and only what was measured after that is used"
                .to_owned(),
        ),
        times => doubts.push(format!(
            "the machine changed {times} times while it ran, and only what was measured after the \
             last time is used"
        )),
    }
    let trials = basis.record().trials.iter().filter(|one| one.is_complete());
    let used: Vec<Repeat> = trials
        .filter(|one| !basis.is_stale(one))
        .flat_map(|one| basis.windows(one).into_owned())
        .collect();
    let disturbed = used.iter().filter(|one| of_window(one) < 1.0).count();
    if disturbed > 0 {
        doubts.push(format!(
            "{disturbed} of {} windows were disturbed",
            used.len()
        ));
    }
    if default.len() == 1 {
        doubts.push("its default was measured once only".to_owned());
    }
    (worth(&default), doubts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{Value, Warning};
    use wattsmith_testkit::fixtures::{self, Fixture, Shown};

    fn warned(repeat: &Repeat, kind: WarningKind) -> Repeat {
        let mut repeat = repeat.clone();
        repeat.warnings.push(Warning {
            kind,
            text: "seen".to_owned(),
            fault: None,
        });
        repeat
    }

    #[test]
    fn disturbed_windows_and_single_ones_are_worth_less() {
        let clean = Fixture::on_gpu().repeat(1, Shown(400.0, 120.0));
        let load = warned(&clean, WarningKind::OtherLoad);
        let shared = warned(&clean, WarningKind::GpuShared);
        let mut crowded = clean.clone();
        crowded.cpu.other_s = crowded.window.0 * f64::from(crowded.cpu.cores) * 0.4;
        let short = warned(&clean, WarningKind::ShortWindow);
        let pair = |one: &Repeat| worth(&[one.clone(), one.clone()]);
        assert_eq!(pair(&clean), 1.0);
        assert_eq!(pair(&short), 1.0, "a short window is no disturbed one");
        assert_eq!(pair(&load), WARNED);
        assert_eq!(pair(&shared), SPOILED);
        assert_eq!(pair(&crowded), SPOILED);
        assert_eq!(worth(std::slice::from_ref(&clean)), ALONE);
        assert_eq!(worth(&[clean, load]), 0.75);
    }

    #[test]
    fn a_quiet_session_has_no_doubts_and_a_disturbed_default_halves_all() {
        let mut record = fixtures::measured();
        assert_eq!(quality(&Basis::of(&record)), (1.0, String::new()));
        for repeat in &mut record.trials[0].repeats {
            *repeat = warned(repeat, WarningKind::OtherLoad);
        }
        let (weight, doubts) = quality(&Basis::of(&record));
        assert_eq!(weight, WARNED);
        assert_eq!(doubts, "3 of 12 windows were disturbed");
    }

    #[test]
    fn a_default_that_was_contradicted_is_said() {
        let record = fixtures::busy_then_quiet();
        let (_, doubts) = quality(&Basis::of(&record));
        assert!(
            doubts.starts_with("the machine changed while it ran"),
            "{doubts}"
        );
        let once = Fixture::on_gpu()
            .trial(&[], &[Shown(400.0, 120.0)])
            .trial(&[("parallel", Value::Int(8))], &[Shown(500.0, 120.0); 2])
            .build();
        let (weight, doubts) = quality(&Basis::of(&once));
        assert_eq!(
            (weight, doubts.as_str()),
            (ALONE, "its default was measured once only")
        );
    }
}
