//! Window, terminal and report say the same figures of the same record. What all three say is written
//! down beside the view that the window gets; a test of the window draws that view and looks for it.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use wattsmith_app::views;
use wattsmith_app::wire::{SessionView, StoryItem, TrialItem};
use wattsmith_testkit::fixtures;
use wattsmith_tuner::domain::{Scope, SessionRecord, TrialState};
use wattsmith_tuner::stats::{Analysis, said};
use wattsmith_tuner::{Digest, JobState, Listed, feedback, report, words};

/// As the list of sessions has it.
fn listed(record: &SessionRecord) -> Listed {
    Listed::Session(Box::new(Digest::of(record)))
}

const RECORDS: &str = "ui/src/test/records.json";
/// Kinds of outcomes whose views are drawn by the window's own test; the others are compared here.
const DRAWN: [&str; 4] = [
    "default-only",
    "not-confirmed",
    "depends-on-estimate",
    "confirmed",
];

fn view(record: &SessionRecord) -> SessionView {
    views::session(record, &JobState::default(), (Scope::Estimated, 0.5))
}

/// Without what only sets a text: kinds of spaces, and marks of emphasis.
fn plain(text: &str) -> String {
    let text = text
        .replace(['\u{a0}', '\u{202f}'], " ")
        .replace("**", "")
        .replace('\\', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn trials(view: &SessionView) -> impl Iterator<Item = &TrialItem> {
    view.story.iter().filter_map(|item| match item {
        StoryItem::Trial(trial) => Some(trial),
        _ => None,
    })
}

/// What terminal and report both say, of all that the window would say.
fn shared(record: &SessionRecord, label: &str) -> BTreeSet<String> {
    let analysis = Analysis::of(record);
    let shown = view(record);
    let report = plain(&report::markdown(record));
    let mut all = BTreeSet::new();
    for (trial, item) in record.trials.iter().zip(trials(&shown)) {
        if !matches!(trial.state, TrialState::Complete) || trial.repeats.is_empty() {
            continue;
        }
        let terminal = plain(&words::trial(record, &analysis, trial).join("\n"));
        let of = |what: &str, text: &str, terminal_says: bool| {
            let text = plain(text);
            let at = format!("{label}, trial {}, {what}: {text:?}", trial.number);
            assert!(
                report.contains(&text),
                "{at} is not in the report: {report}"
            );
            assert!(
                !terminal_says || terminal.contains(&text),
                "{at} is not in the terminal: {terminal}"
            );
            text
        };
        all.insert(of("figure", &item.said.figure, true));
        all.insert(of("error of every joule", &item.said.systematic, true));
        let speed = item.said.speed.split(' ').next().unwrap();
        all.insert(of("speed", speed, true));
        // An interval of the ratio has no place on a line of the terminal.
        let decided = item.verdict.kind != wattsmith_app::wire::VerdictKind::DependsOnEstimate;
        if !item.said.range.is_empty() && decided {
            all.insert(of("range", &item.said.range, false));
        }
        // How much longer a verdict would take: the same minutes everywhere.
        if let Some(outlook) = item.verdict.text.split("about ").nth(1) {
            let outlook = outlook.split(" more would decide it").next().unwrap();
            of("outlook", outlook, true);
        }
    }
    // The largest size of a saving that is claimed is the same in headline, answer and last words.
    let outcome = wattsmith_tuner::stats::Outcome::of(record, &analysis);
    if let Some(ratio) = outcome.ratio {
        let size = plain(&said::size(ratio.mean));
        for (where_, text) in [
            ("report", report.as_str()),
            ("terminal", &plain(&outcome.words())),
            ("window", &plain(&shown.answer.headline)),
        ] {
            let goal = label == "goal-reached"; // which is about joules
            assert!(
                goal || text.contains(&size),
                "{label}: {size} is not in the {where_}: {text}"
            );
        }
        all.insert(size);
    }
    for bar in shown.answer.bars.iter().filter(|bar| bar.percent == 100.0) {
        let mean = plain(bar.figure.split(' ').next().unwrap());
        assert!(report.contains(&mean), "{label}: {mean} of the default");
    }
    all
}

#[test]
fn window_terminal_and_report_say_one_thing_of_every_record() {
    let mut drawn = Vec::new();
    for (label, record) in fixtures::every_outcome() {
        let all = shared(&record, label);
        if DRAWN.contains(&label) && drawn.iter().all(|one: &Value| one["label"] != label) {
            drawn.push(json!({ "label": label, "said": all, "view": view(&record) }));
        }
    }
    assert_eq!(drawn.len(), DRAWN.len());
    let numbers: Vec<Value> = [
        0.22784,
        12.345,
        1234.0,
        0.9996,
        113.4,
        56_789.0,
        0.000_123_4,
    ]
    .into_iter()
    .map(|value| json!([value, said::number(value)]))
    .collect();
    let text = serde_json::to_string(&json!({ "records": drawn, "numbers": numbers })).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDS);
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed.trim() != text {
        std::fs::write(&path, format!("{text}\n")).unwrap();
        panic!("{RECORDS} was out of date and has been written anew; commit it");
    }
}

#[test]
fn how_far_a_prediction_was_off_is_said_alike_everywhere() {
    let record = fixtures::everything();
    let analysis = Analysis::of(&record);
    let shown = view(&record);
    let page = plain(&report::html(&record).unwrap());
    let mut told = 0;
    for (trial, item) in record.trials.iter().zip(trials(&shown)) {
        let Some(own) = analysis.trial(&trial.id) else {
            continue;
        };
        let (Some(predicted), Some(mean)) = (own.predicted, own.mean) else {
            assert_eq!(item.said.miss, "");
            continue;
        };
        told += 1;
        // What came, in per cent of what was predicted.
        let words = format!("{} than predicted", said::less_or_more(mean / predicted));
        assert_eq!(item.said.miss, words);
        let terminal = plain(&words::trial(&record, &analysis, trial).join("\n"));
        let feedback = feedback::draft(&record, &analysis, trial);
        let track: Vec<&str> = shown
            .foretold
            .iter()
            .flat_map(|one| &one.each)
            .filter(|one| one.trial_id == trial.id.0)
            .map(|one| one.off.as_str())
            .collect();
        assert_eq!(track, [words.as_str()]);
        for (of, text) in [
            ("terminal", terminal.as_str()),
            ("feedback", &feedback),
            ("report", &page),
        ] {
            assert!(text.contains(&words), "{words} is not in the {of}: {text}");
        }
    }
    assert!(
        told >= 2,
        "the fixture holds predictions that came to a figure"
    );
}

#[test]
fn sessions_of_one_name_are_told_apart_and_others_keep_theirs() {
    let mut records = [
        fixtures::measured(),
        fixtures::measured(),
        fixtures::empty(),
    ];
    records[1].session.created_at = "2026-02-03T04:05:06Z".to_owned();
    records[2].session.name = "Another".to_owned();
    let mut lines: Vec<_> = records
        .iter()
        .map(|record| views::summary(&listed(record), &JobState::default()))
        .collect();
    views::tell_apart(&mut lines);
    assert_ne!(lines[0].name, lines[1].name);
    assert!(
        lines[1].name.ends_with("(2026-02-03 04:05 UTC)"),
        "{}",
        lines[1].name
    );
    assert_eq!(lines[2].name, "Another");
}

#[test]
fn a_session_whose_first_trial_runs_is_not_called_new() {
    let running = JobState {
        running: true,
        ..JobState::default()
    };
    let record = fixtures::empty();
    assert_eq!(views::summary(&listed(&record), &running).outcome, "");
    assert_eq!(
        views::summary(&listed(&record), &JobState::default()).outcome,
        "new"
    );
}

#[test]
fn a_window_that_is_measured_again_says_why() {
    let mut record = fixtures::measured();
    let mut last = record.trials.pop().unwrap();
    last.state = TrialState::Running;
    let mut again = last.repeats.pop().unwrap();
    again.started_at = "2999-01-01T00:00:00Z".to_owned();
    last.discarded
        .push(wattsmith_tuner::domain::DiscardedRepeat {
            repeat: again,
            cause: wattsmith_tuner::domain::Cause {
                kind: wattsmith_tuner::domain::WarningKind::OtherLoad,
                text: "other programs used 71 % of the CPU".to_owned(),
            },
        });
    record.trials.push(last);
    let shown = view(&record);
    let trial = trials(&shown).last().unwrap();
    assert_eq!(
        trial.attempt,
        "2nd try: other programs used 71 % of the CPU"
    );
    // Another window was kept since: the one that runs now is a first try.
    let kept = record.trials[0].repeats[0].clone();
    let last = record.trials.last_mut().unwrap();
    last.repeats.push(wattsmith_tuner::domain::Repeat {
        started_at: "2999-01-01T00:01:00Z".to_owned(),
        ..kept
    });
    let shown = view(&record);
    assert_eq!(trials(&shown).last().unwrap().attempt, "");
}

#[test]
fn steps_say_what_they_take_once_something_was_measured() {
    let costs = view(&fixtures::empty()).costs;
    assert!(costs.trial.is_empty() && costs.confirm.is_empty());
    let costs = view(&fixtures::measured()).costs;
    assert!(
        costs.trial.starts_with("about ") && costs.trial.ends_with('J'),
        "{}",
        costs.trial
    );
    assert!(costs.confirm.contains(" to "), "{}", costs.confirm);
}

#[test]
fn a_session_can_be_begun_again_as_it_was() {
    let record = fixtures::measured();
    let plan = view(&record).plan;
    let again = wattsmith_tuner::SessionPlan::try_from(plan).unwrap();
    assert_eq!(again.threshold, record.session.objective.threshold);
    assert_eq!(again.advisor, record.session.advisor);
    assert_eq!(again.budget, record.session.budget);
    let knobs = record.session.space.parameters.iter();
    assert_eq!(again.tuned.len(), knobs.count());
}
