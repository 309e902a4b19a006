//! A value for every parameter, and why one can be refused.

use crate::parameter::{ParameterSpace, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// A value for every parameter of a space. Partial while it is being asked for; complete and
/// canonical after [`ParameterSpace::check`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Configuration(BTreeMap<String, Value>);

impl Configuration {
    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value of `name` where it is a whole number.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// Sets one value.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line that is equal exactly for equal configurations: `batch=512 threads=2`.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = String::new();
        for (name, value) in &self.0 {
            if !key.is_empty() {
                key.push(' ');
            }
            let _ = write!(key, "{name}={value}");
        }
        key
    }

    /// What differs from `before`, in the space's order.
    #[must_use]
    pub fn changes_from(&self, before: &Self, space: &ParameterSpace) -> Vec<Change> {
        space
            .parameters
            .iter()
            .filter_map(|parameter| {
                let from = before.get(&parameter.name)?;
                let to = self.get(&parameter.name)?;
                (from != to).then(|| Change {
                    name: parameter.name.clone(),
                    from: from.clone(),
                    to: to.clone(),
                })
            })
            .collect()
    }
}

impl FromIterator<(String, Value)> for Configuration {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

/// One knob turned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub name: String,
    /// Value before.
    pub from: Value,
    /// Value now.
    pub to: Value,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.name, self.from, self.to)
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such parameter.
    #[error("there is no parameter called {name}; the parameters are {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The value means nothing for this parameter or lies outside its range.
    #[error("{name} cannot be {value}; allowed is: {range}")]
    NotInRange {
        /// The parameter.
        name: String,
        /// What was asked for.
        value: String,
        /// What is allowed.
        range: String,
    },
    /// Two values do not go together.
    #[error("{what}")]
    RuleBroken {
        /// The rule with its values.
        what: String,
    },
}
