//! Reasons as models give them, all made but where it says otherwise. The record: the default at
//! 0.283 J/token and 420 tokens/s, trial 2 (parallel=2) at 0.337, trial 3 (parallel=8 threads=4) at
//! 0.226, trial 4 (parallel=8 ubatch=256) at 0.281; the goal is 30 % below the default, 0.198.

use super::{false_claims, false_claims_in_answer};
use wattsmith_domain::{Claim, SessionRecord, Threshold};
use wattsmith_testkit::fixtures;

fn record() -> SessionRecord {
    let mut record = fixtures::measured();
    record.session.objective.threshold = Threshold::PercentBelowDefault { percent: 30.0 };
    record
}

#[test]
fn what_the_record_contradicts_is_marked() {
    let record = record();
    let mut told = Vec::new();
    for reason in [
        // A small model's own words, from a shipped recording.
        "The default setting already meets the goal of 0.198 J/token, and it is the most energy-efficient among the options tried so far.",
        "Trial 3 already meets the goal.",
        "The goal has been reached.",
        "The goal of 0.25 J/token needs more slots.",
        "The target is 10 % below the default.",
        "Trial 2 used 0.21 J/token.",
        "Trial 3 gave 240 tokens/s, so slots help.",
        "Trial 3 used 0.226 J/token and gave 121.7 tokens/s.",
        "The default uses 0.185 J/token.",
        "The best so far is 0.15 J/token.",
        "Trial 7 showed 0.2 J/token.",
        "The default is the best so far.",
        "Trial 2 is the most efficient configuration measured.",
        "parallel=8 has not been tried.",
        "parallel=16 was already tried.",
        "Trial 3 used 45 % less than the default.",
        "Trial 2 was 19 % better than the default.",
    ] {
        let claims = false_claims(&record, reason);
        assert!(!claims.is_empty(), "nothing is marked in: {reason}");
        told.push(Claim::mark(reason, &claims));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_so_or_expected_or_open_is_left_alone() {
    let record = record();
    for reason in [
        "",
        "Eight slots share each pass over the weights.",
        "The goal is 0.198 J/token, which nothing has reached yet.",
        "The goal of 30 % below the default is still far.",
        "Trial 3 used 0.226 J/token and gave 538 tokens/s.",
        "Trial 2 at 0.34 J/token was worse than the default at 0.28 J/token.",
        "The best so far is trial 3 with 0.226 J/token.",
        "Trial 3 is the best so far.",
        "I expect 0.19 J/token, which would already meet the goal.",
        "This should get below the goal of 0.198 J/token.",
        "parallel=16 has not been tried.",
        "parallel=8 was already tried with threads=4.",
        "Trial 3 used 20 % less than the default.",
        "Trial 2 was 19 % worse than the default.",
        "Trial 3 was 3 % faster than the default.",
        "With 16 slots the 8 clients never wait; 4-core machines gain 2x.",
        "Trial 3 could save another 0.02 J/token.",
        "The default may not be the best so far.",
        "From 0.283 J/token of the default down to 0.2 J/token is the way to go.",
        "To reach the goal, trial 3 has to lose 0.03 J/token.",
        "Unlike the default, the best so far is trial 3.",
        "The surrogate expects 0.21 J (0.19 to 0.24) of it.",
    ] {
        let claims = false_claims(&record, reason);
        assert!(claims.is_empty(), "{reason}\n{claims:?}");
    }
}

#[test]
fn a_small_models_words_are_checked_and_the_lists_own_are_not() {
    let record = record();
    let own = "Trial 2 used 0.21 J/token. In the chat model's words: ";
    assert!(false_claims(&record, own).is_empty());
    let both = format!("{own}Größer: trial 2 used 0.21 J/token!");
    let claims = false_claims(&record, &both);
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].said, "Größer: trial 2 used 0.21 J/token");
}

#[test]
fn a_goal_that_was_met_may_be_called_met() {
    let mut record = record();
    record.session.objective.threshold = Threshold::PercentBelowDefault { percent: 10.0 };
    assert!(false_claims(&record, "Trial 3 already meets the goal.").is_empty());
    assert!(false_claims(&record, "The goal has been reached.").is_empty());
    assert_eq!(
        false_claims(&record, "The default already meets the goal.").len(),
        1
    );
}

#[test]
fn nothing_is_marked_where_nothing_was_measured() {
    let record = fixtures::empty();
    for reason in [
        "The default uses 0.2 J/token.",
        "The goal has been reached.",
        "threads=4 was tried.",
    ] {
        assert!(false_claims(&record, reason).is_empty(), "{reason}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_can_be_judged(reason in "(trial|default|goal|best|[0-9.]{1,4}|J/token|%|less|[a-zä;.! ]{0,5}| ){0,12}") {
        let claims = false_claims(&record(), &reason);
        for claim in &claims {
            proptest::prop_assert_eq!(reason.get(claim.from..claim.to), Some(claim.said.as_str()));
        }
    }
}

#[test]
fn settings_as_code_in_an_answer_claim_nothing() {
    let record = record();
    let answer = "The default is the best so far.\n\n```json\n{\"reason\": \"trial 2 used 0.21 J/token\"}\n```\n\
                  Trial 2 used 0.21 J/token.";
    let claims = false_claims_in_answer(&record, answer);
    let said: Vec<&str> = claims.iter().map(|claim| claim.said.as_str()).collect();
    assert_eq!(
        said,
        [
            "The default is the best so far",
            "Trial 2 used 0.21 J/token"
        ]
    );
    let open = "```json\n{\"reason\": \"trial 2 used 0.21 J/token\"}";
    assert!(false_claims_in_answer(&record, open).is_empty());
}
