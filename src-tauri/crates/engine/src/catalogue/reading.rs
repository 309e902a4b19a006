//! Where a server tells which value it really uses, and how that is held against what was asked.
//! Only what the server itself reports is compared.

use super::Catalogue;
use super::file::{FileRead, Marks, Same};
use crate::server::Told;
use std::collections::BTreeMap;
use wattsmith_domain::{
    Configuration, Difference, Kind, Launch, Parameter, ParameterSpace, Tell, Value,
};

/// The settings in use, by parameter name, in the words of a configuration.
pub type Used = BTreeMap<String, String>;

/// How one knob is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    place: Place,
    same: Option<Same>,
    open: Option<String>,
    words: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// JSON pointers, of which the first that holds a value counts.
    Pointers(Vec<String>),
    /// Marks that follow each other in a line of the log, runs of blanks taken as one.
    Log(Vec<String>),
}

impl Reading {
    /// From a file, or what is wrong there.
    pub(super) fn of(file: &FileRead) -> Result<Self, String> {
        let place = match (&file.pointer, &file.log) {
            (Some(Marks(pointers)), None) if !pointers.is_empty() => {
                if let Some(pointer) = pointers.iter().find(|one| !one.starts_with('/')) {
                    return Err(format!("a JSON pointer begins with a slash: /{pointer}"));
                }
                Place::Pointers(pointers.clone())
            }
            (None, Some(marks)) if marks.0.iter().any(|mark| !mark.trim().is_empty()) => {
                Place::Log(marks.0.iter().map(|mark| squeezed(mark)).collect())
            }
            _ => return Err("a value is read by a pointer or from a log".to_owned()),
        };
        Ok(Self {
            place,
            same: file.same,
            open: file.open.clone(),
            words: file.words.clone(),
        })
    }

    fn find(&self, told: &Told, lines: &[String]) -> Option<String> {
        match &self.place {
            Place::Pointers(pointers) => {
                let told_at = |pointer: &String| {
                    let mut found = told.pages.iter().filter_map(|page| page.pointer(pointer));
                    found.find_map(word)
                };
                pointers.iter().find_map(told_at)
            }
            // The last word counts: what was tried before is told, too.
            Place::Log(marks) => lines.iter().rev().find_map(|line| {
                let rest = marks
                    .iter()
                    .try_fold(line.as_str(), |rest, mark| Some(rest.split_once(mark)?.1))?;
                let end = |c: char| c.is_whitespace() || c == ')' || c == ',';
                let value = rest.split(end).next().unwrap_or_default();
                let value = value.trim_matches(['\'', '"']);
                let told = match self.same {
                    Some(Same::Share) => value.contains('/'),
                    _ => !value.is_empty(),
                };
                told.then(|| on_or_off(value).to_owned())
            }),
        }
    }

    /// In the words of the knob's own values; none where it is no word that has one.
    fn in_words(&self, found: String, knob: &Parameter) -> Option<String> {
        if !self.words.is_empty() {
            return self.words.get(&found).cloned();
        }
        Some(match (self.same, found.split_once('/'), &knob.kind) {
            (Some(Same::Share), Some((part, whole)), Kind::Int { max, .. }) => {
                match part == whole {
                    true => max.to_string(),
                    false => part.to_owned(),
                }
            }
            _ => found,
        })
    }

    fn is_same(&self, asked: &Value, used: &str, knob: &Parameter) -> bool {
        if self
            .open
            .as_ref()
            .is_some_and(|open| *open == asked.to_string())
        {
            return true;
        }
        match (self.same, asked, &knob.kind) {
            (Some(Same::AtLeast), Value::Int(least), _) => {
                used.parse::<i64>().is_ok_and(|used| used >= *least)
            }
            // Capped at what the model has: all of it is what was asked.
            (Some(Same::Share), _, Kind::Int { max, .. }) if used == max.to_string() => true,
            // 1 and 1.0 are the same.
            (_, Value::Float(asked), _) => used.parse::<f64>().is_ok_and(|used| used == *asked),
            _ => used == asked.to_string(),
        }
    }
}

/// A value as a server tells it; none for what is no single value.
fn word(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(word) => Some(on_or_off(word).to_owned()),
        serde_json::Value::Bool(on) => Some(Value::Bool(*on).to_string()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Catalogue {
    /// What the server says it uses.
    pub(crate) fn used(&self, space: &ParameterSpace, told: &Told, log: &str) -> Used {
        let lines: Vec<String> = log.lines().map(squeezed).collect();
        self.entries
            .iter()
            .filter_map(|entry| {
                let (reading, knob) = (entry.read.as_ref()?, space.get(&entry.name)?);
                let found = reading.find(told, &lines)?;
                Some((entry.name.clone(), reading.in_words(found, knob)?))
            })
            .collect()
    }

    /// What was asked and is not used.
    pub(crate) fn differences(
        &self,
        space: &ParameterSpace,
        asked: &Configuration,
        used: &Used,
    ) -> Vec<Difference> {
        space
            .parameters
            .iter()
            .filter_map(|knob| {
                let asked = asked.get(&knob.name)?;
                let used = used.get(&knob.name)?;
                let entry = self.entries.iter().find(|entry| entry.name == knob.name)?;
                let unsaid = matches!(knob.told, Tell::Optional { .. }) && *asked == knob.default;
                let same = unsaid || entry.read.as_ref()?.is_same(asked, used, knob);
                (!same).then(|| Difference {
                    name: knob.name.clone(),
                    asked: asked.to_string(),
                    used: used.clone(),
                })
            })
            .collect()
    }

    /// What the server used otherwise in `now` than in `before`, although both asked for the same: nobody
    /// wanted it, so that the two are not comparable. What was told as a difference already is left out,
    /// and so is a value of which more than asked may come with how many requests run together.
    #[must_use]
    pub fn unasked(
        &self,
        before: (&Configuration, &Launch),
        now: (&Configuration, &Launch),
    ) -> Vec<Difference> {
        let asks = |of: &Configuration, name: &str| of.get(name).cloned();
        let same_at_once = self
            .at_once
            .as_ref()
            .is_none_or(|name| asks(before.0, name) == asks(now.0, name));
        let told =
            |launch: &Launch, name: &str| launch.differences.iter().any(|one| one.name == name);
        self.entries
            .iter()
            .filter_map(|entry| {
                let name = entry.name.as_str();
                let reading = entry.read.as_ref()?;
                let (was, is) = (before.1.used.get(name)?, now.1.used.get(name)?);
                let free = reading.same.is_some() && !same_at_once;
                let known = told(before.1, name) || told(now.1, name);
                let asked_same = asks(before.0, name) == asks(now.0, name);
                (asked_same && was != is && !free && !known).then(|| Difference {
                    name: name.to_owned(),
                    asked: was.clone(),
                    used: is.clone(),
                })
            })
            .collect()
    }
}

/// Runs of blanks as one; servers pad their columns.
fn squeezed(line: &str) -> String {
    let mut squeezed = String::with_capacity(line.len());
    for c in line.chars() {
        if !(c.is_whitespace() && squeezed.ends_with(' ')) {
            squeezed.push(if c.is_whitespace() { ' ' } else { c });
        }
    }
    squeezed
}

fn on_or_off(word: &str) -> &str {
    match word {
        "true" | "enabled" => "on",
        "false" | "disabled" => "off",
        other => other,
    }
}
