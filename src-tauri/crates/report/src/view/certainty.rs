//! The headline, what is certain and what is not.

use super::Figures;
use crate::format;
use serde::Serialize;
use wattsmith_domain::{Decision, Interval, SessionRecord, Trial, TrialId, TrialState, Verdict};
use wattsmith_stats::{Analysis, Outcome, OutcomeKind, TrialAnalysis};

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
    /// What the session came to, in kind.
    #[serde(skip)]
    pub kind: OutcomeKind,
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
        let outcome = Outcome::of(record, analysis);
        let says = headline(record, &outcome, figures);
        Self {
            kind: outcome.kind,
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

fn headline(record: &SessionRecord, outcome: &Outcome, figures: &Figures) -> Says {
    let (tone, headline) = match outcome.kind {
        kind if kind.saves() => (Tone::Good, saving(outcome, figures)),
        kind => (tone(kind), words(kind)),
    };
    let number = outcome.number;
    let detail = match outcome.kind {
        OutcomeKind::Nothing if record.trials.is_empty() => {
            "No trial was run in this session yet.".to_owned()
        }
        OutcomeKind::Nothing => {
            "No trial of this session was completed within its constraints.".to_owned()
        }
        OutcomeKind::DefaultOnly => "There is nothing to compare it with yet.".to_owned(),
        OutcomeKind::NoSaving => format!(
            "Of {} beside the default, none within the constraints is expected to need less than it.",
            format::plural(outcome.others as usize, "trial")
        ),
        OutcomeKind::NothingComparable => outcome.why().to_owned(),
        OutcomeKind::GoalReached => format!(
            "Fresh repeats put trial {number} below {}, but not certainly below the default.",
            record.session.objective.threshold
        ),
        OutcomeKind::Confirmed => sure(outcome, figures),
        OutcomeKind::Less => format!("{} {}", sure(outcome, figures), outcome.why()),
        OutcomeKind::OneWindow => format!("Trial {number} is the best so far. {}", outcome.why()),
        _ => format!("{}{}", seen(outcome, figures), outcome.why()),
    };
    Says {
        tone,
        headline,
        detail,
        subject: outcome.trial.clone(),
        saving: outcome.ratio.filter(|_| outcome.kind.saves()),
    }
}

fn tone(kind: OutcomeKind) -> Tone {
    match kind {
        OutcomeKind::Nothing | OutcomeKind::DefaultOnly | OutcomeKind::NoSaving => Tone::Plain,
        OutcomeKind::Worse => Tone::Bad,
        _ => Tone::Open,
    }
}

/// The headline: the word that terminal and window use, as a sentence.
fn words(kind: OutcomeKind) -> String {
    format!("{}.", format::capital(kind.word()))
}

/// What the best trial showed: to fresh repeats where there were any, else to the search.
fn seen(outcome: &Outcome, figures: &Figures) -> String {
    let number = outcome.number;
    let Some(ratio) = outcome.ratio else {
        return String::new();
    };
    let (change, span) = (less_or_more(ratio.mean), span(ratio));
    match outcome.pairs {
        Some(pairs) => format!(
            "Trial {number}: {} of it and of the default showed {change} energy per {} ({span}). ",
            format::plural(pairs as usize, "fresh pair"),
            figures.noun,
        ),
        None => format!(
            "Trial {number} is the best by all trials: in the search it needed {change} energy per {} \
             than the default ({span}). ",
            figures.noun,
        ),
    }
}

fn saving(outcome: &Outcome, figures: &Figures) -> String {
    format!(
        "{}{} less energy per {}, {}.",
        if figures.estimated { "Estimated " } else { "" },
        format::size(outcome.ratio.map_or(1.0, |ratio| ratio.mean)),
        figures.noun,
        match outcome.kind {
            OutcomeKind::Less => "certain; goal not decided",
            _ => "confirmed",
        }
    )
}

fn sure(outcome: &Outcome, figures: &Figures) -> String {
    let estimate = if figures.estimated {
        " No power sensor was read: joules are estimated from CPU time. The saving holds at both \
         ends of the plausible idle and busy watts; its size does not follow from this."
    } else {
        ""
    };
    format!(
        "Trial {} against the default, {}, from {} fresh windows of each, run in turn. The chance \
         that the session stops on a false alarm, at any of its looks, is held to 5 % at \
         most.{estimate}",
        outcome.number,
        outcome.ratio.map_or(String::new(), span),
        outcome.pairs.unwrap_or(0),
    )
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
            "The recommended settings need less energy per {} than the default: {}.",
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
        // Fresh repeats stand above what the search saw: they have lines of their own.
        .filter(|one| one.judged.is_none())
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
        if let Some(judged) = one.judged {
            let (against, word) = match judged.kind {
                // That less is needed stands among what is certain.
                OutcomeKind::Less => ("goal", OutcomeKind::NotDecided.word()),
                kind => ("default", kind.word()),
            };
            if judged.decision != Decision::Below {
                lines.push(format!(
                    "Trial {number} against the {against}: {word} by {}{}.",
                    format::plural(judged.pairs as usize, "fresh pair"),
                    judged
                        .ratio
                        .map_or(String::new(), |ratio| format!(" ({})", span(ratio)))
                ));
            }
            continue;
        }
        match one.comparison.map(|comparison| comparison.verdict) {
            Some(Verdict::NotDecided {
                seconds_more: Some(seconds),
            }) => lines.push(format!(
                "Trial {number} against the default: about {} more of measuring would decide it.",
                format::outlook(seconds)
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
    let stale = analysis.trials.iter().filter(|one| one.stale);
    let stale: Vec<u32> = stale.map(|one| one.number).collect();
    if !stale.is_empty() {
        lines.push(format!(
            "{} measured before the machine changed: shown, but not compared with anything.",
            match stale.as_slice() {
                [one] => format!("Trial {one} was"),
                _ => format!("{} were", trial_list(&stale)),
            }
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

/// `20.2 % less` for a ratio of 0.798.
pub(crate) fn less_or_more(ratio: f64) -> String {
    format::less_or_more(ratio)
}

/// A ratio's interval as `between 18.9 % and 21.4 % less`.
pub(crate) fn span(ratio: Interval) -> String {
    format::range(&ratio)
}
