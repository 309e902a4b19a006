//! A session: its line in the list, and the whole of it.

use super::answer::{answer, costs, goal_joules, said_of};
use super::foretold::foretold;
use super::item::{command_line, story};
use super::{connection_draft, interval, judged_kind, knobs, parameter, undoing, workload};
use crate::wire::{
    BestView, EarlierView, ImportanceView, MachineChangeView, NextStep, OutcomeView, PhaseKind,
    PhaseView, SessionDraft, SessionSummary, SessionView, SpendingView, TrendPoint, VerdictKind,
    VerdictView,
};
use wattsmith_tuner::domain::{
    AnswerLengths, Connection, EarlierSession, Ending, Memory, Scope, Session, SessionRecord, Tell,
    Threshold, TrialState,
};
use wattsmith_tuner::stats::{Analysis, Outcome, OutcomeKind, said};
use wattsmith_tuner::{ATTACHED, JobState, Listed, Next, Phase, PhaseKind as Kind, trials_used};

/// Complete trials before anything is said about single knobs.
const TELLING_TRIALS: usize = 3;

/// A line in the list of sessions.
pub fn summary(listed: &Listed, job: &JobState) -> SessionSummary {
    let digest = match listed {
        Listed::Session(digest) => digest,
        Listed::Unreadable {
            id,
            created_at,
            why,
        } => {
            return SessionSummary {
                id: id.0.clone(),
                name: format!("cannot be read: {why}"),
                engine: String::new(),
                created_at: created_at.clone(),
                running: job.running,
                example: false,
                imported: false,
                outcome: "unreadable".to_owned(),
                verdict: VerdictKind::None,
                estimated: false,
                ending: None,
            };
        }
    };
    SessionSummary {
        id: digest.id.0.clone(),
        name: digest.name.clone(),
        engine: digest.engine.clone(),
        created_at: digest.created_at.clone(),
        running: job.running,
        example: digest.example,
        imported: digest.imported,
        outcome: match (digest.outcome.kind, job.running) {
            // Something is under way: it is not "new" any more.
            (OutcomeKind::Nothing, true) => String::new(),
            _ => short(&digest.outcome),
        },
        verdict: outcome_kind(digest.outcome.kind),
        estimated: digest.scope.unwrap_or(Scope::Estimated) == Scope::Estimated,
        ending: digest.ending.as_ref().map(|one| one.label().to_owned()),
    }
}

/// An outcome where there is little room. Only fresh repeats give a figure that stands alone.
pub(super) fn short(outcome: &Outcome) -> String {
    match (outcome.kind, outcome.ratio) {
        (kind, Some(ratio)) if kind.saves() => said::change(ratio.mean),
        (OutcomeKind::Nothing, _) => "new".to_owned(),
        (OutcomeKind::DefaultOnly, _) => "default only".to_owned(),
        (OutcomeKind::NoSaving, _) => "default best".to_owned(),
        (kind, _) => kind.word().to_owned(),
    }
}

/// The look of an outcome.
pub(super) fn outcome_kind(kind: OutcomeKind) -> VerdictKind {
    match kind {
        OutcomeKind::Confirmed | OutcomeKind::Less => VerdictKind::Better,
        OutcomeKind::Worse => VerdictKind::Worse,
        OutcomeKind::DependsOnEstimate => VerdictKind::DependsOnEstimate,
        OutcomeKind::Nothing | OutcomeKind::OneWindow => VerdictKind::None,
        OutcomeKind::DefaultOnly | OutcomeKind::NoSaving => VerdictKind::Reference,
        OutcomeKind::NotConfirmed
        | OutcomeKind::Unfinished
        | OutcomeKind::NotDecided
        | OutcomeKind::GoalReached
        | OutcomeKind::NothingComparable => VerdictKind::NotDecided,
    }
}

fn outcome_view(record: &SessionRecord, analysis: &Analysis, outcome: &Outcome) -> OutcomeView {
    let why = (!outcome.why().is_empty()).then(|| outcome.why().to_owned());
    let beside = outcome.beside_lowest(record, analysis);
    OutcomeView {
        word: outcome.kind.word().to_owned(),
        seen: outcome.detail().unwrap_or_default(),
        text: outcome.words(),
        why: why.into_iter().chain(beside).collect::<Vec<_>>().join(" "),
        verdict: outcome_kind(outcome.kind),
        confirmed: outcome.kind.is_confirmed(),
        trial_number: outcome.number,
    }
}

