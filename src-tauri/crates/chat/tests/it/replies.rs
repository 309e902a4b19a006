//! What is understood of a reply, what is asked back, and that nothing else is accepted.

use crate::space::{shortlist, space, with};
use proptest::prelude::*;
use wattsmith_chat::{ParsedReply, ReplyError, find_proposal, parse_reply};
use wattsmith_domain::{Configuration, Value};

fn free(reply: &str) -> Result<ParsedReply, ReplyError> {
    let space = space();
    parse_reply(reply, &space, &space.default_configuration(), None)
}

fn listed(reply: &str) -> Result<ParsedReply, ReplyError> {
    let space = space();
    parse_reply(
        reply,
        &space,
        &space.default_configuration(),
        Some(&shortlist()),
    )
}

fn four_and_eight() -> Configuration {
    with(&[("threads", Value::Int(4)), ("parallel", Value::Int(8))])
}

#[test]
fn a_proper_answer_is_taken_whole() {
    let parsed = free(
        r#"{"reason": "Fewer threads.", "configuration": {"threads": 4, "parallel": 8},
            "predicted_joules_per_token": 0.21, "knobs": {"threads": "Cores idle.", "x": "y"}}"#,
    )
    .unwrap();
    assert_eq!(parsed.configuration, four_and_eight());
    assert_eq!(parsed.reason, "Fewer threads.");
    assert_eq!(parsed.predicted, Some(0.21));
    assert_eq!(parsed.knob_reasons.len(), 1);
    assert_eq!(parsed.knob_reasons["threads"], "Cores idle.");
    assert_eq!(parsed.choice, None);
}

#[test]
fn every_common_form_of_the_same_proposal_is_understood() {
    for reply in [
        r#"{"threads": 4, "parallel": 8}"#,
        "Sure! Here it is:\n```json\n{\"configuration\": {\"threads\": \"4\", \"parallel\": 8.0,},}\n```\nGood luck!",
        "<think>maybe {\"threads\": 1}? no</think>{\"settings\": {\"Threads\": \"4 threads\", \"PARALLEL\": 8}}",
        "thinking without a tag… {\"threads\": 16}</think> {'threads': 4, 'parallel': 8}",
        "{\"proposal\": {\"configuration\": {\"num_threads\": 4, \"n_parallel\": 8}, \"reason\": \"it's better\"}}",
        "{\"proposals\": [{\"threads\": 4, \"parallel\": 8}]}",
        r#"{"changes": {"threads": 4, "parallel": 8}, "expected_saving": "10 %", "confidence": 0.9}"#,
        "{\"threads\": {\"value\": 4, \"reason\": \"r\"}, \"parallel\": 8, \"ubatch\": null}",
        "{threads: 4, // cores\n parallel: 8}",
        "{\"configuration\": \"threads=4 parallel=8\"}",
        "I would run:\n\n    llama-server --model m.gguf --threads 4 --parallel=8 --port 80\n",
        "threads = 4\nparallel = 8",
        "- **threads**: 4 (was 2)\n- `parallel`: 8.\n\nReason: more at a time.",
        "| parameter | value |\n|---|---|\n| threads | 4 |\n| parallel | 8 |",
        "Use threads=4, parallel=8",
        "1. threads: 4\n2. parallel: 8\n3. flash-attn: auto, because nothing speaks against it",
        "First {\"threads\": 4, \"parallel\": 8}, that is {\"parallel\": 8, \"threads\": 4}.",
        "{\"threads (count)\": \"4\", \"parallel\": \"8 slots\", \"batch_size\": 2048, \"flash_attention\": null}"
            .replace("flash_attention", "flash_attn")
            .as_str(),
    ] {
        let parsed = free(reply).unwrap_or_else(|error| panic!("{reply}\n{error}"));
        assert_eq!(parsed.configuration, four_and_eight(), "{reply}");
    }
}

