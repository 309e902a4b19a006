//! What people and models read: feedback drafts and verdicts, word for word.

use std::fmt::Write as _;
use wattsmith_domain::{Comparison, DeviceConditions, Interval, SessionRecord, Value, Verdict};
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

/// The draft on the last trial of a record.
fn last(record: &SessionRecord) -> String {
    let trial = record.trials.last().unwrap();
    feedback::draft(record, &Analysis::of(record), trial)
}

#[test]
fn the_limit_is_named_where_the_windows_tell_it() {
    let on_gpu = |busy, memory| {
        let mut record = fixtures::measured();
        for repeat in record.trials.iter_mut().flat_map(|one| &mut one.repeats) {
            repeat.conditions = vec![DeviceConditions {
                busy_percent: Some(busy),
                memory_busy_percent: Some(memory),
                ..DeviceConditions::default()
            }];
        }
        last(&record)
    };
    for (busy, memory, said) in [
        (
            98.0,
            86.0,
            "busy 98 % of the time, its memory 86 %: memory bandwidth is the limit",
        ),
        (
            97.0,
            40.0,
            "busy 97 % of the time, its memory 40 %: it is the limit.",
        ),
        (
            55.0,
            30.0,
            "busy only 55 % of the time, its memory 30 %: the rest is idle time between",
        ),
        (
            80.0,
            50.0,
            "busy 80 % of the time, its memory 50 %. The cores",
        ),
    ] {
        let draft = on_gpu(busy, memory);
        assert!(draft.contains(said), "{draft}");
    }
    assert!(last(&fixtures::measured()).contains("the GPU's load is not seen here"));

    let draft = last(&fixtures::estimated());
    assert!(!draft.contains("memory bandwidth"), "{draft}");
    let mut starved = fixtures::estimated();
    starved.session.machine.physical_cores = 8;
    let window = starved.trials[0].repeats[0].window;
    for repeat in &mut starved.trials[2].repeats {
        // As many tokens with one thread as with two.
        repeat.window = window;
        repeat.cpu.engine_s = repeat.window.0 * 0.5;
    }
    let draft = last(&starved);
    assert!(
        draft.contains("8 threads gave no more tokens/s than 1 (trial 1): most likely memory"),
        "{draft}"
    );
    assert!(
        draft.contains("Its threads computed 50 % of the time; the rest is idle time between"),
        "{draft}"
    );
}

#[test]
fn cores_that_others_took_are_neither_room_nor_memory_nor_idle_threads() {
    let mut record = fixtures::estimated();
    record.session.machine.physical_cores = 8;
    let window = record.trials[0].repeats[0].window;
    for repeat in &mut record.trials[2].repeats {
        // As many tokens with one thread as with two, on a machine that others kept busy.
        repeat.window = window;
        repeat.cpu.engine_s = repeat.window.0 * 2.0 * 0.37;
        repeat.cpu.other_s = repeat.window.0 * 2.0 * 0.5;
        repeat.cpu.stolen_s = repeat.window.0 * 2.0 * 0.1;
    }
    let draft = last(&record);
    assert!(
        draft.contains(
            "It kept the cores busy 37 % of the time, and other programs used 50 % and the host of \
             this virtual machine took 10 % away: no core was left for more threads"
        ),
        "{draft}"
    );
    for wrong in [
        "room for more threads",
        "memory bandwidth",
        "idle time between batches",
    ] {
        assert!(!draft.contains(wrong), "{draft}");
    }
    // Beside a GPU, too.
    let mut record = fixtures::measured();
    for repeat in record.trials.iter_mut().flat_map(|one| &mut one.repeats) {
        repeat.cpu.other_s = repeat.window.0 * f64::from(repeat.cpu.cores) * 0.4;
    }
    let draft = last(&record);
    assert!(
        draft.contains("of the time, and other programs used 40 %;"),
        "{draft}"
    );
}

#[test]
fn slots_without_a_client_are_pointed_at() {
    let mut record = fixtures::estimated();
    let trial = &mut record.trials[1];
    let clients = record.session.workload.concurrency;
    let slots = i64::from(clients) + 8;
    trial.configuration.set("parallel", Value::Int(slots));
    let trial = trial.clone();
    let draft = feedback::draft(&record, &Analysis::of(&record), &trial);
    let said = format!("8 of its {slots} slots never had a request: {clients} clients send");
    assert!(draft.contains(&said), "{draft}");
}

#[test]
fn the_room_to_each_limit_is_told() {
    let mut record = fixtures::estimated();
    record.session.objective.constraints.min_tokens_per_second = Some(40.0);
    // The last trial's first token comes after 0.79 s.
    record
        .session
        .objective
        .constraints
        .max_time_to_first_token_s = Some(0.8);
    let draft = last(&record);
    assert!(
        draft.contains("the limit of at least 40 tokens/s with 43 % to spare."),
        "{draft}"
    );
    assert!(
        draft.contains("the limit of a first token within 0.8 s with only 1 % to spare."),
        "{draft}"
    );
}

#[test]
fn what_has_not_been_tried_stands_on_a_line_of_its_own_and_is_not_said_twice() {
    let record = fixtures::estimated();
    let of = |number: usize| {
        let mut until = record.clone();
        until.trials.truncate(number);
        last(&until)
    };
    assert!(of(1).ends_with("\nNot tried yet: anything but the default."));
    let draft = of(3);
    let (seen, untried) = draft.split_once('\n').unwrap();
    assert!(
        untried.starts_with("Not tried yet: another value of ") && !untried.contains("parallel"),
        "{untried}"
    );
    assert_eq!(feedback::seen(&draft), seen);
    assert_eq!(feedback::seen("My own words."), "My own words.");
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
