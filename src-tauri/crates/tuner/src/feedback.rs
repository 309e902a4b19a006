//! The feedback draft: what a careful engineer would say of the last trial. The person edits it
//! before it is sent; both are kept.

use crate::words;
use wattsmith_domain::{Purpose, Repeat, SessionRecord, Threshold, Trial, TrialState, Verdict};
use wattsmith_stats::Analysis;

/// Drafts the feedback on `trial`: what changed, by how much, whether that is outside the noise,
/// which resource was busy, how far the constraints and the goal are.
#[must_use]
pub fn draft(record: &SessionRecord, analysis: &Analysis, trial: &Trial) -> String {
    let mut sentences = Vec::new();
    match &trial.state {
        TrialState::Failed { message, .. } => sentences.push(format!(
            "Trial {} ({}) failed: {message}",
            trial.number,
            changes(record, trial)
        )),
        TrialState::Discarded { cause } => {
            sentences.push(format!("Trial {} was taken back: {cause}.", trial.number));
        }
        _ => measured(record, analysis, trial, &mut sentences),
    }
    sentences.join(" ")
}

fn measured(
    record: &SessionRecord,
    analysis: &Analysis,
    trial: &Trial,
    sentences: &mut Vec<String>,
) {
    let Some(own) = analysis.trial(&trial.id) else {
        return;
    };
    let session = &record.session;
    let unit = session.workload.unit.noun();
    let estimated = trial.repeats.iter().any(|one| !one.energy.is_measured());
    let how = if estimated { " (estimated)" } else { "" };
    if let (Some(interval), Some(comparison)) = (&own.joules_per_unit, &own.comparison) {
        let figure = words::interval(interval);
        if comparison.verdict == Verdict::Reference {
            sentences.push(format!("The default used {figure} J/{unit}{how}."));
        } else {
            sentences.push(format!(
                "Trial {} ({}) used {figure} J/{unit}{how}; {}.",
                trial.number,
                changes(record, trial),
                words::verdict(comparison)
            ));
        }
    } else if let Some(mean) = own.mean {
        sentences.push(format!(
            "Trial {} ({}) used about {} J/{unit}{how}; one window alone shows no error.",
            trial.number,
            changes(record, trial),
            words::figure(mean)
        ));
    }
    if let Some(predicted) = own.predicted
        && let Some(mean) = own.mean
    {
        sentences.push(format!(
            "You had expected {} J/{unit}; it was {} %{} than that.",
            words::figure(predicted),
            words::figure((mean / predicted - 1.0).abs() * 100.0),
            if mean > predicted { " more" } else { " less" }
        ));
    }
    sentences.extend(bottleneck(&trial.repeats, !session.machine.gpus.is_empty()));
    if let (Some(own), Some(default)) = (
        &own.performance,
        record
            .default_trial()
            .and_then(|default| analysis.trial(&default.id))
            .and_then(|default| default.performance.as_ref()),
    ) {
        let beside = match trial.purpose {
            Purpose::Default => String::new(),
            Purpose::Proposal => {
                format!(" (default {})", words::figure(default.tokens_per_second))
            }
        };
        sentences.push(format!(
            "It gave {} tokens/s{beside}, with a first token after {} s in 19 of 20 requests.",
            words::figure(own.tokens_per_second),
            words::figure(own.time_to_first_token_s.p95)
        ));
    }
    sentences.extend(disturbed(trial));
    for violation in &own.violations {
        sentences.push(format!("It does not keep a constraint: {violation}."));
    }
    if let (Some(mean), Some(default)) = (own.mean, analysis.default) {
        let goal = match session.objective.threshold {
            Threshold::Joules { joules } => joules,
            Threshold::PercentBelowDefault { percent } => default.mean * (1.0 - percent / 100.0),
        };
        if mean > goal {
            sentences.push(format!(
                "The goal is {} J/{unit}, another {:.0} % down.",
                words::figure(goal),
                (1.0 - goal / mean) * 100.0
            ));
        }
    }
    if let Some(launch) = &trial.launch {
        for difference in &launch.differences {
            sentences.push(format!(
                "The engine used {} = {} instead of {}.",
                difference.name, difference.used, difference.asked
            ));
        }
    }
}

/// What was thrown away, so that a figure of few windows is not taken for a careless one.
fn disturbed(trial: &Trial) -> Option<String> {
    let last = trial.discarded.last()?;
    let (windows, were, again) = match trial.discarded.len() {
        1 => ("One window".to_owned(), "was", "it was measured again"),
        n => (format!("{n} windows"), "were", "they were measured again"),
    };
    Some(format!(
        "{windows} {were} discarded because something else disturbed the machine, and {again}; the \
         last because: {}.",
        last.cause.text.trim_end_matches('.')
    ))
}

/// Which resource the CPU seconds point to. A GPU's own load is not seen here.
fn bottleneck(repeats: &[Repeat], gpu: bool) -> Option<String> {
    let busy = busy_share(repeats)?;
    let percent = busy * 100.0;
    Some(if busy > 0.9 {
        format!("All cores were busy ({percent:.0} %): more threads cannot help.")
    } else if gpu {
        format!("The cores were busy {percent:.0} % of the time; the GPU's load is not seen here.")
    } else if busy < 0.6 {
        format!(
            "The cores were busy only {percent:.0} % of the time: there is room for more threads \
             or more requests at once, unless memory is the limit."
        )
    } else {
        format!("The cores were busy {percent:.0} % of the time.")
    })
}

/// Share of the machine's cores that the engine kept busy, 0 to 1.
#[must_use]
pub fn busy_share(repeats: &[Repeat]) -> Option<f64> {
    let possible: f64 = repeats
        .iter()
        .map(|one| one.window.0 * f64::from(one.cpu.cores))
        .sum();
    let used: f64 = repeats.iter().map(|one| one.cpu.engine_s).sum();
    (possible > 0.0 && used > 0.0).then(|| (used / possible).min(1.0))
}

/// What the trial changed against the default, in words.
fn changes(record: &SessionRecord, trial: &Trial) -> String {
    wattsmith_chat::settings(&trial.configuration, &record.session.space)
}

/// Directions nobody has gone yet: parameters that every trial left at the default.
#[must_use]
pub fn not_tried_yet(record: &SessionRecord) -> Vec<String> {
    let space = &record.session.space;
    space
        .parameters
        .iter()
        .filter(|parameter| {
            // What has one value only is no direction.
            parameter.kind.levels().len() > 1
                && record.trials.iter().all(|trial| {
                    trial.configuration.get(&parameter.name) == Some(&parameter.default)
                })
        })
        .map(|parameter| {
            format!(
                "{} has only been seen at {}",
                parameter.name, parameter.default
            )
        })
        .collect()
}
