//! Anthropic's messages. A schema goes along as the one tool that has to be used: every model knows
//! tools, and the tool's input, as it streams, is the reply.

use super::content;
use super::protocol::{Optional, Partial, Protocol, Target, names};
use super::usage::{Counts, count};
use crate::connection::ChatRequest;
use serde_json::{Value, json};

/// The protocol.
pub(super) struct Anthropic;

impl Protocol for Anthropic {
    fn prompt_path(&self, _: &str) -> String {
        "messages".to_owned()
    }

    fn models_path(&self) -> &'static str {
        "models?limit=1000"
    }

    fn key_header(&self) -> (&'static str, &'static str) {
        ("x-api-key", "")
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn body(&self, request: &ChatRequest, target: &Target) -> Value {
        let mut body = json!({
            "model": target.model,
            "messages": [{ "role": "user", "content": request.prompt }],
            "max_tokens": request.max_tokens,
            "stream": true,
        });
        if let Some(schema) = &request.schema {
            body["tools"] = json!([{
                "name": "proposal",
                "description": "Takes the answer.",
                "input_schema": schema,
            }]);
            body["tool_choice"] = json!({ "type": "tool", "name": "proposal" });
        }
        if let Some(temperature) = request.temperature {
            // Its scale ends at 1.
            body["temperature"] = json!(temperature.min(1.0));
        }
        body
    }

    fn optional(&self) -> &'static [Optional] {
        &[
            Optional {
                pointers: &["/tools", "/tool_choice"],
                words: &["tool", "schema"],
                otherwise: None,
            },
            Optional {
                pointers: &["/temperature"],
                words: &["temperature"],
                otherwise: None,
            },
        ]
    }

    fn take(&self, chunk: &Value, reply: &mut Partial) {
        let kind = chunk.get("type").and_then(Value::as_str);
        reply.known |= kind
            .is_some_and(|kind| kind.starts_with("message") || kind.starts_with("content_block"));
        match kind {
            Some("message_start") => usage(chunk.pointer("/message/usage"), reply),
            Some("content_block_start") => block(chunk.get("content_block"), reply, true),
            Some("content_block_delta") => {
                let delta = chunk.get("delta").unwrap_or(&Value::Null);
                if let Some(thinking) = delta.get("thinking").and_then(Value::as_str) {
                    reply.think(thinking);
                }
                for text in ["text", "partial_json"] {
                    content::say(delta.get(text), reply);
                }
            }
            Some("message_delta") => {
                usage(chunk.get("usage"), reply);
                stopped(chunk.pointer("/delta/stop_reason"), reply);
            }
            Some("message_stop") => reply.ended = true,
            // A server that does not stream.
            Some("message") => {
                usage(chunk.get("usage"), reply);
                match chunk.get("content") {
                    Some(Value::Array(blocks)) => {
                        for one in blocks {
                            block(Some(one), reply, false);
                        }
                    }
                    content => content::say(content, reply),
                }
                stopped(chunk.get("stop_reason"), reply);
                reply.ended = true;
            }
            _ => {}
        }
    }

    fn model_names(&self, list: &Value) -> Option<Vec<String>> {
        names(list.get("data"), "id")
    }
}

/// Takes in a block. The input of a tool is the reply; while it streams, its beginning is empty.
fn block(block: Option<&Value>, reply: &mut Partial, begins: bool) {
    let Some(block) = block else { return };
    let kind = block.get("type").and_then(Value::as_str);
    match (kind, block.get("input")) {
        (Some("tool_use"), Some(input)) => {
            let is_empty = input.as_object().is_some_and(serde_json::Map::is_empty);
            if !is_empty {
                reply.text.push_str(&input.to_string());
            } else if !begins {
                content::call(block, reply);
            }
        }
        _ => content::say(Some(block), reply),
    }
}

fn usage(usage: Option<&Value>, reply: &mut Partial) {
    let Some(usage) = usage else { return };
    let mut counts = Counts::read(usage, &["/input_tokens"], &["/output_tokens"], &[]);
    // What was read from a cache, or kept in one, is part of the prompt, too. Thinking is part of the
    // output already.
    let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
    let cached: u64 = cached
        .iter()
        .filter_map(|name| count(usage.get(name)))
        .sum();
    if cached > 0 {
        counts.prompt = Some(counts.prompt.unwrap_or(0) + cached);
    }
    counts.into(reply);
}

fn stopped(reason: Option<&Value>, reply: &mut Partial) {
    match reason.and_then(Value::as_str) {
        Some("max_tokens" | "model_context_window_exceeded") => reply.cut_off = true,
        Some("refusal") => reply.withhold(&Value::Null),
        _ => {}
    }
}
