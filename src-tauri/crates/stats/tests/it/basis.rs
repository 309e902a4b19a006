//! Whether the machine is still the one that the default was measured on.

use crate::figures::Noise;
use proptest::prelude::*;
use wattsmith_domain::{Decision, Interval, SessionRecord, TrialId, Value};
use wattsmith_stats::{Analysis, Basis, DefaultCheck};
use wattsmith_testkit::fixtures::{self, Fixture, Shown};

fn id(number: u32) -> TrialId {
    TrialId(format!("trial-{number}"))
}

fn parallel(slots: i64) -> (&'static str, Value) {
    ("parallel", Value::Int(slots))
}

/// A default that costs `level` times 0.3 J/token, then trials, then fresh defaults of these levels.
fn session(first: &[f64], fresh: &[f64]) -> SessionRecord {
    let at = |level: &f64| Shown(400.0 / level, 120.0);
    let first: Vec<Shown> = first.iter().map(at).collect();
    let fresh: Vec<Shown> = fresh.iter().map(at).collect();
    Fixture::on_gpu()
        .trial(&[], &first)
        .trial(&[parallel(2)], &[Shown(300.0, 101.0), Shown(302.0, 101.5)])
        .trial(&[parallel(8)], &[Shown(500.0, 120.0), Shown(506.0, 120.0)])
        .trial(&[parallel(1)], &[Shown(200.0, 90.0), Shown(201.0, 90.5)])
        .default_again(&fresh)
        .build()
}

const STEADY: [f64; 3] = [1.0, 1.02, 0.99];

#[test]
fn a_default_that_is_a_tenth_of_the_stored_one_moves_the_basis() {
    let record = fixtures::moved_default(3);
    let analysis = Analysis::of(&record);
    let [change] = analysis.changes.as_slice() else {
        panic!("{:?}", analysis.changes);
    };
    assert!((change.ratio.mean - 0.1).abs() < 0.01, "{change:?}");
    assert_eq!((change.after_trial, change.stale_trials), (4, 3));
    // Goal, best and default are those of the fresh windows.
    let default = analysis.default.unwrap();
    assert!((default.mean - 0.283).abs() < 0.01, "{default:?}");
    assert_eq!(default.n, 3);
    assert_eq!((analysis.best, analysis.crossing), (Some(id(1)), None));
    for trial in &analysis.trials[1..] {
        assert!(trial.stale && trial.comparison.is_none(), "{trial:?}");
        assert!(trial.mean.is_some(), "it is shown as it was");
    }
    assert!(!analysis.trials[0].stale);
    // The noise is that of repeats, not of the change.
    assert!(analysis.pooled.unwrap().sd < 0.05, "{:?}", analysis.pooled);
    insta::assert_snapshot!(
        change.words("token"),
        @"The machine changed: 2 fresh windows of the default needed 89.9 % less energy per token than those before. Goal, best and verdicts rest on the fresh ones from here on. 3 trials from before are shown but not compared, and do not count against the budget."
    );
}

#[test]
fn one_wild_window_asks_for_another_and_changes_nothing() {
    for wild in [0.1, 10.0] {
        let analysis = Analysis::of(&session(&STEADY, &[wild]));
        assert_eq!(analysis.changes, []);
        assert_eq!(analysis.check, Some(DefaultCheck::Doubt), "{wild}");
        // The next one is as ever: chance.
        let analysis = Analysis::of(&session(&STEADY, &[wild, 1.01]));
        assert_eq!(
            (analysis.changes.len(), analysis.check),
            (0, None),
            "{wild}"
        );
        // However many quiet windows made the noise small.
        let mut record = session(&STEADY, &[wild, 1.0]);
        let calm = Fixture::on_gpu()
            .trial(&[], &[Shown(400.0, 120.0); 60])
            .build();
        record.trials[1].repeats = calm.trials[0].repeats.clone();
        assert_eq!(Analysis::of(&record).changes, [], "{wild}");
    }
}

#[test]
fn a_confirmation_shows_a_change_too_and_its_windows_become_the_basis() {
    let record = fixtures::busy_then_quiet();
    let analysis = Analysis::of(&record);
    assert_eq!(analysis.changes.len(), 1, "{:?}", analysis.changes);
    assert_eq!(
        analysis.changes[0].since,
        record.confirmations[0].default[0].started_at
    );
    assert_eq!(analysis.check, None);
    assert_eq!(analysis.default.unwrap().n, 11);
    // The trial that was confirmed has fresh windows of its own, so it can be compared.
    let third = analysis.trial(&id(3)).unwrap();
    assert!(!third.stale);
    assert!((third.comparison.unwrap().ratio.mean - 0.884).abs() < 0.01);
    assert_eq!(analysis.best, Some(id(3)));
    // It was judged, so nothing is offered to be confirmed.
    assert_eq!(analysis.crossing, None);
    assert!(analysis.trial(&id(2)).unwrap().stale);
    assert!(analysis.trial(&id(4)).unwrap().stale);
    assert_eq!(analysis.changes[0].stale_trials, 2, "the third is compared");
    assert!(
        analysis.changes[0]
            .words("token")
            .contains("2 trials from before")
    );
}

