//! What the search itself cost, and when it has paid for itself.

use super::{Certainty, Figures};
use crate::format;
use serde::Serialize;
use wattsmith_domain::{Confirmation, Joules, SessionRecord, Trial};
use wattsmith_stats::Analysis;

/// Joules spent on the search.
#[derive(Debug, Serialize)]
pub(crate) struct Cost {
    pub total: String,
    pub estimated: bool,
    /// Trials, confirmations, advisor.
    pub parts: Vec<(String, String)>,
    pub payback: String,
    pub note: Option<String>,
}

impl Cost {
    pub(crate) fn of(
        record: &SessionRecord,
        analysis: &Analysis,
        certainty: &Certainty,
        figures: &Figures,
    ) -> Self {
        let trials: Joules = record.trials.iter().map(Trial::energy_spent).sum();
        let confirmations: Joules = record
            .confirmations
            .iter()
            .map(Confirmation::energy_spent)
            .sum();
        let advisor: f64 = record.exchanges.iter().filter_map(|one| one.joules).sum();
        let elsewhere = record
            .exchanges
            .iter()
            .filter(|one| one.joules.is_none())
            .count();
        let mut parts = vec![("Trials".to_owned(), format::joules(trials.0))];
        if let Some(forecast) = &record.session.forecast {
            let joules = &forecast.joules;
            parts.push((
                "Expected beforehand".to_owned(),
                format!(
                    "{} ({} to {})",
                    format::joules(joules.middle),
                    format::joules(joules.low),
                    format::joules(joules.high)
                ),
            ));
        }
        if !record.confirmations.is_empty() {
            parts.push(("Confirmations".to_owned(), format::joules(confirmations.0)));
        }
        if let Some(undoing) = &record.undoing {
            let undone = format::joules(undoing.energy_spent().0);
            parts.push(("Undoing each change".to_owned(), undone));
        }
        if record.exchanges.iter().any(|one| one.joules.is_some()) {
            parts.push(("Local advisor".to_owned(), format::joules(advisor)));
        }
        Self {
            estimated: figures.estimated,
            total: format::joules(analysis.energy_spent.0),
            parts,
            payback: payback(record, analysis, certainty, figures),
            note: (elsewhere > 0).then(|| {
                format!(
                    "What {} with a chat model elsewhere cost is not known here.",
                    format::plural(elsewhere, "exchange")
                )
            }),
        }
    }
}

fn payback(
    record: &SessionRecord,
    analysis: &Analysis,
    certainty: &Certainty,
    figures: &Figures,
) -> String {
    let (Some(_), Some(units)) = (certainty.saving, analysis.pays_back_after_units) else {
        return "Whether it pays for itself cannot be said: no saving is decided.".to_owned();
    };
    let units = units as f64;
    let rate = certainty
        .subject
        .as_ref()
        .and_then(|id| analysis.trial(id)?.performance.as_ref())
        .map(|one| one.tokens_per_second)
        .filter(|rate| *rate > 0.0);
    let time = rate.map_or(String::new(), |rate| {
        format!(
            ": {} of work at {} {}",
            format::duration(units / rate),
            format::number(rate),
            figures.rate
        )
    });
    format!(
        "The search has paid for itself after about {} {} with these settings{time}.{}",
        format::count(units),
        record.session.workload.unit.plural(),
        if figures.estimated {
            " Both sides of this sum are estimates."
        } else {
            ""
        }
    )
}
