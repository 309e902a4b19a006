//! What was said between advisor and person, in order, beside what was then measured.

use super::{Figures, changes};
use crate::format;
use serde::Serialize;
use wattsmith_domain::{Exchange, ExchangeKind, ExchangeOutcome, Proposal, SessionRecord, Trial};
use wattsmith_stats::{Analysis, than_predicted};

/// One turn: a prompt and its reply, or a proposal made without one, and the feedback after it.
#[derive(Debug, Serialize)]
pub(crate) struct Turn {
    pub title: String,
    pub exchange: Option<Said>,
    pub reason: String,
    pub changes: Vec<String>,
    /// Parameter and sentence.
    pub knob_reasons: Vec<(String, String)>,
    /// What the advisor had proposed before the person changed it.
    pub before_edit: Option<String>,
    pub predicted: Option<String>,
    pub measured: Option<String>,
    /// The latter against the former, in words.
    pub miss: Option<String>,
    pub feedback: Option<Feedback>,
    #[serde(skip)]
    at: String,
}

/// A prompt and a reply, verbatim.
#[derive(Debug, Serialize)]
pub(crate) struct Said {
    pub facts: String,
    /// What the person asked; empty where the loop asked for a proposal.
    pub question: String,
    pub prompt: String,
    pub reply: String,
    /// Why no proposal came of it; empty when one did.
    pub problem: String,
}

/// What the next prompt was told.
#[derive(Debug, Serialize)]
pub(crate) struct Feedback {
    pub draft: String,
    pub edit: Option<String>,
    pub sent: bool,
}

pub(crate) fn turns(record: &SessionRecord, analysis: &Analysis, figures: &Figures) -> Vec<Turn> {
    let of_exchanges = record.exchanges.iter().map(|exchange| {
        let proposal = record
            .proposals
            .iter()
            .find(|one| one.exchange.as_ref() == Some(&exchange.id));
        turn(record, analysis, figures, Some(exchange), proposal, None)
    });
    // Trials that no exchange led to: the default, a numeric advisor's, the person's own.
    let of_trials = record.trials.iter().filter_map(|trial| {
        let proposal = record
            .proposals
            .iter()
            .find(|one| Some(&one.id) == trial.proposal.as_ref());
        let known = proposal
            .and_then(|one| one.exchange.as_ref())
            .is_some_and(|id| record.exchanges.iter().any(|one| one.id == *id));
        (!known).then(|| turn(record, analysis, figures, None, proposal, Some(trial)))
    });
    let mut turns: Vec<Turn> = of_exchanges.chain(of_trials).collect();
    turns.retain(|one| one.exchange.is_some() || one.feedback.is_some() || !one.reason.is_empty());
    turns.sort_by(|one, other| one.at.cmp(&other.at));
    turns
}

fn turn(
    record: &SessionRecord,
    analysis: &Analysis,
    figures: &Figures,
    exchange: Option<&Exchange>,
    proposal: Option<&Proposal>,
    trial: Option<&Trial>,
) -> Turn {
    let trial = trial.or_else(|| {
        let proposal = proposal?;
        record
            .trials
            .iter()
            .find(|one| one.proposal.as_ref() == Some(&proposal.id))
    });
    let space = &record.session.space;
    let before_edit = proposal.and_then(|one| {
        let proposed = one.proposed.as_ref()?;
        let edits = one.configuration.changes_from(proposed, space);
        (!edits.is_empty()).then(|| {
            edits
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        })
    });
    let feedback = trial
        .and_then(|trial| record.feedback.iter().find(|one| one.trial == trial.id))
        .map(|one| Feedback {
            draft: one.draft.clone(),
            edit: one.edit.clone().filter(|edit| *edit != one.draft),
            sent: one.sent,
        });
    Turn {
        title: match trial {
            Some(trial) => format!("Trial {}", trial.number),
            None if exchange.is_some_and(|one| one.kind == ExchangeKind::Talk) => {
                "Question".to_owned()
            }
            None => "No trial".to_owned(),
        },
        exchange: exchange.map(said),
        reason: proposal.map_or(String::new(), |one| one.marked_reason()),
        changes: trial.map_or_else(Vec::new, |trial| changes(record, trial)),
        knob_reasons: proposal.map_or_else(Vec::new, |one| {
            one.knob_reasons.clone().into_iter().collect()
        }),
        before_edit,
        predicted: proposal
            .and_then(|one| one.predicted_joules_per_unit)
            .map(|value| format::with_unit(value, &figures.short_unit)),
        measured: trial
            .and_then(|one| analysis.trial(&one.id)?.mean)
            .map(|value| format::with_unit(value, &figures.unit)),
        miss: trial
            .and_then(|one| than_predicted(one, analysis.trial(&one.id)?))
            .map(|came| format::tied(&came)),
        feedback,
        at: exchange
            .map(|one| one.created_at.clone())
            .or_else(|| trial.map(|one| one.created_at.clone()))
            .unwrap_or_default(),
    }
}

fn said(exchange: &Exchange) -> Said {
    let mut facts = vec![
        format!("template {}", exchange.template),
        exchange.connection.clone(),
    ];
    let tokens = |count: Option<u64>, what: &str| {
        count.map(|count| format!("{} tokens {what}", format::count(count as f64)))
    };
    facts.extend(tokens(exchange.prompt_tokens, "in"));
    facts.extend(tokens(exchange.reply_tokens, "out"));
    facts.push(format::duration(exchange.duration_s));
    facts.extend(exchange.joules.map(format::joules));
    facts.extend(exchange.cost.map(|cost| {
        let about = if cost.estimated { "about " } else { "" };
        format!("cost {about}{:.4}", cost.amount)
    }));
    Said {
        facts: facts.join(" · "),
        question: exchange.question.clone(),
        prompt: exchange.prompt.clone(),
        reply: match exchange.kind {
            ExchangeKind::Talk => exchange.marked_reply(),
            ExchangeKind::Proposal => exchange.reply.clone(),
        },
        problem: match &exchange.outcome {
            ExchangeOutcome::Accepted => String::new(),
            ExchangeOutcome::Answered { note } if note.is_empty() => String::new(),
            ExchangeOutcome::Answered { note } => format!("Not offered: {note}"),
            ExchangeOutcome::Cancelled => "Taken back before the reply was whole.".to_owned(),
            ExchangeOutcome::Waiting => "The reply had not come yet.".to_owned(),
            ExchangeOutcome::Refused { reason } => format!("Refused: {reason}"),
            ExchangeOutcome::Failed { error } => format!("Failed: {error}"),
        },
    }
}
