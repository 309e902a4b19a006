//! The headline, what is certain and what is not.

use super::Figures;
use crate::format;
use serde::Serialize;
use wattsmith_domain::{
    Confirmation, Decision, Interval, Purpose, SessionRecord, Threshold, Trial, TrialId,
    TrialState, Verdict,
};
use wattsmith_stats::{Analysis, TrialAnalysis, decide};

/// How a statement is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tone {
    /// Certain and good.
    Good,
    /// Certain and bad, or a fault.
    Bad,
    /// Open.
    Open,
    /// Neither.
    Plain,
}

/// What may be said.
#[derive(Debug, Serialize)]
pub(crate) struct Certainty {
    pub tone: Tone,
    pub headline: String,
    pub detail: String,
    pub certain: Vec<String>,
    pub open: Vec<String>,
    /// The trial that the report is about, and whether its saving is decided.
    #[serde(skip)]
    pub subject: Option<TrialId>,
    /// The saving against the default, where fresh repeats decided it.
    #[serde(skip)]
    pub saving: Option<Interval>,
}

struct Says {
    tone: Tone,
    headline: String,
    detail: String,
    subject: Option<TrialId>,
    saving: Option<Interval>,
}

impl Certainty {
    pub(crate) fn of(record: &SessionRecord, analysis: &Analysis, figures: &Figures) -> Self {
        let says = headline(record, analysis, figures);
        Self {
            certain: certain(record, analysis, figures, &says),
            open: open(record, analysis, &says),
            tone: says.tone,
            headline: says.headline,
            detail: says.detail,
            subject: says.subject,
            saving: says.saving,
        }
    }
}

fn headline(record: &SessionRecord, analysis: &Analysis, figures: &Figures) -> Says {
    let plain = |tone, headline: &str, detail: String, subject| Says {
        tone,
        headline: headline.to_owned(),
        detail,
        subject,
        saving: None,
    };
    if let Some((id, ratio)) = &analysis.confirmed {
        return confirmed(record, id, *ratio, figures);
    }
    let best = analysis
        .best
        .as_ref()
        .and_then(|id| Some((record.trial(id)?, analysis.trial(id)?)));
    let Some((trial, best)) = best else {
        let detail = if record.trials.is_empty() {
            "No trial was run in this session yet.".to_owned()
        } else {
            "No trial of this session was completed within its constraints.".to_owned()
        };
        return plain(Tone::Plain, "Nothing is known yet.", detail, None);
    };
    let number = trial.number;
    if trial.purpose == Purpose::Default {
        let others = record.trials.iter().filter(|one| one.is_complete()).count() - 1;
        let detail = if others == 0 {
            return plain(
                Tone::Plain,
                "Only the default was measured.",
                "There is nothing to compare it with yet.".to_owned(),
                None,
            );
        } else {
            format!(
                "Of {} beside the default, none showed a lower figure within the constraints.",
                format::plural(others, "trial")
            )
        };
        return plain(Tone::Plain, "No saving was found.", detail, None);
    }
    let seen = best.comparison.map_or(String::new(), |comparison| {
        format!(
            "Trial {number} has the lowest figure: in the search it needed {} energy per {} than \
             the default ({}). ",
            less_or_more(comparison.ratio.mean),
            figures.noun,
            span(comparison.ratio)
        )
    });
    let last = record
        .confirmations
        .iter()
        .rev()
        .find(|one| one.trial == trial.id);
    let depends = best
        .comparison
        .is_some_and(|one| one.verdict == Verdict::DependsOnEstimate)
        || last.is_some_and(|one| one.decision == Some(Decision::DependsOnEstimate))
        || analysis.best_depends_on_estimate;
    if depends {
        let detail = format!(
            "{seen}No power sensor was read, and within the plausible idle and busy watts of a \
             machine like this the answer changes."
        );
        return plain(
            Tone::Open,
            "It depends on the estimate.",
            detail,
            Some(trial.id.clone()),
        );
    }
    let why = match last {
        Some(Confirmation {
            decision: Some(Decision::NotDecided),
            ..
        }) => "Fresh repeats of it and of the default did not confirm the goal.",
        Some(_) => "Its confirmation by fresh repeats was not finished.",
        None => {
            "No fresh repeats confirmed it, and the best of several trials always looks somewhat \
             better than it is."
        }
    };
    plain(
        Tone::Open,
        "Not decided.",
        format!("{seen}{why}"),
        Some(trial.id.clone()),
    )
}

fn confirmed(record: &SessionRecord, id: &TrialId, ratio: Interval, figures: &Figures) -> Says {
    let number = record.trial(id).map_or(0, |trial| trial.number);
    let subject = Some(id.clone());
    let decided = record
        .confirmations
        .iter()
        .filter(|one| one.trial == *id && one.decision == Some(Decision::Below))
        .find(|one| saves(one));
    let Some(confirmation) = decided else {
        // A goal in joules can be reached without any saving against the default.
        return Says {
            tone: Tone::Open,
            headline: "The goal was reached; a saving is not decided.".to_owned(),
            detail: format!(
                "Fresh repeats put trial {number} below {}, but not certainly below the default.",
                record.session.objective.threshold
            ),
            subject,
            saving: None,
        };
    };
    let repeats = confirmation.best.len().min(confirmation.default.len());
    let estimate = if figures.estimated {
        " No power sensor was read: joules are estimated from CPU time. The saving holds at both \
         ends of the plausible idle and busy watts; its size does not follow from this."
    } else {
        ""
    };
    Says {
        tone: Tone::Good,
        headline: format!(
            "{}{} less energy per {}, confirmed.",
            if figures.estimated { "Estimated " } else { "" },
            format::percent(1.0 - ratio.mean),
            figures.noun
        ),
        detail: format!(
            "Trial {number} against the default, {}, from {repeats} fresh windows of each, run in \
             turn. The chance that the session stops on a false alarm, at any of its looks, is held \
             to 5 % at most.{estimate}",
            span(ratio)
        ),
        subject,
        saving: Some(ratio),
    }
}

