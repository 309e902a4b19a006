//! What a session came to, for every way in which it can come out.

use wattsmith_stats::{Analysis, Outcome};
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
