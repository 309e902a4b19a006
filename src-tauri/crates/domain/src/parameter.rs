//! One knob of an engine, and the space that several knobs span.

use crate::configuration::{Configuration, Rejection};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The value of one parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// On or off.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// One of a fixed list of words.
    Choice(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(on) => f.write_str(if *on { "on" } else { "off" }),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Choice(word) => f.write_str(word),
        }
    }
}

/// What values a parameter takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Whole numbers from `min` to `max`, both included.
    Int {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
        /// Values worth trying, ascending; numeric search uses these, a chat LLM may leave them.
        levels: Vec<i64>,
    },
    /// Real numbers from `min` to `max`, both included.
    Float {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
        /// Values worth trying, ascending.
        levels: Vec<f64>,
    },
    /// On or off.
    Bool,
    /// One of `options`.
    Choice {
        /// The words allowed.
        options: Vec<String>,
    },
}

impl Kind {
    /// The kind that has `value` as its only value.
    #[must_use]
    pub fn only(value: Value) -> Self {
        match value {
            Value::Int(number) => Self::Int {
                min: number,
                max: number,
                levels: vec![number],
            },
            Value::Float(number) => Self::Float {
                min: number,
                max: number,
                levels: vec![number],
            },
            Value::Bool(on) => Self::only(Value::Choice(Value::Bool(on).to_string())),
            Value::Choice(word) => Self::Choice {
                options: vec![word],
            },
        }
    }

    /// The values that a search over a grid visits.
    #[must_use]
    pub fn levels(&self) -> Vec<Value> {
        match self {
            Self::Int { levels, .. } => levels.iter().copied().map(Value::Int).collect(),
            Self::Float { levels, .. } => levels.iter().copied().map(Value::Float).collect(),
            Self::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Self::Choice { options } => options.iter().cloned().map(Value::Choice).collect(),
        }
    }

    /// The range in words, as prompts and error messages say it.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Int { min, max, .. } => format!("whole number, {min} to {max}"),
            Self::Float { min, max, .. } => format!("number, {min} to {max}"),
            Self::Bool => "on or off".to_owned(),
            Self::Choice { options } => format!("one of {}", options.join(", ")),
        }
    }

    /// Brings a value that means the right thing into this kind's own form: `"4"` and `4.0` become
    /// `4` for an int, `"on"` becomes true for a bool. `None` when it means nothing here. Says
    /// nothing about the range: see [`Kind::contains`].
    #[must_use]
    pub fn coerce(&self, value: &Value) -> Option<Value> {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: beyond it a float is no exact integer
        match (self, value) {
            (Self::Int { .. }, Value::Int(_))
            | (Self::Bool, Value::Bool(_))
            | (Self::Choice { .. }, Value::Choice(_)) => Some(value.clone()),
            (Self::Int { .. }, Value::Float(number))
                if number.fract() == 0.0 && number.abs() < EXACT =>
            {
                Some(Value::Int(*number as i64))
            }
            (Self::Int { .. }, Value::Choice(text)) => {
                let text = text.trim();
                if let Ok(number) = text.parse::<i64>() {
                    return Some(Value::Int(number));
                }
                let number = text.parse::<f64>().ok()?;
                self.coerce(&Value::Float(number))
            }
            (Self::Float { .. }, Value::Float(number)) if number.is_finite() => Some(value.clone()),
            (Self::Float { .. }, Value::Int(number)) => Some(Value::Float(*number as f64)),
            (Self::Float { .. }, Value::Choice(text)) => {
                let number = text.trim().parse::<f64>().ok()?;
                self.coerce(&Value::Float(number))
            }
            (Self::Bool, Value::Int(0)) => Some(Value::Bool(false)),
            (Self::Bool, Value::Int(1)) => Some(Value::Bool(true)),
            (Self::Bool, Value::Choice(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" | "1" => Some(Value::Bool(true)),
                "off" | "false" | "no" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            (Self::Choice { options }, Value::Bool(on)) => {
                // JSON authors write `true` for a choice between "on" and "off".
                let word = if *on { "on" } else { "off" };
                options
                    .iter()
                    .any(|option| option == word)
                    .then(|| Value::Choice(word.to_owned()))
            }
            (Self::Choice { .. }, Value::Int(number)) => Some(Value::Choice(number.to_string())),
            _ => None,
        }
    }

    /// Whether a value of this kind lies in range.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Int { min, max, .. }, Value::Int(number)) => (min..=max).contains(&number),
            (Self::Float { min, max, .. }, Value::Float(number)) => (min..=max).contains(&number),
            (Self::Bool, Value::Bool(_)) => true,
            (Self::Choice { options }, Value::Choice(word)) => options.contains(word),
            _ => false,
        }
    }
}

