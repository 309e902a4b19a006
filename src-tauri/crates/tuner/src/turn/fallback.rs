//! What a session takes when its chat LLM gave nothing that can be used: which turn failed, why, and
//! what was proposed instead. Worked out from the record, so that it can be told at any time.

use wattsmith_chat::settings;
use wattsmith_domain::{
    Advisor, ExchangeId, ExchangeKind, ExchangeOutcome, Proposal, ProposalId, SessionRecord,
};

/// A proposal by numbers in the place of the LLM's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The exchange that gave nothing.
    pub exchange: ExchangeId,
    /// The proposal that took its place.
    pub proposal: ProposalId,
    /// What failed, in whole words.
    pub failed: String,
    /// What is taken instead, such as `parallel=8 (sobol)`.
    pub instead: String,
}

/// Every fallback of a session, oldest first.
#[must_use]
pub fn fallbacks(record: &SessionRecord) -> Vec<Fallback> {
    if !record.session.advisor.needs_connection() {
        return Vec::new();
    }
    record
        .proposals
        .iter()
        .filter(|one| one.exchange.is_none() && one.advisor != Advisor::Person)
        .filter_map(|one| fallback(record, one))
        .collect()
}

fn fallback(record: &SessionRecord, proposal: &Proposal) -> Option<Fallback> {
    let until = proposal.id.0.as_str();
    let proposals = record.proposals.iter().map(|one| one.id.0.as_str());
    let trials = record.trials.iter().map(|one| one.id.0.as_str());
    // Identities are in order of time.
    let since = proposals.chain(trials).filter(|id| *id < until).max();
    let last = record
        .exchanges
        .iter()
        .filter(|one| one.kind == ExchangeKind::Proposal)
        .filter(|one| one.id.0.as_str() < until && Some(one.id.0.as_str()) > since)
        .max_by(|one, other| one.id.0.cmp(&other.id.0))?;
    let failed = match &last.outcome {
        ExchangeOutcome::Failed { error } => error.clone(),
        ExchangeOutcome::Refused { reason } => {
            format!(
                "the reply of {} gave no usable proposal: {reason}",
                last.connection
            )
        }
        _ => return None,
    };
    Some(Fallback {
        exchange: last.id.clone(),
        proposal: proposal.id.clone(),
        failed,
        instead: format!(
            "{} ({})",
            settings(&proposal.configuration, &record.session.space),
            proposal.advisor
        ),
    })
}
