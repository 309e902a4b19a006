//! Ollama's own interface, and not its likeness of OpenAI's: only here the length of the context can
//! be said, without which a long prompt is cut silently.

use super::content;
use super::protocol::{Framing, Optional, Partial, Protocol, Target, names};
use super::usage::Counts;
use crate::connection::ChatRequest;
use crate::tokens::tokens_about;
use serde_json::{Value, json};

/// Contexts come in whole numbers of this, so that the model is not loaded anew for every prompt.
const CONTEXT_STEP: u64 = 4096;

/// The protocol.
pub(super) struct Ollama;

impl Protocol for Ollama {
    fn prompt_path(&self, _: &str) -> String {
        "api/chat".to_owned()
    }

    fn models_path(&self) -> &'static str {
        "api/tags"
    }

    fn body(&self, request: &ChatRequest, target: &Target) -> Value {
        let room = tokens_about(&request.prompt) + u64::from(request.max_tokens);
        let mut options = json!({
            "num_predict": request.max_tokens,
            "num_ctx": room.div_ceil(CONTEXT_STEP) * CONTEXT_STEP,
        });
        if let Some(temperature) = request.temperature {
            options["temperature"] = json!(temperature);
        }
        if let Some(seed) = request.seed {
            options["seed"] = json!(seed);
        }
        let mut body = json!({
            "model": target.model,
            "messages": [{ "role": "user", "content": request.prompt }],
            "stream": true,
            "options": options,
        });
        if let Some(schema) = &request.schema {
            body["format"] = schema.clone();
        }
        if target.here {
            // A model that stays in memory would be measured with the next trial.
            body["keep_alive"] = json!(0);
        }
        body
    }

    fn optional(&self) -> &'static [Optional] {
        &[Optional {
            pointers: &["/format"],
            words: &["format", "schema", "grammar"],
            otherwise: None,
        }]
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn take(&self, chunk: &Value, reply: &mut Partial) {
        Counts::read(chunk, &["/prompt_eval_count"], &["/eval_count"], &[]).into(reply);
        if let Some(message) = chunk.get("message").filter(|message| message.is_object()) {
            reply.known = true;
            let thinking = message.get("thinking").and_then(Value::as_str);
            if let Some(thinking) = thinking.filter(|thinking| !thinking.is_empty()) {
                reply.think(thinking);
            }
            content::say(message.get("content"), reply);
            content::calls(message, reply);
        }
        if chunk.get("done").and_then(Value::as_bool) == Some(true) {
            reply.ended = true;
            reply.cut_off = chunk.get("done_reason").and_then(Value::as_str) == Some("length");
        }
    }

    fn model_names(&self, list: &Value) -> Option<Vec<String>> {
        names(list.get("models"), "name")
    }
}
