//! A preset for llama-server: a section for the model, a line for each flag without its hyphens. Read by
//! `llama-server --models-preset FILE`, which starts the model when it is asked for by the section's name.

use super::Winner;
use std::fmt::Write as _;

/// Flags that the router sets by itself, or that a preset cannot hold.
const NOT_IN_PRESETS: [&str; 2] = ["--sse-ping-interval", "--threads-http"];

pub(super) fn file(winner: &Winner<'_>) -> String {
    let mut text = winner.remark(";");
    let name: String = winner
        .session
        .model
        .name
        .chars()
        .map(|one| match one {
            '[' | ']' | '\n' | '\r' => ' ',
            other => other,
        })
        .collect();
    let _ = writeln!(text, "version = 1\n\n[{}]", name.trim());
    for (flag, values) in winner.flags() {
        if NOT_IN_PRESETS.contains(&flag.as_str()) {
            continue;
        }
        let key = flag.trim_start_matches('-');
        match values.is_empty() {
            true => {
                let _ = writeln!(text, "{key} = true");
            }
            false => {
                let _ = writeln!(text, "{key} = {}", values.join(" "));
            }
        }
    }
    text
}