/// How the engine is told a parameter's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "kebab-case")]
pub enum Tell {
    /// `flag value` on the command line.
    Flag {
        /// Such as `--threads`.
        flag: String,
    },
    /// `flag value`, and nothing at all for what the engine does by itself: it has no word for that.
    Optional {
        /// Such as `--cpu-mask`.
        flag: String,
    },
    /// One word when on, another when off.
    Switch {
        /// Such as `--kv-unified`.
        on: String,
        /// Such as `--no-kv-unified`.
        off: String,
    },
    /// A word of its own for each value.
    Words {
        /// By value, such as `none` to `--no-mmap`.
        words: BTreeMap<String, String>,
    },
    /// Multiplied by another parameter's value before it is told, as llama-server's `--ctx-size` is
    /// context per slot × slots.
    Product {
        /// Such as `--ctx-size`.
        flag: String,
        /// The other factor's parameter.
        factor: String,
    },
    /// By an environment variable; a bool as 1 or 0.
    Variable {
        /// Such as `VLLM_CPU_KVCACHE_SPACE`.
        variable: String,
    },
    /// With every request, as this field of it.
    Field {
        /// Such as `steps`.
        field: String,
    },
    /// Not the engine's matter: set on the device before the engine starts and put back afterwards.
    Device,
}

/// One knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name in configurations and prompts, such as `threads`.
    pub name: String,
    /// Values.
    #[serde(flatten)]
    pub kind: Kind,
    /// What the engine does when nobody says anything, made explicit.
    pub default: Value,
    /// How the engine is told.
    pub told: Tell,
    /// What it does, one plain sentence.
    pub effect: String,
    /// What can go wrong, one plain sentence; empty when nothing can.
    pub danger: String,
    /// Whether it can change what the model answers; locked by the quality lock.
    pub changes_output: bool,
}

/// A relation between two parameters. Its `Display` is one sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case")]
pub enum Rule {
    /// `parameter` may not exceed `limit`.
    AtMost {
        /// The smaller one.
        parameter: String,
        /// The larger one.
        limit: String,
    },
    /// None of `values` of `parameter` works while `other` is `value`.
    Excludes {
        /// The one that is restricted.
        parameter: String,
        /// Its values that do not work then.
        values: Vec<Value>,
        /// The one that restricts it.
        other: String,
        /// The value at which it does.
        value: Value,
    },
}

impl Rule {
    /// What is wrong with `configuration` by this rule; `None` when it keeps to it.
    #[must_use]
    pub fn broken_by(&self, configuration: &Configuration) -> Option<String> {
        match self {
            Self::AtMost { parameter, limit } => {
                let (small, large) = (configuration.int(parameter)?, configuration.int(limit)?);
                (small > large)
                    .then(|| format!("{parameter} ({small}) must be at most {limit} ({large})"))
            }
            Self::Excludes {
                parameter,
                values,
                other,
                value,
            } => {
                let restricted = configuration.get(parameter)?;
                (configuration.get(other)? == value && values.contains(restricted))
                    .then(|| format!("{parameter} cannot be {restricted} while {other} is {value}"))
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost { parameter, limit } => {
                write!(f, "{parameter} must be at most {limit}")
            }
            Self::Excludes {
                parameter,
                values,
                other,
                value,
            } => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(
                    f,
                    "{parameter} cannot be {} while {other} is {value}",
                    values.join(" or ")
                )
            }
        }
    }
}

