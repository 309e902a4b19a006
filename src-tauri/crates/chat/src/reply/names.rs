//! Names and values as LLMs write them, matched to those of the space.

use super::json::Node;
use super::text::sentence;
use wattsmith_domain::{Kind, Parameter, ParameterSpace, Tell, Value};

/// Characters of a refused value that are repeated in the refusal.
const VALUE_CHARS: usize = 60;
/// Bytes of the longest name that is looked up.
const MOST_NAME_BYTES: usize = 80;
/// Words that may stand before or after a parameter's own name.
const BEFORE: [&str; 3] = ["numberof", "num", "n"];
const AFTER: [&str; 7] = ["tokens", "token", "count", "size", "percent", "ms", "value"];
/// Words that may stand after a number without changing it.
const UNITS: [&str; 22] = [
    "thread",
    "threads",
    "core",
    "cores",
    "slot",
    "slots",
    "token",
    "tokens",
    "layer",
    "layers",
    "image",
    "images",
    "step",
    "steps",
    "request",
    "requests",
    "sequence",
    "sequences",
    "cpu",
    "cpus",
    "worker",
    "workers",
];

/// Letters and digits only, in lower case; what stands in parentheses is a unit or a remark.
pub(super) fn plain(name: &str) -> String {
    name.split('(')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The names of a space in their plain form, made once for a whole reply.
pub(super) struct Names<'a> {
    space: &'a ParameterSpace,
    plain: Vec<(String, &'a Parameter)>,
}

impl<'a> Names<'a> {
    pub fn of(space: &'a ParameterSpace) -> Self {
        let by_name = space.parameters.iter().map(|one| (plain(&one.name), one));
        let by_flag = space.parameters.iter().filter_map(|one| match &one.told {
            Tell::Flag { flag: name }
            | Tell::Optional { flag: name }
            | Tell::Variable { variable: name }
            | Tell::Field { field: name } => Some((plain(name), one)),
            // A switch says its value, too; a product is told another number than it is set to.
            Tell::Switch { .. } | Tell::Words { .. } | Tell::Product { .. } | Tell::Device => None,
        });
        Self {
            space,
            plain: by_name.chain(by_flag).collect(),
        }
    }

    /// The parameter that `name` means: by its name, by the engine's flag for it, or by one of
    /// these with a word such as "number of" or "tokens" around it.
    pub fn find(&self, name: &str) -> Option<&'a Parameter> {
        if name.len() > MOST_NAME_BYTES {
            return None;
        }
        let wanted = plain(name);
        let exact = |wanted: &str| {
            let same = self.plain.iter().find(|(plain, _)| plain == wanted);
            same.map(|(_, parameter)| *parameter)
        };
        if wanted.is_empty() {
            return None;
        }
        let without_first = || {
            BEFORE
                .iter()
                .find_map(|word| exact(wanted.strip_prefix(word)?))
        };
        let without_last = || {
            AFTER
                .iter()
                .find_map(|word| exact(wanted.strip_suffix(word)?))
        };
        exact(&wanted).or_else(without_first).or_else(without_last)
    }

    /// The parameter that a word on a command line switches, and to what.
    pub fn switch(&self, word: &str) -> Option<(&'a Parameter, bool)> {
        let switched = |parameter: &'a Parameter| match &parameter.told {
            Tell::Switch { on, .. } if on == word => Some((parameter, true)),
            Tell::Switch { off, .. } if off == word => Some((parameter, false)),
            _ => None,
        };
        self.space.parameters.iter().find_map(switched)
    }
}

/// A value in the form that the space's check understands; none when it says "leave it". What
/// cannot be understood stays text, so that the check refuses it and says what it was.
pub(super) fn value(parameter: &Parameter, node: &Node) -> Option<Value> {
    Some(match node {
        Node::Null => return None,
        Node::Bool(on) => Value::Bool(*on),
        Node::Number(written) => number(written),
        Node::Text(text) => word(&parameter.kind, text),
        Node::Array { .. } => Value::Choice("a list".to_owned()),
        Node::Object { members, .. } => {
            match members.iter().find(|(key, _)| plain(key) == "value") {
                Some((_, inner @ (Node::Bool(_) | Node::Number(_) | Node::Text(_)))) => {
                    return value(parameter, inner);
                }
                _ => Value::Choice("an object".to_owned()),
            }
        }
    })
}

fn number(written: &str) -> Value {
    if let Ok(whole) = written.parse() {
        return Value::Int(whole);
    }
    match written.parse::<f64>() {
        Ok(real) if real.is_finite() => Value::Float(real),
        _ => Value::Choice(sentence(written, VALUE_CHARS)),
    }
}

fn word(kind: &Kind, text: &str) -> Value {
    let text = text.trim();
    let lower = text.to_lowercase();
    match kind {
        Kind::Int { .. } | Kind::Float { .. } => {
            // "4 threads" is 4; "about 4", "2-4", "50 %" and "4k" are no single plain number.
            let mut parts = text.split_whitespace();
            let first = parts.next().unwrap_or_default();
            let unit = parts.next().map(plain);
            let is_unit = unit.is_none_or(|unit| UNITS.contains(&unit.as_str()));
            if is_unit && parts.next().is_none() && first.parse::<f64>().is_ok() {
                return number(first);
            }
        }
        Kind::Bool => match lower.as_str() {
            "enabled" | "enable" => return Value::Bool(true),
            "disabled" | "disable" => return Value::Bool(false),
            _ => {}
        },
        Kind::Choice { options } => {
            let switch = match lower.as_str() {
                "enabled" | "true" | "yes" => "on",
                "disabled" | "false" | "no" => "off",
                other => other,
            };
            for wanted in [lower.as_str(), switch] {
                if let Some(option) = options.iter().find(|one| one.to_lowercase() == wanted) {
                    return Value::Choice(option.clone());
                }
            }
        }
    }
    Value::Choice(sentence(text, VALUE_CHARS))
}

/// The joules that a reply expects: a plain number, with or without "J/token"; finite, above 0.
pub(super) fn prediction(node: &Node) -> Option<f64> {
    let text = match node {
        Node::Number(text) | Node::Text(text) => text.trim(),
        _ => return None,
    };
    let end = text
        .find(|letter: char| !(letter.is_ascii_digit() || ".eE+-".contains(letter)))
        .unwrap_or(text.len());
    let unit = plain(&text[end..]);
    let is_unit = text[end..].trim().is_empty()
        || unit == "j"
        || unit == "joules"
        || unit.starts_with("jtoken")
        || unit.starts_with("jper")
        || unit.starts_with("jimage")
        || unit.starts_with("joulesper");
    let joules: f64 = text[..end].parse().ok()?;
    (is_unit && joules.is_finite() && joules > 0.0).then_some(joules)
}