/// Sessions of one name get what tells them apart: when they were made.
pub fn tell_apart(sessions: &mut [SessionSummary]) {
    let names: Vec<String> = sessions.iter().map(|one| one.name.clone()).collect();
    for one in sessions.iter_mut() {
        if names.iter().filter(|name| **name == one.name).count() > 1 {
            let moment = one.created_at.get(..16).unwrap_or_default();
            one.name = format!("{} ({} UTC)", one.name, moment.replace('T', " "));
        }
    }
}

/// The whole session. `meter` is the scope and error of what would be measured now, for a session
/// without figures.
pub fn session(record: &SessionRecord, job: &JobState, meter: (Scope, f64)) -> SessionView {
    let analysis = Analysis::of(record);
    let session = &record.session;
    let first = record.trials.iter().flat_map(|trial| &trial.repeats).next();
    let scope = first.map_or(meter.0, |one| one.energy.scope);
    let outcome = Outcome::of(record, &analysis);
    SessionView {
        id: session.id.0.clone(),
        name: session.name.clone(),
        note: session.note.clone(),
        example: example(session),
        imported: imported(session),
        created_at: session.created_at.clone(),
        chips: chips(record),
        unit: session.workload.unit.noun().to_owned(),
        rate: session.workload.unit.short_rate().to_owned(),
        awaited: session.workload.unit.awaited().to_owned(),
        scope: scope.label().to_owned(),
        estimated: scope == Scope::Estimated,
        sensor_error: said::systematic_of(record).unwrap_or(meter.1),
        quick: session.quick,
        goal: session.objective.threshold.to_string(),
        goal_joules: goal_joules(record, &analysis),
        default_interval: analysis.default.as_ref().map(interval),
        advisor: session.advisor.label().to_owned(),
        connection: session
            .connection
            .as_ref()
            .map(Connection::label)
            .unwrap_or_default(),
        connection_draft: connection_draft(session),
        plan: plan(session),
        spending: spending(record),
        trials_used: trials_used(record),
        budget: session.budget,
        story: story(record, &analysis, &job.questions),
        trend: trend(record, &analysis),
        importance: importance(record, &analysis),
        parameters: session.space.parameters.iter().map(parameter).collect(),
        best: best(record, &analysis, &outcome),
        beside_lowest: outcome.beside_lowest(record, &analysis).unwrap_or_default(),
        foretold: foretold(record, &analysis),
        outcome: outcome_view(record, &analysis, &outcome),
        answer: answer(record, &analysis, &outcome),
        costs: costs(record),
        undo: undoing::offer(record, &analysis),
        changes: analysis
            .changes
            .iter()
            .map(|one| MachineChangeView {
                after_trial: one.after_trial,
                text: one.words(session.workload.unit.noun()),
            })
            .collect(),
        phase: phase(&job.phase),
        autopilot: job.autopilot,
        pausing: job.pausing,
        next: next(record, &analysis, job),
        energy_spent_j: analysis.energy_spent.0,
        warnings: session
            .warnings
            .iter()
            .map(|one| one.text.clone())
            .chain(undecided(record))
            .collect(),
        pays_back_after_units: analysis.pays_back_after_units.map(|units| units as f64),
        memory: memory(&session.memory),
        noise: session
            .noise
            .as_ref()
            .map(|known| said::known_noise(known, &analysis.repeatability))
            .unwrap_or_default(),
    }
}

/// What was chosen for a session, to begin another one like it.
fn plan(session: &Session) -> SessionDraft {
    let work = session.workload.name.as_str();
    let own = session.workload.own.as_ref();
    let constraints = &session.objective.constraints;
    let knobs = session.space.parameters.iter();
    SessionDraft {
        name: String::new(),
        engine: match session.engine.name == ATTACHED {
            true => String::new(),
            false => session.engine.name.clone(),
        },
        model_path: session.model.path.clone(),
        attach: match session.engine.name == ATTACHED {
            true => session.engine.path.clone(),
            false => String::new(),
        },
        workload: match own {
            Some(_) => super::machine::OWN_FILE.to_owned(),
            None => work.strip_suffix("-quick").unwrap_or(work).to_owned(),
        },
        work_file: own.map_or_else(String::new, |own| own.path.clone()),
        arrivals: session.workload.arrivals.to_string(),
        answer_tokens: own
            .filter(|own| own.lengths == AnswerLengths::Fixed)
            .map(|_| session.workload.output_tokens),
        advisor: session.advisor.label().to_owned(),
        connection: connection_draft(session),
        threshold: match session.objective.threshold {
            Threshold::Joules { joules } => format!("{joules}J"),
            Threshold::PercentBelowDefault { percent } => format!("{percent}%"),
        },
        min_tokens_per_second: constraints.min_tokens_per_second,
        max_time_to_first_token_s: constraints.max_time_to_first_token_s,
        quality_lock: constraints.quality_lock,
        tuned: knobs
            .clone()
            .filter(|one| one.told != Tell::Device)
            .map(|one| one.name.clone())
            .collect(),
        tune_gpu: knobs.clone().any(|one| one.told == Tell::Device),
        budget: session.budget,
        repeats: session.repeats,
        adaptive: session.adaptive,
        quick: session.quick,
        memory: !session.memory.sessions.is_empty(),
        start: Vec::new(),
    }
}

