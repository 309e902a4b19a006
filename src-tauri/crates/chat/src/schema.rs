//! The JSON schema that a reply is held to, where the server can do so.
//!
//! The order of the fields is the order in which a grammar asks for them: the reason first, so that
//! the choice follows from it, and what may be long or left out last. Strings have a greatest
//! length, because small models do not stop by themselves.

use serde_json::{Map, Value, json};
use wattsmith_domain::{Configuration, Kind, ParameterSpace, WorkUnit};

/// Characters of the reason, and of the sentence on one knob.
const REASON_CHARS: u32 = 320;
const KNOB_CHARS: u32 = 160;

/// What a reply may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReplyForm<'a> {
    /// A configuration, in which parameters that stay as they are may be left out.
    Free,
    /// The number of an entry of the shortlist, from 1.
    List(&'a [Configuration]),
    /// Either.
    Open(&'a [Configuration]),
}

impl<'a> ReplyForm<'a> {
    /// A list, closed or open; free where the list is empty.
    #[must_use]
    pub fn of(list: &'a [Configuration], open: bool) -> Self {
        match (list.is_empty(), open) {
            (true, _) => Self::Free,
            (false, true) => Self::Open(list),
            (false, false) => Self::List(list),
        }
    }

    /// The shortlist, where there is one.
    #[must_use]
    pub fn list(self) -> Option<&'a [Configuration]> {
        match self {
            Self::Free => None,
            Self::List(list) | Self::Open(list) => Some(list),
        }
    }
}

/// The schema of a reply, for work of this unit.
#[must_use]
pub fn reply_schema(space: &ParameterSpace, unit: WorkUnit, form: ReplyForm) -> Value {
    let predicted = match unit {
        WorkUnit::OutputToken => "predicted_joules_per_token",
        WorkUnit::Image => "predicted_joules_per_image",
    };
    let mut properties = Map::new();
    let mut add = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
    add(
        "reason",
        json!({ "type": "string", "maxLength": REASON_CHARS }),
    );
    if let Some(entries) = form.list() {
        let numbers: Vec<usize> = (1..=entries.len()).collect();
        add("choice", json!({ "type": "integer", "enum": numbers }));
    }
    if !matches!(form, ReplyForm::List(_)) {
        add("configuration", configuration(space));
    }
    add(
        predicted,
        json!({ "type": "number", "exclusiveMinimum": 0 }),
    );
    if form == ReplyForm::Free {
        add("knobs", knobs(space));
    }
    let required = match form {
        ReplyForm::Free => &["reason", "configuration", predicted][..],
        ReplyForm::List(_) => &["reason", "choice", predicted],
        ReplyForm::Open(_) => &["reason", predicted],
    };
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
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
