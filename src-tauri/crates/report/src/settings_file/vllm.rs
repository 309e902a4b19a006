//! A file for `vllm serve --config`: flags without their hyphens, each value a JSON text, which every reader of
//! YAML takes.

use super::Winner;
use std::fmt::Write as _;

/// What `serve` is followed by.
const VERB: &str = "serve";

pub(super) fn file(winner: &Winner<'_>) -> String {
    let mut text = winner.remark("#");
    if !winner.kept.environment.is_empty() {
        text.push_str("# Set these variables before `vllm serve --config THIS-FILE`:\n");
        for (name, value) in &winner.kept.environment {
            let _ = writeln!(text, "#   {name}={value}");
        }
    }
    for (flag, values) in winner.flags() {
        let key = flag.trim_start_matches('-');
        let value = match (key, values.as_slice()) {
            ("", [verb, model]) if verb == VERB => {
                let _ = writeln!(text, "model: {}", json(model));
                continue;
            }
            (_, []) => "true".to_owned(),
            // A number stays one.
            (_, [one]) if one.parse::<f64>().is_ok() => one.clone(),
            (_, values) => json(&values.join(" ")),
        };
        let _ = writeln!(text, "{key}: {value}");
    }
    let _ = writeln!(text, "host: \"127.0.0.1\"\nport: {}", winner.port());
    text
}

fn json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
