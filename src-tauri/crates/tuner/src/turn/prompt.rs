//! Fills a prompt from a session's record.

use crate::session::memory;
use crate::session::next::{this_turn, trials_used};
use crate::session::words;
use crate::turn::feedback;
use crate::turn::offer::{Offer, is_small};
use wattsmith_chat::{
    EnergyFacts, GoalFacts, HistoryRow, Mark, PersonFeedback, PromptContext, RefusedProposal, Said,
    settings,
};
use wattsmith_domain::{
    Configuration, ExchangeKind, ExchangeOutcome, ProposalStatus, Purpose, SessionRecord, Trial,
    TrialState,
};
use wattsmith_stats::{Analysis, TrialAnalysis};

/// Questions and answers that the next question reminds of.
const TALK: usize = 4;

/// The configuration that a partial answer changes: the best so far, else the default.
pub(crate) fn base(record: &SessionRecord, analysis: &Analysis) -> Configuration {
    analysis
        .best
        .as_ref()
        .and_then(|best| record.trial(best))
        .map_or_else(
            || record.session.space.default_configuration(),
            |trial| trial.configuration.clone(),
        )
}

/// Everything that the next prompt may speak of.
pub(crate) fn context(record: &SessionRecord, analysis: &Analysis, offer: &Offer) -> PromptContext {
    let session = &record.session;
    let space = &session.space;
    let measured = record.trials.iter().flat_map(|trial| &trial.repeats).next();
    let energy = measured.map_or_else(
        || EnergyFacts::new(wattsmith_domain::Scope::Estimated, "estimate", 0.5, None),
        |repeat| {
            EnergyFacts::new(
                repeat.energy.scope,
                &repeat.energy.source(),
                repeat.energy.sensor_error,
                analysis.pooled.map(|pooled| pooled.sd),
            )
        },
    );
    let mut context = PromptContext::new(
        (&session.machine).into(),
        energy,
        (&session.engine).into(),
        (&session.model).into(),
        (&session.workload).into(),
        GoalFacts::new(
            &session.objective,
            session.workload.unit,
            session.budget.saturating_sub(trials_used(record)),
        ),
        space,
    );
    context.history = record
        .trials
        .iter()
        .filter(|trial| !matches!(trial.state, TrialState::Discarded { .. }))
        .filter_map(|trial| Some(row(record, analysis, trial, analysis.trial(&trial.id)?)))
        .collect();
    context.base = settings(&base(record, analysis), space);
    // What the person wrote replaces the draft, what it says of the untried with it, so that nothing
    // is said twice or against their will.
    let last = record.feedback.last();
    match last.and_then(|last| Some((last, last.edit.as_ref()?))) {
        Some((last, edit)) => {
            context.feedback = Some(PersonFeedback {
                text: edit.clone(),
                trial: record.trial(&last.trial).map_or(0, |trial| trial.number),
            });
        }
        None => {
            let draft = last.map(|last| feedback::seen(&last.draft).to_owned());
            context.observations = draft.into_iter().collect();
            context.explore = feedback::not_tried_yet(record);
        }
    }
    let refused = this_turn(record)
        .into_iter()
        .filter_map(|exchange| match &exchange.outcome {
            ExchangeOutcome::Refused { reason } => Some(RefusedProposal {
                settings: String::new(),
                reason: reason.clone(),
            }),
            _ => None,
        });
    context.refused = taken_back(record).chain(refused).collect();
    context.memory = memory::sentences(session);
    context.shortlist = offer.choices(space);
    context.open = offer.open;
    context.small_model = is_small(session);
    context
}

/// What was asked and answered before, oldest first, in the last few exchanges.
pub(crate) fn talk(record: &SessionRecord) -> Vec<Said> {
    let answered = record
        .exchanges
        .iter()
        .filter(|one| one.kind == ExchangeKind::Talk && !one.reply.is_empty());
    let mut said: Vec<Said> = answered
        .rev()
        .take(TALK)
        .map(|one| Said {
            question: one.question.clone(),
            answer: one.reply.clone(),
        })
        .collect();
    said.reverse();
    said
}

/// What the person took back since the last trial.
fn taken_back(record: &SessionRecord) -> impl Iterator<Item = RefusedProposal> {
    let since = record.trials.iter().map(|one| one.id.0.as_str()).max();
    let since = since.unwrap_or_default();
    record
        .proposals
        .iter()
        .filter(move |one| one.status == ProposalStatus::Dismissed && one.id.0.as_str() > since)
        .map(|one| RefusedProposal {
            settings: settings(&one.configuration, &record.session.space),
            reason: "the person took it back".to_owned(),
        })
}

fn row(
    record: &SessionRecord,
    analysis: &Analysis,
    trial: &Trial,
    own: &TrialAnalysis,
) -> HistoryRow {
    let verdict = match (&trial.state, &own.comparison) {
        (TrialState::Failed { message, .. }, _) => {
            let first = message.lines().next().unwrap_or_default();
            format!("failed: {first}")
        }
        (_, _) if own.stale => {
            "measured before the machine changed: not comparable, may be measured again".to_owned()
        }
        (_, _) if !own.violations.is_empty() => {
            format!("breaks a constraint: {}", own.violations.join("; "))
        }
        (_, Some(comparison)) => match own.judged {
            // Fresh repeats stand above what the search saw.
            Some(_) => words::judged(own).unwrap_or_default(),
            None => wattsmith_chat::verdict(comparison),
        },
        (_, None) => "one window only".to_owned(),
    };
    HistoryRow {
        trial: trial.number,
        settings: settings(&trial.configuration, &record.session.space),
        joules: own.joules_per_unit,
        tokens_per_second: own.performance.as_ref().map(|one| one.tokens_per_second),
        time_to_first_token_s: own
            .performance
            .as_ref()
            .map(|one| one.time_to_first_token_s.p95),
        verdict,
        mark: if trial.purpose == Purpose::Default {
            Mark::Default
        } else if analysis.best.as_ref() == Some(&trial.id) {
            Mark::Best
        } else {
            Mark::None
        },
    }
}
