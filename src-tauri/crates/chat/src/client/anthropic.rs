//! Anthropic's messages. A schema goes along as the one tool that has to be used: every model knows
//! tools, and the tool's input, as it streams, is the reply.

use super::protocol::{Optional, Partial, Protocol, Target, names};
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
        match chunk.get("type").and_then(Value::as_str) {
            Some("message_start") => usage(chunk, "/message/usage", reply),
            Some("content_block_start") => {
                let block = chunk.get("content_block").unwrap_or(&Value::Null);
                reply.thought |= is_reasoning(block);
                reply.say(block.get("text"));
            }
            Some("content_block_delta") => {
                let delta = chunk.get("delta").unwrap_or(&Value::Null);
                reply.thought |= delta.get("thinking").is_some();
                reply.say(delta.get("text"));
                reply.say(delta.get("partial_json"));
            }
            Some("message_delta") => {
                usage(chunk, "/usage", reply);
                stopped(chunk.pointer("/delta/stop_reason"), reply);
            }
            Some("message_stop") => reply.ended = true,
            // A server that does not stream.
            Some("message") => {
                usage(chunk, "/usage", reply);
                let blocks = chunk.get("content").and_then(Value::as_array);
                for block in blocks.into_iter().flatten() {
                    reply.thought |= is_reasoning(block);
                    reply.say(block.get("text"));
                    if let Some(input) = block.get("input") {
                        reply.text.push_str(&input.to_string());
                    }
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

fn is_reasoning(block: &Value) -> bool {
    let kind = block.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.ends_with("thinking"))
}

fn usage(chunk: &Value, at: &str, reply: &mut Partial) {
    let tokens = |name: &str| chunk.pointer(&format!("{at}/{name}"))?.as_u64();
    if let Some(fresh) = tokens("input_tokens") {
        // What was read from a cache is part of the prompt, too.
        let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
        let cached: u64 = cached.iter().filter_map(|name| tokens(name)).sum();
        reply.prompt_tokens = Some(fresh + cached);
    }
    reply.reply_tokens = tokens("output_tokens").or(reply.reply_tokens);
}

fn stopped(reason: Option<&Value>, reply: &mut Partial) {
    match reason.and_then(Value::as_str) {
        Some("max_tokens" | "model_context_window_exceeded") => reply.cut_off = true,
        Some("refusal") => reply.withheld = Some("refusal".to_owned()),
        _ => {}
    }
}
