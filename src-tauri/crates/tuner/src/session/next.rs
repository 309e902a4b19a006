//! What comes next in a session, worked out from its record alone: a session reopened after a
//! restart therefore goes on exactly where it was.

use std::collections::BTreeSet;
use wattsmith_domain::{
    Connection, Ending, Exchange, ExchangeId, ExchangeKind, ExchangeOutcome, ProposalId,
    ProposalStatus, Purpose, SessionRecord, TrialId, TrialState,
};
use wattsmith_stats::{Analysis, Basis, DefaultCheck};

/// The next step of the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Other programs keep the machine busy before the first window: the person chooses whether to
    /// wait. In words.
    Busy(String),
    /// The default has not been measured.
    MeasureDefault,
    /// The default is to be measured again before anything is compared with it: it is in doubt, or
    /// the machine changed.
    CheckDefault(DefaultCheck),
    /// A trial crossed the threshold: fresh repeats decide.
    Confirm(TrialId),
    /// A prompt waits for its pasted reply.
    Paste(ExchangeId),
    /// A proposal waits to be run, edited or dismissed.
    Decide(ProposalId),
    /// The advisor gave no usable proposal.
    Stuck {
        /// In whole sentences.
        reason: String,
    },
    /// The person has not agreed yet that prompts go to the provider.
    Consent {
        /// Who would get them.
        provider: String,
    },
    /// Ask the advisor.
    Ask,
    /// It is over.
    Ended(Ending),
}

impl Next {
    /// Works out the next step.
    #[must_use]
    pub fn of(record: &SessionRecord, analysis: &Analysis) -> Self {
        let session = &record.session;
        if let Some(ending) = &session.ending {
            return Self::Ended(ending.clone());
        }
        if !record
            .default_trial()
            .is_some_and(wattsmith_domain::Trial::is_complete)
        {
            return match session.busy_question() {
                Some(load) => Self::Busy(load.found()),
                None => Self::MeasureDefault,
            };
        }
        if let Some(confirmation) = record
            .confirmations
            .iter()
            .find(|confirmation| confirmation.decision.is_none())
        {
            return Self::Confirm(confirmation.trial.clone());
        }
        if let Some(check) = analysis.check {
            return Self::CheckDefault(check);
        }
        if let Some(crossing) = &analysis.crossing {
            return Self::Confirm(crossing.clone());
        }
        if let Some(proposal) = record
            .proposals
            .iter()
            .rfind(|proposal| proposal.status == ProposalStatus::Offered)
        {
            return Self::Decide(proposal.id.clone());
        }
        if used(record, analysis) >= session.budget {
            return Self::Ended(Ending::BudgetSpent);
        }
        match this_turn(record)
            .last()
            .map(|last| (&last.id, &last.outcome))
        {
            Some((id, ExchangeOutcome::Waiting)) => return Self::Paste(id.clone()),
            Some((_, ExchangeOutcome::Refused { reason })) => {
                // Nobody is told what a person pasted wrongly.
                let pasted = matches!(session.connection, Some(Connection::Paste));
                return Self::Stuck {
                    reason: sentence(&match pasted {
                        true => format!("The pasted reply gives no usable proposal: {reason}"),
                        false => format!(
                            "The advisor is stuck: its reply gave no usable proposal. It was \
                             told: {reason}"
                        ),
                    }),
                };
            }
            Some((_, ExchangeOutcome::Failed { error })) => {
                return Self::Stuck {
                    reason: sentence(error),
                };
            }
            Some((
                _,
                ExchangeOutcome::Accepted
                | ExchangeOutcome::Answered { .. }
                | ExchangeOutcome::Cancelled,
            ))
            | None => {}
        }
        match &session.connection {
            Some(connection) if connection.is_remote() && !session.consent => Self::Consent {
                provider: provider(connection),
            },
            _ => Self::Ask,
        }
    }
}

/// With a full stop, so that another sentence can follow.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let ends = text.ends_with(['.', '!', '?']);
    format!("{text}{}", if ends { "" } else { "." })
}

/// Who gets the prompts, for the question of consent.
pub(crate) fn provider(connection: &wattsmith_domain::Connection) -> String {
    match connection.as_server() {
        Some((_, base_url, model)) => format!("{base_url} (model {model})"),
        None => connection.label(),
    }
}

/// Trials after the default that count against the budget: all but those taken back and those that a
/// change of the machine left behind. Of the latter no more are forgiven than the budget has trials,
/// so that a machine that keeps changing cannot keep a session for ever.
#[must_use]
pub fn trials_used(record: &SessionRecord) -> u32 {
    let basis = Basis::of(record);
    let stale = record.trials.iter().filter(|trial| basis.is_stale(trial));
    all_used(record).saturating_sub(forgiven(record, stale.count()))
}

/// The same by an analysis that is at hand.
fn used(record: &SessionRecord, analysis: &Analysis) -> u32 {
    let stale = analysis.trials.iter().filter(|trial| trial.stale);
    all_used(record).saturating_sub(forgiven(record, stale.count()))
}

fn all_used(record: &SessionRecord) -> u32 {
    let used = record.trials.iter().filter(|trial| {
        trial.purpose == Purpose::Proposal && !matches!(trial.state, TrialState::Discarded { .. })
    });
    u32::try_from(used.count()).unwrap_or(u32::MAX)
}

fn forgiven(record: &SessionRecord, stale: usize) -> u32 {
    u32::try_from(stale)
        .unwrap_or(u32::MAX)
        .min(record.session.budget)
}

/// Keys of what was measured on this machine as it is, or failed. What was measured before the machine
/// changed may be measured again, as may what was taken back.
pub(crate) fn tried(record: &SessionRecord) -> BTreeSet<String> {
    let basis = Basis::of(record);
    record
        .trials
        .iter()
        .filter(|trial| !matches!(trial.state, TrialState::Discarded { .. }))
        .filter(|trial| !basis.is_stale(trial))
        .map(|trial| trial.configuration.key())
        .collect()
}

/// Keys of what is not to be offered again: what was tried, and what the person took back.
pub(crate) fn spent(record: &SessionRecord) -> BTreeSet<String> {
    let mut spent = tried(record);
    spent.extend(
        record
            .proposals
            .iter()
            .filter(|proposal| proposal.status == ProposalStatus::Dismissed)
            .map(|proposal| proposal.configuration.key()),
    );
    spent
}

/// Exchanges for a proposal since the last proposal, trial or change of connection: those of the
/// turn that is being taken. Identities are in order of time.
pub(crate) fn this_turn(record: &SessionRecord) -> Vec<&Exchange> {
    let last_proposal = record.proposals.iter().map(|one| one.id.0.as_str()).max();
    let last_trial = record.trials.iter().map(|one| one.id.0.as_str()).max();
    let since = last_proposal.max(last_trial).unwrap_or_default();
    let since = since.max(record.session.connected.as_str());
    record
        .exchanges
        .iter()
        .filter(|exchange| exchange.id.0.as_str() > since)
        .filter(|exchange| exchange.kind == ExchangeKind::Proposal)
        .collect()
}
