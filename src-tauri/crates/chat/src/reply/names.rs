//! Names and values as LLMs write them, matched to those of the space.

use super::json::Node;
use super::text::sentence;
use wattsmith_domain::{Kind, Parameter, ParameterSpace, Tell, Value};

/// Characters of a refused value that are repeated in the refusal.
const VALUE_CHARS: usize = 60;
/// Words that may stand before or after a parameter's own name.
const BEFORE: [&str; 3] = ["numberof", "num", "n"];
const AFTER: [&str; 7] = ["tokens", "token", "count", "size", "percent", "ms", "value"];
/// Words that may stand after a number without changing it.
const UNITS: [&str; 18] = [
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

/// The parameter that `name` means: by its name, by the engine's flag for it, or by its name with
/// a word such as "number of" or "tokens" around it.
pub(super) fn find<'a>(space: &'a ParameterSpace, name: &str) -> Option<&'a Parameter> {
    let wanted = plain(name);
    let exact = |wanted: &str| {
        let by_name = |parameter: &&Parameter| plain(&parameter.name) == wanted;
        let by_flag = |parameter: &&Parameter| match &parameter.told {
            Tell::Flag { flag } => plain(flag) == wanted,
            Tell::Switch { .. } | Tell::Product { .. } => false,
        };
        let mut all = space.parameters.iter();
        all.clone().find(by_name).or_else(|| all.find(by_flag))
    };
    if wanted.is_empty() {
        return None;
    }
    exact(&wanted)
        .or_else(|| {
            BEFORE
                .iter()
                .find_map(|word| exact(wanted.strip_prefix(word)?))
        })
        .or_else(|| {
            AFTER
                .iter()
                .find_map(|word| exact(wanted.strip_suffix(word)?))
        })
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
    let is_unit = ["", "j", "joules"].contains(&unit.as_str())
        || unit.starts_with("jtoken")
        || unit.starts_with("jper")
        || unit.starts_with("jimage")
        || unit.starts_with("joulesper");
    let joules: f64 = text[..end].parse().ok()?;
    (is_unit && joules.is_finite() && joules > 0.0).then_some(joules)
}
