//! Faults that a server tells after it has already said 200: in the reply's place, or in the middle
//! of its stream, in many shapes.

use super::refusal::{Refusal, said};
use super::{ChatClient, excerpt};
use crate::connection::ChatError;
use serde_json::Value;

/// What stands in a piece of a reply; a piece with none of it may be a message about a fault.
const CONTENT: [&str; 7] = [
    "choices",
    "candidates",
    "content",
    "content_block",
    "delta",
    "usage",
    "done",
];

/// A fault, as the server told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// An HTTP status, where one was told.
    status: Option<u16>,
    message: String,
}

impl Fault {
    /// In plain words, without any shape.
    pub fn of_words(words: &str) -> Self {
        Self {
            status: None,
            message: excerpt(words),
        }
    }

    /// The fault in a piece that is one for sure.
    pub fn of(chunk: &Value) -> Option<Self> {
        let first = chunk.get(0).unwrap_or(chunk);
        let choice = first.pointer("/choices/0");
        let told = [first.get("error"), choice.and_then(|one| one.get("error"))]
            .into_iter()
            .flatten()
            .any(is_told);
        let word = |name: &str| first.get(name).and_then(Value::as_str);
        let named = [word("object"), word("type"), word("status")]
            .into_iter()
            .flatten()
            .any(|word| word.eq_ignore_ascii_case("error"));
        let failed = first.get("success").and_then(Value::as_bool) == Some(false);
        let is_content = CONTENT.iter().any(|name| first.get(name).is_some());
        let coded = status(first).is_some() && said(first).is_some() && !is_content;
        (told || named || failed || coded).then(|| Self::telling(first))
    }

    /// What a piece tells that is no content: a fault, if nothing follows.
    pub fn perhaps(chunk: &Value) -> Option<Self> {
        let is_content = CONTENT.iter().any(|name| chunk.get(name).is_some());
        let tells = !is_content && (said(chunk).is_some() || chunk.is_string());
        tells.then(|| Self::telling(chunk))
    }

    /// The fault that a piece tells, whatever its shape.
    pub fn telling(chunk: &Value) -> Self {
        let message = match said(chunk).or_else(|| chunk.as_str()) {
            Some(message) if !message.trim().is_empty() => excerpt(message),
            _ => "an error without words".to_owned(),
        };
        Self {
            status: status(chunk),
            message,
        }
    }

    pub fn into_error(self, chat: &ChatClient) -> ChatError {
        let message = chat.redact(&self.message);
        match self.status {
            Some(status) => Refusal {
                status,
                message,
                retry_after: None,
            }
            .into_error(&chat.base_url, &chat.model),
            None => ChatError::Server {
                server: chat.base_url.clone(),
                status: 200,
                message,
            },
        }
    }
}

/// `"error": null`, `false` or `""` are none.
fn is_told(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// The HTTP status that a fault names.
fn status(chunk: &Value) -> Option<u16> {
    [
        "/error/code",
        "/error/status",
        "/error/status_code",
        "/choices/0/error/code",
        "/code",
        "/status",
        "/status_code",
        "/errors/0/code",
    ]
    .iter()
    .filter_map(|at| chunk.pointer(at))
    .filter_map(|value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    })
    .find(|code| (400..600).contains(code))
    .and_then(|code| u16::try_from(code).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fault_is_seen_in_every_shape_and_keeps_its_words() {
        // OpenAI, OpenRouter, Ollama, vLLM of old, FastAPI, Anthropic, Gemini, Cloudflare; then made.
        for (chunk, status) in [
            (
                json!({"error": {"message": "queue full", "type": "server_error"}}),
                None,
            ),
            (
                json!({"error": {"code": 503, "message": "queue full"}, "choices": []}),
                Some(503),
            ),
            (json!({"error": "queue full"}), None),
            (
                json!({"object": "error", "message": "queue full", "code": 503}),
                Some(503),
            ),
            (json!({"code": 429, "message": "queue full"}), Some(429)),
            (
                json!({"type": "error", "error": {"type": "overloaded_error", "message": "queue full"}}),
                None,
            ),
            (
                json!([{"error": {"code": 503, "message": "queue full", "status": "UNAVAILABLE"}}]),
                Some(503),
            ),
            (
                json!({"success": false, "errors": [{"code": 7003, "message": "queue full"}]}),
                None,
            ),
            (
                json!({"choices": [{"error": {"message": "queue full", "code": 502}, "finish_reason": "error"}]}),
                Some(502),
            ),
            (json!({"error": true, "message": "queue full"}), None),
            (json!({"status": "error", "msg": "queue full"}), None),
            (json!({"error": {"error": {"message": "queue full"}}}), None),
        ] {
            let fault = Fault::of(&chunk).unwrap_or_else(|| panic!("{chunk}"));
            assert_eq!(
                (fault.message.as_str(), fault.status),
                ("queue full", status),
                "{chunk}"
            );
        }
        for chunk in [
            json!({"detail": "queue full"}),
            json!({"detail": [{"loc": ["body"], "msg": "queue full", "type": "value_error"}]}),
            json!({"message": "queue full"}),
            json!("queue full"),
        ] {
            assert_eq!(Fault::of(&chunk), None, "{chunk}");
            let perhaps = Fault::perhaps(&chunk).unwrap_or_else(|| panic!("{chunk}"));
            assert_eq!(perhaps.message, "queue full", "{chunk}");
        }
    }

    #[test]
    fn content_is_no_fault() {
        for chunk in [
            json!({"choices": [{"delta": {"content": "error"}}], "error": null}),
            json!({"message": {"role": "assistant", "content": "error"}, "done": false}),
            json!({"type": "message_start", "message": {"content": []}}),
            json!({"candidates": [], "usageMetadata": {"promptTokenCount": 404}}),
            json!({"choices": [], "usage": {"prompt_tokens": 500}, "error": ""}),
            json!({"status": "processing"}),
        ] {
            assert_eq!(Fault::of(&chunk), None, "{chunk}");
            assert_eq!(Fault::perhaps(&chunk), None, "{chunk}");
        }
    }
}
