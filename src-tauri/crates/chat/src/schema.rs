//! The JSON schema that a reply is held to, where the server can do so.
//!
//! The order of the fields is the order in which a grammar asks for them: the reason first, so that
//! the choice follows from it, and what may be long or left out last. Strings have a greatest
//! length, because small models do not stop by themselves.

use serde_json::{Map, Value, json};
use wattsmith_domain::{Configuration, Kind, ParameterSpace};

/// Characters of the reason, and of the sentence on one knob.
const REASON_CHARS: u32 = 320;
const KNOB_CHARS: u32 = 160;

/// The schema of a reply. With a shortlist the answer is the number of an entry (from 1); without
/// one it is a configuration, in which parameters that stay as they are may be left out.
#[must_use]
pub fn reply_schema(space: &ParameterSpace, shortlist: Option<&[Configuration]>) -> Value {
    let reason = json!({ "type": "string", "maxLength": REASON_CHARS });
    let predicted = json!({ "type": "number", "exclusiveMinimum": 0 });
    match shortlist {
        Some(entries) => {
            let numbers: Vec<usize> = (1..=entries.len()).collect();
            json!({
                "type": "object",
                "properties": {
                    "reason": reason,
                    "choice": { "type": "integer", "enum": numbers },
                    "predicted_joules_per_token": predicted,
                },
                "required": ["reason", "choice", "predicted_joules_per_token"],
                "additionalProperties": false,
            })
        }
        None => json!({
            "type": "object",
            "properties": {
                "reason": reason,
                "configuration": configuration(space),
                "predicted_joules_per_token": predicted,
                "knobs": knobs(space),
            },
            "required": ["reason", "configuration", "predicted_joules_per_token"],
            "additionalProperties": false,
        }),
    }
}

fn configuration(space: &ParameterSpace) -> Value {
    let values = space.parameters.iter().map(|parameter| {
        let value = match &parameter.kind {
            Kind::Int { min, max, .. } => {
                json!({ "type": "integer", "minimum": min, "maximum": max })
            }
            Kind::Float { min, max, .. } => {
                json!({ "type": "number", "minimum": min, "maximum": max })
            }
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Choice { options } => json!({ "type": "string", "enum": options }),
        };
        (parameter.name.clone(), value)
    });
    json!({
        "type": "object",
        "properties": values.collect::<Map<String, Value>>(),
        "additionalProperties": false,
    })
}

fn knobs(space: &ParameterSpace) -> Value {
    let sentences = space.parameters.iter().map(|parameter| {
        let sentence = json!({ "type": "string", "maxLength": KNOB_CHARS });
        (parameter.name.clone(), sentence)
    });
    json!({
        "type": "object",
        "properties": sentences.collect::<Map<String, Value>>(),
        "additionalProperties": false,
    })
}
