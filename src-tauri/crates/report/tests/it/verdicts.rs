//! Verdicts in a report: the same words as everywhere, and what a change of the machine does to them.

use wattsmith_domain::{Busy, Decision, StartLoad};
use wattsmith_report::{csv, json, markdown};
use wattsmith_stats::{Analysis, Outcome};
use wattsmith_testkit::fixtures::{self, Fixture, Shown};

/// The report's headline begins with the word that terminal and window say of the same record, and
/// nothing in its lead says another one.
#[test]
fn the_lead_says_what_terminal_and_window_say() {
    for (at, (label, record)) in fixtures::every_outcome().into_iter().enumerate() {
        let outcome = Outcome::of(&record, &Analysis::of(&record));
        let text = markdown(&record);
        let lead = text.lines().find(|line| line.starts_with("**")).unwrap();
        let (headline, detail) = lead.trim_start_matches("**").split_once("**").unwrap();
        let headline = headline.to_lowercase();
        let word = outcome.kind.word();
        match label {
            "confirmed" => assert!(headline.ends_with(", confirmed."), "{headline}"),
            "less" => assert!(
                headline.ends_with(", certain; goal not decided."),
                "{headline}"
            ),
            _ => assert_eq!(headline, format!("{word}."), "case {at}, {label}"),
        }
        for other in ["not confirmed", "not decided", "depends on the estimate"] {
            let own = word.contains(other) || headline.contains(other);
            assert!(
                own || !lead.to_lowercase().contains(other),
                "case {at}: {lead}"
            );
        }
        // Fresh repeats are the only figure where there are any.
        if let (Some(pairs), Some(ratio)) = (outcome.pairs, outcome.ratio) {
            let goal = label == "goal-reached"; // which is about joules
            assert!(
                goal || detail.contains(&pairs.to_string()),
                "case {at}: {detail}"
            );
            assert!(
                !detail.contains("in the search"),
                "case {at}: {detail} {ratio:?}"
            );
        }
        let report: serde_json::Value = serde_json::from_str(&json(&record).unwrap()).unwrap();
        assert_eq!(report["analysis"]["outcome"]["kind"], label);
        assert_eq!(report["analysis"]["outcome"]["words"], outcome.words());
    }
}

/// A trial that fresh repeats judged has their verdict in its row and in the list of what is open.
#[test]
fn a_judged_trial_has_no_verdict_of_the_search_beside_it() {
    for (label, record) in fixtures::every_outcome() {
        let analysis = Analysis::of(&record);
        let judged = analysis.trials.iter().filter(|one| {
            one.judged
                .is_some_and(|own| own.decision != Decision::Below)
        });
        for trial in judged {
            let text = markdown(&record);
            let row = format!("| {} |", trial.number);
            let row = text.lines().find(|line| line.starts_with(&row)).unwrap();
            assert!(row.contains("fresh pairs"), "{label}: {row}");
            assert!(!row.contains("outside the noise"), "{label}: {row}");
            let claim = format!("Trial {} needed less energy", trial.number);
            assert!(!text.contains(&claim), "{label}: {text}");
        }
    }
}

#[test]
fn a_machine_that_changed_is_said_and_marked_everywhere() {
    let record = fixtures::moved_default(3);
    let page = wattsmith_report::html(&record).unwrap();
    let text = markdown(&record);
    for one in [&page, &text] {
        assert!(
            one.contains("The machine changed: 2 fresh windows of the default"),
            "{one}"
        );
        assert!(one.contains("not compared"), "{one}");
    }
    // The chart marks where it changed, and which points are from before.
    assert_eq!(
        page.matches("class=\"change\"").count(),
        2,
        "a mark and its legend"
    );
    assert_eq!(page.matches("class=\"dot stale\"").count(), 3);
    assert_eq!(page.matches("<tbody class=\"stale\">").count(), 3);
    let report: serde_json::Value = serde_json::from_str(&json(&record).unwrap()).unwrap();
    let analysis = &report["analysis"];
    assert_eq!(analysis["machine_changes"][0]["stale_trials"], 3);
    assert_eq!(analysis["trials"][1]["before_the_machine_changed"], true);
    let rows = csv(&record);
    let comparable = rows
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|one| one == "comparable");
    let cell = |line: &str| {
        line.split(',')
            .nth(comparable.unwrap())
            .unwrap_or("")
            .to_owned()
    };
    let stale = rows.lines().filter(|line| cell(line) == "false").count();
    assert_eq!(
        stale,
        3 + 2 + 3 + 2,
        "three windows of the busy default, all of its trials"
    );
    let quiet = markdown(&fixtures::confirmed());
    assert!(!quiet.contains("machine changed"), "{quiet}");
}

#[test]
fn one_wild_interval_does_not_press_the_chart_flat() {
    let wild = Fixture::on_gpu()
        .trial(&[], &[Shown(400.0, 120.0), Shown(404.0, 120.0)])
        .trial(
            &[("parallel", wattsmith_domain::Value::Int(8))],
            &[Shown(500.0, 120.0), Shown(20.0, 120.0)],
        )
        .build();
    let page = wattsmith_report::html(&wild).unwrap();
    assert!(
        page.contains("cut off at its edge"),
        "an interval leaves the axis"
    );
    let calm = wattsmith_report::html(&fixtures::confirmed()).unwrap();
    assert!(!calm.contains("cut off at its edge"));
}

#[test]
fn what_was_done_about_a_busy_machine_is_in_the_report() {
    let mut record = fixtures::confirmed();
    record.session.load = Some(StartLoad {
        share: 0.43,
        gpu: String::new(),
        choice: Some(Busy::Measure),
        waited_s: 0.0,
        quiet_at_last: false,
    });
    let said = "other programs used 43 % of the CPU. It was measured all the same, by choice";
    assert!(markdown(&record).contains(said));
    let report: serde_json::Value = serde_json::from_str(&json(&record).unwrap()).unwrap();
    assert_eq!(report["record"]["session"]["load"]["share"], 0.43);
}
