//! Every trial and every confirmation as a row.

use super::certainty::{Tone, less_or_more, span};
use super::{Figures, changes};
use crate::format;
use serde::Serialize;
use std::fmt::Write as _;
use wattsmith_domain::{
    Comparison, Confirmation, DiscardedRepeat, FailureCause, Interval, Purpose, Repeat,
    SessionRecord, Trial, TrialState, Verdict, Warning,
};
use wattsmith_stats::{
    Analysis, Outcome, OutcomeKind, TrialAnalysis, geometric_mean, said, than_predicted,
};

/// One trial.
#[derive(Debug, Serialize)]
pub(crate) struct TrialRow {
    pub number: u32,
    pub is_default: bool,
    pub is_best: bool,
    /// Measured before the machine changed.
    pub is_stale: bool,
    pub changes: Vec<String>,
    pub repeats: usize,
    /// `0.228 ± 0.009`, without its unit: the column's head has it.
    pub figure: String,
    pub net: Option<String>,
    /// An estimate at both ends of its coefficients: `0.11 to 0.44`.
    pub ends: Option<String>,
    pub speed: String,
    pub first_token: String,
    pub verdict: Badge,
    /// What came against what was predicted, and that; the latter alone where nothing came.
    pub predicted: Option<String>,
    pub notes: Vec<String>,
    /// What is wrong with its sensors, with the codes.
    pub faults: Vec<String>,
}

/// A verdict in words.
#[derive(Debug, Serialize)]
pub(crate) struct Badge {
    pub tone: Tone,
    pub text: String,
    /// The interval behind it, or what would decide it.
    pub more: String,
}

/// One confirmation.
#[derive(Debug, Serialize)]
pub(crate) struct ConfirmationRow {
    pub number: u32,
    pub trial: u32,
    pub best: String,
    pub default: String,
    pub windows: String,
    pub verdict: Badge,
}

pub(crate) fn rows(
    record: &SessionRecord,
    analysis: &Analysis,
    figures: &Figures,
) -> Vec<TrialRow> {
    let outcome = Outcome::of(record, analysis);
    // The one that the report is about.
    let best = outcome.trial.as_ref().or(analysis.best.as_ref());
    record
        .trials
        .iter()
        .zip(&analysis.trials)
        .map(|(trial, seen)| TrialRow {
            is_best: trial.is_complete() && best == Some(&trial.id),
            ..row(record, figures, trial, seen)
        })
        .collect()
}

fn row(record: &SessionRecord, figures: &Figures, trial: &Trial, seen: &TrialAnalysis) -> TrialRow {
    let performance = seen.performance.as_ref();
    TrialRow {
        number: trial.number,
        is_default: trial.purpose == Purpose::Default,
        is_best: false,
        is_stale: seen.stale,
        changes: changes(record, trial),
        repeats: trial.repeats.len(),
        figure: seen
            .joules_per_unit
            .map(interval)
            .or_else(|| {
                seen.mean.map(|mean| match seen.too_busy {
                    true => format!("{} ({})", format::number(mean), said::TOO_BUSY_TO_SAY),
                    false => format::number(mean),
                })
            })
            .unwrap_or_else(|| format::NONE.to_owned()),
        net: seen.net.map(interval),
        ends: seen
            .ends
            .map(|(low, high)| format!("{} to {}", format::number(low), format::number(high))),
        speed: performance.map_or(format::NONE.to_owned(), |one| {
            format::number(one.tokens_per_second)
        }),
        first_token: performance.map_or(format::NONE.to_owned(), |one| {
            let both = one.time_to_first_token_s;
            format!(
                "{} / {}",
                format::number(both.p50),
                format::number(both.p95)
            )
        }),
        verdict: verdict(trial, seen),
        predicted: predicted(figures, trial, seen),
        notes: notes(trial, seen),
        faults: faults(trial),
    }
}