#[test]
fn words_and_switches_are_matched_to_their_options() {
    let off = with(&[
        ("flash-attn", Value::Choice("on".to_owned())),
        ("mmap", Value::Bool(false)),
    ]);
    for reply in [
        r#"{"flash_attn": true, "mmap": false}"#,
        r#"{"flash-attn": "ON", "mmap": "disabled"}"#,
        r#"{"flashAttn": "enabled", "mmap": 0}"#,
        "--flash-attn on --no-mmap",
    ] {
        assert_eq!(free(reply).unwrap().configuration, off, "{reply}");
    }
}

#[test]
fn what_is_left_out_stays_as_in_the_base() {
    let space = space();
    let base = with(&[("parallel", Value::Int(8))]);
    let parsed = parse_reply(r#"{"threads": 4}"#, &space, &base, None).unwrap();
    assert_eq!(parsed.configuration, four_and_eight());
}

#[test]
fn a_choice_is_understood_however_it_is_written() {
    for reply in [
        r#"{"reason": "r", "choice": 2, "predicted_joules_per_token": 0.3}"#,
        r##"{"choice": "#2"}"##,
        r#"{"choice": "Choice 2"}"#,
        r#"{"choice": 2.0}"#,
        r#"{"choice": 2, "configuration": {"threads": 1, "parallel": 8}}"#,
        r#"{"choice": "threads=1 parallel=8"}"#,
        r#"{"choice": {"threads": 1, "parallel": 8}}"#,
        r#"{"configuration": {"threads": 1, "parallel": 8}}"#,
        "2",
        "**2.**",
        "I choose option 2.",
        "Choice: 2\nReason: it is quiet.",
    ] {
        let parsed = listed(reply).unwrap_or_else(|error| panic!("{reply}\n{error}"));
        assert_eq!(parsed.configuration, shortlist()[1], "{reply}");
    }
}

#[test]
fn what_cannot_be_used_is_told_back_in_words() {
    let replies = [
        "",
        "<think>only thoughts",
        "Energy depends on many things.",
        r#"{"reason": "I cannot"}"#,
        r#"{"configuration": {}}"#,
        r#"{"choice": 1}"#,
        r#"{"configuration": {"threads": 4, "turbo": 9}}"#,
        r#"{"threads": 4, "turbo": 9}"#,
        r#"{"threads": 99, "mmap": "maybe", "ubatch": 4096}"#,
        r#"{"ubatch": 4096}"#,
        r#"{"threads": "2-4"}"#,
        r#"{"threads": "50%"}"#,
        r#"{"threads": "4k"}"#,
        r#"{"threads": "about 4"}"#,
        r#"{"threads": [2, 4]}"#,
        r#"{"threads": 2.5}"#,
        r#"{"threads": 1e400}"#,
        "threads: 2 to 4\nparallel: 8",
        "--threads 4 --turbo 9",
        r#"{"threads": 4} or {"threads": 2}"#,
        r#"{"threads": 4, "threads": 2}"#,
        r#"{"proposals": [{"threads": 4}, {"threads": 2}]}"#,
        "threads=4\nthreads=2",
        r#"{"configuration": {"threads": 4, "parallel": 1"#,
        r#"{"threads": 4, "parallel" 8}"#,
    ];
    let told: Vec<String> = replies
        .iter()
        .map(|reply| format!("{reply}\n  → {}", free(reply).unwrap_err().for_llm()))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_choice_that_cannot_be_used_is_told_back_in_words() {
    let replies = [
        r#"{"choice": 3}"#,
        r#"{"choice": 0}"#,
        r#"{"choice": -1}"#,
        r#"{"choice": "the second"}"#,
        r#"{"choice": 1, "option": 2}"#,
        r#"{"choice": 1, "configuration": {"threads": 9}}"#,
        "Option 1 is good, but option 2 is better.",
        "No idea.",
    ];
    let told: Vec<String> = replies
        .iter()
        .map(|reply| format!("{reply}\n  → {}", listed(reply).unwrap_err().for_llm()))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_person_reads_what_to_do() {
    let errors = [
        free("").unwrap_err(),
        free(r#"{"configuration": {"threads": 4"#).unwrap_err(),
        free("threads=4\nthreads=2").unwrap_err(),
        free(r#"{"threads": 99}"#).unwrap_err(),
        listed(r#"{"choice": 3}"#).unwrap_err(),
    ];
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_reply_that_was_cut_after_its_proposal_still_counts() {
    let parsed = free(
        r#"{"reason": "r", "configuration": {"threads": 4, "parallel": 8}, "predicted_joules_per_token": 0.2, "knobs": {"threads": "fewer wa"#,
    )
    .unwrap();
    assert_eq!(parsed.configuration, four_and_eight());
    assert_eq!(parsed.predicted, Some(0.2));
    assert_eq!(listed(r#"{"choice": 1, "reas"#).unwrap().choice, Some(1));
    let cut_number = listed(r#"{"reason": "r", "choice": 1"#);
    assert!(cut_number.is_err(), "1 may have become 12");
}

#[test]
fn an_answer_to_a_question_offers_only_what_it_proposes_outright() {
    let space = space();
    let base = space.default_configuration();
    let found = |reply: &str| find_proposal(reply, &space, &base);
    for prose in [
        "",
        "Flash attention computes attention in blocks.",
        "With threads: 8 it was slower; parallel = 4 is the default.",
        "- **threads**: 4 was best so far\n- `parallel`: 8 is untried",
        "A set {a, b} of things, as in {\"reason\": \"none\"}",
        "<think>{\"threads\": 4}</think>Nothing to try.",
    ] {
        assert_eq!(found(prose), Ok(None), "{prose}");
    }
    for reply in [
        "More slots may help.\n\n```json\n{\"reason\": \"r\", \"configuration\": {\"threads\": 4, \"parallel\": 8}}\n```",
        "Try\n\n    llama-server --threads 4 --parallel 8\n",
    ] {
        let found = found(reply).unwrap().unwrap();
        assert_eq!(found.configuration, four_and_eight(), "{reply}");
    }
    for odd in [
        "{\"threads\": 99}",
        "{\"threads\": 4} or {\"threads\": 2}",
        "{\"configuration\": {\"threads\": 4, \"turbo\": 9}}",
        "{\"configuration\": {\"threads\": 4",
    ] {
        assert!(found(odd).is_err(), "{odd}");
    }
}

#[test]
fn a_prediction_is_a_positive_number_of_joules_or_nothing() {
    let predicted = |written: &str| {
        let reply = format!(r#"{{"threads": 4, "predicted_joules_per_token": {written}}}"#);
        free(&reply).unwrap().predicted
    };
    assert_eq!(predicted("0.25"), Some(0.25));
    assert_eq!(predicted("\"0.25\""), Some(0.25));
    assert_eq!(predicted("\"0.25 J/token\""), Some(0.25));
    for nothing in [
        "0", "-1", "1e999", "\"NaN\"", "null", "\"20 %\"", "\"low\"", "[1]", "\"5 mJ\"",
    ] {
        assert_eq!(predicted(nothing), None, "{nothing}");
    }
    // A claim in another place is no prediction.
    let claim = r#"{"threads": 4, "reason": "uses 0.1 J/token"}"#;
    assert_eq!(free(claim).unwrap().predicted, None);
}

#[test]
fn megabytes_and_deep_nesting_end_quickly_and_without_a_guess() {
    let mut long = "{\"threads\": 16} ".repeat(200_000);
    long.push_str("\n{\"threads\": 4, \"parallel\": 8}\n");
    assert_eq!(free(&long).unwrap().configuration, four_and_eight());
    for reply in [
        "{\"a\":".repeat(300_000),
        "[{".repeat(300_000),
        "{".repeat(2_000_000),
        "\"'".repeat(500_000),
        format!("{{\"a\": {}", "\" ".repeat(400_000)),
        "{x}\n".repeat(300_000),
        "a=b ".repeat(200_000),
        "--x 1 ".repeat(150_000),
        format!("{{{}", "\"a\": 1, ".repeat(100_000)),
        format!(
            "{{\"proposals\": [{}]}}",
            "{\"threads\": 4},".repeat(50_000)
        ),
        "{\"threads\": 4}\n".repeat(9_000),
    ] {
        let reply = format!("{reply}\n");
        assert!(free(&reply).is_err(), "{}", &reply[..20]);
    }
}

fn fragment() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "=",
        "\"",
        "'",
        "\n",
        " ",
        "--",
        "`",
        "|",
        "<think>",
        "</think>",
        "threads",
        "parallel",
        "batch",
        "ubatch",
        "flash-attn",
        "mmap",
        "share",
        "choice",
        "configuration",
        "reason",
        "predicted_joules_per_token",
        "turbo",
        "proposals",
        "value",
        "\"threads\": 4,",
        "{\"threads\": ",
        "\"choice\": ",
        "--threads ",
        "4",
        "-1",
        "99",
        "0.5",
        "1e9",
        "NaN",
        "inf",
        "true",
        "null",
        "on",
        "50%",
        "2-4",
        "\\u12",
        "\\",
        "é",
        "//",
        "/*",
        "#",
        "1",
        "2",
        "3",
    ]);
    prop_oneof![4 => words.prop_map(str::to_owned), 1 => any::<i64>().prop_map(|n| n.to_string()), 1 => ".{0,6}"]
}

fn holds(reply: &str) -> Result<(), TestCaseError> {
    let space = space();
    for list in [None, Some(shortlist())] {
        let base = space.default_configuration();
        match parse_reply(reply, &space, &base, list.as_deref()) {
            Ok(parsed) => {
                prop_assert_eq!(
                    space.check(&parsed.configuration),
                    Ok(parsed.configuration.clone())
                );
                prop_assert!(
                    parsed
                        .predicted
                        .is_none_or(|joules| joules.is_finite() && joules > 0.0)
                );
                prop_assert!(parsed.reason.chars().count() <= 2_001);
            }
            Err(error) => {
                prop_assert!(!error.for_llm().is_empty() && !error.to_string().is_empty());
                prop_assert!(error.for_llm().len() < 20_000, "{}", error);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_text_never_panics_and_never_leaves_the_space(reply in "\\PC{0,200}") {
        holds(&reply)?;
    }

    #[test]
    fn text_made_of_answers_never_panics_and_never_leaves_the_space(
        parts in prop::collection::vec(fragment(), 0..60)
    ) {
        holds(&parts.concat())?;
    }

    #[test]
    fn every_allowed_configuration_survives_its_own_json(
        threads in 1_i64..=16, parallel in 1_i64..=32, ubatch in 1_i64..=2048, mmap: bool, share in 0.0..=1.0_f64
    ) {
        let wanted = with(&[
            ("threads", Value::Int(threads)),
            ("parallel", Value::Int(parallel)),
            ("ubatch", Value::Int(ubatch)),
            ("mmap", Value::Bool(mmap)),
            ("share", Value::Float(share)),
        ]);
        let json = serde_json::to_string_pretty(&wanted).unwrap();
        let parsed = free(&format!("Here:\n```json\n{json}\n```")).unwrap();
        prop_assert_eq!(parsed.configuration, wanted);
    }

    #[test]
    fn values_out_of_range_are_always_refused(threads in prop_oneof![17_i64.., ..=0_i64]) {
        let json = free(&format!(r#"{{"threads": {threads}}}"#));
        let is_rejected = matches!(json, Err(ReplyError::Rejected { .. }));
        prop_assert!(is_rejected);
        let line = free(&format!("--threads {threads}"));
        let is_rejected = matches!(line, Err(ReplyError::Rejected { .. }));
        prop_assert!(is_rejected);
    }
}