/// What an example is, for whoever looks at it; empty for any other session.
fn example(session: &Session) -> String {
    if !session.example {
        return String::new();
    }
    let machine = &session.machine;
    format!(
        "This is an example: a real session, measured on another machine ({}, {} cores) on {}. Nothing of \
         yours is compared with it, and no session learns from it.",
        machine.cpu,
        machine.physical_cores,
        session.created_at.get(..10).unwrap_or_default(),
    )
}

/// Where an imported session came from; empty for any other, and for an example, which says so itself.
fn imported(session: &Session) -> String {
    let Some(at) = session.imported_at.as_ref().filter(|_| !session.example) else {
        return String::new();
    };
    let day = |time: &str| time.get(..10).unwrap_or_default().to_owned();
    let machine = &session.machine;
    format!(
        "Imported from a file on {}. It was measured on {} ({} cores) on {}; what is measured from here on is \
         measured on this machine.",
        day(at),
        machine.cpu,
        machine.physical_cores,
        day(&session.created_at),
    )
}

/// What has to be decided before figures are certain.
fn undecided(record: &SessionRecord) -> Option<String> {
    let repeats = record.trials.iter().flat_map(|trial| &trial.repeats);
    let device = record.undecided(repeats)?;
    Some(format!(
        "Two readers of {device} contradict each other, so the figures of this session are not \
         certain and nothing is compared with them. Say on the page of the machine which one stands."
    ))
}

/// The earlier sessions that a session draws on.
fn memory(memory: &Memory) -> Vec<EarlierView> {
    let view = |one: &EarlierSession| {
        let points = memory.points.iter();
        EarlierView {
            session_id: one.id.0.clone(),
            name: one.name.clone(),
            differs: one.differs.clone(),
            weight: one.weight,
            doubts: one.doubts.clone(),
            configurations: points.filter(|point| point.session == one.id).count() as u32,
        }
    };
    memory.sessions.iter().map(view).collect()
}

fn spending(record: &SessionRecord) -> Option<SpendingView> {
    let spent = wattsmith_tuner::spent(record);
    let cap = record.session.spending_cap;
    (spent.is_some() || cap.is_some()).then(|| SpendingView {
        spent: spent.map_or(0.0, |spent| spent.amount),
        estimated: spent.is_some_and(|spent| spent.estimated),
        cap,
    })
}

fn chips(record: &SessionRecord) -> Vec<String> {
    let session = &record.session;
    let work = session.workload.unit;
    let mut chips = vec![
        session.engine.name.clone(),
        format!("{} {}", session.model.name, session.model.honest_label()),
        workload(&session.workload).summary,
        format!("goal: {}", session.objective.threshold),
        match &session.connection {
            Some(connection) => format!("advisor: {}, {}", session.advisor, connection.label()),
            None => format!("advisor: {}", session.advisor),
        },
    ];
    if session.quick {
        chips.push("quick windows".to_owned());
    }
    let constraints = &session.objective.constraints;
    if let Some(least) = constraints.min_tokens_per_second {
        chips.push(format!("at least {least} {}", work.short_rate()));
    }
    if let Some(most) = constraints.max_time_to_first_token_s {
        chips.push(format!("{} within {most} s", work.awaited()));
    }
    chips
}

fn trend(record: &SessionRecord, analysis: &Analysis) -> Vec<TrendPoint> {
    let recommended = analysis.recommended_so_far();
    let all = record.trials.iter().zip(&analysis.trials).zip(recommended);
    all.filter(|((trial, _), _)| trial.is_complete())
        .filter_map(|((trial, own), best)| {
            let figure = own.joules_per_unit?;
            let best = best
                .and_then(|at| analysis.trials.get(at))
                .filter(|_| !own.stale);
            Some(TrendPoint {
                trial_id: trial.id.0.clone(),
                number: trial.number,
                joules_per_unit: interval(&figure),
                figure: said::interval(&figure),
                change: said_of(record, trial, Some(own)).change,
                tokens_per_second: own.performance.as_ref()?.tokens_per_second,
                speed: said::with_unit(
                    own.performance.as_ref()?.tokens_per_second,
                    record.session.workload.unit.rate(),
                ),
                best_so_far: best.and_then(|best| best.mean),
                best_so_far_trial: best.map_or(0, |best| best.number),
                verdict: judged_kind(own),
                predicted: own.predicted,
                stale: own.stale,
            })
        })
        .collect()
}

