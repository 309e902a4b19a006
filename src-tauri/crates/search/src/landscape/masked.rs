//! A landscape whose knobs have lost their names: whoever already knows that slots should equal clients
//! cannot show what a prompt teaches. Ranges, levels and figures stay, so that what is found is found from
//! the trials.

use super::Landscape;
use crate::shuffle::SplitMix;
use std::collections::BTreeMap;
use wattsmith_domain::{Configuration, Kind, Parameter, Rule, Tell, Value};

/// Seed of the order of the new names: the place of a knob tells nothing either.
const ORDER: u64 = 0x6d61_736b;

impl Landscape {
    /// The same figures under knobs called `knob-1` and so on, in another order, choices called `a`, `b`…,
    /// without a word of what any of them does. Numbers keep their ranges, which may still remind a reader
    /// of something.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mask = Mask::of(&self.space.parameters);
        let mut masked = self.clone();
        masked.name = format!("{}, knobs masked", self.name);
        let order = |one: &Parameter| mask.names.get(&one.name).cloned();
        masked.space.parameters.sort_by_key(order);
        for parameter in &mut masked.space.parameters {
            *parameter = mask.parameter(parameter);
        }
        masked.space.rules = self.space.rules.iter().map(|one| mask.rule(one)).collect();
        for entry in &mut masked.entries {
            entry.configuration = mask.configuration(&entry.configuration);
            if let Some(failure) = &mut entry.failure {
                // An engine's own words name its flags.
                failure.message = "it did not work".to_owned();
            }
        }
        for truth in &mut masked.truth {
            truth.configuration = mask.configuration(&truth.configuration);
        }
        masked
    }
}

/// New words for old ones.
struct Mask {
    names: BTreeMap<String, String>,
    /// By the old name: options in their order.
    options: BTreeMap<String, Vec<String>>,
}

impl Mask {
    fn of(parameters: &[Parameter]) -> Self {
        let mut order: Vec<&str> = parameters.iter().map(|one| one.name.as_str()).collect();
        SplitMix(ORDER).shuffle(&mut order);
        let width = order.len().to_string().len();
        let names = (1..).zip(order);
        let options = parameters.iter().filter_map(|one| match &one.kind {
            Kind::Choice { options } => Some((one.name.clone(), options.clone())),
            _ => None,
        });
        Self {
            names: names
                .map(|(number, name)| (name.to_owned(), format!("knob-{number:0width$}")))
                .collect(),
            options: options.collect(),
        }
    }

    fn name(&self, name: &str) -> String {
        self.names.get(name).cloned().unwrap_or_default()
    }

    fn value(&self, name: &str, value: &Value) -> Value {
        let place = |word: &String| self.options.get(name)?.iter().position(|one| one == word);
        match value {
            Value::Choice(word) => Value::Choice(place(word).map_or_else(String::new, letter)),
            other => other.clone(),
        }
    }

    fn configuration(&self, configuration: &Configuration) -> Configuration {
        let knobs = configuration.iter();
        knobs
            .map(|(name, value)| (self.name(name), self.value(name, value)))
            .collect()
    }

    fn parameter(&self, parameter: &Parameter) -> Parameter {
        let name = self.name(&parameter.name);
        Parameter {
            kind: match &parameter.kind {
                Kind::Choice { options } => Kind::Choice {
                    options: (0..options.len()).map(letter).collect(),
                },
                other => other.clone(),
            },
            default: self.value(&parameter.name, &parameter.default),
            told: Tell::Flag {
                flag: format!("--{name}"),
            },
            effect: "Not told.".to_owned(),
            danger: String::new(),
            changes_output: parameter.changes_output,
            name,
        }
    }

    fn rule(&self, rule: &Rule) -> Rule {
        match rule {
            Rule::AtMost { parameter, limit } => Rule::AtMost {
                parameter: self.name(parameter),
                limit: self.name(limit),
            },
            Rule::Excludes {
                parameter,
                values,
                other,
                value,
            } => Rule::Excludes {
                parameter: self.name(parameter),
                values: values
                    .iter()
                    .map(|one| self.value(parameter, one))
                    .collect(),
                other: self.name(other),
                value: self.value(other, value),
            },
        }
    }
}

/// `a` for the first, `z` for the 26th, `a1` for the next.
fn letter(place: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(place % 26).unwrap_or_default());
    match place / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::synthetic;

    #[test]
    fn a_masked_landscape_has_the_same_figures_and_no_name_of_a_knob() {
        let plain = synthetic::waiting_line(1);
        let masked = plain.masked();
        assert_eq!(masked.validate(), Ok(()));
        let figures = |of: &super::Landscape| -> Vec<f64> {
            let all = of.figures();
            let keys = of.entries.iter().map(|one| one.configuration.key());
            keys.filter_map(|key| Some(all.get(&key)?.joules_per_unit))
                .collect()
        };
        assert_eq!(figures(&masked), figures(&plain));
        let text = serde_json::to_string(&(&masked.space, &masked.entries)).unwrap();
        for parameter in &plain.space.parameters {
            let name = format!("\"{}\"", parameter.name);
            assert!(!text.contains(&name), "{name} is still there");
        }
        let order = |of: &super::Landscape| -> Vec<bool> {
            let kinds = of.space.parameters.iter();
            kinds
                .map(|one| matches!(one.kind, wattsmith_domain::Kind::Choice { .. }))
                .collect()
        };
        assert_eq!(masked.space.parameters.len(), plain.space.parameters.len());
        assert_eq!(
            order(&masked).iter().filter(|one| **one).count(),
            order(&plain).iter().filter(|one| **one).count()
        );
    }
}
