//! What a session has come to, first of all; what its steps take; and each trial's figures in words. The
//! figures are those of `stats`, rounded by `stats::said`, as in terminal and report.

use super::session::outcome_kind;
use crate::wire::{AnswerView, BarKind, BarView, CostsView, TrialSaid};
use wattsmith_tuner::domain::{SessionRecord, Threshold, Trial, WorkUnit};
use wattsmith_tuner::stats::{
    Analysis, Lead, Outcome, OutcomeKind, Side, TrialAnalysis, said, than_predicted,
};
use wattsmith_tuner::trials_used;
use wattsmith_tuner::words::{Outlook, Outlooks};

/// The goal in J/unit, once it is known.
pub(super) fn goal_joules(record: &SessionRecord, analysis: &Analysis) -> Option<f64> {
    match record.session.objective.threshold {
        Threshold::Joules { joules } => Some(joules),
        Threshold::PercentBelowDefault { percent } => analysis
            .default
            .map(|default| default.mean * (1.0 - percent / 100.0)),
    }
}

/// What stands first.
pub(super) fn answer(record: &SessionRecord, analysis: &Analysis, outcome: &Outcome) -> AnswerView {
    let unit = record.session.workload.unit;
    let lead = Lead::of(record, analysis, outcome);
    let estimated = record
        .trials
        .iter()
        .flat_map(|one| &one.repeats)
        .any(|one| !one.energy.is_measured());
    let (headline, sure) = headline(record, outcome, &lead, estimated);
    let (speed, speed_note) = speed(&lead, unit);
    AnswerView {
        headline,
        sure,
        sentence: sentence(outcome),
        verdict: outcome_kind(outcome.kind),
        bars: bars(record, analysis, outcome, &lead),
        speed,
        speed_note,
        systematic: said::systematic_of(record)
            .map(said::systematic)
            .unwrap_or_default(),
        paid_back: analysis
            .pays_back_after_units
            .map(|units| {
                format!(
                    "The search has paid for itself after {} {}.",
                    said::count(units as f64),
                    unit.plural()
                )
            })
            .unwrap_or_default(),
        spent: said::joules(analysis.energy_spent.0),
    }
}

fn headline(
    record: &SessionRecord,
    outcome: &Outcome,
    lead: &Lead,
    estimated: bool,
) -> (String, String) {
    let noun = record.session.workload.unit.noun();
    let estimate = if estimated { ", estimated" } else { "" };
    let seen = |ratio: f64| format!("{} energy per {noun}{estimate}", said::change(ratio));
    let ratio = outcome.ratio.map(|ratio| ratio.mean);
    let word = outcome.kind.word().to_owned();
    match (outcome.kind, ratio) {
        (OutcomeKind::Confirmed, Some(ratio)) => (seen(ratio), "certain".to_owned()),
        (OutcomeKind::Less, Some(ratio)) => (
            seen(ratio),
            "a saving is certain, the goal is not".to_owned(),
        ),
        (OutcomeKind::Worse, Some(ratio)) => (seen(ratio), "certainly more".to_owned()),
        (OutcomeKind::GoalReached, _) => (
            format!("Below {}{estimate}", record.session.objective.threshold),
            "the goal is certain, a saving is not".to_owned(),
        ),
        (OutcomeKind::NotConfirmed, Some(ratio)) => (
            format!("{} seen{estimate}", said::change(ratio)),
            "not confirmed: not certain yet".to_owned(),
        ),
        (_, Some(ratio)) => (format!("{} seen{estimate}", said::change(ratio)), word),
        (OutcomeKind::NoSaving, None) => ("No saving found".to_owned(), word),
        (OutcomeKind::Nothing, None) => ("Nothing is measured yet".to_owned(), String::new()),
        (_, None) => match &lead.default {
            Some(side) => (
                format!("{} J/{noun} as it comes{estimate}", said::number(side.mean)),
                word,
            ),
            None => (word, String::new()),
        },
    }
}

fn sentence(outcome: &Outcome) -> String {
    let range = outcome.ratio.map(|ratio| said::range(&ratio));
    match (outcome.kind, range) {
        (kind, Some(range)) if kind.saves() => {
            let pairs = outcome.pairs.unwrap_or_default();
            format!(
                "Trial {}: {range}, from {pairs} fresh pairs.",
                outcome.number
            )
        }
        (OutcomeKind::Nothing | OutcomeKind::DefaultOnly | OutcomeKind::NoSaving, _) => {
            String::new()
        }
        (_, Some(range)) => format!("Trial {}: {range}. {}", outcome.number, outcome.why()),
        (_, None) => outcome.why().to_owned(),
    }
}

