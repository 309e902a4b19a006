//! An answer that is no success: what it says, whether to ask again and in which form.

use super::protocol::Optional;
use crate::connection::ChatError;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;
use wattsmith_domain::one_line;

/// Characters of a refusal that are repeated.
const MOST_MESSAGE: usize = 300;

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
    /// that is there.
    pub fn adapt(&self, body: &mut Value, optional: &[Optional]) -> bool {
        if !matches!(self.status, 400 | 422) {
            return false;
        }
        let message = self.message.to_lowercase();
        optional
            .iter()
            .filter(|field| field.words.iter().any(|word| message.contains(word)))
            .any(|field| {
                let taken: Vec<Value> = field
                    .pointers
                    .iter()
                    .filter_map(|pointer| remove(body, pointer))
                    .collect();
                if let (Some(name), Some(value)) = (field.otherwise, taken.first()) {
                    body[name] = value.clone();
                }
                !taken.is_empty()
            })
    }

    pub fn into_error(self, server: &str, model: &str) -> ChatError {
        let server = server.to_owned();
        let message = self.message;
        match self.status {
            401 | 403 => ChatError::Unauthorized { server, message },
            // Gemini says so with the status of a wrong request.
            400 if message.to_lowercase().contains("api key") => {
                ChatError::Unauthorized { server, message }
            }
            404 => ChatError::NotFound {
                server,
                model: model.to_owned(),
                message,
            },
            // 402: the account has no credit left.
            402 | 429 => ChatError::RateLimited {
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

/// Takes the value at a JSON pointer out of `tree`.
fn remove(tree: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    tree.pointer_mut(parent)?.as_object_mut()?.remove(name)
}

/// The pause that the server asks for in a header, where it gives it in seconds or milliseconds.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number =
        |name: &str| -> Option<f64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    let seconds = number(RETRY_AFTER.as_str()).or_else(|| Some(number("retry-after-ms")? / 1e3))?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The pause that Gemini asks for in the body, such as `"retryDelay": "34s"`.
pub(super) fn retry_delay(text: &str) -> Option<Duration> {
    let body: Value = serde_json::from_str(text).ok()?;
    let details = body.pointer("/error/details")?.as_array()?;
    let delay = details
        .iter()
        .find_map(|detail| detail.get("retryDelay")?.as_str())?;
    let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
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
    let line = one_line(said, MOST_MESSAGE);
    if line.is_empty() {
        let reason = status.canonical_reason().unwrap_or("no reason given");
        reason.to_lowercase()
    } else {
        line
    }
}

/// The sentence in an error object: `error.message`, or one of its common relatives.
pub(super) fn said(body: &Value) -> Option<&str> {
    // What lies behind a gateway says more than the gateway.
    const PLACES: [&str; 18] = [
        "/error/metadata/raw",
        "/error/message",
        // Gemini's refusals of a stream are lists.
        "/0/error/message",
        "/error/error/message",
        "/error/msg",
        "/error/detail",
        "/error",
        "/choices/0/error/message",
        "/choices/0/error",
        "/errors/0/message",
        "/errors/0",
        "/message",
        "/detail/0/msg",
        "/detail/message",
        "/detail",
        "/msg",
        "/error_msg",
        "/base_resp/status_msg",
    ];
    PLACES
        .iter()
        .filter_map(|place| body.pointer(place)?.as_str())
        .find(|text| !text.trim().is_empty())
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
        assert_eq!(of(&"x".repeat(5000)).chars().count(), 300);
    }

    #[test]
    fn each_refused_field_is_taken_out_once_wherever_it_is() {
        let optional = [
            Optional {
                pointers: &["/how/schema", "/how/kind"],
                words: &["schema"],
                otherwise: None,
            },
            Optional {
                pointers: &["/max_tokens"],
                words: &["max_tokens"],
                otherwise: Some("max_completion_tokens"),
            },
        ];
        let mut body =
            json!({"model": "m", "max_tokens": 5, "how": {"schema": {}, "kind": 1, "seed": 2}});
        let refusal = |message: &str| Refusal {
            status: 400,
            message: message.to_owned(),
            retry_after: None,
        };
        assert!(refusal("schema is not supported").adapt(&mut body, &optional));
        let renamed = refusal("Use max_completion_tokens, not max_tokens");
        assert!(renamed.adapt(&mut body, &optional));
        assert_eq!(
            body,
            json!({"model": "m", "how": {"seed": 2}, "max_completion_tokens": 5})
        );
        assert!(!renamed.adapt(&mut body, &optional));
        assert!(!refusal("the prompt is too long").adapt(&mut body, &optional));
    }

    #[test]
    fn the_pause_asked_for_is_found_in_header_and_body() {
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers), None);
        headers.insert("retry-after-ms", "1500".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(Duration::from_millis(1500)));
        headers.insert("retry-after", "2".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(2)));
        headers.insert("retry-after", "-2".parse().unwrap());
        assert_eq!(retry_after(&headers), None);
        let body = r#"{"error": {"details": [{"a": 1}, {"retryDelay": "34.5s"}]}}"#;
        assert_eq!(retry_delay(body), Some(Duration::from_millis(34_500)));
        assert_eq!(retry_delay("{}"), None);
    }
}
