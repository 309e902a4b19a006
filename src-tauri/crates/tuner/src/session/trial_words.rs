//! One trial's figures as lines of text, for the terminal. The numbers are rounded by `stats::said`, as
//! they are in window and report.

use crate::measuring::trial::cause_label;
use crate::session::words;
use wattsmith_domain::{SessionRecord, Trial, TrialState};
use wattsmith_stats::{Analysis, said, than_predicted};

/// What may be said of a trial; its first line is its figure. Empty where it has none and did not fail.
#[must_use]
pub fn trial(record: &SessionRecord, analysis: &Analysis, trial: &Trial) -> Vec<String> {
    let Some(own) = analysis.trial(&trial.id) else {
        return Vec::new();
    };
    let work = record.session.workload.unit;
    let unit = work.noun();
    let name = match trial.number {
        1 => "Default".to_owned(),
        number => format!("Trial {number}"),
    };
    if let TrialState::Failed { cause, message, .. } = &trial.state {
        return vec![format!(
            "{name}: failed ({}): {message}",
            cause_label(*cause)
        )];
    }
    let (figure, repeats) = match (&own.joules_per_unit, own.mean) {
        (Some(interval), _) => (said::interval(interval), interval.n),
        (None, Some(mean)) if own.too_busy => {
            let figure = format!("{} ({})", said::number(mean), said::TOO_BUSY_TO_SAY);
            (
                figure,
                u32::try_from(trial.repeats.len()).unwrap_or(u32::MAX),
            )
        }
        (None, Some(mean)) => (said::number(mean), 1),
        (None, None) => return Vec::new(),
    };
    let first = trial.repeats.first();
    let estimated = first.is_some_and(|one| !one.energy.is_measured());
    let certain = record.undecided(&trial.repeats).is_none();
    let mut lines = vec![format!(
        "{name}: {figure} J/{unit}{}{} · {repeats} repeat{} · {}",
        if estimated { " ESTIMATED" } else { "" },
        if certain { "" } else { " NOT CERTAIN" },
        if repeats == 1 { "" } else { "s" },
        first.map_or("", |one| one.energy.scope.label()),
    )];
    if let Some(error) = said::systematic_of(record).filter(|_| first.is_some()) {
        lines.push(format!(
            "  {}: {}{}",
            if estimated { "estimate" } else { "sensor" },
            said::systematic(error),
            own.net.map_or(String::new(), |net| format!(
                " · net of idle {} J/{unit}",
                said::interval(&net)
            ))
        ));
    }
    if let Some(performance) = &own.performance {
        lines.push(format!(
            "  {} {} · {} {} s (95 %: {} s)",
            said::number(performance.tokens_per_second),
            work.rate(),
            work.awaited(),
            said::number(performance.time_to_first_token_s.p50),
            said::number(performance.time_to_first_token_s.p95),
        ));
    }
    let pictures = words::pictures(&trial.repeats).into_iter();
    lines.extend(pictures.map(|line| format!("  {line}")));
    lines.extend(words::answers(trial).map(|line| format!("  {line}")));
    if trial.number > 1 {
        lines.extend(words::of_trial(own).map(|verdict| format!("  {verdict}")));
    }
    if let (Some(predicted), Some(came)) = (own.predicted, than_predicted(trial, own)) {
        let predicted = said::number(predicted);
        lines.push(format!("  {came} ({predicted} J/{unit})"));
    }
    let broken = own.violations.iter();
    lines.extend(broken.map(|one| format!("  breaks a constraint: {one}")));
    let notes = trial.note.iter().cloned();
    let notes = notes.chain(words::discarded(&trial.discarded));
    let notes = notes.chain(words::warnings(&trial.repeats));
    lines.extend(notes.map(|note| format!("  note: {note}")));
    lines
}
