//! What one object (or one text without any) proposes, before it is checked.

use super::json::Node;
use super::names::{Names, plain, prediction, value};
use super::text::sentence;
use super::{ParsedReply, ReplyError, Terms, lines, no_proposal};
use std::collections::BTreeMap;
use wattsmith_domain::{Configuration, Parameter, Rejection, Value};

/// Characters of a reason and of a sentence on one knob that are kept.
const REASON_CHARS: usize = 2_000;
const KNOB_CHARS: usize = 400;
const NAME_CHARS: usize = 60;
/// Choices and invented names that are told back.
const MOST_TOLD: usize = 8;

/// How names of claims begin.
const CLAIMS: [&str; 4] = ["expected", "predicted", "estimated", "risk"];

/// What an answer's own fields are called, in the plain form of [`plain`].
enum Field {
    Reason,
    Choice,
    Prediction,
    Knobs,
    /// Holds parameters and nothing else.
    Configuration,
    /// Holds an answer.
    Wrapper,
    /// Said often, and of no use here.
    Idle,
}

impl Field {
    fn of(key: &str) -> Option<Self> {
        let key = plain(key);
        Some(match key.as_str() {
            "reason" | "reasoning" | "reasons" | "rationale" | "explanation" | "why"
            | "justification" => Self::Reason,
            "choice" | "chosen" | "option" | "selection" | "selected" | "pick" => Self::Choice,
            "predictedjoulespertoken"
            | "predictedjoulesperimage"
            | "predictedjoulesperunit"
            | "predictedjoules"
            | "predictedjpertoken"
            | "predictedjtoken"
            | "predicted"
            | "prediction"
            | "expectedjoulespertoken" => Self::Prediction,
            "knobs" | "knobreasons" => Self::Knobs,
            "configuration"
            | "config"
            | "settings"
            | "parameters"
            | "params"
            | "changes"
            | "proposedconfiguration"
            | "nextconfiguration"
            | "configurations" => Self::Configuration,
            "proposal" | "proposals" | "answer" | "response" | "result" => Self::Wrapper,
            "thought" | "thoughts" | "analysis" | "comment" | "comments" | "note" | "notes"
            | "summary" | "confidence" | "trial" | "hypothesis" => Self::Idle,
            // Claims about what will come of it are not asked for, and never taken.
            claim if CLAIMS.iter().any(|word| claim.starts_with(word)) => Self::Idle,
            _ => return None,
        })
    }
}

/// One proposal as it was written.
#[derive(Debug, Default)]
pub(super) struct Draft {
    asked: Vec<(String, Value)>,
    /// Numbers of the shortlist, as written.
    choices: Vec<String>,
    /// Names that are neither parameters nor fields of an answer.
    invented: Vec<String>,
    reason: String,
    knob_reasons: BTreeMap<String, String>,
    predicted: Option<f64>,
    /// Whether the text ended in the middle of the configuration.
    cut: bool,
}

impl Draft {
    /// The drafts in an object: its own, and those of lists of proposals in it.
    pub fn all(object: Node, names: &Names) -> Vec<Self> {
        let mut own = Self::default();
        let mut others = Vec::new();
        own.take(object, names, false, &mut others);
        others.push(own);
        others
    }

    /// Whether it proposes anything at all, be it nonsense.
    pub fn proposes(&self) -> bool {
        !self.asked.is_empty() || !self.choices.is_empty() || self.cut
    }

    /// Whether it asks for settings, be they impossible ones.
    pub fn asks(&self) -> bool {
        !self.asked.is_empty() || self.cut
    }

    /// Takes in an object. Inside a configuration every unknown name counts as invented; so it does
    /// beside one, because a parameter that is ignored silently is one that was not tried.
    fn take(&mut self, object: Node, names: &Names, inside: bool, others: &mut Vec<Self>) {
        let Node::Object { members, whole } = object else {
            return;
        };
        let mut flat = false;
        for (key, node) in members {
            if let Some(parameter) = names.find(&key) {
                flat = true;
                self.ask(parameter, &node);
                continue;
            }
            match Field::of(&key) {
                None => self.invent(&key),
                Some(Field::Configuration) => self.inner(node, names, true, others),
                Some(Field::Wrapper) => self.inner(node, names, false, others),
                Some(field) => self.field(&field, node, names),
            }
        }
        self.cut |= !whole && (inside || flat);
    }

    fn inner(&mut self, node: Node, names: &Names, inside: bool, others: &mut Vec<Self>) {
        match node {
            Node::Array { items, whole } => {
                self.cut |= !whole;
                for item in items {
                    let mut draft = Self::default();
                    draft.inner(item, names, inside, others);
                    others.push(draft);
                }
            }
            Node::Text(text) => lines::settings(&text, names, self),
            object => self.take(object, names, inside, others),
        }
    }

    fn field(&mut self, field: &Field, node: Node, names: &Names) {
        match (field, node) {
            (Field::Reason, Node::Text(text)) => self.explain(&text),
            (Field::Choice, Node::Number(number)) => self.choose(&number),
            (Field::Choice, Node::Text(text)) => {
                let before = self.asked.len();
                lines::settings(&text, names, self);
                if self.asked.len() == before {
                    self.choose(&text);
                }
            }
            (Field::Choice, object @ Node::Object { .. }) => {
                self.take(object, names, true, &mut Vec::new());
            }
            (Field::Prediction, node) => self.predicted = prediction(&node),
            (Field::Knobs, Node::Object { members, .. }) => {
                for (name, node) in members {
                    if let (Some(parameter), Node::Text(text)) = (names.find(&name), node) {
                        self.explain_knob(parameter, &text);
                    }
                }
            }
            _ => {}
        }
    }