/// Whether its own repeats show any saving at all: at both ends of an estimate's coefficients too.
fn saves(confirmation: &Confirmation) -> bool {
    let any = Threshold::PercentBelowDefault { percent: 1e-9 };
    decide(
        &confirmation.best,
        &confirmation.default,
        any,
        confirmation.alpha,
    )
    .is_some_and(|(_, decision)| decision == Decision::Below)
}

fn certain(
    record: &SessionRecord,
    analysis: &Analysis,
    figures: &Figures,
    says: &Says,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(ratio) = says.saving {
        lines.push(format!(
            "The confirmed settings need less energy per {} than the default: {}.",
            figures.noun,
            span(ratio)
        ));
    }
    let worse = numbers(record, analysis, says.subject.as_ref(), |verdict| {
        matches!(verdict, Verdict::Worse)
    });
    if !worse.is_empty() {
        lines.push(format!(
            "{} needed more energy than the default, by more than the noise of the search.",
            trial_list(&worse)
        ));
    }
    let failed = record
        .trials
        .iter()
        .filter(|one| matches!(one.state, TrialState::Failed { .. }))
        .map(|one| one.number)
        .collect::<Vec<_>>();
    if !failed.is_empty() {
        lines.push(format!(
            "{} could not be run here; the table says why.",
            trial_list(&failed)
        ));
    }
    lines
}

/// Complete trials beside `but` whose verdict is wanted.
fn numbers(
    record: &SessionRecord,
    analysis: &Analysis,
    but: Option<&TrialId>,
    wanted: fn(&Verdict) -> bool,
) -> Vec<u32> {
    analysis
        .trials
        .iter()
        .filter(|one| used(record, &one.id) && but != Some(&one.id))
        .filter(|one| one.comparison.is_some_and(|all| wanted(&all.verdict)))
        .map(|one| one.number)
        .collect()
}

fn open(record: &SessionRecord, analysis: &Analysis, says: &Says) -> Vec<String> {
    let mut lines = Vec::new();
    let confirmed = says.saving.and(says.subject.as_ref());
    let better = numbers(record, analysis, confirmed, |verdict| {
        matches!(verdict, Verdict::Better)
    });
    if !better.is_empty() {
        lines.push(format!(
            "{} needed less energy than the default, by more than the noise of the search; only \
             fresh repeats can make this certain.",
            trial_list(&better)
        ));
    }
    for one in analysis.trials.iter().filter(|one| used(record, &one.id)) {
        let number = one.number;
        match one.comparison.map(|comparison| comparison.verdict) {
            Some(Verdict::NotDecided {
                seconds_more: Some(seconds),
            }) => lines.push(format!(
                "Trial {number} against the default: about {} more of measuring would decide it.",
                format::duration(seconds)
            )),
            Some(Verdict::NotDecided { seconds_more: None }) => lines.push(format!(
                "Trial {number} against the default: too close for any reasonable time of measuring."
            )),
            Some(Verdict::DependsOnEstimate) => {
                lines.push(format!("Trial {number} against the default: {}.", ends(one)));
            }
            _ => {}
        }
    }
    if let Some(trial) = analysis.crossing.as_ref().and_then(|id| record.trial(id)) {
        lines.push(format!(
            "Trial {} crossed the goal in the search and was not confirmed yet.",
            trial.number
        ));
    }
    lines.extend(
        record
            .trials
            .iter()
            .filter(|one| discarded(one))
            .map(|one| {
                format!(
                    "Trial {} was taken back or interrupted and is not used.",
                    one.number
                )
            }),
    );
    lines
}

fn used(record: &SessionRecord, id: &TrialId) -> bool {
    record.trial(id).is_some_and(Trial::is_complete)
}

fn discarded(trial: &Trial) -> bool {
    matches!(trial.state, TrialState::Discarded { .. })
}

fn ends(trial: &TrialAnalysis) -> String {
    trial.ends.map_or_else(
        || "it depends on the estimate".to_owned(),
        |(low, high)| {
            format!(
                "it depends on the estimate ({} J if the machine idles low, {} J if it idles high)",
                format::number(low),
                format::number(high)
            )
        },
    )
}

fn trial_list(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    match words.as_slice() {
        [one] => format!("Trial {one}"),
        [most @ .., last] => format!("Trials {} and {last}", most.join(", ")),
        [] => String::new(),
    }
}

/// `20 % less` for a ratio of 0.8.
pub(crate) fn less_or_more(ratio: f64) -> String {
    let word = if ratio > 1.0 { "more" } else { "less" };
    format!("{} {word}", format::percent(1.0 - ratio))
}

/// A ratio's interval as `between 18.9 % and 21.4 % less`.
pub(crate) fn span(ratio: Interval) -> String {
    let end = |ratio: f64| format::percent(1.0 - ratio);
    if ratio.high <= 1.0 {
        format!("between {} and {} less", end(ratio.high), end(ratio.low))
    } else if ratio.low >= 1.0 {
        format!("between {} and {} more", end(ratio.low), end(ratio.high))
    } else {
        format!(
            "between {} less and {} more",
            end(ratio.low),
            end(ratio.high)
        )
    }
}
