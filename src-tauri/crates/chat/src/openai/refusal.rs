//! An answer that is no success: what it says, whether to ask again and in which form.

use crate::connection::ChatError;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

/// Fields that a call can do without, and words in a refusal that mean them.
const OPTIONAL: [(&str, &[&str]); 5] = [
    (
        "response_format",
        &["response_format", "json_schema", "schema", "grammar"],
    ),
    ("stream_options", &["stream_options", "include_usage"]),
    ("temperature", &["temperature"]),
    ("seed", &["seed"]),
    ("max_tokens", &["max_tokens"]),
];

/// An answer with a status that is no success.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub message: String,
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Whether the same request may succeed a little later.
    pub fn may_pass(&self) -> bool {
        self.status == 429 || (self.status >= 500 && self.status != 501)
    }

    /// Takes out of a call the optional field that the refusal names; false when it names none
    /// that is there. Newer models of OpenAI have another name for the limit of tokens.
    pub fn adapt(&self, body: &mut Value) -> bool {
        if !matches!(self.status, 400 | 422) {
            return false;
        }
        let message = self.message.to_lowercase();
        let Some(fields) = body.as_object_mut() else {
            return false;
        };
        for (field, words) in OPTIONAL {
            if words.iter().any(|word| message.contains(word))
                && let Some(value) = fields.remove(field)
            {
                if field == "max_tokens" {
                    fields.insert("max_completion_tokens".to_owned(), value);
                }
                return true;
            }
        }
        false
    }

    pub fn into_error(self, server: &str, model: &str) -> ChatError {
        let server = server.to_owned();
        let message = self.message;
        match self.status {
            401 | 403 => ChatError::Unauthorized { server, message },
            404 => ChatError::NotFound {
                server,
                model: model.to_owned(),
                message,
            },
            429 => ChatError::RateLimited {
                server,
                message,
                retry_after: self.retry_after,
            },
            status => ChatError::Server {
                server,
                status,
                message,
            },
        }
    }
}

/// The pause that the server asks for, where it gives it in seconds.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// What a refusal says in its many forms, on one line.
pub(super) fn message(status: StatusCode, text: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let said = parsed.as_ref().and_then(said);
    let said = match said {
        Some(said) => said,
        // A page for browsers says nothing in its first line.
        None if parsed.is_some() || text.trim_start().starts_with('<') => "",
        None => text,
    };
    let words: Vec<&str> = said.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(300).collect();
    if line.is_empty() {
        let reason = status.canonical_reason().unwrap_or("no reason given");
        reason.to_lowercase()
    } else {
        line
    }
}

/// The sentence in an error object: `error.message`, or one of its common relatives.
pub(super) fn said(body: &Value) -> Option<&str> {
    [
        body.pointer("/error/message"),
        body.get("error"),
        body.get("message"),
        body.get("detail"),
    ]
    .into_iter()
    .flatten()
    .find_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_are_found_in_every_common_form() {
        let of = |text: &str| message(StatusCode::BAD_REQUEST, text);
        assert_eq!(
            of(r#"{"error":{"message":"no\nsuch thing"}}"#),
            "no such thing"
        );
        assert_eq!(of(r#"{"error":"plain"}"#), "plain");
        assert_eq!(of(r#"{"detail":"said"}"#), "said");
        assert_eq!(of("just text"), "just text");
        assert_eq!(of("<html>…"), "bad request");
        assert_eq!(of("{}"), "bad request");
        assert_eq!(of(""), "bad request");
        assert_eq!(of(&"x".repeat(5000)).len(), 300);
    }

    #[test]
    fn each_refused_field_is_taken_out_once() {
        let mut body = json!({"model": "m", "max_tokens": 5, "seed": 1, "response_format": {}});
        let refusal = |message: &str| Refusal {
            status: 400,
            message: message.to_owned(),
            retry_after: None,
        };
        assert!(refusal("response_format is not supported").adapt(&mut body));
        assert!(refusal("Use max_completion_tokens, not max_tokens").adapt(&mut body));
        assert_eq!(
            body,
            json!({"model": "m", "seed": 1, "max_completion_tokens": 5})
        );
        assert!(!refusal("Use max_completion_tokens, not max_tokens").adapt(&mut body));
        assert!(!refusal("the prompt is too long").adapt(&mut body));
    }
}
