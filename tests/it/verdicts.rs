//! Verdicts and the machine's state, as the window is shown them.

use wattsmith_app::views;
use wattsmith_app::wire::{NextStep, SessionView, StoryItem, VerdictKind};
use wattsmith_testkit::fixtures;
use wattsmith_tuner::domain::{Busy, Scope, SessionRecord, StartLoad};
use wattsmith_tuner::stats::{Analysis, Outcome, OutcomeKind};
use wattsmith_tuner::{Digest, JobState, Listed, report, words};

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

fn load(choice: Option<Busy>) -> StartLoad {
    StartLoad {
        share: 0.43,
        gpu: String::new(),
        choice,
        waited_s: 0.0,
        quiet_at_last: false,
    }
}

#[test]
fn the_window_says_what_terminal_and_report_say_of_every_outcome() {
    for (label, record) in fixtures::every_outcome() {
        let shown = view(&record);
        assert_eq!(
            shown.outcome.text,
            words::outcome(&record, &Analysis::of(&record)),
            "{label}"
        );
        assert!(
            shown.outcome.text.starts_with(&shown.outcome.word),
            "{label}"
        );
        let best = shown.best.as_ref();
        assert_eq!(
            best.map_or(0, |best| best.number),
            shown.outcome.trial_number,
            "{label}: settings and verdict are of one trial"
        );
        if let Some(best) = best {
            assert_eq!(best.verdict.text, shown.outcome.text, "{label}");
            assert_eq!(best.confirmed, shown.outcome.confirmed, "{label}");
        }
        // The list of sessions and the view across them.
        let listed = Listed::Session(Box::new(Digest::of(&record)));
        let line = views::summary(&listed, &JobState::default());
        let lines = views::overview(std::slice::from_ref(&listed));
        if let Some(point) = lines.first().and_then(|line| line.points.first()) {
            assert_eq!(point.outcome, line.outcome, "{label}");
            assert_eq!(point.verdict, line.verdict, "{label}");
        }
        let short = ["new", "default only", "default best"].contains(&line.outcome.as_str());
        let saves = match label {
            "confirmed" => line.outcome == "\u{2212}20.2 %",
            "less" => line.outcome == "\u{2212}11.6 %",
            _ => false,
        };
        assert!(
            short || saves || line.outcome == shown.outcome.word,
            "{label}"
        );
        // A figure stands green only where fresh repeats decided it.
        assert_eq!(line.verdict == VerdictKind::Better, saves);
    }
}

#[test]
fn confirmation_trial_and_outcome_use_one_word() {
    for (label, record) in fixtures::every_outcome() {
        let shown = view(&record);
        let confirmation = shown.story.iter().rev().find_map(|item| match item {
            StoryItem::Confirmation(one) if one.decided => Some(one),
            _ => None,
        });
        let Some(confirmation) = confirmation else {
            continue;
        };
        let trial = shown.story.iter().find_map(|item| match item {
            StoryItem::Trial(one) if one.number == confirmation.trial_number => Some(one),
            _ => None,
        });
        let said = [
            confirmation.text.to_lowercase(),
            trial.unwrap().verdict.text.clone(),
        ];
        let word = confirmation.word.split(':').next().unwrap();
        for text in said {
            assert!(text.starts_with(word), "{label}: {word} and {text}");
        }
        assert!(shown.outcome.text.starts_with(word), "{label}");
    }
}

