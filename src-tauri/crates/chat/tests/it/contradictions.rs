//! Replies that take their own proposal back are asked which one they mean; those that tell, weigh or
//! repeat are taken at their word. All texts are made, after the manner of replies of small and large
//! models.

use crate::space::{shortlist, space, with};
use wattsmith_chat::{ParsedReply, ReplyError, find_proposal, parse_reply};
use wattsmith_domain::Value;

fn free(reply: &str) -> Result<ParsedReply, ReplyError> {
    let space = space();
    parse_reply(reply, &space, &space.default_configuration(), None)
}

fn listed(reply: &str) -> Result<ParsedReply, ReplyError> {
    let (space, list) = (space(), shortlist());
    parse_reply(reply, &space, &space.default_configuration(), Some(&list))
}

#[test]
fn a_reply_that_takes_its_proposal_back_is_asked_which_one_is_meant() {
    for reply in [
        "{\"parallel\": 8} Actually, use parallel 4.",
        "{\"parallel\": 8, \"reason\": \"more at once\"}\n\nWait, parallel should be 4.",
        "```json\n{\"configuration\": {\"parallel\": 8}}\n```\nOn second thought, I'd go with parallel=4.",
        "```json\n{\"configuration\": {\"parallel\": 8}}\n```\nCorrection: parallel: 4",
        "{\"parallel\": 8}\nTrial 3 was slow because of the queue. Use parallel 4 instead of 8.",
        "{\"parallel\": 8}\nHmm, no, set `parallel` back to 4.",
        "{\"parallel\": 8}\nSorry, I meant 4 parallel.",
        "{\"parallel\": 8}\n\nReduce parallel from 8 to 4.",
        "{\"threads\": 4, \"parallel\": 8}\nPlease use 2 threads.",
        "{\"parallel\": 8}\nLet's set flash-attn to on as well.",
        "I'll set parallel to 4, which keeps the memory quiet.\n\n{\"parallel\": 8}",
        "My proposal is parallel 4.\n```json\n{\"parallel\": 8}\n```",
        "parallel: 8\n\nActually, let's try parallel 4.",
        "threads = 4\nparallel = 8\n\nOops, I would rather use threads 2.",
        "llama-server --threads 4 --parallel 8\n\nNo, use parallel 4.",
        "I first looked at {\"parallel\": 4}. My answer: {\"parallel\": 8}",
    ] {
        let refused = free(reply);
        assert!(
            matches!(refused, Err(ReplyError::Ambiguous { .. })),
            "{reply}\n{refused:?}"
        );
    }
    for reply in [
        "{\"choice\": 1, \"reason\": \"quiet\"}\nActually, choose entry 2.",
        "{\"choice\": 1}\nWait, I'd pick option 2.",
        "I choose entry 2 for its low figure.\n{\"choice\": 1}",
        "{\"choice\": 1}\nSorry, number 2.",
    ] {
        let refused = listed(reply);
        assert!(
            matches!(refused, Err(ReplyError::Ambiguous { .. })),
            "{reply}\n{refused:?}"
        );
    }
}

#[test]
fn the_question_names_both_proposals() {
    let refused = free("{\"parallel\": 8} Actually, use parallel 4.").unwrap_err();
    assert_eq!(
        refused.for_llm(),
        "your answer holds different proposals (parallel=8 | parallel=4). Answer with exactly one."
    );
}

#[test]
fn prose_that_repeats_tells_or_weighs_contradicts_nothing() {
    let eight = with(&[("parallel", Value::Int(8))]);
    for reply in [
        "{\"parallel\": 8}\nSo use parallel 8.",
        "I'd go with parallel=8.\n{\"parallel\": 8}\nActually, parallel 8 is what the clients need.",
        "Trial 2 with parallel 4 was slower, and trial 3 used parallel 16.\n{\"parallel\": 8}",
        "{\"parallel\": 8}\n\nParallel 4 was tried already, and parallel 16 would be too many.",
        "{\"parallel\": 8}\nIf memory gets tight, use parallel 4.",
        "{\"parallel\": 8}\nAfter that I would try parallel 16 next.",
        "{\"parallel\": 8}\nYou could also set parallel to 16 later.",
        "Let me think. I'll take parallel 4 first. But the table shows that parallel 8 fills the slots.\n{\"parallel\": 8}",
        "Options:\n1. Increase parallel to 16\n2. Increase parallel to 8\nThe second is safer.\n{\"parallel\": 8}",
        "{\"parallel\": 8}\nThis uses parallel 8 rather than parallel 4.",
        "{\"parallel\": 8}\nIncrease parallel from 4 to 8.",
        "{\"parallel\": 8}\nThe default of parallel 4 leaves half of the clients waiting.",
        "{\"parallel\": 8}\nKeep threads at 2 and batch at 2048.",
        "{\"parallel\": 8}\nUse parallel 8 because parallel 4 gave 0.21 J/token.",
        "parallel: 8\n\nReason: parallel 4 was slower in trial 2.",
        "Compared with parallel=4, eight slots share each pass.\n\nparallel=8",
        "{\"parallel\": 8}\nExpected: better latency with parallel 4, fewer joules with parallel 8.",
    ] {
        let parsed = free(reply).unwrap_or_else(|error| panic!("{reply}\n{error}"));
        assert_eq!(parsed.configuration, eight, "{reply}");
    }
    for reply in [
        "Entry 1 promises more, but entry 2 is safer.\n{\"choice\": 2}",
        "{\"choice\": 2}\nIf that fails, choose entry 1.",
        "I choose entry 2.\n{\"choice\": 2}",
    ] {
        let parsed = listed(reply).unwrap_or_else(|error| panic!("{reply}\n{error}"));
        assert_eq!(parsed.choice, Some(2), "{reply}");
    }
}

#[test]
fn an_answer_to_a_question_offers_nothing_that_it_takes_back() {
    let space = space();
    let find = |reply: &str| find_proposal(reply, &space, &space.default_configuration());
    let taken_back = find("Trial 2 waited. {\"parallel\": 8} Actually, use parallel 4.");
    assert!(
        matches!(taken_back, Err(ReplyError::Ambiguous { .. })),
        "{taken_back:?}"
    );
    let kept = find("Trial 2 with parallel 4 waited, so: {\"parallel\": 8}").unwrap();
    assert_eq!(kept.unwrap().configuration.int("parallel"), Some(8));
}