/// The parameters that a session tunes, in the order in which they are shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ParameterSpace {
    /// The knobs.
    pub parameters: Vec<Parameter>,
    /// What must hold between them.
    pub rules: Vec<Rule>,
}

impl ParameterSpace {
    /// The parameter called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    /// Every parameter at its default.
    #[must_use]
    pub fn default_configuration(&self) -> Configuration {
        self.parameters
            .iter()
            .map(|parameter| (parameter.name.clone(), parameter.default.clone()))
            .collect()
    }

    /// Fills what is missing with defaults, brings every value into its canonical form and checks
    /// names, ranges and rules. Two configurations that mean the same come out equal.
    ///
    /// # Errors
    /// Every reason why the configuration cannot be used, not only the first.
    pub fn check(&self, asked: &Configuration) -> Result<Configuration, Vec<Rejection>> {
        self.check_from(&self.default_configuration(), asked)
    }

    /// Like [`ParameterSpace::check`], but what is missing is taken from `base`.
    ///
    /// # Errors
    /// Every reason why the configuration cannot be used.
    pub fn check_from(
        &self,
        base: &Configuration,
        asked: &Configuration,
    ) -> Result<Configuration, Vec<Rejection>> {
        let mut rejections = Vec::new();
        let mut result = self.default_configuration();
        for (name, value) in base.iter() {
            if self.get(name).is_some() {
                result.set(name, value.clone());
            }
        }
        for (name, value) in asked.iter() {
            match self.get(name) {
                None => rejections.push(Rejection::Unknown {
                    name: name.to_owned(),
                    known: self
                        .parameters
                        .iter()
                        .map(|parameter| parameter.name.clone())
                        .collect(),
                }),
                Some(parameter) => match parameter.kind.coerce(value) {
                    Some(value) if parameter.kind.contains(&value) => result.set(name, value),
                    _ => rejections.push(Rejection::NotInRange {
                        name: name.to_owned(),
                        value: value.to_string(),
                        range: parameter.kind.describe(),
                    }),
                },
            }
        }
        rejections.extend(
            self.rules
                .iter()
                .filter_map(|rule| rule.broken_by(&result))
                .map(|what| Rejection::RuleBroken { what }),
        );
        if rejections.is_empty() {
            Ok(result)
        } else {
            Err(rejections)
        }
    }

    /// How many configurations the grid of levels holds before rules are applied.
    #[must_use]
    pub fn grid_size(&self) -> u64 {
        self.parameters
            .iter()
            .map(|parameter| parameter.kind.levels().len().max(1) as u64)
            .fold(1, u64::saturating_mul)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excluded_pair_of_values_is_refused_in_words() {
        let choice = |name: &str, options: &[&str]| Parameter {
            name: name.to_owned(),
            kind: Kind::Choice {
                options: options.iter().map(ToString::to_string).collect(),
            },
            default: Value::Choice(options[0].to_owned()),
            told: Tell::Flag {
                flag: format!("--{name}"),
            },
            effect: String::new(),
            danger: String::new(),
            changes_output: false,
        };
        let space = ParameterSpace {
            parameters: vec![
                choice("type", &["f16", "q4"]),
                choice("fast", &["on", "off"]),
            ],
            rules: vec![Rule::Excludes {
                parameter: "type".to_owned(),
                values: vec![Value::Choice("q4".to_owned())],
                other: "fast".to_owned(),
                value: Value::Choice("off".to_owned()),
            }],
        };
        let mut asked = Configuration::default();
        asked.set("type", Value::Choice("q4".to_owned()));
        assert!(space.check(&asked).is_ok());
        asked.set("fast", Value::Choice("off".to_owned()));
        assert_eq!(
            space.check(&asked).unwrap_err()[0].to_string(),
            "type cannot be q4 while fast is off"
        );
        assert_eq!(
            space.rules[0].to_string(),
            "type cannot be q4 while fast is off"
        );
    }
}
