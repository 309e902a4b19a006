//! llama.cpp's own way, `/completion`: a text is continued, and the last event tells counts and times.

use super::Final;
use super::stream::{Event, contains};
use serde::Deserialize;
use wattsmith_domain::{Value, Workload};

pub(super) const ROUTE: &str = "/completion";

/// The same work for everybody: greedy, without an early end, without a cache.
pub(super) fn body(prompt: &str, workload: &Workload, fields: &[(String, Value)]) -> String {
    let mut body = serde_json::json!({
        "prompt": prompt,
        "n_predict": workload.output_tokens,
        "temperature": 0,
        "seed": workload.seed,
        "ignore_eos": true,
        "cache_prompt": false,
        "stream": true,
    });
    for (name, value) in fields {
        body[name.as_str()] = serde_json::json!(value);
    }
    body.to_string()
}

/// What the server says at the end of an answer.
#[derive(Debug, Deserialize)]
struct Last {
    tokens_predicted: u64,
    #[serde(default)]
    truncated: bool,
    timings: Timings,
}

/// Counts and times as the engine took them.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Timings {
    /// Prompt tokens taken from a cache.
    #[serde(default)]
    pub(super) cache_n: u64,
    /// Prompt tokens processed.
    prompt_n: u64,
    pub(super) prompt_ms: f64,
    pub(super) predicted_ms: f64,
    /// Draft tokens proposed by speculation; absent without it.
    #[serde(default)]
    pub(super) draft_n: u64,
    #[serde(default)]
    pub(super) draft_n_accepted: u64,
}

impl Last {
    fn told(self) -> Final {
        let timings = self.timings;
        Final {
            output_tokens: self.tokens_predicted,
            prompt_tokens: timings.prompt_n,
            truncated: self.truncated,
            with_token: false,
            cached_tokens: timings.cache_n,
            times_ms: Some((timings.prompt_ms, timings.predicted_ms)),
            draft_tokens: timings.draft_n,
            draft_accepted: timings.draft_n_accepted,
        }
    }
}

/// A token, or the end of the answer.
pub(super) fn generated(data: &[u8]) -> Option<Event> {
    // Inside a JSON string quotes are escaped, so these bytes are never part of an answer.
    if contains(data, b"\"stop\":true") {
        return Some(match serde_json::from_slice(data) {
            Ok(last) => Event::Final(Box::new(Last::told(last))),
            Err(error) => Event::Error(format!("its last event cannot be read: {error}")),
        });
    }
    contains(data, b"\"stop\":false").then_some(Event::Token)
}
