//! The two or three figures that stand first.

use super::{Certainty, Figures};
use crate::format;
use serde::Serialize;
use std::borrow::Cow;
use wattsmith_domain::{Decision, Repeat, SessionRecord};
use wattsmith_stats::{Analysis, Basis, CONFIDENCE, geometric_mean, interval};

/// A figure with its name and both its errors.
#[derive(Debug, Serialize)]
pub(crate) struct LeadFigure {
    pub name: String,
    pub value: String,
    pub note: String,
}

/// The settings that the report is about and the default: from the confirmation's own windows where
/// it decided, from the search's otherwise.
pub(crate) fn figures(
    record: &SessionRecord,
    analysis: &Analysis,
    certainty: &Certainty,
    figures: &Figures,
) -> Vec<LeadFigure> {
    let confirmation = record.confirmations.iter().find(|one| {
        certainty.saving.is_some()
            && Some(&one.trial) == certainty.subject.as_ref()
            && one.decision == Some(Decision::Below)
    });
    let subject = certainty.subject.as_ref().and_then(|id| record.trial(id));
    let basis = Basis::of(record);
    let (best, reference) = match confirmation {
        Some(one) => (
            Some(Cow::Borrowed(one.best.as_slice())),
            Cow::Borrowed(one.default.as_slice()),
        ),
        None => (subject.map(|one| basis.windows(one)), basis.default()),
    };
    let (best, reference) = (
        best.as_deref(),
        (!reference.is_empty()).then_some(&*reference),
    );
    let mut list = Vec::new();
    if let (Some(trial), Some(repeats)) = (subject, best) {
        let name = format!("Trial {}", trial.number);
        list.extend(energy(name, repeats, analysis, figures));
    }
    if let Some(repeats) = reference {
        list.extend(energy("Default".to_owned(), repeats, analysis, figures));
    }
    let rate = |repeats: &[Repeat]| {
        let rates = repeats.iter().map(|one| one.performance.tokens_per_second);
        (!repeats.is_empty()).then(|| rates.sum::<f64>() / repeats.len() as f64)
    };
    if let (Some(own), Some(before)) = (best.and_then(rate), reference.and_then(rate)) {
        list.push(LeadFigure {
            name: "Throughput".to_owned(),
            value: format::with_unit(own, figures.rate),
            note: format!("default {}", format::with_unit(before, figures.rate)),
        });
    }
    list
}

fn energy(
    name: String,
    repeats: &[Repeat],
    analysis: &Analysis,
    figures: &Figures,
) -> Option<LeadFigure> {
    let values: Vec<f64> = repeats.iter().map(Repeat::joules_per_unit).collect();
    let mean = geometric_mean(&values)?;
    let repeatability = interval(&values, analysis.pooled, CONFIDENCE)
        .map(|all| format!("{} repeatability", format::spread(&all)));
    let systematic = repeats
        .iter()
        .map(|one| one.energy.sensor_error)
        .reduce(f64::max)
        .map(|error| {
            let what = if figures.estimated {
                "estimate"
            } else {
                "sensor"
            };
            format!("{} {what}", format::error(error))
        });
    Some(LeadFigure {
        name: if figures.estimated {
            format!("{name}, estimated")
        } else {
            name
        },
        value: format::with_unit(mean, &figures.short_unit),
        note: [repeatability, systematic]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · "),
    })
}
