//! The entries of a session's story.

use super::answer::said_of;
use super::{conditions, interval, knobs, undoing, verdict};
use crate::wire::{
    ConfirmationItem, DiscardedView, ExchangeItem, ExchangeKind, FeedbackItem, MachineItem,
    ProposalItem, ProposalKind, RepeatView, StoryItem, TrialItem, TrialStateKind,
};
use wattsmith_tuner::domain::{
    Advisor, Configuration, Confirmation, Connection, DiscardedRepeat, Exchange,
    ExchangeKind as Asked, ExchangeOutcome, Feedback, Proposal, ProposalStatus, Purpose, Repeat,
    SessionRecord, Trial, TrialState,
};
use wattsmith_tuner::stats::{Analysis, MachineChange, OutcomeKind, Rule, said};
use wattsmith_tuner::{CoreUse, Question, cause_label, words};

/// All entries, oldest first, with the questions that have no answer yet. Identities are in order of time;
/// feedback stands after its trial.
pub fn story(
    record: &SessionRecord,
    analysis: &Analysis,
    questions: &[Question],
) -> Vec<StoryItem> {
    let mut items: Vec<(&str, StoryItem)> = Vec::new();
    for one in &record.exchanges {
        items.push((&one.id.0, StoryItem::Exchange(exchange(one))));
    }
    let answered = |one: &Question| record.exchanges.iter().any(|other| other.id == one.id);
    for one in questions.iter().filter(|one| !answered(one)) {
        items.push((&one.id.0, StoryItem::Exchange(question(record, one))));
    }
    for one in &record.proposals {
        items.push((&one.id.0, StoryItem::Proposal(proposal(record, one))));
    }
    for one in &record.trials {
        items.push((&one.id.0, StoryItem::Trial(trial(record, analysis, one))));
    }
    for one in &record.confirmations {
        items.push((
            &one.id.0,
            StoryItem::Confirmation(confirmation(record, one)),
        ));
    }
    if let Some(one) = undoing::item(record) {
        items.push((undoing::shown_after(record), StoryItem::Undoing(one)));
    }
    for one in &record.feedback {
        items.push((&one.trial.0, StoryItem::Feedback(feedback(record, one))));
    }
    for (at, one) in analysis.changes.iter().enumerate() {
        let item = MachineItem {
            id: format!("machine-change-{at}"),
            title: "The machine changed".to_owned(),
            text: one.words(record.session.workload.unit.noun()),
        };
        items.push((shown_after(record, one), StoryItem::Machine(item)));
    }
    if let Some(load) = record
        .session
        .load
        .as_ref()
        .filter(|one| one.choice.is_some())
    {
        let item = MachineItem {
            id: "machine-load".to_owned(),
            title: "The machine was busy".to_owned(),
            text: load.words(),
        };
        items.push(("", StoryItem::Machine(item)));
    }
    // Stable: feedback was pushed after its trial and has the same key.
    items.sort_by_key(|(id, _)| *id);
    items.into_iter().map(|(_, item)| item).collect()
}

/// The trial or the confirmation in which a change was seen: it is told right after.
fn shown_after<'a>(record: &'a SessionRecord, change: &MachineChange) -> &'a str {
    let trial = record
        .trials
        .iter()
        .find(|one| one.number == change.after_trial)
        .map(|one| one.id.0.as_str());
    let fresh = |one: &&Confirmation| {
        let mut windows = one.default.iter();
        windows.any(|window| window.started_at == change.since)
    };
    let confirmation = record.confirmations.iter().find(fresh);
    let confirmation = confirmation.map(|one| one.id.0.as_str());
    trial.max(confirmation).unwrap_or_default()
}

fn exchange(exchange: &Exchange) -> ExchangeItem {
    let (outcome, note) = match &exchange.outcome {
        ExchangeOutcome::Waiting => (ExchangeKind::Waiting, ""),
        ExchangeOutcome::Accepted => (ExchangeKind::Accepted, ""),
        ExchangeOutcome::Answered { note } => (ExchangeKind::Answered, note.as_str()),
        ExchangeOutcome::Cancelled => (ExchangeKind::Cancelled, ""),
        ExchangeOutcome::Refused { reason } => (ExchangeKind::Refused, reason.as_str()),
        ExchangeOutcome::Failed { error } => (ExchangeKind::Failed, error.as_str()),
    };
    ExchangeItem {
        id: exchange.id.0.clone(),
        question: exchange.question.clone(),
        template: exchange.template.clone(),
        connection: exchange.connection.clone(),
        prompt: exchange.prompt.clone(),
        reply: exchange.reply.clone(),
        answer: match exchange.kind {
            Asked::Talk => exchange.marked_reply(),
            Asked::Proposal => String::new(),
        },
        waits: String::new(),
        outcome,
        note: note.to_owned(),
        prompt_tokens: exchange.prompt_tokens.map(|count| count as f64),
        reply_tokens: exchange.reply_tokens.map(|count| count as f64),
        reasoning_tokens: exchange.reasoning_tokens.map(|count| count as f64),
        cost: exchange.cost.map(|cost| cost.amount),
        cost_estimated: exchange.cost.is_some_and(|cost| cost.estimated),
        duration_s: exchange.duration_s,
        joules: exchange.joules,
    }
}

