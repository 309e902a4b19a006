//! A session: its line in the list, and the whole of it.

use super::item::{command_line, story};
use super::{connection_draft, interval, knobs, parameter, verdict, verdict_kind, workload};
use crate::wire::{
    BestView, EarlierView, ImportanceView, NextStep, PhaseKind, PhaseView, SessionSummary,
    SessionView, SpendingView, TrendPoint, VerdictKind,
};
use wattsmith_tuner::domain::{
    Connection, EarlierSession, Ending, Memory, Purpose, Scope, SessionRecord, Threshold,
    TrialState,
};
use wattsmith_tuner::stats::Analysis;
use wattsmith_tuner::{JobState, Next, Phase, PhaseKind as Kind, trials_used};

/// Complete trials before anything is said about single knobs.
const TELLING_TRIALS: usize = 3;

/// A line in the list of sessions.
pub fn summary(record: &SessionRecord, job: &JobState) -> SessionSummary {
    let analysis = Analysis::of(record);
    let session = &record.session;
    let best = analysis.best.as_ref().and_then(|best| analysis.trial(best));
    let comparison = best.and_then(|best| best.comparison.as_ref());
    let kind = verdict_kind(comparison);
    let outcome = match (&analysis.confirmed, kind) {
        (Some((_, ratio)), _) => signed_percent(ratio.mean),
        (None, VerdictKind::Better) => {
            comparison.map_or(String::new(), |one| signed_percent(one.ratio.mean))
        }
        (None, VerdictKind::None) => "new".to_owned(),
        (None, VerdictKind::Reference) if trials_used(record) == 0 => "default only".to_owned(),
        (None, VerdictKind::Reference) => "default best".to_owned(),
        (None, VerdictKind::DependsOnEstimate) => "depends".to_owned(),
        (None, VerdictKind::NotDecided | VerdictKind::Worse) => "not decided".to_owned(),
    };
    SessionSummary {
        id: session.id.0.clone(),
        name: session.name.clone(),
        engine: session.engine.name.clone(),
        created_at: session.created_at.clone(),
        running: job.running,
        outcome,
        verdict: if analysis.confirmed.is_some() {
            VerdictKind::Better
        } else {
            kind
        },
        estimated: scope(record).unwrap_or(Scope::Estimated) == Scope::Estimated,
        ending: session.ending.as_ref().map(|one| one.label().to_owned()),
    }
}

fn signed_percent(ratio: f64) -> String {
    let change = (ratio - 1.0) * 100.0;
    let sign = if change < 0.0 { '\u{2212}' } else { '+' };
    format!("{sign}{:.1} %", change.abs())
}

pub(super) fn scope(record: &SessionRecord) -> Option<Scope> {
    record
        .trials
        .iter()
        .flat_map(|trial| &trial.repeats)
        .map(|repeat| repeat.energy.scope)
        .next()
}

/// The whole session. `meter` is the scope and error of what would be measured now, for a session
/// without figures.
pub fn session(record: &SessionRecord, job: &JobState, meter: (Scope, f64)) -> SessionView {
    let analysis = Analysis::of(record);
    let session = &record.session;
    let first = record.trials.iter().flat_map(|trial| &trial.repeats).next();
    let scope = first.map_or(meter.0, |one| one.energy.scope);
    SessionView {
        id: session.id.0.clone(),
        name: session.name.clone(),
        created_at: session.created_at.clone(),
        chips: chips(record),
        unit: session.workload.unit.noun().to_owned(),
        scope: scope.label().to_owned(),
        estimated: scope == Scope::Estimated,
        sensor_error: first.map_or(meter.1, |one| one.energy.sensor_error),
        quick: session.quick,
        goal: session.objective.threshold.to_string(),
        goal_joules: match session.objective.threshold {
            Threshold::Joules { joules } => Some(joules),
            Threshold::PercentBelowDefault { percent } => analysis
                .default
                .map(|default| default.mean * (1.0 - percent / 100.0)),
        },
        default_interval: analysis.default.as_ref().map(interval),
        advisor: session.advisor.label().to_owned(),
        connection: session
            .connection
            .as_ref()
            .map(Connection::label)
            .unwrap_or_default(),
        connection_draft: connection_draft(session),
        spending: spending(record),
        trials_used: trials_used(record),
        budget: session.budget,
        story: story(record, &analysis),
        trend: trend(record, &analysis),
        importance: importance(record, &analysis),
        parameters: session.space.parameters.iter().map(parameter).collect(),
        best: best(record, &analysis),
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
    }
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
    let mut chips = vec![
        session.engine.name.clone(),
        format!("{} {}", session.model.name, session.model.quantisation),
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
        chips.push(format!("at least {least} tok/s"));
    }
    if let Some(most) = constraints.max_time_to_first_token_s {
        chips.push(format!("first token within {most} s"));
    }
    chips
}

fn trend(record: &SessionRecord, analysis: &Analysis) -> Vec<TrendPoint> {
    let mut best_so_far: Option<f64> = None;
    record
        .trials
        .iter()
        .filter(|trial| trial.is_complete())
        .filter_map(|trial| {
            let own = analysis.trial(&trial.id)?;
            let figure = own.joules_per_unit?;
            if own.violations.is_empty() {
                best_so_far = Some(best_so_far.map_or(figure.mean, |best| best.min(figure.mean)));
            }
            Some(TrendPoint {
                trial_id: trial.id.0.clone(),
                number: trial.number,
                joules_per_unit: interval(&figure),
                tokens_per_second: own.performance.as_ref()?.tokens_per_second,
                best_so_far,
                verdict: verdict_kind(own.comparison.as_ref()),
                predicted: own.predicted,
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

fn best(record: &SessionRecord, analysis: &Analysis) -> Option<BestView> {
    let confirmed = analysis.confirmed.as_ref().map(|(id, _)| id);
    let trial = record.trial(confirmed.or(analysis.best.as_ref())?)?;
    if trial.purpose == Purpose::Default {
        return None;
    }
    let space = &record.session.space;
    let mut verdict = verdict(
        analysis
            .trial(&trial.id)
            .and_then(|own| own.comparison.as_ref()),
    );
    if let Some((_, ratio)) = &analysis.confirmed {
        verdict.kind = VerdictKind::Better;
        verdict.saving_percent = Some((1.0 - ratio.mean) * 100.0);
        verdict.text = format!(
            "confirmed: {:.1} % less than the default",
            (1.0 - ratio.mean) * 100.0
        );
    }
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
        confirmed: confirmed.is_some(),
    })
}

/// A phase with its clock.
pub fn phase(phase: &Phase) -> PhaseView {
    PhaseView {
        kind: match phase.kind {
            Kind::Idle => PhaseKind::Idle,
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
        Next::MeasureDefault => NextStep::MeasureDefault,
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