fn predicted(figures: &Figures, trial: &Trial, seen: &TrialAnalysis) -> Option<String> {
    let predicted = format::with_unit(seen.predicted?, &figures.short_unit);
    Some(match than_predicted(trial, seen) {
        Some(came) => format!("{} ({predicted})", format::tied(&came)),
        None => format!("predicted {predicted}"),
    })
}

/// What is wrong with the sensors of a trial, each of it once.
fn faults(trial: &Trial) -> Vec<String> {
    let all = trial.repeats.iter().flat_map(|one| &one.warnings);
    warnings(all.filter(|one| one.fault.is_some()))
}

fn verdict(trial: &Trial, seen: &TrialAnalysis) -> Badge {
    let badge = |tone, text: &str, more: &str| Badge {
        tone,
        text: text.to_owned(),
        more: more.to_owned(),
    };
    match &trial.state {
        TrialState::Pending => return badge(Tone::Plain, "not started", ""),
        TrialState::Running => return badge(Tone::Plain, "not finished", ""),
        TrialState::Failed { cause, .. } => {
            return badge(Tone::Bad, &format!("failed: {}", cause_word(*cause)), "");
        }
        TrialState::Discarded { .. } => return badge(Tone::Plain, "not used", ""),
        TrialState::Complete => {}
    }
    if seen.stale {
        return badge(
            Tone::Plain,
            "not compared",
            "measured before the machine changed",
        );
    }
    // Fresh repeats stand above what the search saw.
    if let Some(judged) = seen.judged {
        let more = format!(
            "{}{}",
            judged
                .ratio
                .map_or(String::new(), |ratio| format!("{}, ", span(ratio))),
            format::plural(judged.pairs as usize, "fresh pair")
        );
        let tone = match judged.kind.is_certain() {
            true => Tone::Good,
            false => Tone::Open,
        };
        return badge(tone, judged.kind.word(), &more);
    }
    let Some(Comparison { ratio, verdict }) = seen.comparison else {
        return badge(Tone::Plain, "not compared", "too few repeats");
    };
    let text = less_or_more(ratio.mean);
    let better = format!("better: {text}");
    let worse = format!("worse: {text}");
    let noise = format!("outside the noise, {}", span(ratio));
    match verdict {
        Verdict::Reference => badge(Tone::Plain, "default", ""),
        Verdict::Better => badge(Tone::Good, &better, &noise),
        Verdict::Worse => badge(Tone::Bad, &worse, &noise),
        Verdict::NotDecided { seconds_more } => {
            let outlook = seconds_more
                .map_or("more would hardly decide it".to_owned(), |seconds| {
                    format!("about {} more would decide it", format::outlook(seconds))
                });
            badge(
                Tone::Open,
                OutcomeKind::NotDecided.word(),
                &format!("{outlook}; {}", span(ratio)),
            )
        }
        Verdict::DependsOnEstimate => badge(Tone::Open, OutcomeKind::DependsOnEstimate.word(), ""),
    }
}

fn notes(trial: &Trial, seen: &TrialAnalysis) -> Vec<String> {
    let mut notes = Vec::new();
    match &trial.state {
        TrialState::Failed { message, fault, .. } => notes.push(match fault {
            Some(fault) => format!("{message} [{fault}]"),
            None => message.clone(),
        }),
        TrialState::Discarded { cause } => notes.push(cause.clone()),
        _ => {}
    }
    notes.extend(
        seen.violations
            .iter()
            .map(|one| format!("Constraint not kept: {one}")),
    );
    if let Some(launch) = &trial.launch {
        notes.extend(
            launch
                .differences
                .iter()
                .map(|one| format!("{}: {} asked for, {} used.", one.name, one.asked, one.used)),
        );
    }
    notes.extend(trial.note.clone());
    notes.extend(discarded(&trial.discarded));
    notes.extend(warnings(trial.repeats.iter().flat_map(|one| &one.warnings)));
    notes
}

