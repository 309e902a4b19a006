//! From a configuration to llama-server's command line. Pure.

use crate::catalogue::arguments;
use crate::server::{Asked, CommandLine};
use wattsmith_domain::Value;

/// By which llama-server takes the key that it asks for.
const API_KEY: &str = "LLAMA_API_KEY";

/// The knob that says whether a draft model is used, and its value when it is.
const SPECULATION: &str = "speculation";
const DRAFTED: &str = "draft-simple";
/// By which the draft model is named; before it was called --model-draft.
const DRAFT: &str = "--spec-draft-model";

/// How the draft model keeps its memory, and the knobs of the model's own.
const DRAFT_CACHE: [(&str, &str); 2] = [
    ("--spec-draft-type-k", "cache-type-k"),
    ("--spec-draft-type-v", "cache-type-v"),
];

/// Said at every start.
const ALWAYS: [&[&str]; 8] = [
    &["--offline"],
    &["--no-webui"],
    &["--no-cache-prompt"],
    &["--cache-ram", "0"],
    // Pings come from a thread of their own: they would hide that the engine hangs.
    &["--sse-ping-interval", "-1"],
    // One thread per open connection; with fewer, clients would wait for a thread, not a slot.
    &["--threads-http", "32"],
    &["--log-verbosity", "4"],
    &["--log-colors", "off"],
];

/// The full command line, program first.
///
/// Always: loopback only, no web page, no network, no prompt cache in any form (every request is
/// whole work), nothing adjusted behind our back (`--fit off`, but where it is left alone), and a log that tells the settings
/// in use (verbosity 4, which writes per request, not per token). Where the space has no GPU knob
/// the engine keeps off GPUs: it would use one whose power nobody reads.
pub(super) fn command(asked: &Asked<'_>) -> CommandLine {
    let mut words: Vec<String> = vec![
        asked.program.display().to_string(),
        "--model".into(),
        asked.model.display().to_string(),
        "--host".into(),
        "127.0.0.1".into(),
        "--port".into(),
        asked.port.to_string(),
    ];
    // Builds of other times lack one or the other of them, and do without.
    let had = |flag: &str| asked.flags.is_none_or(|flags| flags.has(flag));
    let fitting: &[&str] = &["--fit", if asked.left_alone { "on" } else { "off" }];
    let always = ALWAYS.into_iter().chain([fitting]);
    let always = always.filter(|option| had(option[0])).flatten();
    words.extend(always.map(|word| (*word).to_owned()));
    if asked.space.get("n-gpu-layers").is_none() {
        words.extend(["--device".into(), "none".into()]);
    }
    if !asked.left_alone {
        words.extend(for_prompts_too(
            asked,
            arguments(asked.space, asked.configuration),
        ));
    }
    // One that is loaded and not used costs memory.
    let speculation = asked.configuration.get(SPECULATION);
    if let Some(draft) = asked.draft
        && speculation == Some(&Value::Choice(DRAFTED.to_owned()))
    {
        let flag = if had(DRAFT) { DRAFT } else { "--model-draft" };
        words.extend([flag.into(), draft.display().to_string()]);
        // It keeps its memory as the model does; and its log tells of either in the same words.
        for (flag, knob) in DRAFT_CACHE {
            let value = asked.configuration.get(knob);
            if let Some(value) = value.filter(|_| had(flag)) {
                words.extend([flag.into(), value.to_string()]);
            }
        }
    }
    words.extend(asked.extra_args.iter().cloned());
    CommandLine {
        words,
        variables: vec![(API_KEY.to_owned(), asked.api_key.to_owned())],
        ..CommandLine::default()
    }
}

/// Mask, priority and polling hold for prompts only where their thread count is not told: told, the threads
/// for prompts are a pool of their own, at its defaults. So it is left out where it is the same and one of
/// these is away from its default; where it differs, the mask is told for them as well.
fn for_prompts_too(asked: &Asked<'_>, mut words: Vec<String>) -> Vec<String> {
    let value = |name: &str| asked.configuration.get(name);
    let moved = |name: &&str| {
        let knob = asked.space.get(name);
        knob.is_some_and(|knob| value(name).is_some_and(|value| *value != knob.default))
    };
    if !["cpu-mask", "priority", "poll"].iter().any(moved) {
        return words;
    }
    if value("threads") == value("threads-batch") {
        if let Some(at) = words.iter().position(|word| word == "--threads-batch") {
            words.drain(at..at + 2);
        }
    } else if moved(&"cpu-mask")
        && let Some(mask) = value("cpu-mask")
    {
        words.extend(["--cpu-mask-batch".to_owned(), mask.to_string()]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::About;
    use crate::catalogue::tests::machine;
    use crate::llama_server::LlamaServer;
    use crate::server::Server as _;
    use std::path::Path;

    fn line(gpus: &[&str], change: &[(&str, Value)], extra: &[&str]) -> String {
        let space = LlamaServer.space(&About::machine(&machine(4, 8, gpus)));
        let mut configuration = space.default_configuration();
        for (name, value) in change {
            configuration.set(name, value.clone());
        }
        let extra_args: Vec<String> = extra.iter().map(ToString::to_string).collect();
        let command = command(&Asked {
            program: Path::new("bin/llama-server"),
            model: Path::new("models/a model.gguf"),
            port: 40_123,
            api_key: "a key",
            space: &space,
            configuration: &configuration,
            extra_args: &extra_args,
            files: Path::new("files"),
            draft: None,
            left_alone: false,
            flags: None,
        });
        assert_eq!(
            command.variables,
            [(API_KEY.to_owned(), "a key".to_owned())]
        );
        command.words.join(" ").replace(" --", "\n  --")
    }

    #[test]
    fn the_default_is_written_out_in_full() {
        insta::assert_snapshot!(line(&[], &[], &[]));
    }

    #[test]
    fn a_priority_holds_for_prompts_too() {
        let given = [("priority", Value::Int(-1))];
        assert!(!line(&[], &given, &[]).contains("--threads-batch"));
        let other = [
            ("priority", Value::Int(-1)),
            ("threads-batch", Value::Int(2)),
        ];
        assert!(line(&[], &other, &[]).contains("--threads-batch 2"));
        assert!(line(&[], &[], &[]).contains("--threads-batch 4"));
    }

    #[test]
    fn every_kind_of_knob_is_told() {
        let change = [
            ("parallel", Value::Int(3)),
            ("context-per-slot", Value::Int(1000)),
            ("kv-unified", Value::Bool(false)),
            ("flash-attn", Value::Choice("off".into())),
            ("n-gpu-layers", Value::Int(12)),
        ];
        let line = line(&["a GPU"], &change, &["--cache-prompt"]);
        insta::assert_snapshot!(line);
    }
}
