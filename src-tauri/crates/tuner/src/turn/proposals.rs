//! Proposals that are not a chat LLM's: numeric ones and the person's own; and what the person makes
//! of proposals and of feedback before they are used.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::machine::models::blocking;
use crate::measuring::trial::find_proposal;
use crate::session::memory;
use crate::session::next::spent;
use crate::tuner::{Tuner, fresh_id, now};
use crate::turn::fallback::fallbacks;
use crate::turn::offer::surrogate;
use std::collections::BTreeSet;
use wattsmith_domain::{
    Advisor, Configuration, Ending, Proposal, ProposalId, ProposalStatus, SessionId, SessionRecord,
    TrialId, TrialState,
};
use wattsmith_fail_points::fail_point;
use wattsmith_search::{Context, NumericAdvisor, Observation, Outcome, Pool, Sobol, advisor};
use wattsmith_stats::{Analysis, Basis};

impl Tuner {
    /// A proposal by numbers alone: the session's own advisor where that is a numeric one, the
    /// surrogate where the LLM would have chosen from its list, else a Sobol point because the LLM is
    /// stuck (`because`, empty otherwise).
    pub(crate) async fn propose_numeric(
        &self,
        id: &SessionId,
        because: &str,
    ) -> Result<(), TunerError> {
        fail_point!("tuner::decide::by_numbers", TunerError::at_fail_point());
        let record = self.record(id).await?;
        let spent = spent(&record);
        let advised = record.clone();
        let proposed = blocking(move || numeric(&advised, &spent)).await?;
        let Some((configuration, advisor, reason, predicted)) = proposed else {
            return self
                .change(id, |session| session.ending = Some(Ending::SpaceExhausted))
                .await;
        };
        let reason = if because.is_empty() {
            reason
        } else {
            match advisor {
                Advisor::Surrogate => {
                    format!("{because} So the short list's first entry is offered: {reason}")
                }
                _ => {
                    format!("{because} So the next point of a Sobol sequence is offered instead.")
                }
            }
        };
        let proposal = Proposal {
            advisor,
            reason,
            predicted_joules_per_unit: predicted,
            ..blank_proposal(&record, configuration)
        };
        self.store.put_proposal(&proposal).await?;
        let record = self.record(id).await?;
        let mut taken = fallbacks(&record).into_iter();
        if let Some(taken) = taken.rfind(|one| one.proposal == proposal.id) {
            self.jobs.emit(id, EventKind::Fallback(taken));
        }
        Ok(())
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
        fail_point!("tuner::decide::dismissed", TunerError::at_fail_point());
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

/// What the session's numeric advisor proposes: settings, who proposes, why, and the J/unit that it
/// expects.
type Numeric = (Configuration, Advisor, String, Option<f64>);

fn numeric(record: &SessionRecord, spent: &BTreeSet<String>) -> Option<Numeric> {
    let pool = Pool::from(&record.session.space);
    if matches!(record.session.advisor, Advisor::Surrogate | Advisor::Guided) {
        let mut surrogate = surrogate(record, &pool);
        let configuration = surrogate.ask(spent)?;
        let (reason, expected) = match surrogate.judge(&configuration, spent) {
            Some(own) => (own.reason, Some(own.expected)),
            None => (reason(Advisor::Surrogate).to_owned(), None),
        };
        return Some((configuration, Advisor::Surrogate, reason, expected));
    }
    let (name, configuration) = next_point(record, &pool, spent)?;
    Some((configuration, name, reason(name).to_owned(), None))
}

/// What the session's numeric advisor proposes next; Sobol where it has none.
pub(crate) fn next_point(
    record: &SessionRecord,
    pool: &Pool,
    spent: &BTreeSet<String>,
) -> Option<(Advisor, Configuration)> {
    let session = &record.session;
    let named = advisor(session.advisor, pool, &context(record), session.seed);
    let (name, mut advisor): (_, Box<dyn NumericAdvisor + Send>) = match named {
        Some(advisor) => (session.advisor, advisor),
        None => (Advisor::Sobol, Box::new(Sobol::new(pool, session.seed))),
    };
    observations(record)
        .into_iter()
        .for_each(|one| advisor.tell(one));
    Some((name, advisor.ask(spent)?))
}

/// What the search is told before the first trial.
pub(crate) fn context(record: &SessionRecord) -> Context {
    let session = &record.session;
    Context {
        physical_cores: session.machine.steady_threads(),
        concurrency: session.workload.concurrency,
        constraints: session.objective.constraints,
        log_sd: Analysis::of(record).pooled.map(|pooled| pooled.sd),
        prior: memory::prior(&session.memory),
    }
}

/// What the record's trials taught, in their order; those taken back taught nothing, and those from
/// before the machine changed nothing that holds now.
pub(crate) fn observations(record: &SessionRecord) -> Vec<Observation> {
    let analysis = Analysis::of(record);
    record
        .trials
        .iter()
        .filter(|trial| !matches!(trial.state, TrialState::Discarded { .. }))
        // Joules of another machine, as it were.
        .filter(|trial| !analysis.trial(&trial.id).is_some_and(|own| own.stale))
        .map(|trial| {
            let own = analysis.trial(&trial.id).filter(|_| trial.is_complete());
            let outcome = own.and_then(|own| {
                let performance = own.performance.as_ref();
                Some(Outcome {
                    joules_per_unit: own.mean?,
                    repeats: u32::try_from(trial.repeats.len()).unwrap_or(u32::MAX),
                    tokens_per_second: performance.map(|one| one.tokens_per_second),
                    time_to_first_token_s: performance.map(|one| one.time_to_first_token_s.p95),
                })
            });
            Observation {
                configuration: trial.configuration.clone(),
                outcome,
            }
        })
        .collect()
}

fn reason(advisor: Advisor) -> &'static str {
    match advisor {
        Advisor::Rule => {
            "The rule of thumb: as many threads as physical cores, as many requests at once as there \
             are clients; after that the nearest neighbour of the best so far."
        }
        Advisor::Random => "A random point: every untried setting had the same chance.",
        Advisor::Tpe => {
            "The tree-structured Parzen estimator: settings that are frequent among the better \
             trials and rare among the others."
        }
        Advisor::Gp => {
            "The Gaussian process: of all untried settings this one has the greatest expected \
             improvement."
        }
        Advisor::Surrogate => "The rule of thumb, since nothing has worked yet.",
        _ => "The next point of a Sobol sequence: it spreads the trials evenly over all settings.",
    }
}

fn checked(record: &SessionRecord, settings: &Configuration) -> Result<Configuration, TunerError> {
    let configuration = record
        .session
        .space
        .check(settings)
        .map_err(|problems| crate::session::plan::invalid(&problems))?;
    match measured_as(record, &configuration) {
        Some(number) => Err(TunerError::Invalid(format!(
            "These settings were measured already, in trial {number}. Change one of them."
        ))),
        None => Ok(configuration),
    }
}

/// The number of the trial that measured (or failed at) these settings, on the machine as it is.
pub(crate) fn measured_as(record: &SessionRecord, configuration: &Configuration) -> Option<u32> {
    let basis = Basis::of(record);
    record
        .trials
        .iter()
        .find(|trial| {
            trial.configuration == *configuration
                && !basis.is_stale(trial)
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
        claims: Vec::new(),
        knob_reasons: std::collections::BTreeMap::new(),
        predicted_joules_per_unit: None,
        exchange: None,
        status: ProposalStatus::Offered,
        created_at: now(),
    }
}
