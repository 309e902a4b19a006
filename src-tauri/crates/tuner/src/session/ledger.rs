//! The ledger of what the human added to a session: their words and their decisions, apart from what
//! was drafted and proposed. It can be exported, and applied to another session at the same points.

use crate::error::TunerError;
use crate::session::next::Next;
use crate::tuner::{Step, Tuner};
use serde::{Deserialize, Serialize};
use wattsmith_domain::{
    Advisor, Configuration, ExchangeKind, ProposalStatus, SessionId, SessionRecord,
};
use wattsmith_stats::Analysis;

/// Name and version of the format.
const SCHEMA: &str = "wattsmith-ledger/1";

/// What the human added, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// `wattsmith-ledger/1`.
    pub schema: String,
    /// Of which session.
    pub session: SessionId,
    /// Entries, oldest first.
    pub entries: Vec<Entry>,
}

/// One thing that the human did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Number of the last trial that had been begun by then.
    pub after_trial: u32,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// What the human can add.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// Other words about a trial than the draft's.
    Feedback {
        /// The trial's number.
        trial: u32,
        /// What was drafted.
        draft: String,
        /// The person's words; none when they went back to the draft after it was sent.
        edit: Option<String>,
        /// What a prompt held, where one did.
        sent: Option<String>,
    },
    /// Settings of their own.
    ByHand {
        /// Those.
        settings: Configuration,
    },
    /// A proposal that they changed.
    Edited {
        /// As it was proposed.
        proposed: Configuration,
        /// What they made of it.
        settings: Configuration,
    },
    /// A proposal that they took back.
    Dismissed {
        /// Which settings.
        settings: Configuration,
    },
    /// A question.
    Asked {
        /// Their words.
        question: String,
    },
}

impl Ledger {
    /// Reads the ledger off a session's record.
    #[must_use]
    pub fn of(record: &SessionRecord) -> Self {
        let mut acts: Vec<(&str, Act)> = Vec::new();
        for one in &record.feedback {
            let sent = one.sent_text.clone();
            let own = one.edit.is_some() || sent.as_ref().is_some_and(|sent| *sent != one.draft);
            if let Some(trial) = record.trial(&one.trial).filter(|_| own) {
                let act = Act::Feedback {
                    trial: trial.number,
                    draft: one.draft.clone(),
                    edit: one.edit.clone(),
                    sent,
                };
                acts.push((&one.trial.0, act));
            }
        }
        for one in &record.proposals {
            let settings = one.configuration.clone();
            match &one.proposed {
                _ if one.advisor == Advisor::Person => {
                    let settings = one.proposed.clone().unwrap_or(settings);
                    acts.push((&one.id.0, Act::ByHand { settings }));
                }
                Some(proposed) => {
                    let proposed = proposed.clone();
                    acts.push((&one.id.0, Act::Edited { proposed, settings }));
                }
                None => {}
            }
            if one.status == ProposalStatus::Dismissed {
                let settings = one.configuration.clone();
                acts.push((&one.id.0, Act::Dismissed { settings }));
            }
        }
        for one in &record.exchanges {
            if one.kind == ExchangeKind::Talk {
                let question = one.question.clone();
                acts.push((&one.id.0, Act::Asked { question }));
            }
        }
        // Identities are in order of time; the sort is stable.
        acts.sort_by_key(|(id, _)| *id);
        let entries = acts.into_iter().map(|(id, act)| {
            let before = record
                .trials
                .iter()
                .filter(|trial| trial.id.0.as_str() <= id);
            Entry {
                after_trial: before.map(|trial| trial.number).max().unwrap_or(0),
                act,
            }
        });
        Self {
            schema: SCHEMA.to_owned(),
            session: record.session.id.clone(),
            entries: entries.collect(),
        }
    }

    /// What the human did at the point at which `record` is, and has not been done in it yet.
    #[must_use]
    pub fn due(&self, record: &SessionRecord) -> Option<&Act> {
        let begun = record.trials.iter().map(|trial| trial.number).max();
        let begun = begun.unwrap_or(0);
        let mut done = Self::of(record).entries;
        self.entries
            .iter()
            .filter(|entry| entry.after_trial == begun)
            .find(|entry| {
                let same = |one: &Entry| one.after_trial == begun && one.act.is_same(&entry.act);
                // Each thing done stands for one entry only.
                match done.iter().position(same) {
                    Some(at) => {
                        done.remove(at);
                        false
                    }
                    None => true,
                }
            })
            .map(|entry| &entry.act)
            .filter(|act| act.is_possible(record))
    }
}

impl Act {
    /// Whether it is the same deed; drafts hold figures, which differ from run to run.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Feedback { trial, edit, .. },
                Self::Feedback {
                    trial: of,
                    edit: to,
                    ..
                },
            ) => trial == of && edit == to,
            (one, other) => one == other,
        }
    }

    fn is_possible(&self, record: &SessionRecord) -> bool {
        let offered = record
            .proposals
            .iter()
            .rfind(|one| one.status == ProposalStatus::Offered);
        match self {
            Self::Feedback { trial, edit, .. } => {
                let of = |number: u32| record.trials.iter().find(|one| one.number == number);
                let trial = of(*trial).map(|trial| &trial.id);
                edit.is_some()
                    && record
                        .feedback
                        .iter()
                        .any(|one| Some(&one.trial) == trial && !one.sent)
            }
            Self::Edited { proposed, .. } => {
                offered.is_some_and(|one| one.configuration == *proposed)
            }
            Self::Dismissed { settings } => {
                offered.is_some_and(|one| one.configuration == *settings)
            }
            Self::ByHand { .. } | Self::Asked { .. } => !matches!(
                Next::of(record, &Analysis::of(record)),
                Next::MeasureDefault | Next::Ended(_)
            ),
        }
    }
}

impl Tuner {
    /// Does in a session what the human did at the same point of another one. Whether there was
    /// anything to do: call it again until there is nothing.
    ///
    /// # Errors
    /// The settings or words cannot be used here, or cannot be stored.
    pub async fn replay(&self, id: &SessionId, ledger: &Ledger) -> Result<bool, TunerError> {
        let record = self.record(id).await?;
        let Some(act) = ledger.due(&record) else {
            return Ok(false);
        };
        let offered = record
            .proposals
            .iter()
            .rfind(|one| one.status == ProposalStatus::Offered);
        match (act, offered) {
            (Act::Feedback { trial, edit, .. }, _) => {
                let trial = record.trials.iter().find(|one| one.number == *trial);
                if let Some(trial) = trial {
                    self.save_feedback(id, &trial.id, edit.as_deref()).await?;
                }
            }
            (Act::ByHand { settings }, _) => {
                self.propose_by_hand(id, settings).await?;
            }
            (Act::Edited { settings, .. }, Some(offered)) => {
                self.edit_proposal(id, &offered.id, settings).await?;
            }
            (Act::Dismissed { .. }, Some(offered)) => {
                self.dismiss_proposal(id, &offered.id).await?;
            }
            (Act::Asked { question }, _) => {
                self.perform(id, Step::Talk(question.clone())).await?;
            }
            (Act::Edited { .. } | Act::Dismissed { .. }, None) => return Ok(false),
        }
        Ok(true)
    }
}
