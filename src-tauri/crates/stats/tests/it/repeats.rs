//! How many windows a trial gets.

use wattsmith_domain::{SessionRecord, TrialId, TrialState, Value};
use wattsmith_stats::{Enough, MOST_EXTRA_REPEATS, enough};
use wattsmith_testkit::fixtures::{Fixture, Shown};

/// About 2 % between repeats.
const DEFAULT: [Shown; 3] = [
    Shown(400.0, 120.0),
    Shown(408.0, 120.0),
    Shown(392.0, 120.0),
];
/// The best so far: 15 % less.
const BEST: [Shown; 3] = [
    Shown(470.0, 120.0),
    Shown(479.0, 120.0),
    Shown(461.0, 120.0),
];

fn record(windows: &[f64], adaptive: bool) -> (SessionRecord, TrialId) {
    let shown: Vec<Shown> = windows.iter().map(|rate| Shown(*rate, 120.0)).collect();
    let parallel = |slots| [("parallel", Value::Int(slots))];
    let mut fixture = Fixture::on_gpu()
        .trial(&[], &DEFAULT)
        .trial(&parallel(8), &BEST)
        .unfinished(&parallel(16), TrialState::Running, &shown);
    let session = &mut fixture.record_mut().session;
    session.adaptive = adaptive;
    session.objective.threshold =
        wattsmith_domain::Threshold::PercentBelowDefault { percent: 30.0 };
    session.objective.constraints = wattsmith_domain::Constraints::default();
    (fixture.build(), TrialId::from("trial-3"))
}

fn verdict(windows: &[f64]) -> Option<Enough> {
    let (record, id) = record(windows, true);
    enough(&record, &id)
}

#[test]
fn a_trial_that_is_clearly_worse_ends_after_one_window() {
    assert_eq!(verdict(&[]), None);
    assert_eq!(verdict(&[280.0]), Some(Enough::WorseThanDefault));
    assert_eq!(
        verdict(&[395.0]),
        None,
        "one window inside the noise says nothing"
    );
}

#[test]
fn a_trial_that_is_clearly_behind_the_best_ends_after_two() {
    assert_eq!(verdict(&[408.0]), None);
    assert_eq!(verdict(&[408.0, 410.0]), Some(Enough::WorseThanBest));
}

#[test]
fn a_trial_clearly_below_the_threshold_is_left_to_fresh_repeats() {
    assert_eq!(verdict(&[700.0]), None);
    assert_eq!(verdict(&[700.0, 705.0]), Some(Enough::BelowThreshold));
}

#[test]
fn a_trial_near_the_best_takes_more_windows_where_they_would_tell_and_no_more() {
    // 3 % from the best after three windows: another one or two would show it.
    assert_eq!(verdict(&[457.0, 455.0, 456.0]), None);
    // The same as the best: nothing within reach would tell them apart.
    assert_eq!(verdict(&[470.0, 471.0, 469.0]), Some(Enough::NotWorthMore));
    let most = 3 + MOST_EXTRA_REPEATS as usize;
    assert_eq!(verdict(&vec![457.0; most]), Some(Enough::Planned));
}

#[test]
fn a_fixed_number_and_the_default_are_measured_as_planned() {
    for windows in [&[280.0][..], &[280.0, 281.0]] {
        let (record, id) = record(windows, false);
        assert_eq!(enough(&record, &id), None, "{windows:?}");
    }
    let (record, id) = record(&[280.0, 281.0, 282.0], false);
    assert_eq!(enough(&record, &id), Some(Enough::Planned));
    let (mut record, _) = self::record(&[], true);
    record.trials[0].repeats.truncate(2);
    let default = record.trials[0].id.clone();
    assert_eq!(enough(&record, &default), None);
}