/// A question without an answer: its reply comes over the live channel.
fn question(record: &SessionRecord, question: &Question) -> ExchangeItem {
    let connection = record.session.connection.as_ref();
    ExchangeItem {
        id: question.id.0.clone(),
        question: question.text.clone(),
        template: "talk".to_owned(),
        connection: connection.map(Connection::label).unwrap_or_default(),
        prompt: String::new(),
        reply: String::new(),
        answer: String::new(),
        waits: question.waits.clone(),
        outcome: ExchangeKind::Waiting,
        note: String::new(),
        prompt_tokens: None,
        reply_tokens: None,
        reasoning_tokens: None,
        cost: None,
        cost_estimated: false,
        duration_s: 0.0,
        joules: None,
    }
}

/// What the diff of a proposal is against: the last settings measured before it.
fn before<'a>(record: &'a SessionRecord, proposal: &Proposal) -> Option<&'a Configuration> {
    record
        .trials
        .iter()
        .filter(|trial| trial.id.0 < proposal.id.0 && trial.is_complete())
        .map(|trial| &trial.configuration)
        .next_back()
}

fn proposal(record: &SessionRecord, proposal: &Proposal) -> ProposalItem {
    let space = &record.session.space;
    let default = space.default_configuration();
    ProposalItem {
        id: proposal.id.0.clone(),
        advisor: advisor(record, proposal),
        reason: proposal.marked_reason(),
        knobs: knobs(
            space,
            before(record, proposal).unwrap_or(&default),
            &proposal.configuration,
            |name| proposal.knob_reasons.get(name).cloned(),
        ),
        predicted: proposal.predicted_joules_per_unit,
        status: match proposal.status {
            ProposalStatus::Offered => ProposalKind::Offered,
            ProposalStatus::Taken => ProposalKind::Taken,
            ProposalStatus::Dismissed => ProposalKind::Dismissed,
        },
        edited: proposal.proposed.is_some(),
    }
}

/// Who answered. Copying and pasting is a way, and nobody who proposes.
fn speaker(connection: &str) -> String {
    match Connection::Paste.label() == connection {
        true => "the chat that you pasted from".to_owned(),
        false => connection.to_owned(),
    }
}

/// Who made a proposal, in words.
pub(super) fn advisor(record: &SessionRecord, proposal: &Proposal) -> String {
    match proposal.advisor {
        Advisor::Sobol => "Sobol sequence".to_owned(),
        Advisor::Person => "set by hand".to_owned(),
        Advisor::Rule | Advisor::Random | Advisor::Tpe | Advisor::Gp | Advisor::Surrogate => {
            proposal.advisor.label().to_owned()
        }
        Advisor::Enhanced | Advisor::Baseline | Advisor::Guided => record
            .exchanges
            .iter()
            .find(|exchange| Some(&exchange.id) == proposal.exchange.as_ref())
            .map_or_else(
                || proposal.advisor.label().to_owned(),
                |exchange| speaker(&exchange.connection),
            ),
    }
}

fn trial(record: &SessionRecord, analysis: &Analysis, trial: &Trial) -> TrialItem {
    let own = analysis.trial(&trial.id);
    let performance = own.and_then(|own| own.performance.as_ref());
    let proposal = record
        .proposals
        .iter()
        .find(|proposal| Some(&proposal.id) == trial.proposal.as_ref());
    let (state, message) = match &trial.state {
        TrialState::Pending => (TrialStateKind::Pending, String::new()),
        TrialState::Running => (TrialStateKind::Running, String::new()),
        TrialState::Complete => (TrialStateKind::Complete, String::new()),
        TrialState::Failed { cause, message, .. } => (
            TrialStateKind::Failed,
            format!("{}: {message}", cause_label(*cause)),
        ),
        TrialState::Discarded { cause } => (TrialStateKind::Discarded, cause.clone()),
    };
    let space = &record.session.space;
    let cores = CoreUse::of(&trial.repeats);
    TrialItem {
        id: trial.id.0.clone(),
        number: trial.number,
        origin: match (trial.purpose, proposal) {
            (Purpose::Default, _) => "the default".to_owned(),
            (_, Some(proposal)) => advisor(record, proposal),
            (_, None) => String::new(),
        },
        state,
        message,
        knobs: knobs(
            space,
            &space.default_configuration(),
            &trial.configuration,
            |_| None,
        ),
        joules_per_unit: own
            .and_then(|own| own.joules_per_unit.as_ref())
            .map(interval),
        net: own.and_then(|own| own.net.as_ref()).map(interval),
        estimate_ends: own.and_then(|own| own.ends),
        tokens_per_second: performance.map(|one| one.tokens_per_second),
        ttft_p50_s: performance.map(|one| one.time_to_first_token_s.p50),
        ttft_p95_s: performance.map(|one| one.time_to_first_token_s.p95),
        energy_j: trial.energy_spent().0,
        repeats: trial
            .repeats
            .iter()
            .map(|repeat| RepeatView {
                index: repeat.index,
                joules_per_unit: repeat.joules_per_unit(),
                window_s: repeat.window.0,
                tokens_per_second: repeat.performance.tokens_per_second,
                warnings: repeat.warnings.iter().map(|one| one.text.clone()).collect(),
            })
            .collect(),
        repeats_planned: repeats_planned(record, trial),
        attempt: match trial.state {
            TrialState::Running => attempt(&trial.discarded, trial.repeats.last()),
            _ => String::new(),
        },
        said: said_of(record, trial, own),
        repeats_note: trial.note.clone().unwrap_or_default(),
        discarded: trial
            .discarded
            .iter()
            .map(|one| DiscardedView {
                index: one.repeat.index,
                joules_per_unit: one.repeat.joules_per_unit(),
                window_s: one.repeat.window.0,
                cause: one.cause.text.clone(),
            })
            .collect(),
        verdict: verdict(own),
        stale: own.is_some_and(|own| own.stale),
        violations: own.map(|own| own.violations.clone()).unwrap_or_default(),
        predicted: own.and_then(|own| own.predicted),
        differences: trial
            .launch
            .iter()
            .flat_map(|launch| &launch.differences)
            .map(|one| format!("{}: asked {}, used {}", one.name, one.asked, one.used))
            .collect(),
        warnings: words::warning_texts(&trial.repeats),
        command_line: command_line(trial),
        cpu_busy: cores.map(|used| used.engine),
        cpu_taken: cores.and_then(|used| used.takers()),
        phases: conditions::phases(&trial.repeats),
        picture_facts: words::pictures(&trial.repeats),
        pictures_kept: u32::try_from(wattsmith_tuner::kept_pictures(trial).len())
            .unwrap_or(u32::MAX),
        beside: conditions::beside(&trial.repeats),
        conditions: conditions::conditions(&trial.repeats),
    }
}