#[test]
fn what_is_measured_after_the_change_is_compared_and_confirmed_on_the_new_basis() {
    let fixture = Fixture::resumed(fixtures::moved_default(3));
    let fixture = fixture
        .trial(
            &[parallel(8)],
            &[
                Shown(540.0, 121.0),
                Shown(538.0, 121.5),
                Shown(541.0, 121.0),
            ],
        )
        .trial(&[parallel(16)], &[Shown(430.0, 118.0), Shown(425.0, 119.0)]);
    let record = fixture.build();
    let analysis = Analysis::of(&record);
    assert_eq!(analysis.best, Some(id(5)));
    assert_eq!(
        analysis.crossing,
        Some(id(5)),
        "the same settings, measured anew"
    );
    let saved = 1.0
        - analysis
            .trial(&id(5))
            .unwrap()
            .comparison
            .unwrap()
            .ratio
            .mean;
    assert!((0.15..0.25).contains(&saved), "{saved}");
}

#[test]
fn the_new_basis_gets_as_many_windows_as_the_default_had() {
    for (fresh, check) in [(2, Some(DefaultCheck::Fresh)), (3, None), (4, None)] {
        let analysis = Analysis::of(&fixtures::moved_default(fresh));
        assert_eq!(analysis.changes.len(), 1, "{fresh}");
        assert_eq!(analysis.check, check, "{fresh}");
    }
    let analysis = Analysis::of(&fixtures::moved_default(1));
    assert_eq!(
        (analysis.changes.len(), analysis.check),
        (0, Some(DefaultCheck::Doubt))
    );
    assert_eq!(Analysis::of(&fixtures::moved_default(0)).check, None);
}

#[test]
fn a_machine_that_becomes_busy_moves_the_basis_as_well_and_back_again() {
    let analysis = Analysis::of(&session(&STEADY, &[3.1, 3.0, 3.2]));
    assert_eq!(analysis.changes.len(), 1);
    assert!(
        analysis.changes[0]
            .words("token")
            .contains("times the energy per token of those before")
    );
    let analysis = Analysis::of(&session(&STEADY, &[3.1, 3.0, 3.2, 1.0, 1.01, 0.99]));
    assert_eq!(analysis.changes.len(), 2);
    assert!(!analysis.changes[1].words("token").contains("from before"));
    assert_eq!(
        analysis.changes[1].stale_trials, 0,
        "no trial between the two"
    );
    assert!((analysis.default.unwrap().mean - 0.3).abs() < 0.01);
}

#[test]
fn drift_within_the_limit_is_left_to_the_interleaving() {
    let analysis = Analysis::of(&session(&[1.0, 1.001, 0.999], &[1.08, 1.081, 1.079, 1.08]));
    assert_eq!((analysis.changes.len(), analysis.check), (0, None));
}

#[test]
fn a_default_whose_first_windows_disagree_contradicts_nothing() {
    // One of three was disturbed: the noise is known to be large.
    let analysis = Analysis::of(&session(&[1.0, 1.0, 10.0], &[1.0, 1.02]));
    assert_eq!(analysis.changes, []);
}

#[test]
fn without_a_known_noise_only_a_large_difference_raises_a_doubt() {
    let once = |fresh: &[Shown]| {
        let mut record = Fixture::on_gpu()
            .trial(&[], &[Shown(400.0, 120.0)])
            .trial(&[parallel(8)], &[Shown(500.0, 120.0)])
            .default_again(fresh)
            .build();
        record.session.repeats = 1;
        Analysis::of(&record)
    };
    assert_eq!(once(&[Shown(300.0, 120.0)]).check, None);
    assert_eq!(once(&[Shown(40.0, 120.0)]).check, Some(DefaultCheck::Doubt));
    let many = once(&[Shown(40.0, 120.0), Shown(41.0, 120.0), Shown(40.5, 120.0)]);
    assert_eq!(many.changes.len(), 1, "{many:?}");
}

#[test]
fn a_doubt_that_no_window_settles_is_left_after_four() {
    // Ever wilder: no run has an interval that is clear of the limit.
    let wild = [2.0, 30.0, 1.3, 90.0];
    for count in 1..=4 {
        let analysis = Analysis::of(&session(&STEADY, &wild[..count]));
        assert_eq!(analysis.changes, [], "{count}");
        if count == 4 {
            assert_eq!(analysis.check, None);
        }
    }
}

#[test]
fn figures_of_another_scope_contradict_nothing() {
    let mut record = fixtures::measured();
    let alien = Fixture::without_sensors()
        .trial(&[], &[Shown(40.0, 26.0); 4])
        .build();
    record.trials[0]
        .repeats
        .extend(alien.trials[0].repeats.clone());
    assert_eq!(Basis::of(&record).changes(), []);
}