fn bars(
    record: &SessionRecord,
    analysis: &Analysis,
    outcome: &Outcome,
    lead: &Lead,
) -> Vec<BarView> {
    let unit = format!("J/{}", record.session.workload.unit.noun());
    let Some(default) = &lead.default else {
        return Vec::new();
    };
    let figure = |side: &Side| {
        let figure = side
            .joules_per_unit
            .map_or_else(|| said::number(side.mean), |one| said::interval(&one));
        format!("{figure} {unit}")
    };
    let mut bars = vec![BarView {
        kind: BarKind::Default,
        name: "default".to_owned(),
        percent: 100.0,
        low: None,
        high: None,
        figure: figure(default),
    }];
    if let (Some(side), Some(ratio)) = (&lead.subject, outcome.ratio) {
        bars.push(BarView {
            kind: BarKind::Best,
            name: format!("trial {}", outcome.number),
            percent: ratio.mean * 100.0,
            low: Some(ratio.low * 100.0),
            high: Some(ratio.high * 100.0),
            figure: figure(side),
        });
    }
    if let Some(goal) = goal_joules(record, analysis)
        && let Some(reference) = analysis.default
    {
        bars.push(BarView {
            kind: BarKind::Goal,
            name: "goal".to_owned(),
            percent: goal / reference.mean * 100.0,
            low: None,
            high: None,
            figure: said::with_unit(goal, &unit),
        });
    }
    bars
}

fn speed(lead: &Lead, unit: WorkUnit) -> (String, String) {
    let rate = unit.rate();
    match (&lead.subject, &lead.default) {
        (Some(own), Some(default)) => (
            said::with_unit(own.units_per_second, rate),
            format!(
                "default {}, {}",
                said::with_unit(default.units_per_second, rate),
                said::change(own.units_per_second / default.units_per_second)
            ),
        ),
        (None, Some(side)) | (Some(side), None) => (
            said::with_unit(side.units_per_second, rate),
            "the default".to_owned(),
        ),
        (None, None) => (String::new(), String::new()),
    }
}

/// What the steps of a session are going to take.
pub(super) fn costs(record: &SessionRecord) -> CostsView {
    let seen = Outlooks::of(record, trials_used(record));
    let words = |one: Option<Outlook>| one.map(|one| one.words()).unwrap_or_default();
    CostsView {
        window: words(seen.window),
        trial: words(seen.trial),
        confirm: words(seen.confirm),
        rest: words(seen.rest),
    }
}

/// What the default and all trials of a session like `record` would take, in words.
#[must_use]
pub fn likely_cost(record: &SessionRecord) -> String {
    let seen = Outlooks::of(record, 0);
    let (Some(trial), Some(rest)) = (seen.trial, seen.rest) else {
        return String::new();
    };
    let watt_hours = (trial.joules.1 + rest.joules.1) / 3600.0;
    format!(
        "about {} and {} Wh for the default and {} trials, each {}, as “{}” took",
        said::span(trial.seconds.1 + rest.seconds.1),
        said::number(watt_hours),
        record.session.budget,
        said::span(trial.seconds.1),
        record.session.name,
    )
}

/// A trial's figures in words.
pub(super) fn said_of(
    record: &SessionRecord,
    trial: &Trial,
    own: Option<&TrialAnalysis>,
) -> TrialSaid {
    let unit = record.session.workload.unit;
    let per_unit = format!("J/{}", unit.noun());
    let interval = own.and_then(|own| own.joules_per_unit);
    let mean = own.and_then(|own| own.mean);
    let ratio = own
        .filter(|own| !own.stale && trial.number > 1)
        .and_then(|own| {
            let fresh = own.judged.and_then(|judged| judged.ratio);
            fresh.or_else(|| own.comparison.map(|one| one.ratio))
        });
    let performance = own.and_then(|own| own.performance.as_ref());
    let predicted = own.and_then(|own| own.predicted);
    let seconds = |value: f64| said::with_unit(value, "s");
    TrialSaid {
        mean: match (interval, mean) {
            (Some(interval), _) => said::mean(&interval),
            (None, Some(mean)) => said::number(mean),
            (None, None) => String::new(),
        },
        figure: match (interval, mean) {
            (Some(interval), _) => said::interval(&interval),
            (None, Some(mean)) => said::number(mean),
            (None, None) => String::new(),
        },
        error: match (interval, mean) {
            (Some(interval), _) => said::spread(&interval),
            (None, Some(_)) if own.is_some_and(|own| own.too_busy) => {
                said::TOO_BUSY_TO_SAY.to_owned()
            }
            (None, Some(_)) => "one window, no interval yet".to_owned(),
            (None, None) => String::new(),
        },
        systematic: said::systematic_of(record)
            .map(said::systematic)
            .unwrap_or_default(),
        change: ratio.map(|one| said::change(one.mean)).unwrap_or_default(),
        range: ratio.map(|one| said::range(&one)).unwrap_or_default(),
        net: own
            .and_then(|own| own.net)
            .map(|one| format!("{} {per_unit}", said::interval(&one)))
            .unwrap_or_default(),
        ends: own
            .and_then(|own| own.ends)
            .map(|(low, high)| {
                format!("{} to {} {per_unit}", said::number(low), said::number(high))
            })
            .unwrap_or_default(),
        speed: performance
            .map(|one| said::with_unit(one.tokens_per_second, unit.rate()))
            .unwrap_or_default(),
        first_token: performance
            .map(|one| seconds(one.time_to_first_token_s.p50))
            .unwrap_or_default(),
        first_token_late: performance
            .map(|one| seconds(one.time_to_first_token_s.p95))
            .unwrap_or_default(),
        energy: said::joules(trial.energy_spent().0),
        predicted: predicted
            .map(|one| said::with_unit(one, &per_unit))
            .unwrap_or_default(),
        miss: own
            .and_then(|own| than_predicted(trial, own))
            .unwrap_or_default(),
    }
}