/// Windows that were left out, with their causes.
fn discarded(discarded: &[DiscardedRepeat]) -> Vec<String> {
    discarded
        .iter()
        .map(|one| {
            format!(
                "Window {} was discarded and measured again: {}.",
                one.repeat.index, one.cause.text
            )
        })
        .collect()
}

/// Each kind of text once, with how often it was seen: texts that differ only in their figures are of
/// one kind.
fn warnings<'a>(warnings: impl Iterator<Item = &'a Warning>) -> Vec<String> {
    let words = |text: &str| text.replace(|one: char| one.is_ascii_digit() || one == '.', "");
    // The first text, how often its kind was seen, and whether another differed from it.
    let mut seen: Vec<(String, usize, bool)> = Vec::new();
    for warning in warnings {
        let said = warning.with_code();
        let kind = words(&said);
        match seen.iter_mut().find(|(text, ..)| words(text) == kind) {
            Some((text, times, differed)) => {
                *times += 1;
                *differed |= *text != said;
            }
            None => seen.push((said, 1, false)),
        }
    }
    seen.into_iter()
        .map(|(text, times, differed)| match (times, differed) {
            (1, _) => text,
            (_, false) => format!("{text} ({times} windows)"),
            (_, true) => format!("{text} ({times} windows, the first is shown)"),
        })
        .collect()
}

pub(crate) fn confirmations(record: &SessionRecord, figures: &Figures) -> Vec<ConfirmationRow> {
    record
        .confirmations
        .iter()
        .map(|one| ConfirmationRow {
            number: one.number,
            trial: record.trial(&one.trial).map_or(0, |trial| trial.number),
            best: mean(&one.best, figures),
            default: mean(&one.default, figures),
            windows: format!("{} + {}", one.best.len(), one.default.len()),
            verdict: outcome(one),
        })
        .collect()
}

fn outcome(confirmation: &Confirmation) -> Badge {
    let mut more = confirmation.ratio.map_or(String::new(), span);
    if !confirmation.discarded.is_empty() {
        let windows = format::plural(confirmation.discarded.len(), "disturbed window");
        let _ = write!(more, "; {windows} left out");
    }
    let (tone, text) = match OutcomeKind::of_confirmation(confirmation) {
        Some(kind) if kind.is_certain() => (Tone::Good, kind.word()),
        Some(kind) => (Tone::Open, kind.word()),
        None => (Tone::Plain, "not finished"),
    };
    Badge {
        tone,
        text: text.to_owned(),
        more,
    }
}

fn mean(repeats: &[Repeat], figures: &Figures) -> String {
    let values: Vec<f64> = repeats.iter().map(Repeat::joules_per_unit).collect();
    geometric_mean(&values).map_or(format::NONE.to_owned(), |mean| {
        format::with_unit(mean, &figures.unit)
    })
}

fn interval(interval: Interval) -> String {
    format::interval(&interval)
}

fn cause_word(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::ModelNotFound => "model not found",
        FailureCause::ModelCorrupt => "damaged model",
        FailureCause::ModelUnfit => "unfit model",
        FailureCause::EngineNotFound => "engine not found",
        FailureCause::OutOfMemory => "out of memory",
        FailureCause::UnknownFlag => "unknown flag",
        FailureCause::PortTaken => "port taken",
        FailureCause::LoadTimeout => "load timeout",
        FailureCause::Hang => "hang",
        FailureCause::Crash => "crash",
        FailureCause::RequestFailed => "request failed",
        FailureCause::WrongWork => "wrong work",
        FailureCause::PicturesDiffer => "pictures differ",
        FailureCause::AnswersDiffer => "answers differ",
        FailureCause::GpuControlRefused => "GPU setting refused",
        FailureCause::SensorLost => "sensor lost",
        FailureCause::StorageFailed => "storage failed",
        FailureCause::FileChanged => "file changed",
    }
}
