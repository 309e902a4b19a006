//! OpenAI's chat completions: OpenAI itself, gateways, and servers such as llama-server.

use super::content;
use super::protocol::{Optional, Partial, Protocol, Target, names};
use super::usage::Counts;
use crate::connection::ChatRequest;
use serde_json::{Value, json};

/// The protocol.
pub(super) struct OpenAi;

impl Protocol for OpenAi {
    fn prompt_path(&self, _: &str) -> String {
        "chat/completions".to_owned()
    }

    fn models_path(&self) -> &'static str {
        "models"
    }

    fn body(&self, request: &ChatRequest, target: &Target) -> Value {
        let mut body = json!({
            "model": target.model,
            "messages": [{ "role": "user", "content": request.prompt }],
            "max_tokens": request.max_tokens,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        if let Some(schema) = &request.schema {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": { "name": "proposal", "schema": schema },
            });
        }
        if let Some(temperature) = request.temperature {
            body["temperature"] = json!(temperature);
        }
        if let Some(seed) = request.seed {
            body["seed"] = json!(seed);
        }
        body
    }

    fn optional(&self) -> &'static [Optional] {
        const fn field(
            pointers: &'static [&'static str],
            words: &'static [&'static str],
        ) -> Optional {
            Optional {
                pointers,
                words,
                otherwise: None,
            }
        }
        const {
            &[
                field(
                    &["/response_format"],
                    &["response_format", "json_schema", "schema", "grammar"],
                ),
                field(&["/stream_options"], &["stream_options", "include_usage"]),
                field(&["/temperature"], &["temperature"]),
                field(&["/seed"], &["seed"]),
                // Newer models of OpenAI have another name for the limit of tokens.
                Optional {
                    pointers: &["/max_tokens"],
                    words: &["max_tokens"],
                    otherwise: Some("max_completion_tokens"),
                },
            ]
        }
    }

    fn take(&self, chunk: &Value, reply: &mut Partial) {
        // Groq tells it apart, in the first piece and in the last.
        for usage in [chunk.get("usage"), chunk.pointer("/x_groq/usage")] {
            if let Some(usage) = usage.filter(|usage| usage.is_object()) {
                reply.known = true;
                counts(usage).into(reply);
            }
        }
        let Some(choice) = chunk.pointer("/choices/0") else {
            return;
        };
        reply.known = true;
        match choice.get("finish_reason").and_then(Value::as_str) {
            // Some servers send it empty with every piece: that is no end.
            None | Some("" | "null") => {}
            Some(reason) => finished(reason, reply),
        }
        let delta = choice.get("delta").filter(|delta| delta.is_object());
        // A server that streams may give the whole message once more.
        let message = choice.get("message").filter(|_| reply.text.is_empty());
        let Some(said) = delta.or(message) else {
            return content::say(choice.get("text"), reply);
        };
        content::reasoning(said, reply);
        if let Some(refused) = said.get("refusal").filter(|refused| refused.is_string()) {
            reply.withhold(refused);
        }
        content::say(said.get("content"), reply);
        content::calls(said, reply);
    }

    fn model_names(&self, list: &Value) -> Option<Vec<String>> {
        names(list.get("data"), "id").or_else(|| names(list.get("models"), "name"))
    }
}

fn counts(usage: &Value) -> Counts {
    Counts::read(
        usage,
        &["/prompt_tokens", "/input_tokens"],
        &["/completion_tokens", "/output_tokens"],
        &[
            "/completion_tokens_details/reasoning_tokens",
            "/output_tokens_details/reasoning_tokens",
            "/reasoning_tokens",
        ],
    )
}

/// What the end means, in the words of OpenAI and of those who speak like it.
fn finished(reason: &str, reply: &mut Partial) {
    reply.ended = true;
    match reason.to_ascii_lowercase().as_str() {
        "length" | "max_tokens" | "max_output_tokens" | "model_length" => reply.cut_off = true,
        "content_filter" | "safety" | "sensitive" | "refusal" => {
            reply.withheld.get_or_insert_with(|| reason.to_owned());
        }
        "error" | "insufficient_system_resource" | "network_error" | "abort" | "cancelled" => {
            reply.failed = Some(format!("the reply ended with {reason:?}"));
        }
        _ => {}
    }
}
