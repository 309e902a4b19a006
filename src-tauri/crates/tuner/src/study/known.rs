//! What the reader of a study's prompt knew, apart from its words. A reply says something about
//! these facts; where they are the same, it can be replayed although the words around them have
//! changed since, and where they differ, it cannot.

use crate::turn::Prepared;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wattsmith_domain::{Configuration, SessionRecord, Trial};
use wattsmith_search::Sequence;
use wattsmith_stats::Analysis;

/// Version of the words of prompts, and of how replies are read: templates, drafted feedback,
/// verdicts, the parser. It rises with every change that a chat model could notice; a test holds
/// the prompts of a known session against it.
pub const WORDS: u32 = 5;

/// The first version whose lists hold Sobol points of dimensions that the seed permutes.
const PERMUTED: u32 = 4;
/// The first version whose best trial is the best by expectation, and not the lowest figure.
const EXPECTED: u32 = 4;

/// The Sobol points that prompts of a version speak of: a recording is played with those that its
/// reader saw.
pub(super) fn sequence(words: u32) -> Sequence {
    match words < PERMUTED {
        true => Sequence::InOrder,
        false => Sequence::Permuted,
    }
}

/// The analysis that prompts of a version speak of.
pub(super) fn analysis(words: u32, record: &SessionRecord) -> Analysis {
    let analysis = Analysis::of(record);
    match words < EXPECTED {
        true => analysis.by_lowest(),
        false => analysis,
    }
}

/// Hex digits that are kept of each part's hash.
const DIGITS: usize = 16;

/// The facts behind one prompt: a hash for each part, so that a refusal can name the part that
/// differs. No sentence is part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Known(BTreeMap<String, String>);

impl Known {
    /// Of a prompt that was rendered, and the seed that goes out with it.
    pub fn of(prepared: &Prepared, seed: Option<u64>) -> Self {
        let record = &prepared.record;
        let session = &record.session;
        let constraints = session.objective.constraints;
        let keys =
            |all: &[Configuration]| -> Vec<String> { all.iter().map(Configuration::key).collect() };
        let expected: Vec<Value> = prepared
            .offer
            .expected
            .iter()
            .map(|one| shown_of(&[one.expected, one.low, one.high, one.promise]))
            .collect();
        let points: Vec<Value> = session
            .memory
            .points
            .iter()
            .map(|one| json!([one.configuration.key(), shown(one.relative)]))
            .collect();
        let parts = [
            ("template", json!(prepared.template.name)),
            ("seed", json!(seed)),
            (
                "work",
                json!([
                    session.engine.name,
                    session.model.sha256,
                    session.workload.hash,
                    session.machine.cpu,
                    session.space.default_configuration().key(),
                ]),
            ),
            (
                "goal",
                json!([
                    session.objective.threshold,
                    constraints.min_tokens_per_second,
                    constraints.max_time_to_first_token_s,
                    constraints.quality_lock,
                    session.budget,
                ]),
            ),
            ("trials", trials(record)),
            ("base", json!(prepared.base().key())),
            (
                "choices",
                json!([keys(&prepared.offer.entries), prepared.offer.open]),
            ),
            ("expectations", json!(expected)),
            ("memory", json!(points)),
        ];
        // Only where a person said something: recordings of before know no such part.
        let edits: Vec<&String> = record
            .feedback
            .iter()
            .filter_map(|one| one.edit.as_ref())
            .collect();
        let notes = (!edits.is_empty()).then(|| ("notes", json!(edits)));
        Self(
            parts
                .into_iter()
                .chain(notes)
                .map(|(name, value)| (name.to_owned(), hash(&value)))
                .collect(),
        )
    }

    /// Parts that differ, by name.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let names = self.0.keys().chain(other.0.keys());
        let mut differ: Vec<&str> = names
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .map(String::as_str)
            .collect();
        differ.sort_unstable();
        differ.dedup();
        differ
    }
}

/// What was measured, window by window. What was concluded from it is words.
fn trials(record: &SessionRecord) -> Value {
    let one = |trial: &Trial| {
        let windows: Vec<Value> = trial
            .repeats
            .iter()
            .map(|repeat| {
                let of = &repeat.performance;
                shown_of(&[
                    repeat.energy.gross.0 / repeat.units.0.max(1) as f64,
                    of.tokens_per_second,
                    of.time_to_first_token_s.p95,
                ])
            })
            .collect();
        json!([trial.configuration.key(), windows])
    };
    record.trials.iter().map(one).collect()
}

/// A figure as far as a prompt shows it: what nobody could read has moved nobody.
fn shown(figure: f64) -> String {
    format!("{figure:.2e}")
}

fn shown_of(figures: &[f64]) -> Value {
    figures.iter().map(|figure| shown(*figure)).collect()
}

fn hash(value: &Value) -> String {
    let hex = wattsmith_engine::digest::of(value.to_string());
    hex.chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::Errand;
    use wattsmith_chat::Templates;
    use wattsmith_domain::{Advisor, Connection};
    use wattsmith_search::Pool;
    use wattsmith_testkit::fixtures;

    /// The prompts of known sessions, by the version of their words.
    const PROMPTS: [(u32, &str); 5] = [
        (1, "b385566ff42fe171"),
        (2, "6606cf87e38163c1"),
        (3, "67973b64a900b515"),
        (4, "2b255adab739e137"),
        (5, "dc26ae716bc09d24"),
    ];

    /// A change that a chat model could notice makes another version: raise `WORDS`, and add the new
    /// hash below the old ones. (Where only a fixture has changed, replace the last hash.)
    #[test]
    fn prompts_that_say_something_else_have_another_version() {
        let templates = Templates::open("no/such/folder");
        let mut prompts = String::new();
        for mut record in [
            fixtures::empty(),
            fixtures::measured(),
            fixtures::confirmed(),
            fixtures::estimated(),
            fixtures::everything(),
        ] {
            for advisor in [Advisor::Guided, Advisor::Enhanced, Advisor::Baseline] {
                let local = Connection::Local {
                    model: "m.gguf".to_owned(),
                };
                for connection in [Connection::Paste, local] {
                    record.session.advisor = advisor;
                    record.session.connection = Some(connection);
                    for trial in &record.trials {
                        let analysis = wattsmith_stats::Analysis::of(&record);
                        prompts.push_str(&crate::turn::feedback::draft(&record, &analysis, trial));
                    }
                    let errand = Errand::Proposal;
                    let template = templates.get(errand.template(advisor)).unwrap();
                    let pool = Pool::from(&record.session.space);
                    let prepared = Prepared::of(record.clone(), pool, template, &errand, None);
                    prompts.push_str(&prepared.unwrap().prompt);
                }
            }
        }
        let found = hash(&json!(prompts));
        assert_eq!(PROMPTS.last(), Some(&(WORDS, found.as_str())));
    }
}
