//! Proposals that are not a chat LLM's: numeric ones and the person's own; and what the person makes
//! of proposals and of feedback before they are used.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::next::spent;
use crate::trial::find_proposal;
use crate::tuner::{Tuner, fresh_id, now};
use wattsmith_domain::{
    Advisor, Configuration, Ending, Proposal, ProposalId, ProposalStatus, SessionId, SessionRecord,
    TrialId,
};
use wattsmith_search::{NumericAdvisor as _, Sobol};

impl Tuner {
    /// A proposal from Sobol points: for sessions without an LLM, and where the LLM is stuck
    /// (`because`, empty otherwise).
    pub(crate) async fn propose_numeric(
        &self,
        id: &SessionId,
        because: &str,
    ) -> Result<(), TunerError> {
        let record = self.record(id).await?;
        let session = &record.session;
        let mut sobol = Sobol::new(&session.space, session.seed);
        let Some(configuration) = sobol.ask(&spent(&record)) else {
            return self
                .change(id, |session| session.ending = Some(Ending::SpaceExhausted))
                .await;
        };
        let mut reason =
            "The next point of a Sobol sequence: it spreads the trials evenly over all settings."
                .to_owned();
        if !because.is_empty() {
            reason = format!("{because} So the next point of a Sobol sequence is offered instead.");
        }
        let proposal = Proposal {
            advisor: Advisor::Sobol,
            reason,
            ..blank_proposal(&record, configuration)
        };
        Ok(self.store.put_proposal(&proposal).await?)
    }

    /// A proposal by the person.
    ///
    /// # Errors
    /// The settings are not valid, were measured already, or cannot be stored.
    pub async fn propose_by_hand(
        &self,
        id: &SessionId,
        settings: &Configuration,
    ) -> Result<ProposalId, TunerError> {
        let record = self.record(id).await?;
        let configuration = checked(&record, settings)?;
        let proposal = Proposal {
            reason: "Set by hand.".to_owned(),
            ..blank_proposal(&record, configuration)
        };
        self.store.put_proposal(&proposal).await?;
        self.jobs.emit(id, EventKind::Changed);
        Ok(proposal.id)
    }

    /// The person's change of a proposal; what was proposed is kept beside it.
    ///
    /// # Errors
    /// The settings are not valid, were measured already, or cannot be stored.
    pub async fn edit_proposal(
        &self,
        id: &SessionId,
        proposal: &ProposalId,
        settings: &Configuration,
    ) -> Result<(), TunerError> {
        let record = self.record(id).await?;
        let mut proposal = find_proposal(&record, proposal)?.clone();
        let configuration = checked(&record, settings)?;
        if proposal.status != ProposalStatus::Offered {
            return Err(TunerError::Invalid(
                "This proposal was already run or dismissed.".to_owned(),
            ));
        }
        if configuration != proposal.configuration {
            proposal.proposed.get_or_insert(proposal.configuration);
            proposal.configuration = configuration;
            // A prediction speaks of what was proposed, not of what the person made of it.
            proposal.predicted_joules_per_unit = None;
            self.store.put_proposal(&proposal).await?;
            self.jobs.emit(id, EventKind::Changed);
        }
        Ok(())
    }

    /// Takes a proposal back; the advisor can be asked again.
    ///
    /// # Errors
    /// There is no such proposal, or it cannot be stored.
    pub async fn dismiss_proposal(
        &self,
        id: &SessionId,
        proposal: &ProposalId,
    ) -> Result<(), TunerError> {
        let record = self.record(id).await?;
        let mut proposal = find_proposal(&record, proposal)?.clone();
        if proposal.status == ProposalStatus::Offered {
            proposal.status = ProposalStatus::Dismissed;
            self.store.put_proposal(&proposal).await?;
            self.jobs.emit(id, EventKind::Changed);
        }
        Ok(())
    }

    /// Keeps the person's feedback on a trial; none goes back to the draft.
    ///
    /// # Errors
    /// There is no feedback on that trial, or it cannot be stored.
    pub async fn save_feedback(
        &self,
        id: &SessionId,
        trial: &TrialId,
        text: Option<&str>,
    ) -> Result<(), TunerError> {
        let record = self.record(id).await?;
        let mut feedback = record
            .feedback
            .iter()
            .find(|feedback| feedback.trial == *trial)
            .cloned()
            .ok_or_else(|| {
                TunerError::NotFound("There is no feedback on that trial yet.".to_owned())
            })?;
        feedback.edit = text
            .filter(|text| *text != feedback.draft)
            .map(str::to_owned);
        self.store.put_feedback(id, &feedback).await?;
        self.jobs.emit(id, EventKind::Changed);
        Ok(())
    }
}

fn checked(record: &SessionRecord, settings: &Configuration) -> Result<Configuration, TunerError> {
    let configuration = record
        .session
        .space
        .check(settings)
        .map_err(|problems| crate::plan::invalid(&problems))?;
    match measured_as(record, &configuration) {
        Some(number) => Err(TunerError::Invalid(format!(
            "These settings were measured already, in trial {number}. Change one of them."
        ))),
        None => Ok(configuration),
    }
}

/// The number of the trial that measured (or failed at) these settings.
pub(crate) fn measured_as(record: &SessionRecord, configuration: &Configuration) -> Option<u32> {
    record
        .trials
        .iter()
        .find(|trial| {
            trial.configuration == *configuration
                && !matches!(trial.state, wattsmith_domain::TrialState::Discarded { .. })
        })
        .map(|trial| trial.number)
}

/// An offered proposal by the person, without reasons.
pub(crate) fn blank_proposal(record: &SessionRecord, configuration: Configuration) -> Proposal {
    Proposal {
        id: ProposalId(fresh_id()),
        session: record.session.id.clone(),
        advisor: Advisor::Person,
        configuration,
        proposed: None,
        reason: String::new(),
        knob_reasons: std::collections::BTreeMap::new(),
        predicted_joules_per_unit: None,
        exchange: None,
        status: ProposalStatus::Offered,
        created_at: now(),
    }
}
