//! How each provider's replies look on the wire.

use super::USAGE;
use serde_json::{Value, json};
use wattsmith_domain::Provider;

/// All of a streamed reply, with the marks and comments that real servers send as well. `limited`:
/// it ended at the limit of tokens.
pub(super) fn stream(provider: Provider, text: &str, limited: bool) -> String {
    let deltas = deltas(provider, text);
    let (prompt, reply) = USAGE;
    match provider {
        Provider::OpenAi => {
            let first = event(
                &json!({ "choices": [{ "delta": { "role": "assistant", "content": null } }] }),
            );
            let finish = if limited { "length" } else { "stop" };
            let last = event(&json!({ "choices": [{ "delta": {}, "finish_reason": finish }] }));
            let counted = event(&json!({ "choices": [], "usage": openai_usage() }));
            format!(": hello\n\n{first}{deltas}{last}{counted}data: [DONE]\n\n")
        }
        Provider::Anthropic => {
            let begun = named(&json!({ "type": "message_start", "message": {
                "role": "assistant", "content": [],
                "usage": { "input_tokens": prompt - 20, "cache_read_input_tokens": 20, "output_tokens": 1 },
            }}));
            let block = named(&json!({ "type": "content_block_start", "index": 0,
                "content_block": { "type": "tool_use", "id": "t", "name": "proposal", "input": {} } }));
            let ping = named(&json!({ "type": "ping" }));
            let closed = named(&json!({ "type": "content_block_stop", "index": 0 }));
            let reason = if limited { "max_tokens" } else { "tool_use" };
            let ended = named(&json!({ "type": "message_delta",
                "delta": { "stop_reason": reason }, "usage": { "output_tokens": reply } }));
            let stop = named(&json!({ "type": "message_stop" }));
            format!("{begun}{block}{ping}{deltas}{closed}{ended}{stop}")
        }
        Provider::Gemini => {
            let reason = if limited { "MAX_TOKENS" } else { "STOP" };
            let last = format!(
                "data: {}\r\n\r\n",
                json!({
                    "candidates": [{ "content": { "parts": [{ "text": "" }], "role": "model" },
                        "finishReason": reason }],
                    "usageMetadata": { "promptTokenCount": prompt,
                        "candidatesTokenCount": reply - 10, "thoughtsTokenCount": 10 },
                })
            );
            format!("{deltas}{last}")
        }
        Provider::Ollama => {
            let reason = if limited { "length" } else { "stop" };
            let last = json!({ "message": { "role": "assistant", "content": "" }, "done": true,
                "done_reason": reason, "prompt_eval_count": prompt, "eval_count": reply });
            format!("{deltas}{last}\n")
        }
    }
}

/// The pieces of a text, a few characters in each, without an end.
pub(super) fn deltas(provider: Provider, text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters
        .chunks(5)
        .map(|letters| delta(provider, &letters.iter().collect::<String>()))
        .collect()
}

fn delta(provider: Provider, text: &str) -> String {
    match provider {
        Provider::OpenAi => {
            event(&json!({ "choices": [{ "delta": { "content": text }, "finish_reason": null }] }))
        }
        Provider::Anthropic => named(&json!({ "type": "content_block_delta", "index": 0,
            "delta": { "type": "input_json_delta", "partial_json": text } })),
        Provider::Gemini => {
            let chunk = json!({ "candidates": [{ "content": { "parts": [{ "text": text }] } }] });
            format!("data: {chunk}\r\n\r\n")
        }
        Provider::Ollama => {
            let chunk =
                json!({ "message": { "role": "assistant", "content": text }, "done": false });
            format!("{chunk}\n")
        }
    }
}

/// A reply in one object, from a server that does not stream.
pub(super) fn whole(provider: Provider, text: &str) -> Value {
    let (prompt, reply) = USAGE;
    match provider {
        Provider::OpenAi => json!({
            "choices": [{
                "message": { "role": "assistant", "content": text },
                "finish_reason": "stop",
            }],
            "usage": openai_usage(),
        }),
        Provider::Anthropic => json!({
            "type": "message", "content": [{ "type": "text", "text": text }],
            "stop_reason": "end_turn",
            "usage": { "input_tokens": prompt, "output_tokens": reply },
        }),
        Provider::Gemini => json!({
            "candidates": [{ "content": { "parts": [{ "text": text }] }, "finishReason": "STOP" }],
            "usageMetadata": { "promptTokenCount": prompt, "candidatesTokenCount": reply },
        }),
        Provider::Ollama => json!({
            "message": { "role": "assistant", "content": text }, "done": true,
            "done_reason": "stop", "prompt_eval_count": prompt, "eval_count": reply,
        }),
    }
}

/// A fault that comes after the stream has begun.
pub(super) fn fault(provider: Provider, message: &str) -> String {
    match provider {
        Provider::OpenAi => event(&json!({ "error": { "message": message, "code": 500 } })),
        Provider::Anthropic => named(&json!({ "type": "error",
            "error": { "type": "overloaded_error", "message": message } })),
        Provider::Gemini => {
            let chunk =
                json!({ "error": { "code": 503, "message": message, "status": "UNAVAILABLE" } });
            format!("data: {chunk}\r\n\r\n")
        }
        Provider::Ollama => format!("{}\n", json!({ "error": message })),
    }
}

/// The body of a refusal.
pub(super) fn error(provider: Provider, message: &str) -> String {
    match provider {
        Provider::OpenAi => json!({ "error": { "message": message } }),
        Provider::Anthropic => {
            json!({ "type": "error", "error": { "type": "error", "message": message } })
        }
        Provider::Gemini => json!([{ "error": { "code": 400, "message": message } }]),
        Provider::Ollama => json!({ "error": message }),
    }
    .to_string()
}

/// The content type of a stream.
pub(super) fn content_type(provider: Provider) -> &'static str {
    match provider {
        Provider::Ollama => "application/x-ndjson",
        _ => "text/event-stream",
    }
}

/// Where the prompt stands in a request.
pub(super) fn prompt(provider: Provider) -> &'static str {
    match provider {
        Provider::Gemini => "/contents/0/parts/0/text",
        _ => "/messages/0/content",
    }
}

fn openai_usage() -> Value {
    json!({ "prompt_tokens": USAGE.0, "completion_tokens": USAGE.1 })
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

fn named(data: &Value) -> String {
    let name = data
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or("message");
    format!("event: {name}\ndata: {data}\n\n")
}