#[test]
fn a_record_without_fresh_windows_is_as_it_always_was() {
    for record in [
        fixtures::empty(),
        fixtures::measured(),
        fixtures::confirmed(),
        fixtures::estimated(),
        fixtures::with_failure(),
        fixtures::everything(),
    ] {
        let basis = Basis::of(&record);
        assert_eq!((basis.changes(), basis.check()), (&[][..], None));
        assert!(record.trials.iter().all(|trial| !basis.is_stale(trial)));
        for trial in &record.trials {
            assert_eq!(*basis.windows(trial), trial.repeats[..]);
        }
    }
}

#[test]
fn a_confirmation_from_before_the_change_confirms_nothing_now() {
    let fixture = Fixture::resumed(fixtures::confirmed());
    assert!(Analysis::of(&fixture.clone().build()).confirmed.is_some());
    let record = fixture
        .default_again(&[Shown(42.0, 118.0), Shown(42.5, 118.0), Shown(41.8, 118.0)])
        .build();
    let analysis = Analysis::of(&record);
    assert_eq!(analysis.changes.len(), 1);
    assert_eq!(analysis.confirmed, None);
}

#[test]
fn time_stamps_with_and_without_fractions_are_in_order() {
    let mut record = session(&STEADY, &[3.0, 3.1, 3.05]);
    let trial = record.trials.len() - 1;
    for (at, stamp) in ["2026-01-15T12:00:00Z", "2026-01-15T12:00:00.000000001Z"]
        .into_iter()
        .enumerate()
    {
        record.trials[trial].repeats[at].started_at = stamp.to_owned();
    }
    for (at, stamp) in [
        "2026-01-15T12:00:00.1Z",
        "2026-01-15T12:00:00.12Z",
        "2026-01-15T12:00:01Z",
    ]
    .into_iter()
    .enumerate()
    {
        record.trials[0].repeats[3 + at].started_at = stamp.to_owned();
    }
    let basis = Basis::of(&record);
    assert_eq!(basis.changes().len(), 1);
    assert!(basis.is_stale(&record.trials[trial]));
}

#[test]
fn at_most_one_steady_session_in_a_hundred_is_said_to_have_changed() {
    let mut noise = Noise(4711);
    let mut alarms = 0;
    for _ in 0..1000 {
        let mut level = |sd: f64| (sd * noise.normal()).exp();
        // Small samples and much noise: the case in which chance does most.
        let first: Vec<f64> = (0..3).map(|_| level(0.15)).collect();
        let fresh: Vec<f64> = (0..12).map(|_| level(0.15)).collect();
        alarms += usize::from(!Basis::of(&session(&first, &fresh)).changes().is_empty());
    }
    assert!(alarms <= 10, "{alarms} of 1000");
}

#[test]
fn a_change_by_half_is_found_within_four_windows_at_six_per_cent_noise() {
    let mut noise = Noise(815);
    let mut found = 0;
    for _ in 0..200 {
        let mut level = |of: f64| of * (0.06 * noise.normal()).exp();
        let first: Vec<f64> = (0..3).map(|_| level(1.0)).collect();
        let fresh: Vec<f64> = (0..4).map(|_| level(0.5)).collect();
        found += usize::from(Basis::of(&session(&first, &fresh)).changes().len() == 1);
    }
    assert!(found >= 195, "{found} of 200");
}

proptest! {
    /// Each look uses what was measured by then alone: later windows take no change back.
    #[test]
    fn a_change_that_was_found_stays_found(
        fresh in proptest::collection::vec(0.2_f64..5.0, 1..10),
    ) {
        let mut known: Vec<String> = Vec::new();
        for count in 1..=fresh.len() {
            let record = session(&STEADY, &fresh[..count]);
            let basis = Basis::of(&record);
            let since: Vec<String> =
                basis.changes().iter().map(|one| one.since.clone()).collect();
            prop_assert!(since.starts_with(&known), "{known:?} became {since:?}");
            known = since;
        }
    }
}

#[test]
fn an_unfinished_confirmation_of_a_stale_trial_goes_on_from_its_fresh_pairs() {
    let quiet = [
        Shown(420.0, 118.0),
        Shown(416.0, 119.5),
        Shown(423.0, 118.5),
    ];
    let fixture = Fixture::resumed(fixtures::moved_default(0));
    let record = fixture
        .confirmation(3, &[Shown(476.0, 118.5); 3], &quiet, None)
        .build();
    let analysis = Analysis::of(&record);
    assert_eq!(analysis.changes.len(), 1);
    assert!(!analysis.trial(&id(3)).unwrap().stale);
    let ratio = Interval {
        mean: 0.88,
        low: 0.85,
        high: 0.91,
        n: 5,
    };
    let mut judged = record;
    judged.confirmations[0].decision = Some(Decision::NotDecided);
    judged.confirmations[0].ratio = Some(ratio);
    let own = Analysis::of(&judged).trial(&id(3)).unwrap().judged.unwrap();
    assert_eq!(
        (own.decision, own.ratio, own.pairs),
        (Decision::NotDecided, Some(ratio), 3)
    );
}
