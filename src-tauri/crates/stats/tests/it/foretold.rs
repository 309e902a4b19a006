//! What was foretold of trials beside what they showed.

use wattsmith_domain::{SessionRecord, Value};
use wattsmith_stats::{Analysis, TrackRecord};
use wattsmith_testkit::fixtures::{Fixture, Shown};

/// A trial of such J/token, three windows.
fn shown(joules: f64) -> [Shown; 3] {
    [0.99, 1.0, 1.01].map(|by| Shown(400.0, 400.0 * joules * by))
}

/// A default at 0.3 J/token, and one trial for each pair of foretold and shown.
fn record(pairs: &[(f64, f64)]) -> SessionRecord {
    let slots = [1, 2, 4, 8, 16, 32];
    let default = Fixture::on_gpu().trial(&[], &shown(0.3));
    let turns = slots.into_iter().zip(pairs);
    let all = turns.fold(default, |fixture, (slots, (foretold, came))| {
        let changes = [("parallel", Value::Int(slots)), ("threads", Value::Int(1))];
        fixture
            .trial(&changes, &shown(*came))
            .proposed("{}", "because", Some(*foretold))
    });
    all.build()
}

fn track(record: &SessionRecord) -> Option<TrackRecord> {
    TrackRecord::of(record, &Analysis::of(record), |one| one.exchange.is_some())
}

#[test]
fn without_a_prediction_that_came_to_a_figure_there_is_no_track() {
    assert_eq!(track(&record(&[])), None);
    let mut unsaid = record(&[(0.2, 0.25)]);
    unsaid.proposals[0].predicted_joules_per_unit = None;
    assert_eq!(track(&unsaid), None);
    let mut by_numbers = record(&[(0.2, 0.25)]);
    by_numbers.proposals[0].exchange = None;
    assert_eq!(track(&by_numbers), None, "nobody is meant");
}

#[test]
fn a_track_is_told_in_words() {
    let told = [
        record(&[(0.2, 0.25)]),
        record(&[(0.25, 0.25)]),
        record(&[(0.2, 0.25), (0.3, 0.25)]),
        record(&[(0.20, 0.25), (0.18, 0.22), (0.21, 0.26), (0.16, 0.20)]),
        record(&[(0.24, 0.25), (0.24, 0.22), (0.25, 0.26), (0.21, 0.20)]),
        record(&[(0.16, 0.25), (0.34, 0.25)]),
    ];
    let told = told.map(|one| track(&one).unwrap().words());
    insta::assert_snapshot!(told.join("\n"), @r"
    One prediction: 25.0 % more than predicted.
    One prediction: as predicted.
    2 predictions, typically 20.8 % off. Saying “as the default” every time would have been nearer: 16.7 % off.
    4 predictions, typically 24.4 % off. Saying “as the default” every time would have been nearer: 21.7 % off. They promise too much: what came needed more.
    4 predictions, typically 4.5 % off. Saying “as the default” every time would have been 21.7 % off.
    2 predictions, typically 41.4 % off. Saying “as the default” every time would have been nearer: 16.7 % off.
    ");
}

#[test]
fn one_wild_guess_says_little_of_the_others() {
    let wild = track(&record(&[(0.2, 0.22), (0.2, 0.18), (9.0, 0.2)])).unwrap();
    assert!((wild.miss - 0.1).abs() < 1e-3, "{}", wild.miss);
    let track = track(&record(&[(0.1, 0.2), (0.4, 0.2)])).unwrap();
    assert_eq!(track.lean, None, "two lean nowhere");
    assert_eq!(track.each[0].words(), "100.0 % more than predicted");
    assert_eq!(track.each[1].words(), "50.0 % less than predicted");
}

#[test]
fn what_lies_in_the_trials_interval_was_inside_the_noise() {
    let track = track(&record(&[(0.2505, 0.25), (0.2, 0.25)])).unwrap();
    let inside: Vec<_> = track.each.iter().map(|one| one.inside).collect();
    assert_eq!(inside, [Some(true), Some(false)]);
}

#[test]
fn they_lean_only_where_a_t_test_says_so() {
    let lean = |pairs: &[(f64, f64)]| track(&record(pairs)).unwrap().lean.unwrap();
    let more_came = lean(&[(0.20, 0.25), (0.18, 0.22), (0.21, 0.26)]);
    assert!(more_came.low > 1.0, "{more_came:?}");
    let either_side = lean(&[(0.20, 0.25), (0.26, 0.22), (0.21, 0.26)]);
    assert!(either_side.low < 1.0 && either_side.high > 1.0);
}