/// Why the window that runs is not the first try: what disturbed the tries since the last window that
/// was kept.
fn attempt(discarded: &[DiscardedRepeat], kept: Option<&Repeat>) -> String {
    let since = kept.map_or("", |one| one.started_at.as_str());
    let tries: Vec<&DiscardedRepeat> = discarded
        .iter()
        .filter(|one| one.repeat.started_at.as_str() > since)
        .collect();
    let Some(last) = tries.last() else {
        return String::new();
    };
    let which = match tries.len() + 1 {
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        more => format!("{more}th"),
    };
    format!("{which} try: {}", last.cause.text)
}

/// As planned, as it came out once it is over, and one more than it has while it goes on.
fn repeats_planned(record: &SessionRecord, trial: &Trial) -> u32 {
    let have = trial.repeats.len() as u32;
    match trial.state {
        TrialState::Pending | TrialState::Running => record.session.repeats.max(have + 1),
        _ => have,
    }
}

/// The engine's command line as it was run, ready for a shell.
pub fn command_line(trial: &Trial) -> String {
    trial
        .launch
        .as_ref()
        .map(wattsmith_tuner::command_line)
        .unwrap_or_default()
}

fn confirmation(record: &SessionRecord, confirmation: &Confirmation) -> ConfirmationItem {
    let pairs = confirmation.best.len().min(confirmation.default.len()) as u32;
    let spending = &Rule::of(confirmation).spending;
    let planned = match pairs < spending.first {
        true => spending.first,
        false => spending.budget(pairs).max(pairs),
    };
    ConfirmationItem {
        id: confirmation.id.0.clone(),
        trial_number: record
            .trial(&confirmation.trial)
            .map_or(0, |trial| trial.number),
        pairs,
        pairs_planned: if confirmation.decision.is_some() {
            pairs
        } else {
            planned
        },
        decided: confirmation.decision.is_some(),
        below: OutcomeKind::of_confirmation(confirmation).is_some_and(OutcomeKind::is_certain),
        word: match confirmation.decision {
            None => "not decided yet".to_owned(),
            Some(_) => OutcomeKind::of_confirmation(confirmation)
                .map_or("", OutcomeKind::word)
                .to_owned(),
        },
        text: words::confirmation(confirmation),
        discarded: words::discarded(&confirmation.discarded),
        attempt: match confirmation.decision {
            Some(_) => String::new(),
            None => {
                let windows = confirmation.best.iter().chain(&confirmation.default);
                let last = windows.max_by(|one, other| one.started_at.cmp(&other.started_at));
                attempt(&confirmation.discarded, last)
            }
        },
        change: confirmation
            .ratio
            .map(|one| said::change(one.mean))
            .unwrap_or_default(),
        range: confirmation
            .ratio
            .map(|one| said::range(&one))
            .unwrap_or_default(),
        ratio: confirmation.ratio.as_ref().map(interval),
    }
}

fn feedback(record: &SessionRecord, feedback: &Feedback) -> FeedbackItem {
    FeedbackItem {
        trial_id: feedback.trial.0.clone(),
        trial_number: record
            .trial(&feedback.trial)
            .map_or(0, |trial| trial.number),
        draft: feedback.draft.clone(),
        edit: feedback.edit.clone(),
        sent: feedback.sent,
    }
}
