//! What a message holds: text, reasoning and tool calls, in any of the shapes that servers give them.
//! docs/chat-servers.md lists the shapes.

use super::protocol::Partial;
use serde_json::Value;

/// Parts within parts that are looked at.
const MOST_DEPTH: usize = 4;
/// Where an OpenAI-like message keeps its reasoning; some servers say the same in two of them.
const REASONING: [&str; 5] = [
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking",
    "thinking_blocks",
];
/// Where a piece of reasoning keeps its words.
const WORDS: [&str; 6] = [
    "text",
    "thinking",
    "reasoning",
    "content",
    "summary",
    "data",
];

/// Takes in the content of a message: a text, or a list of parts. Parts of an unknown type are passed
/// over.
pub(super) fn say(content: Option<&Value>, reply: &mut Partial) {
    match content {
        None | Some(Value::Null) => {}
        Some(content) => {
            reply.known = true;
            part(content, reply, 0);
        }
    }
}

fn part(part_of: &Value, reply: &mut Partial, depth: usize) {
    if depth > MOST_DEPTH {
        return;
    }
    let object = match part_of {
        Value::String(text) => return reply.text.push_str(text),
        Value::Array(parts) => {
            return parts.iter().for_each(|one| part(one, reply, depth + 1));
        }
        Value::Object(object) => object,
        _ => return,
    };
    let kind = object.get("type").and_then(Value::as_str);
    // Gemini marks a thought beside its text.
    if object.get("thought").and_then(Value::as_bool) == Some(true) {
        return reply.think(&words(part_of, 0));
    }
    match kind {
        None | Some("text" | "output_text") => {
            let text = object.get("text");
            // The assistants' way: a text with remarks beside it.
            let text = text.and_then(|text| text.get("value")).or(text);
            if let Some(text) = text {
                part(text, reply, depth + 1);
            }
        }
        Some("refusal") => reply.withhold(object.get("refusal").unwrap_or(&Value::Null)),
        Some("tool_use" | "tool_call" | "function_call" | "function") => call(part_of, reply),
        Some(kind) if is_reasoning(kind) => reply.think(&words(part_of, 0)),
        Some(_) => {}
    }
}

/// Whether a part of this type is reasoning.
pub(super) fn is_reasoning(kind: &str) -> bool {
    ["thinking", "reasoning", "thought", "summary_text"]
        .iter()
        .any(|word| kind.contains(word))
}

/// Takes in the reasoning beside a message's content.
pub(super) fn reasoning(message: &Value, reply: &mut Partial) {
    let longest = REASONING
        .iter()
        .filter_map(|name| message.get(name))
        .filter(|value| !value.is_null())
        .map(|value| words(value, 0))
        .max_by_key(String::len);
    if let Some(text) = longest {
        reply.think(&text);
    }
}

/// All words in a piece of reasoning.
pub(super) fn words(value: &Value, depth: usize) -> String {
    if depth > MOST_DEPTH {
        return String::new();
    }
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(|one| words(one, depth + 1)).collect(),
        Value::Object(object) => WORDS
            .iter()
            .filter_map(|name| object.get(*name))
            .map(|inner| words(inner, depth + 1))
            .collect(),
        _ => String::new(),
    }
}

/// Takes in the tools that a message calls: whole, or a piece of their arguments.
pub(super) fn calls(message: &Value, reply: &mut Partial) {
    let list = message.get("tool_calls").and_then(Value::as_array);
    for one in list.into_iter().flatten() {
        call(one, reply);
    }
    // The way of old.
    if let Some(one) = message.get("function_call").filter(|one| one.is_object()) {
        call(one, reply);
    }
}

/// Takes in one call of a tool.
pub(super) fn call(one: &Value, reply: &mut Partial) {
    let index = one.get("index").and_then(Value::as_u64);
    let inner = one.get("function").filter(|inner| inner.is_object());
    let inner = inner.unwrap_or(one);
    let name = inner.get("name").and_then(Value::as_str).unwrap_or("");
    let arguments = ["arguments", "input", "args", "parameters"]
        .iter()
        .find_map(|field| inner.get(*field))
        .map_or_else(String::new, |arguments| match arguments {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        });
    reply.known = true;
    reply.call(index, name, &arguments);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(content: &Value) -> (String, bool) {
        let mut reply = Partial::default();
        say(Some(content), &mut reply);
        (reply.text, reply.thought)
    }

    #[test]
    fn text_parts_make_the_text_and_all_others_do_not() {
        // Shapes as in docs/chat-servers.md; the last ones are made.
        for (content, thought) in [
            (json!("plain"), false),
            (json!([{"type": "text", "text": "plain"}]), false),
            (json!(["pl", "ain"]), false),
            (json!({"type": "text", "text": "plain"}), false),
            (
                json!([{"type": "text", "text": {"value": "plain", "annotations": []}}]),
                false,
            ),
            (
                json!([{"type": "output_text", "text": "plain", "annotations": []}]),
                false,
            ),
            (json!([{"text": "plain"}]), false),
            (
                json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "plain"}]),
                true,
            ),
            (
                json!([{"type": "redacted_thinking", "data": "xyz"}, {"type": "text", "text": "plain"}]),
                true,
            ),
            (
                json!([{"type": "image_url", "image_url": {"url": "x"}}, "plain"]),
                false,
            ),
            (json!([null, 7, {"type": "text"}, "plain"]), false),
        ] {
            assert_eq!(said(&content), ("plain".to_owned(), thought), "{content}");
        }
    }
}
