//! The whole record and what follows from it, for programs.

use crate::view::memory;
use serde::Serialize;
use serde_json::{Value, json};
use wattsmith_domain::{Interval, SessionRecord, Settings};
use wattsmith_stats::{Analysis, Lead, MANY, Outcome, Standing, TrialAnalysis, Worth};

/// Name and version of the format; the number grows when a field changes its meaning or goes.
const SCHEMA: &str = "wattsmith-report/1";

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    /// Whether every joule came from a sensor; none when there is no figure yet.
    measured: Option<bool>,
    /// What the search knew before its first trial, where it knew anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
    record: &'a SessionRecord,
    analysis: Value,
    /// What was gained in use, at the price and grid of whoever made the report.
    worth: Value,
}

/// The report as indented JSON.
pub(crate) fn text(record: &SessionRecord, settings: &Settings) -> serde_json::Result<String> {
    let mut windows = record.trials.iter().flat_map(|one| &one.repeats).peekable();
    let all = Analysis::of(record);
    let report = Report {
        schema: SCHEMA,
        measured: windows
            .peek()
            .is_some()
            .then(|| windows.all(|one| one.energy.is_measured())),
        memory: memory::note(&record.session),
        record,
        analysis: analysis(record, &all),
        worth: worth(record, &all, settings),
    };
    serde_json::to_string_pretty(&report)
}

fn analysis(record: &SessionRecord, analysis: &Analysis) -> Value {
    let outcome = Outcome::of(record, analysis);
    json!({
        "confidence": wattsmith_stats::CONFIDENCE,
        "pooled_log_sd": analysis.pooled.map(|one| json!({"sd": one.sd, "df": one.df})),
        "default_joules_per_unit": analysis.default,
        "best": analysis.best,
        "outcome": {
            "kind": outcome.kind.label(),
            "words": outcome.words(),
            "trial": outcome.trial,
            "ratio": outcome.ratio,
            "fresh_pairs": outcome.pairs,
        },
        "machine_changes": analysis
            .changes
            .iter()
            .map(|one| json!({
                "since": one.since,
                "default_ratio": one.ratio,
                "windows": one.windows,
                "after_trial": one.after_trial,
                "stale_trials": one.stale_trials,
            }))
            .collect::<Vec<_>>(),
        "best_depends_on_estimate": analysis.best_depends_on_estimate,
        "crossing": analysis.crossing,
        "confirmed": analysis.confirmed.as_ref().map(|(id, ratio)| json!({
            "trial": id,
            "ratio": ratio,
            "saving_percent": saving(*ratio),
        })),
        "knobs": analysis
            .importance
            .iter()
            .map(|one| json!({"name": one.name, "share": one.share}))
            .collect::<Vec<_>>(),
        "energy_spent_joules": analysis.energy_spent,
        "pays_back_after_units": analysis.pays_back_after_units,
        "trials": analysis.trials.iter().map(trial).collect::<Vec<_>>(),
    })
}

fn worth(record: &SessionRecord, analysis: &Analysis, settings: &Settings) -> Value {
    let outcome = Outcome::of(record, analysis);
    let lead = Lead::of(record, analysis, &outcome);
    let worth = Worth::of(&lead, &outcome, &record.session.workload, settings);
    json!({
        "standing": match worth.standing {
            Standing::Confirmed => "confirmed",
            Standing::Seen => "not-confirmed",
            Standing::None => "none",
        },
        "answers_or_images": MANY,
        "default_joules": worth.default,
        "these_settings_joules": worth.subject,
        "saved_joules": worth.saved,
        "saved_joules_in_a_year": worth.saved_in_a_year,
        "answers_or_images_per_day": settings.answers_per_day,
        "price_per_kwh": settings.price().map(|(price, _)| price),
        "currency": settings.price().map(|(_, currency)| currency),
        "grid_g_co2e_per_kwh": settings.grid_g_per_kwh,
    })
}

fn trial(trial: &TrialAnalysis) -> Value {
    json!({
        "id": trial.id,
        "number": trial.number,
        "joules_per_unit_mean": trial.mean,
        "joules_per_unit": trial.joules_per_unit,
        "joules_per_unit_net": trial.net,
        "joules_per_unit_at_estimate_ends": trial.ends.map(|(low_idle, high_idle)| json!({
            "low_idle": low_idle,
            "high_idle": high_idle,
        })),
        "comparison": trial.comparison,
        "before_the_machine_changed": trial.stale,
        "fresh_repeats": trial.judged.map(|one| json!({
            "decision": one.decision,
            "ratio": one.ratio,
            "pairs": one.pairs,
        })),
        "violations": trial.violations,
        "performance": trial.performance,
        "predicted_joules_per_unit": trial.predicted,
    })
}

fn saving(ratio: Interval) -> Value {
    let percent = |ratio: f64| (1.0 - ratio) * 100.0;
    json!({
        "mean": percent(ratio.mean),
        "low": percent(ratio.high),
        "high": percent(ratio.low),
    })
}
