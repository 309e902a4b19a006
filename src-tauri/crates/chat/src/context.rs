//! What a prompt may speak of: the only names that a template can use.
//!
//! The tuner fills a [`PromptContext`] from its session; the parts that are plain copies of domain
//! nouns are made by the constructors here and in `facts`.

use crate::facts::{
    EnergyFacts, EngineFacts, GoalFacts, MachineFacts, ModelFacts, WorkloadFacts, rules, settings,
};
use serde::Serialize;
use wattsmith_domain::{Configuration, Interval, ParameterSpace, Rejection};

/// Most rows of the history that a prompt shows; longer ones are condensed, and so are those that do
/// not fit ([`crate::render_within`]).
pub const HISTORY_ROWS: usize = 40;

/// Everything that a template can show. Text in it is cleaned when it is rendered: control
/// characters are dropped, and all but the person's feedback is brought on one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromptContext {
    /// The machine that is measured.
    pub machine: MachineFacts,
    /// Where joules come from and how far they can be trusted.
    pub energy: EnergyFacts,
    /// The inference server.
    pub engine: EngineFacts,
    /// The model that is served.
    pub model: ModelFacts,
    /// The work of every trial.
    pub workload: WorkloadFacts,
    /// Threshold, constraints and what is left of the budget.
    pub goal: GoalFacts,
    /// Every knob, in the space's order.
    pub parameters: Vec<ParameterFacts>,
    /// Relations between knobs, one sentence each.
    pub rules: Vec<String>,
    /// Trials, oldest first; the default is the first.
    pub history: Vec<HistoryRow>,
    /// Rows that were left out of `history`; set when it is condensed.
    pub history_left_out: usize,
    /// Settings that differ from the default in the configuration that a partial answer changes.
    pub base: String,
    /// What was seen in the last trial, one sentence each: the drafted feedback.
    pub observations: Vec<String>,
    /// What the person says, where they said something.
    pub feedback: Option<PersonFeedback>,
    /// Directions not tried yet, one sentence each.
    pub explore: Vec<String>,
    /// Proposals of this turn that were refused, oldest first.
    pub refused: Vec<RefusedProposal>,
    /// What earlier sessions found out, one sentence each; empty without memory.
    pub memory: Vec<String>,
    /// Untried valid configurations of which one must be chosen; empty when the choice is free.
    pub shortlist: Vec<Choice>,
    /// Whether something else than an entry of the shortlist may be argued for.
    pub open: bool,
    /// Whether a small local model reads it. Where the entries have figures, it is asked to take the
    /// first unless something said speaks for another: it compares figures no better than chance.
    pub small_model: bool,
    /// What the person asks; empty where the next proposal is wanted.
    pub question: String,
    /// Questions and answers before it, oldest first.
    pub talk: Vec<Said>,
}

/// A question of the person and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

impl PromptContext {
    /// A context with the given facts and nothing tried yet.
    #[must_use]
    pub fn new(
        machine: MachineFacts,
        energy: EnergyFacts,
        engine: EngineFacts,
        model: ModelFacts,
        workload: WorkloadFacts,
        goal: GoalFacts,
        space: &ParameterSpace,
    ) -> Self {
        Self {
            machine,
            energy,
            engine,
            model,
            workload,
            goal,
            parameters: ParameterFacts::of(space),
            rules: rules(space),
            history: Vec::new(),
            history_left_out: 0,
            base: "default".to_owned(),
            observations: Vec::new(),
            feedback: None,
            explore: Vec::new(),
            refused: Vec::new(),
            memory: Vec::new(),
            shortlist: Vec::new(),
            open: false,
            small_model: false,
            question: String::new(),
            talk: Vec::new(),
        }
    }

    /// Keeps so many rows of a longer history, and counts the others in `history_left_out`: the
    /// default and the best; the extremes, as far as half of the room goes (most joules, fastest,
    /// slowest, latest first token); and the last ones. At least three rows stay.
    pub fn condense(&mut self, rows: usize) {
        let rows = rows.max(3);
        let total = self.history.len();
        if total <= rows {
            return;
        }
        let mut kept: Vec<usize> = (0..total)
            .filter(|&index| self.history[index].mark != Mark::None)
            .collect();
        for extreme in self.extremes() {
            if kept.len() < rows / 2 && !kept.contains(&extreme) {
                kept.push(extreme);
            }
        }
        for last in (0..total).rev() {
            if kept.len() < rows && !kept.contains(&last) {
                kept.push(last);
            }
        }
        let mut index = 0;
        self.history.retain(|_| {
            index += 1;
            kept.contains(&(index - 1))
        });
        self.history_left_out += total - self.history.len();
    }

    /// Rows at the ends of what was seen.
    fn extremes(&self) -> impl Iterator<Item = usize> {
        let joules = |row: &HistoryRow| row.joules.map(|joules| joules.mean);
        let slowness = |row: &HistoryRow| row.tokens_per_second.map(|speed| -speed);
        [
            self.greatest(joules),
            self.greatest(|row| row.tokens_per_second),
            self.greatest(slowness),
            self.greatest(|row| row.time_to_first_token_s),
        ]
        .into_iter()
        .flatten()
    }

