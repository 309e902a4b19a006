//! Google's Gemini. Its schemas are a part of OpenAPI's: what they lack is left out, and the order
//! of the fields, which JSON alone does not keep, is said apart.

use super::content;
use super::protocol::{Optional, Partial, Protocol, Target, names};
use super::usage::Counts;
use crate::connection::ChatRequest;
use serde_json::{Map, Value, json};

/// The protocol.
pub(super) struct Gemini;

impl Protocol for Gemini {
    fn prompt_path(&self, model: &str) -> String {
        let model = model.strip_prefix("models/").unwrap_or(model);
        // A name is one step of the path, whatever is in it.
        let step: String = model
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        format!("models/{step}:streamGenerateContent?alt=sse")
    }

    fn models_path(&self) -> &'static str {
        "models?pageSize=1000"
    }

    fn key_header(&self) -> (&'static str, &'static str) {
        ("x-goog-api-key", "")
    }

    fn body(&self, request: &ChatRequest, _: &Target) -> Value {
        let mut how = json!({ "maxOutputTokens": request.max_tokens });
        if let Some(found) = request.schema.as_ref().and_then(schema) {
            how["responseMimeType"] = json!("application/json");
            how["responseSchema"] = found;
        }
        if let Some(temperature) = request.temperature {
            how["temperature"] = json!(temperature);
        }
        if let Some(seed) = request.seed {
            // 32 bits with a sign are all it takes.
            how["seed"] = json!(seed % (1 << 31));
        }
        json!({
            "contents": [{ "role": "user", "parts": [{ "text": request.prompt }] }],
            "generationConfig": how,
        })
    }

    fn optional(&self) -> &'static [Optional] {
        &[
            Optional {
                pointers: &[
                    "/generationConfig/responseSchema",
                    "/generationConfig/responseMimeType",
                ],
                words: &["schema", "mime", "json mode"],
                otherwise: None,
            },
            Optional {
                pointers: &["/generationConfig/seed"],
                words: &["seed"],
                otherwise: None,
            },
            Optional {
                pointers: &["/generationConfig/temperature"],
                words: &["temperature"],
                otherwise: None,
            },
        ]
    }

    fn take(&self, chunk: &Value, reply: &mut Partial) {
        if let Some(usage) = chunk.get("usageMetadata") {
            reply.known = true;
            counts(usage).into(reply);
        }
        if let Some(reason) = chunk.pointer("/promptFeedback/blockReason") {
            reply.withheld = reason.as_str().map(str::to_owned);
            reply.ended = true;
        }
        let Some(candidate) = chunk.pointer("/candidates/0") else {
            return;
        };
        reply.known = true;
        let parts = candidate.pointer("/content/parts");
        for part in parts.and_then(Value::as_array).into_iter().flatten() {
            match part.get("functionCall") {
                Some(call) => content::call(call, reply),
                None => content::say(Some(part), reply),
            }
        }
        match candidate.get("finishReason").and_then(Value::as_str) {
            None | Some("" | "FINISH_REASON_UNSPECIFIED") => {}
            Some("STOP") => reply.ended = true,
            Some("MAX_TOKENS") => {
                reply.ended = true;
                reply.cut_off = true;
            }
            Some(reason @ ("MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "OTHER")) => {
                reply.ended = true;
                reply.failed = Some(format!("the reply ended with {reason}"));
            }
            Some(reason) => {
                reply.ended = true;
                reply.withheld = Some(reason.to_owned());
            }
        }
    }

    fn model_names(&self, list: &Value) -> Option<Vec<String>> {
        let mut list = list.get("models")?.clone();
        list.as_array_mut()?.retain(|model| {
            let uses = model
                .get("supportedGenerationMethods")
                .and_then(Value::as_array);
            uses.is_none_or(|uses| uses.iter().any(|one| one == "generateContent"))
        });
        let found = names(Some(&list), "name")?;
        let bare = |name: String| name.strip_prefix("models/").unwrap_or(&name).to_owned();
        Some(found.into_iter().map(bare).collect())
    }
}

/// Counts reasoning as part of the reply, as its bill does. Where there is a total, it tells whether
/// the reply's own count holds it already.
fn counts(usage: &Value) -> Counts {
    let mut counts = Counts::read(
        usage,
        &["/promptTokenCount"],
        &["/candidatesTokenCount", "/responseTokenCount"],
        &["/thoughtsTokenCount"],
    );
    if counts.total.is_none() && counts.reasoning.is_some() {
        counts.reply = Some(counts.reply.unwrap_or(0) + counts.reasoning.unwrap_or(0));
    }
    counts
}

/// A JSON schema in the words that Gemini has; none for what is no schema of ours.
fn schema(from: &Value) -> Option<Value> {
    let kind = from.get("type")?.as_str()?;
    let mut to = Map::new();
    to.insert("type".to_owned(), json!(kind.to_uppercase()));
    match kind {
        "object" => {
            let fields = from.get("properties")?.as_object()?;
            let mut properties = Map::new();
            for (name, field) in fields {
                // An object without fields is refused there.
                let empty = field.get("properties").and_then(Value::as_object);
                if !empty.is_some_and(Map::is_empty) {
                    properties.insert(name.clone(), schema(field)?);
                }
            }
            let order: Vec<&String> = fields.keys().collect();
            let order: Vec<&&String> = order
                .iter()
                .filter(|name| properties.contains_key(**name))
                .collect();
            to.insert("propertyOrdering".to_owned(), json!(order));
            if let Some(required) = from.get("required") {
                to.insert("required".to_owned(), required.clone());
            }
            to.insert("properties".to_owned(), Value::Object(properties));
        }
        "string" => {
            if let Some(options) = from.get("enum") {
                to.insert("enum".to_owned(), options.clone());
            }
        }
        "integer" | "number" => {
            for limit in ["minimum", "maximum"] {
                if let Some(value) = from.get(limit) {
                    to.insert(limit.to_owned(), value.clone());
                }
            }
            // It lists words only; our lists of numbers have no gaps.
            if let Some(numbers) = from.get("enum").and_then(Value::as_array)
                && let (Some(first), Some(last)) = (numbers.first(), numbers.last())
            {
                to.insert("minimum".to_owned(), first.clone());
                to.insert("maximum".to_owned(), last.clone());
            }
        }
        _ => {}
    }
    Some(Value::Object(to))
}