    /// Asks for a value; a reason beside it (`{"value": 4, "reason": …}`) is kept.
    pub fn ask(&mut self, parameter: &Parameter, node: &Node) {
        if let Node::Object { members, .. } = node {
            for (key, inner) in members {
                if let (Some(Field::Reason), Node::Text(text)) = (Field::of(key), inner) {
                    self.explain_knob(parameter, text);
                }
            }
        }
        if let Some(value) = value(parameter, node) {
            let value = parameter.kind.coerce(&value).unwrap_or(value);
            // Two different values say all there is to say about an ambiguous reply.
            let mut before = self
                .asked
                .iter()
                .filter(|(name, _)| *name == parameter.name);
            let known = before.clone().any(|(_, other)| *other == value);
            if !known && before.nth(1).is_none() {
                self.asked.push((parameter.name.clone(), value));
            }
        }
    }

    pub fn choose(&mut self, written: &str) {
        // "#3", "3.", "Choice 3" and 3.0 all are 3.
        let trimmed = written
            .trim()
            .trim_start_matches(|letter: char| letter.is_alphabetic() || "# ".contains(letter))
            .trim_end_matches(['.', ')']);
        let trimmed = trimmed.strip_suffix(".0").unwrap_or(trimmed);
        let choice = sentence(
            if trimmed.is_empty() { written } else { trimmed },
            NAME_CHARS,
        );
        if self.choices.len() < MOST_TOLD && !self.choices.contains(&choice) {
            self.choices.push(choice);
        }
    }

    pub fn invent(&mut self, name: &str) {
        let name = sentence(name, NAME_CHARS);
        if self.invented.len() < MOST_TOLD && !self.invented.contains(&name) {
            self.invented.push(name);
        }
    }

    pub fn explain(&mut self, text: &str) {
        if self.reason.is_empty() {
            self.reason = sentence(text, REASON_CHARS);
        }
    }

    fn explain_knob(&mut self, parameter: &Parameter, text: &str) {
        let said = sentence(text, KNOB_CHARS);
        self.knob_reasons.insert(parameter.name.clone(), said);
    }

    /// A labelled line of prose, such as `Reason: …`.
    pub fn label(&mut self, name: &str, text: &str) {
        match Field::of(name) {
            Some(Field::Reason) => self.explain(text),
            Some(Field::Prediction) => self.predicted = prediction(&Node::Text(text.to_owned())),
            _ => {}
        }
    }

    pub fn is_choice_label(name: &str) -> bool {
        matches!(Field::of(name), Some(Field::Choice))
    }

    /// Holds the draft against the terms.
    pub fn settle(self, terms: Terms) -> Result<ParsedReply, ReplyError> {
        if self.cut {
            return Err(ReplyError::CutOff);
        }
        let configuration = self.configuration()?;
        if !self.invented.is_empty() {
            let known = || terms.space.parameters.iter().map(|one| one.name.clone());
            let unknown = self.invented.iter().map(|name| Rejection::Unknown {
                name: name.clone(),
                known: known().collect(),
            });
            return Err(ReplyError::Rejected {
                rejections: unknown.collect(),
            });
        }
        let check = |base: &Configuration, asked: &Configuration| {
            terms
                .space
                .check_from(base, asked)
                .map_err(|rejections| ReplyError::Rejected { rejections })
        };
        let default = terms.space.default_configuration();
        let (configuration, choice) = match (terms.shortlist, self.choice()?) {
            (Some(entries), Some(written)) => {
                let (number, entry) = entry(entries, &written)?;
                let chosen = check(&default, entry)?;
                let both = check(&chosen, &configuration)?;
                if both != chosen {
                    let proposals = [format!("choice {number}"), configuration.key()];
                    return Err(ReplyError::Ambiguous {
                        proposals: proposals.to_vec(),
                    });
                }
                (chosen, Some(number))
            }
            (None, _) if configuration.is_empty() => {
                return Err(no_proposal(
                    "it names a choice, but there is no list to choose from",
                ));
            }
            (Some(_), None) => (check(&default, &configuration)?, None),
            (None, _) => (check(terms.base, &configuration)?, None),
        };
        Ok(ParsedReply {
            configuration,
            choice,
            reason: self.reason,
            knob_reasons: self.knob_reasons,
            predicted: self.predicted,
        })
    }

    /// What was asked for, once it is clear that nothing was asked for in two ways.
    fn configuration(&self) -> Result<Configuration, ReplyError> {
        let mut configuration = Configuration::default();
        for (name, value) in &self.asked {
            if let Some(before) = configuration.get(name) {
                return Err(ReplyError::Ambiguous {
                    proposals: vec![format!("{name}={before}"), format!("{name}={value}")],
                });
            }
            configuration.set(name, value.clone());
        }
        Ok(configuration)
    }

    fn choice(&self) -> Result<Option<String>, ReplyError> {
        match self.choices.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            several => Err(ReplyError::Ambiguous {
                proposals: several.iter().map(|one| format!("choice {one}")).collect(),
            }),
        }
    }
}

fn entry<'a>(
    entries: &'a [Configuration],
    written: &str,
) -> Result<(usize, &'a Configuration), ReplyError> {
    let number: Option<usize> = written.parse().ok();
    number
        .and_then(|number| Some((number, entries.get(number.checked_sub(1)?)?)))
        .ok_or_else(|| ReplyError::NoSuchChoice {
            choice: written.to_owned(),
            most: entries.len(),
        })
}
