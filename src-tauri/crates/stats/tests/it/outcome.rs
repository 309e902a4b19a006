//! What a session came to, for every way in which it can come out.

use wattsmith_stats::{Analysis, Lead, Outcome, OutcomeKind};
use wattsmith_testkit::fixtures;

#[test]
fn each_record_comes_to_its_own_kind_of_outcome() {
    for (at, (label, record)) in fixtures::every_outcome().into_iter().enumerate() {
        let outcome = Outcome::of(&record, &Analysis::of(&record));
        assert_eq!(outcome.kind.label(), label, "case {at}: {outcome:?}");
    }
}

#[test]
fn the_words_of_every_outcome() {
    let said: Vec<String> = fixtures::every_outcome()
        .into_iter()
        .map(|(label, record)| {
            let outcome = Outcome::of(&record, &Analysis::of(&record));
            format!("{label} | {} | {}", outcome.words(), outcome.why())
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn the_last_words_are_those_of_the_confirmation_whatever_the_search_saw() {
    let mut several = 0;
    for (label, record) in fixtures::every_outcome() {
        let analysis = Analysis::of(&record);
        let outcome = Outcome::of(&record, &analysis);
        let last = record.confirmations.last();
        let Some(kind) = last.and_then(OutcomeKind::of_confirmation) else {
            continue;
        };
        several += 1;
        assert_eq!(outcome.kind, kind, "{label}");
        // Nor does it matter that another trial would be the best at the other end of an estimate.
        let unsure = Analysis {
            best_depends_on_estimate: true,
            ..analysis
        };
        assert_eq!(Outcome::of(&record, &unsure).kind, kind, "{label}");
    }
    assert!(several >= 5, "{several}");
}

#[test]
fn figures_that_stand_first_are_of_the_windows_that_the_verdict_is_of() {
    for (label, record) in fixtures::every_outcome() {
        let analysis = Analysis::of(&record);
        let outcome = Outcome::of(&record, &analysis);
        let lead = Lead::of(&record, &analysis, &outcome);
        let judged = record
            .confirmations
            .iter()
            .any(|one| one.decision.is_some());
        assert_eq!(lead.fresh, judged, "{label}");
        if let (true, Some(own), Some(default)) = (judged, &lead.subject, &lead.default) {
            assert_eq!(Some(own.windows), outcome.pairs, "{label}");
            assert_eq!(own.windows, default.windows, "{label}");
        }
    }
}

#[test]
fn fresh_repeats_stand_above_what_the_search_saw() {
    for (_, record) in fixtures::every_outcome() {
        let analysis = Analysis::of(&record);
        let outcome = Outcome::of(&record, &analysis);
        let judged = outcome
            .trial
            .as_ref()
            .and_then(|id| analysis.trial(id)?.judged);
        if let Some(judged) = judged {
            assert_eq!(outcome.ratio, judged.ratio, "{outcome:?}");
            assert_eq!(outcome.pairs, Some(judged.pairs));
            assert!(!outcome.words().contains("not confirmed"), "{outcome:?}");
        }
    }
}
