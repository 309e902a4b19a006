//! A session with all that happened in it: what is stored, shown and reported.

use crate::id::TrialId;
use crate::measurement::Repeat;
use crate::proposal::{Exchange, Feedback, Proposal};
use crate::session::Session;
use crate::trial::{Confirmation, Purpose, Trial};
use crate::undoing::Undoing;
use crate::units::Joules;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A session with all that happened in it, each list oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// What is tuned, on what, towards what.
    pub session: Session,
    /// Trials by number.
    pub trials: Vec<Trial>,
    /// Proposals made.
    pub proposals: Vec<Proposal>,
    /// Prompts and replies.
    pub exchanges: Vec<Exchange>,
    /// Feedback by trial.
    pub feedback: Vec<Feedback>,
    /// Fresh repeats after a first crossing.
    pub confirmations: Vec<Confirmation>,
    /// Each change of the winner undone by itself, where that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoing: Option<Undoing>,
}

impl SessionRecord {
    /// The first device whose two readers contradict each other in one of these windows while nobody
    /// has said which stands: their figures are not certain.
    #[must_use]
    pub fn undecided<'a>(
        &'a self,
        repeats: impl IntoIterator<Item = &'a Repeat>,
    ) -> Option<&'a str> {
        repeats
            .into_iter()
            .flat_map(|repeat| &repeat.energy.undecided)
            .find(|device| !self.session.readers.contains_key(*device))
            .map(String::as_str)
    }

    /// The default's trial, once it was begun.
    #[must_use]
    pub fn default_trial(&self) -> Option<&Trial> {
        self.trials
            .iter()
            .find(|trial| trial.purpose == Purpose::Default)
    }

    /// The trial with this identity.
    #[must_use]
    pub fn trial(&self, id: &TrialId) -> Option<&Trial> {
        self.trials.iter().find(|trial| trial.id == *id)
    }

    /// Keys of the configurations that were measured or that failed: not to be proposed again.
    /// A trial that was taken back may be.
    #[must_use]
    pub fn tried(&self) -> BTreeSet<String> {
        self.trials
            .iter()
            .filter(|trial| !matches!(trial.state, crate::TrialState::Discarded { .. }))
            .map(|trial| trial.configuration.key())
            .collect()
    }

    /// Joules that the search has cost so far: every window, what lies around it, the local advisor.
    #[must_use]
    pub fn energy_spent(&self) -> Joules {
        let trials: Joules = self.trials.iter().map(Trial::energy_spent).sum();
        let confirmations: Joules = self
            .confirmations
            .iter()
            .map(Confirmation::energy_spent)
            .sum();
        let advisor: f64 = self.exchanges.iter().filter_map(|one| one.joules).sum();
        let undone = self.undoing.as_ref().map(Undoing::energy_spent);
        trials + confirmations + Joules(advisor) + undone.unwrap_or(Joules(0.0))
    }
}
