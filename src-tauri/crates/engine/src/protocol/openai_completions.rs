//! OpenAI's plain continuation of a text: no chat template between the prompt and the model.

use super::stream::{Event, holds_text};
use super::usage::piece;
use serde_json::Value;
use wattsmith_domain::Workload;

pub(super) const ROUTE: &str = "/v1/completions";

/// The same work for everybody: greedy, of one length, and counted by the server.
pub(super) fn body(prompt: &str, workload: &Workload, model: &str) -> Value {
    serde_json::json!({
        "model": model,
        "prompt": prompt,
        "max_tokens": workload.output_tokens,
        "temperature": 0,
        "seed": workload.seed,
        "stream": true,
        "stream_options": { "include_usage": true },
    })
}

/// What the data of one event are.
pub(super) fn generated(data: &[u8]) -> Option<Event> {
    piece(data, holds_text(data, b"\"text\""))
}
