//! From a configuration to the words of llama-server's command line. Pure.

use std::path::Path;
use wattsmith_domain::{Configuration, ParameterSpace, Tell, Value};

/// Everything that the command line is made of.
pub(crate) struct Words<'a> {
    pub binary: &'a Path,
    pub model: &'a Path,
    pub port: u16,
    pub space: &'a ParameterSpace,
    pub configuration: &'a Configuration,
    pub extra_args: &'a [String],
}

/// The full command line, program first.
///
/// Always: loopback only, no web page, no network, no prompt cache in any form (every request is
/// whole work), nothing adjusted behind our back (`--fit off`), and a log that tells the settings
/// in use (verbosity 4, which writes per request, not per token). Where the space has no GPU knob
/// the engine keeps off GPUs: it would use one whose power nobody reads.
pub(crate) fn argv(words: &Words<'_>) -> Vec<String> {
    let mut argv = vec![
        words.binary.display().to_string(),
        "--model".into(),
        words.model.display().to_string(),
        "--host".into(),
        "127.0.0.1".into(),
        "--port".into(),
        words.port.to_string(),
        "--offline".into(),
        "--no-webui".into(),
        "--no-cache-prompt".into(),
        "--cache-ram".into(),
        "0".into(),
        "--fit".into(),
        "off".into(),
        // Pings come from a thread of their own: they would hide that the engine hangs.
        "--sse-ping-interval".into(),
        "-1".into(),
        // One thread per open connection; with fewer, clients would wait for a thread, not a slot.
        "--threads-http".into(),
        "32".into(),
        "--log-verbosity".into(),
        "4".into(),
        "--log-colors".into(),
        "off".into(),
    ];
    if words.space.get("n-gpu-layers").is_none() {
        argv.extend(["--device".into(), "none".into()]);
    }
    for parameter in &words.space.parameters {
        let value = words
            .configuration
            .get(&parameter.name)
            .unwrap_or(&parameter.default);
        match (&parameter.told, value) {
            (Tell::Device, _) => {}
            (Tell::Switch { on, .. }, Value::Bool(true)) => argv.push(on.clone()),
            (Tell::Switch { off, .. }, _) => argv.push(off.clone()),
            (Tell::Flag { flag }, value) => argv.extend([flag.clone(), value.to_string()]),
            (Tell::Product { flag, factor }, value) => {
                let product = match (value, factor_of(words, factor)) {
                    (Value::Int(one), Some(other)) => one.saturating_mul(other).to_string(),
                    _ => value.to_string(),
                };
                argv.extend([flag.clone(), product]);
            }
        }
    }
    argv.extend(words.extra_args.iter().cloned());
    argv
}

fn factor_of(words: &Words<'_>, name: &str) -> Option<i64> {
    match words
        .configuration
        .get(name)
        .or_else(|| words.space.get(name).map(|parameter| &parameter.default))
    {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;
    use crate::catalogue::tests::machine;

    fn line(gpus: &[&str], change: &[(&str, Value)], extra: &[&str]) -> String {
        let space = catalogue(&machine(4, 8, gpus));
        let mut configuration = space.default_configuration();
        for (name, value) in change {
            configuration.set(name, value.clone());
        }
        let extra_args: Vec<String> = extra.iter().map(ToString::to_string).collect();
        let words = argv(&Words {
            binary: Path::new("bin/llama-server"),
            model: Path::new("models/a model.gguf"),
            port: 40_123,
            space: &space,
            configuration: &configuration,
            extra_args: &extra_args,
        });
        words.join(" ").replace(" --", "\n  --")
    }

    #[test]
    fn the_default_is_written_out_in_full() {
        insta::assert_snapshot!(line(&[], &[], &[]));
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
