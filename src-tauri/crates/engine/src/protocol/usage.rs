//! OpenAI's `usage`: the server's own count of tokens. Pieces of a stream are never counted instead,
//! since one may hold several tokens or none.

use super::Counts;
use super::stream::{Event, holds};
use serde::Deserialize;

/// The part of a piece that counts. llama-server adds its own times.
#[derive(Debug, Deserialize)]
struct Counted {
    usage: Usage,
    #[serde(default)]
    timings: Option<Timings>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    prompt_tokens: u64,
    /// A prompt that was only read has none.
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Timings {
    #[serde(default)]
    prompt_ms: Option<f64>,
    #[serde(default)]
    predicted_ms: Option<f64>,
    #[serde(default)]
    draft_n: u64,
    #[serde(default)]
    draft_n_accepted: u64,
}

/// A piece of an answer in OpenAI's form; none where it is none. `token` says whether it holds
/// something generated.
pub(super) fn piece(data: &[u8], token: bool) -> Option<Event> {
    let finished = holds(data, b"\"finish_reason\"");
    if !holds(data, b"\"usage\"") {
        return (token || finished).then_some(Event::Piece {
            token,
            finished,
            counts: None,
        });
    }
    Some(match serde_json::from_slice::<Counted>(data) {
        Ok(counted) => Event::Piece {
            token,
            finished,
            counts: Some(Box::new(counted.into())),
        },
        Err(error) => Event::Error(format!("its count of tokens cannot be read: {error}")),
    })
}

impl From<Counted> for Counts {
    fn from(Counted { usage, timings }: Counted) -> Self {
        let cached = usage
            .prompt_tokens_details
            .and_then(|one| one.cached_tokens);
        let cached = cached.unwrap_or_default();
        Self {
            output_tokens: usage.completion_tokens,
            prompt_tokens: usage.prompt_tokens.saturating_sub(cached),
            cached_tokens: cached,
            truncated: false,
            prefill_ms: timings.as_ref().and_then(|one| one.prompt_ms),
            decode_ms: timings.as_ref().and_then(|one| one.predicted_ms),
            draft_tokens: timings.as_ref().map_or(0, |one| one.draft_n),
            draft_accepted: timings.as_ref().map_or(0, |one| one.draft_n_accepted),
        }
    }
}
