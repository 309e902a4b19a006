//! The two or three figures that stand first, in words.

use super::Figures;
use crate::format;
use serde::Serialize;
use wattsmith_domain::SessionRecord;
use wattsmith_stats::{Analysis, Lead, Outcome, Side};

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
    figures: &Figures,
) -> Vec<LeadFigure> {
    let outcome = Outcome::of(record, analysis);
    let lead = Lead::of(record, analysis, &outcome);
    let mut list = Vec::new();
    if let Some(side) = &lead.subject {
        list.push(energy(format!("Trial {}", outcome.number), side, figures));
    }
    if let Some(side) = &lead.default {
        list.push(energy("Default".to_owned(), side, figures));
    }
    if let (Some(own), Some(before)) = (&lead.subject, &lead.default) {
        list.push(LeadFigure {
            name: "Throughput".to_owned(),
            value: format::with_unit(own.units_per_second, figures.rate),
            note: format!(
                "default {}",
                format::with_unit(before.units_per_second, figures.rate)
            ),
        });
    }
    list
}

fn energy(name: String, side: &Side, figures: &Figures) -> LeadFigure {
    let what = match figures.estimated {
        true => "estimate",
        false => "sensor",
    };
    let repeatability = side
        .joules_per_unit
        .map(|all| format!("{} repeatability", format::spread(&all)));
    let systematic = format!("{} {what}", format::error(side.sensor_error));
    LeadFigure {
        name: match figures.estimated {
            true => format!("{name}, estimated"),
            false => name,
        },
        value: format::with_unit(side.mean, &figures.short_unit),
        note: repeatability
            .into_iter()
            .chain([systematic])
            .collect::<Vec<_>>()
            .join(" · "),
    }
}
