//! From the tuner's records to what the screen shows. Pure: the same record gives the same view.

mod answer;
mod caution;
mod conditions;
mod connection;
mod doctor;
mod download;
mod foretold;
mod item;
mod machine;
mod outside;
mod overview;
mod picture;
mod session;
mod settings;
mod study;
mod undoing;
mod work;

pub use answer::likely_cost;
pub use connection::{base_url, connection, connection_draft, providers};
pub use doctor::{chosen, diagnosis, noise, reader};
pub use download::downloads;
pub use machine::{machine, model, options, workload};
pub use outside::{meter_trial, outside};
pub use overview::overview;
pub use picture::picture_pair;
pub use session::{phase, session, summary, tell_apart};
pub use settings::{settings, settings_of};
pub use study::{begun_studies, study, study_line, study_options};
pub use work::work_preview;

use crate::wire::{IntervalView, KnobView, ParameterView, VerdictKind, VerdictView};
use wattsmith_tuner::domain::{
    Comparison, Configuration, Decision, Interval, Parameter, ParameterSpace, Verdict,
};
use wattsmith_tuner::stats::TrialAnalysis;
use wattsmith_tuner::words;

pub(crate) fn interval(interval: &Interval) -> IntervalView {
    IntervalView {
        mean: interval.mean,
        low: interval.low,
        high: interval.high,
        n: interval.n,
    }
}

pub(crate) fn verdict_kind(comparison: Option<&Comparison>) -> VerdictKind {
    match comparison.map(|comparison| comparison.verdict) {
        None => VerdictKind::None,
        Some(Verdict::Reference) => VerdictKind::Reference,
        Some(Verdict::Better) => VerdictKind::Better,
        Some(Verdict::Worse) => VerdictKind::Worse,
        Some(Verdict::NotDecided { .. }) => VerdictKind::NotDecided,
        Some(Verdict::DependsOnEstimate) => VerdictKind::DependsOnEstimate,
    }
}

/// The look of a trial's verdict: that of fresh repeats where they decided, else that of the search.
pub(crate) fn judged_kind(own: &TrialAnalysis) -> VerdictKind {
    match own
        .judged
        .map(|judged| (judged.kind.saves(), judged.decision))
    {
        Some((true, _) | (_, Decision::Below)) => VerdictKind::Better,
        Some((_, Decision::NotDecided)) => VerdictKind::NotDecided,
        Some((_, Decision::DependsOnEstimate)) => VerdictKind::DependsOnEstimate,
        None => verdict_kind(own.comparison.as_ref()),
    }
}

pub(crate) fn verdict(own: Option<&TrialAnalysis>) -> VerdictView {
    let fresh = own.and_then(|own| own.judged?.ratio);
    let seen = own.and_then(|own| own.comparison.map(|one| one.ratio));
    let ratio = fresh.or(seen);
    VerdictView {
        kind: own.map_or(VerdictKind::None, judged_kind),
        text: own.and_then(words::of_trial).unwrap_or_default(),
        saving_percent: ratio.map(|ratio| (1.0 - ratio.mean) * 100.0),
    }
}

pub(crate) fn parameter(parameter: &Parameter) -> ParameterView {
    ParameterView {
        name: parameter.name.clone(),
        range: parameter.kind.describe(),
        levels: parameter
            .kind
            .levels()
            .iter()
            .map(ToString::to_string)
            .collect(),
        default: parameter.default.to_string(),
        effect: parameter.effect.clone(),
        danger: parameter.danger.clone(),
        changes_output: parameter.changes_output,
    }
}

/// Every knob, changed or not, in the space's order; `sentence` may know a better sentence than the
/// catalogue's.
pub(crate) fn knobs(
    space: &ParameterSpace,
    from: &Configuration,
    to: &Configuration,
    sentence: impl Fn(&str) -> Option<String>,
) -> Vec<KnobView> {
    let text = |configuration: &Configuration, parameter: &Parameter| {
        configuration
            .get(&parameter.name)
            .unwrap_or(&parameter.default)
            .to_string()
    };
    space
        .parameters
        .iter()
        .map(|parameter| {
            let (from, to) = (text(from, parameter), text(to, parameter));
            KnobView {
                name: parameter.name.clone(),
                changed: from != to,
                danger: caution::of(parameter, &from, &to),
                from,
                to,
                sentence: sentence(&parameter.name).unwrap_or_else(|| parameter.effect.clone()),
            }
        })
        .collect()
}
