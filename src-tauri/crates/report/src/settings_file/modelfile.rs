//! A model for Ollama: parameters of each request in the file, and in comments the variables that its daemon
//! reads when it starts. It was written from Ollama's source (0.33.0-rc2) and not tried on it.

use super::Winner;
use std::fmt::Write as _;
use wattsmith_domain::Value;

/// What Ollama has a parameter for.
const PARAMETERS: [(&str, &str); 4] = [
    ("context-per-slot", "num_ctx"),
    // It sets the size of a step's piece as well.
    ("batch", "num_batch"),
    ("threads", "num_thread"),
    ("n-gpu-layers", "num_gpu"),
];
/// What its daemon has a variable for.
const VARIABLES: [(&str, &str); 3] = [
    ("parallel", "OLLAMA_NUM_PARALLEL"),
    ("flash-attn", "OLLAMA_FLASH_ATTENTION"),
    ("cache-type-k", "OLLAMA_KV_CACHE_TYPE"),
];

pub(super) fn file(winner: &Winner<'_>) -> String {
    let mut text = winner.remark("#");
    let value = |name: &str| winner.trial.configuration.get(name);
    text.push_str("# Create it with: ollama create NAME -f THIS-FILE\n");
    let variables: Vec<String> = VARIABLES
        .iter()
        .filter_map(|(knob, variable)| Some(format!("{variable}={}", of_daemon(value(knob)?)?)))
        .collect();
    if !variables.is_empty() {
        text.push_str(
            "# Start its daemon with these, or the settings are not those that were measured:\n",
        );
        for variable in variables {
            let _ = writeln!(text, "#   {variable}");
        }
    }
    let known = |name: &str| {
        let all = PARAMETERS.iter().chain(&VARIABLES);
        all.into_iter().any(|(knob, _)| *knob == name)
    };
    let changes = winner.trial.configuration.changes_from(
        &winner.session.space.default_configuration(),
        &winner.session.space,
    );
    let lost: Vec<String> = changes
        .iter()
        .filter(|change| !known(&change.name))
        .map(|change| format!("{} {}", change.name, change.to))
        .collect();
    if !lost.is_empty() {
        let _ = writeln!(text, "# It has no word for: {}.", lost.join(", "));
    }
    let _ = writeln!(text, "FROM {}", winner.session.model.path);
    for (knob, parameter) in PARAMETERS {
        if let Some(value) = value(knob) {
            let _ = writeln!(text, "PARAMETER {parameter} {value}");
        }
    }
    text
}

/// Of a session on Ollama itself: its own words for everything.
pub(super) fn own(winner: &Winner<'_>) -> String {
    let mut text = winner.remark("#");
    text.push_str("# Create it with: ollama create NAME -f THIS-FILE\n");
    text.push_str(
        "# Start its daemon with these, or the settings are not those that were measured:\n",
    );
    let kept = winner.kept.environment.iter();
    for (name, value) in kept.filter(|(name, _)| *name != STORE) {
        let _ = writeln!(text, "#   {name}={value}");
    }
    let _ = writeln!(text, "FROM {}", winner.session.model.name);
    for (field, value) in winner.fields() {
        let _ = writeln!(text, "PARAMETER {field} {}", in_a_file(&value));
    }
    text
}

/// Where its models lie, which is no setting.
const STORE: &str = "OLLAMA_MODELS";

/// As its file has them.
fn in_a_file(value: &str) -> &str {
    match value {
        "on" => "true",
        "off" => "false",
        other => other,
    }
}

/// In the daemon's words; none where it chooses by itself.
fn of_daemon(value: &Value) -> Option<String> {
    match value {
        Value::Choice(word) if word == "auto" => None,
        Value::Choice(word) if word == "on" => Some("1".to_owned()),
        Value::Choice(word) if word == "off" => Some("0".to_owned()),
        other => Some(other.to_string()),
    }
}
