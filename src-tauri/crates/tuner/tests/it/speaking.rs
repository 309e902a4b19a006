//! What people and models read: feedback drafts and verdicts, word for word.

use std::fmt::Write as _;
use wattsmith_domain::{Comparison, Interval, SessionRecord, Verdict};
use wattsmith_stats::Analysis;
use wattsmith_testkit::fixtures;
use wattsmith_tuner::{feedback, words};

fn drafts(record: &SessionRecord) -> String {
    let analysis = Analysis::of(record);
    record.trials.iter().fold(String::new(), |mut all, trial| {
        let draft = feedback::draft(record, &analysis, trial);
        writeln!(all, "{}. {draft}\n", trial.number).unwrap();
        all
    })
}

#[test]
fn feedback_on_measured_trials() {
    insta::assert_snapshot!(drafts(&fixtures::measured()));
}

#[test]
fn feedback_on_estimated_trials() {
    insta::assert_snapshot!(drafts(&fixtures::estimated()));
}

#[test]
fn feedback_on_trials_that_failed_or_were_taken_back() {
    insta::assert_snapshot!(drafts(&fixtures::with_failure()));
}

#[test]
fn feedback_on_everything_that_a_record_can_hold() {
    insta::assert_snapshot!(drafts(&fixtures::everything()));
}

#[test]
fn directions_nobody_went_are_named() {
    insta::assert_snapshot!(feedback::not_tried_yet(&fixtures::measured()).join("\n"), @"
    batch has only been seen at 2048
    cache-type-k has only been seen at f16
    ");
}

#[test]
fn verdicts_are_sentences() {
    let verdict = |ratio: f64, verdict: Verdict| {
        words::verdict(&Comparison {
            ratio: Interval {
                mean: ratio,
                low: ratio * 0.97,
                high: ratio * 1.03,
                n: 3,
            },
            verdict,
        })
    };
    let undecided = |seconds_more| Verdict::NotDecided { seconds_more };
    let all = [
        verdict(1.0, Verdict::Reference),
        verdict(0.8, Verdict::Better),
        verdict(1.19, Verdict::Worse),
        verdict(0.97, undecided(Some(40.0))),
        verdict(1.02, undecided(Some(400.0))),
        verdict(1.0, undecided(None)),
        verdict(0.8, Verdict::DependsOnEstimate),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn figures_carry_their_error_as_far_as_it_means_something() {
    let interval = |mean: f64, low: f64, high: f64| {
        words::interval(&Interval {
            mean,
            low,
            high,
            n: 3,
        })
    };
    let all = [
        interval(0.228, 0.219, 0.237),
        interval(0.228, 0.11, 0.47),
        interval(12.34, 12.0, 12.7),
        interval(1410.0, 1300.0, 1530.0),
        interval(0.0999, 0.098, 0.102),
        interval(0.2281, 0.2279, 0.2283),
    ];
    insta::assert_snapshot!(all.join("\n"));
    let spans = [0.2, 40.0, 89.9, 90.0, 600.0, 5400.0, 40_000.0].map(words::span);
    insta::assert_snapshot!(spans.join(", "), @"1 s, 40 s, 90 s, 2 min, 10 min, 1.5 h, 11.1 h");
}