#[test]
fn the_report_opens_with_the_word_of_the_last_line_and_says_no_other_of_its_confirmation() {
    for (label, record) in fixtures::every_outcome() {
        let outcome = Outcome::of(&record, &Analysis::of(&record));
        let said = plain(&report::markdown(&record));
        let word = outcome.kind.word();
        let headline = match outcome.kind {
            OutcomeKind::Confirmed => "20.2 % less energy per token, confirmed.".to_owned(),
            OutcomeKind::Less => {
                "11.6 % less energy per token, certain; goal not decided.".to_owned()
            }
            _ => {
                let (first, rest) = word.split_at(1);
                format!("{}{rest}.", first.to_uppercase())
            }
        };
        assert!(said.contains(&headline), "{label}: {headline} in {said}");
        let Some(kind) = record
            .confirmations
            .last()
            .and_then(OutcomeKind::of_confirmation)
        else {
            continue;
        };
        assert_eq!(kind, outcome.kind, "{label}");
        // Its row in the table of confirmations, its trial's badge and the headline: one word.
        let word = word.strip_prefix("less, ").unwrap_or(word);
        assert!(said.matches(word).count() >= 2, "{label}: {word} in {said}");
        assert!(!said.contains("Not confirmed:"), "{label}: {said}");
    }
}

#[test]
fn where_the_best_is_not_the_lowest_figure_window_terminal_and_report_say_why() {
    let mut record = fixtures::measured();
    // One lucky window just below the best, which has many.
    let mut best = record.trials[2].clone();
    let lucky = best.repeats[0].clone();
    let spread = [0.88, 1.0, 1.12];
    let steady = (0..12).map(|at| {
        let mut one = lucky.clone();
        one.energy.gross.0 *= spread[at % 3];
        one
    });
    best.repeats = steady.collect();
    record.trials[2] = best;
    let lowest = wattsmith_tuner::stats::geometric_mean(
        &record.trials[2]
            .repeats
            .iter()
            .map(wattsmith_tuner::domain::Repeat::joules_per_unit)
            .collect::<Vec<_>>(),
    );
    let mut one = lucky;
    one.energy.gross.0 = lowest.unwrap() * 0.995 * one.units.0 as f64;
    record.trials[3].repeats = vec![one];
    let analysis = Analysis::of(&record);
    let outcome = Outcome::of(&record, &analysis);
    let said = outcome.beside_lowest(&record, &analysis).unwrap();
    assert!(view(&record).outcome.why.ends_with(&said));
    assert!(plain(&report::markdown(&record)).contains(&plain(&said)));
}

#[test]
fn what_was_measured_before_the_machine_changed_is_marked_and_no_best() {
    let shown = view(&fixtures::moved_default(3));
    let stale: Vec<u32> = shown
        .trend
        .iter()
        .filter(|point| point.stale)
        .map(|point| point.number)
        .collect();
    assert_eq!(stale, [2, 3, 4]);
    assert!(
        shown
            .trend
            .iter()
            .all(|one| !one.stale || one.best_so_far.is_none())
    );
    assert_eq!(shown.changes.len(), 1);
    assert_eq!(shown.changes[0].after_trial, 4);
    assert_eq!(shown.trials_used, 0);
    // Goal and default are those of the fresh windows.
    assert!((shown.default_interval.unwrap().mean - 0.283).abs() < 0.01);
    assert!((shown.goal_joules.unwrap() - 0.255).abs() < 0.01);
    let told = |item: &&StoryItem| matches!(item, StoryItem::Machine(one) if one.title == "The machine changed");
    assert_eq!(shown.story.iter().filter(told).count(), 1);
    assert!(matches!(shown.next, NextStep::Ask));
    let doubt = view(&fixtures::moved_default(1)).next;
    assert!(matches!(doubt, NextStep::CheckDefault { reason } if reason.contains("differs")));
    // A machine that did not change is not spoken of.
    let quiet = view(&fixtures::everything());
    assert!(quiet.changes.is_empty());
    assert!(
        !quiet
            .story
            .iter()
            .any(|item| matches!(item, StoryItem::Machine(_)))
    );
}

#[test]
fn a_busy_machine_is_a_question_and_then_a_line_of_the_story() {
    let mut record = fixtures::empty();
    record.session.load = Some(load(None));
    let next = view(&record).next;
    assert!(matches!(next, NextStep::BusyMachine { load } if load.contains("43 %")));
    let mut record = fixtures::confirmed();
    record.session.load = Some(load(Some(Busy::Measure)));
    let first = view(&record).story.into_iter().next();
    assert!(matches!(first, Some(StoryItem::Machine(one)) if one.text.contains("by choice")));
}