/// What each knob explains; nothing before there are enough trials to tell.
fn importance(record: &SessionRecord, analysis: &Analysis) -> Vec<ImportanceView> {
    let complete = record.trials.iter().filter(|trial| trial.is_complete());
    if complete.count() < TELLING_TRIALS {
        return Vec::new();
    }
    analysis
        .importance
        .iter()
        .map(|one| ImportanceView {
            name: one.name.clone(),
            share: one.share,
        })
        .collect()
}

fn best(record: &SessionRecord, analysis: &Analysis, outcome: &Outcome) -> Option<BestView> {
    let trial = record.trial(outcome.trial.as_ref()?)?;
    let space = &record.session.space;
    let own = analysis.trial(&trial.id);
    // What the search saw keeps its own look: outside the noise, though not confirmed.
    let kind = match outcome.kind {
        OutcomeKind::NotConfirmed => own.map_or(VerdictKind::None, judged_kind),
        kind => outcome_kind(kind),
    };
    let verdict = VerdictView {
        kind,
        text: outcome.words(),
        saving_percent: outcome.ratio.map(|ratio| (1.0 - ratio.mean) * 100.0),
    };
    Some(BestView {
        trial_id: trial.id.0.clone(),
        number: trial.number,
        knobs: knobs(
            space,
            &space.default_configuration(),
            &trial.configuration,
            |_| None,
        ),
        command_line: command_line(trial),
        verdict,
        confirmed: outcome.kind.is_confirmed(),
    })
}

/// A phase with its clock.
pub fn phase(phase: &Phase) -> PhaseView {
    PhaseView {
        kind: match phase.kind {
            Kind::Idle => PhaseKind::Idle,
            Kind::WaitingForLock => PhaseKind::WaitingForLock,
            Kind::WaitingForQuiet => PhaseKind::WaitingForQuiet,
            Kind::WaitingForHand => PhaseKind::WaitingForHand,
            Kind::SettingGpu => PhaseKind::SettingGpu,
            Kind::LoadingEngine => PhaseKind::LoadingEngine,
            Kind::WarmingUp => PhaseKind::WarmingUp,
            Kind::MeasuringIdle => PhaseKind::MeasuringIdle,
            Kind::CoolingDown => PhaseKind::CoolingDown,
            Kind::Measuring => PhaseKind::Measuring,
            Kind::StoppingEngine => PhaseKind::StoppingEngine,
            Kind::LoadingAdvisor => PhaseKind::LoadingAdvisor,
            Kind::Asking => PhaseKind::Asking,
            Kind::Studying => PhaseKind::Studying,
            Kind::Downloading => PhaseKind::Downloading,
        },
        label: phase.kind.label().to_owned(),
        detail: phase.detail.clone(),
        started_at_ms: phase.started_at_ms,
        expected_s: phase.expected_s,
        progress: phase.progress,
    }
}

fn next(record: &SessionRecord, analysis: &Analysis, job: &JobState) -> NextStep {
    if job.running {
        return NextStep::Busy;
    }
    match Next::of(record, analysis) {
        Next::Busy(load) => NextStep::BusyMachine { load },
        Next::MeasureDefault => NextStep::MeasureDefault,
        Next::CheckDefault(check) => NextStep::CheckDefault {
            reason: check.words().to_owned(),
        },
        Next::Ask => NextStep::Ask,
        Next::Consent { provider } => NextStep::Consent { provider },
        Next::Paste(id) => NextStep::Paste {
            prompt: record
                .exchanges
                .iter()
                .find(|exchange| exchange.id == id)
                .map(|exchange| exchange.prompt.clone())
                .unwrap_or_default(),
            exchange_id: id.0,
        },
        Next::Decide(id) => NextStep::Decide { proposal_id: id.0 },
        Next::Stuck { reason } => NextStep::Stuck { reason },
        Next::Confirm(id) => NextStep::Confirm {
            trial_number: record.trial(&id).map_or(0, |trial| trial.number),
        },
        Next::Ended(ending) => NextStep::Ended {
            ending: ended(record, &ending),
        },
    }
}

fn ended(record: &SessionRecord, ending: &Ending) -> String {
    let failed = record
        .trials
        .iter()
        .filter(|trial| matches!(trial.state, TrialState::Failed { .. }))
        .count();
    if failed == 0 {
        ending.label().to_owned()
    } else {
        format!("{} ({failed} failed)", ending.label())
    }
}