    fn greatest(&self, figure: impl Fn(&HistoryRow) -> Option<f64>) -> Option<usize> {
        let rows = self.history.iter().enumerate();
        rows.filter_map(|(index, row)| Some((index, figure(row)?)))
            .max_by(|one, other| one.1.total_cmp(&other.1))
            .map(|(index, _)| index)
    }
}

/// One knob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParameterFacts {
    /// Name, as an answer must write it.
    pub name: String,
    /// Allowed values in words, such as `whole number, 1 to 64`.
    pub range: String,
    /// Default value.
    pub default: String,
    /// What it does.
    pub effect: String,
    /// What can go wrong; empty when nothing can.
    pub danger: String,
    /// Whether it can change what the model answers.
    pub changes_output: bool,
}

impl ParameterFacts {
    /// The knobs of a space, in its order.
    #[must_use]
    pub fn of(space: &ParameterSpace) -> Vec<Self> {
        let facts = |parameter: &wattsmith_domain::Parameter| Self {
            name: parameter.name.clone(),
            range: parameter.kind.describe(),
            default: parameter.default.to_string(),
            effect: parameter.effect.clone(),
            danger: parameter.danger.clone(),
            changes_output: parameter.changes_output,
        };
        space.parameters.iter().map(facts).collect()
    }
}

/// What makes a row worth keeping in a condensed history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Nothing.
    #[default]
    None,
    /// It is the default.
    Default,
    /// It is the best so far.
    Best,
}

/// One trial, as the table shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryRow {
    /// The trial's number; 1 is the default.
    pub trial: u32,
    /// What differs from the default, such as `threads=2 parallel=8`; `default` when nothing does.
    pub settings: String,
    /// Joules per unit of work with its interval; none when the trial failed.
    pub joules: Option<Interval>,
    /// Output tokens per second.
    pub tokens_per_second: Option<f64>,
    /// 95th percentile of the time to first token, seconds.
    pub time_to_first_token_s: Option<f64>,
    /// What may be said against the default, or why it failed.
    pub verdict: String,
    /// Whether it is the default or the best so far.
    pub mark: Mark,
}

/// What the person wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonFeedback {
    /// Their words; may have several lines.
    pub text: String,
    /// About which trial.
    pub trial: u32,
}

/// A proposal of this turn that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedProposal {
    /// What was proposed, as far as it was understood; empty when nothing was.
    pub settings: String,
    /// Why it was refused, as [`crate::ReplyError::for_llm`] says it.
    pub reason: String,
}

impl RefusedProposal {
    /// A configuration that was measured before.
    #[must_use]
    pub fn tried(configuration: &Configuration, space: &ParameterSpace, trial: u32) -> Self {
        Self {
            settings: settings(configuration, space),
            reason: format!("it was measured already, in trial {trial}"),
        }
    }

    /// A configuration that the space does not allow.
    #[must_use]
    pub fn rejected(settings: String, rejections: &[Rejection]) -> Self {
        let reasons: Vec<String> = rejections.iter().map(ToString::to_string).collect();
        Self {
            settings,
            reason: reasons.join("; "),
        }
    }
}

/// One entry of the shortlist.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// What the answer names, from 1.
    pub number: usize,
    /// What differs from the default.
    pub settings: String,
    /// What a model of the trials expects of it, where there is one.
    pub expected: Option<Expected>,
}

/// What a model of the trials expects of one configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expected {
    /// J/unit.
    pub joules: f64,
    /// Lower end of the 95 % interval of the true J/unit.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Expected gain in per cent of the first entry's, 0 to 100.
    pub promise_percent: f64,
    /// Probability of breaking a limit in per cent, where it is worth a word.
    pub risk_percent: Option<f64>,
    /// What else speaks for it, where no earlier entry has said so.
    pub because: Option<String>,
}

impl Choice {
    /// Numbers a shortlist in its order.
    #[must_use]
    pub fn number(shortlist: &[Configuration], space: &ParameterSpace) -> Vec<Self> {
        let entry = |(index, configuration): (usize, &Configuration)| Self {
            number: index + 1,
            settings: settings(configuration, space),
            expected: None,
        };
        shortlist.iter().enumerate().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_history() -> PromptContext {
        let mut context = PromptContext::sample();
        let row = context.history[0].clone();
        context.history = (1..=40)
            .map(|trial| HistoryRow {
                trial,
                mark: match trial {
                    1 => Mark::Default,
                    17 => Mark::Best,
                    _ => Mark::None,
                },
                ..row.clone()
            })
            .collect();
        context.history[8].tokens_per_second = Some(1e6);
        context.history[22].joules = row.joules.map(|joules| Interval {
            mean: joules.mean * 9.0,
            ..joules
        });
        context
    }

    #[test]
    fn a_condensed_history_keeps_default_best_extremes_and_the_last_ones() {
        let left = |rows| {
            let mut context = long_history();
            context.condense(rows);
            assert_eq!(context.history_left_out + context.history.len(), 40);
            let trials: Vec<u32> = context.history.iter().map(|row| row.trial).collect();
            trials
        };
        assert_eq!(left(3), [1, 17, 40]);
        assert_eq!(left(6), [1, 17, 23, 38, 39, 40]);
        let eight = left(8);
        assert!(
            [1, 9, 17, 23, 40].iter().all(|trial| eight.contains(trial)),
            "{eight:?}"
        );
        assert_eq!(left(40).len(), 40, "a short history stays as it is");
    }
}
