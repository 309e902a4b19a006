//! OpenAI's chat completions: OpenAI itself, gateways, and servers such as llama-server.

use super::protocol::{Optional, Partial, Protocol, Target, names};
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
        Partial::count(&mut reply.prompt_tokens, chunk, "/usage/prompt_tokens");
        Partial::count(&mut reply.reply_tokens, chunk, "/usage/completion_tokens");
        Partial::count(
            &mut reply.reasoning_tokens,
            chunk,
            "/usage/completion_tokens_details/reasoning_tokens",
        );
        let Some(choice) = chunk.pointer("/choices/0") else {
            return;
        };
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            reply.ended = true;
            reply.cut_off = reason == "length";
            if reason == "content_filter" {
                reply.withheld = Some(reason.to_owned());
            }
        }
        let Some(said) = choice.get("delta").or_else(|| choice.get("message")) else {
            return;
        };
        let reasoning = said
            .get("reasoning_content")
            .or_else(|| said.get("reasoning"));
        reply.thought |= reasoning.is_some_and(|reasoning| !reasoning.is_null());
        if let Some(refused) = said.get("refusal").and_then(Value::as_str) {
            reply.withheld.get_or_insert_default().push_str(refused);
        }
        reply.say(said.get("content"));
    }

    fn model_names(&self, list: &Value) -> Option<Vec<String>> {
        names(list.get("data"), "id").or_else(|| names(list.get("models"), "name"))
    }
}
