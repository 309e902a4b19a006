//! The feedback draft: what a careful engineer would say of the last trial. The person edits it
//! before it is sent; both are kept.

use crate::session::words;
use crate::turn::bottleneck;
use wattsmith_domain::{
    Constraints, Parameter, Performance, Purpose, SessionRecord, Threshold, Trial, TrialState,
    Verdict, WorkUnit,
};
use wattsmith_stats::{Analysis, said, than_predicted};

/// How the line begins that names what nobody has turned yet.
const NOT_TRIED: &str = "\nNot tried yet: ";
/// A limit that is kept by less is mentioned as a narrow one.
const NARROW: f64 = 0.05;

/// Drafts the feedback on `trial`: what changed, by how much, whether that is outside the noise,
/// what held it back, how far the constraints and the goal are; on a line of its own, what has not
/// been tried.
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
    let mut draft = sentences.join(" ");
    if !draft.is_empty()
        && let Some(untried) = untried(record)
    {
        draft.push_str(NOT_TRIED);
        draft.push_str(&untried);
    }
    draft
}

/// A draft without its line on what has not been tried: the prompt has a section of its own for that.
#[must_use]
pub fn seen(draft: &str) -> &str {
    draft.split(NOT_TRIED).next().unwrap_or(draft)
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
    let work = session.workload.unit;
    let unit = work.noun();
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
        && let Some(came) = than_predicted(trial, own)
    {
        let predicted = words::figure(predicted);
        sentences.push(format!(
            "You had expected {predicted} J/{unit}; it was {came}."
        ));
    }
    sentences.extend(bottleneck::of(record, trial));
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
            "It gave {} {}{beside}, with {} after {} s in 19 of 20 requests.",
            words::figure(own.tokens_per_second),
            work.rate(),
            awaited(work),
            words::figure(own.time_to_first_token_s.p95)
        ));
    }
    sentences.extend(words::pictures(&trial.repeats));
    sentences.extend(words::answers(trial));
    sentences.extend(disturbed(trial));
    for violation in &own.violations {
        sentences.push(format!("It does not keep a constraint: {violation}."));
    }
    if let Some(performance) = &own.performance {
        sentences.extend(margins(&session.objective.constraints, work, performance));
    }
    if let (Some(mean), Some(default)) = (own.mean, analysis.default) {
        let goal = match session.objective.threshold {
            Threshold::Joules { joules } => joules,
            Threshold::PercentBelowDefault { percent } => default.mean * (1.0 - percent / 100.0),
        };
        if mean > goal {
            sentences.push(format!(
                "The goal is {} J/{unit}, {} than this.",
                words::figure(goal),
                said::less_or_more(goal / mean)
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

/// What a client waited for, as a sentence has it.
fn awaited(work: WorkUnit) -> &'static str {
    match work {
        WorkUnit::OutputToken => "a first token",
        WorkUnit::Image => "its pictures",
    }
}

/// How far the limits are that it keeps, each in per cent of the limit.
fn margins(constraints: &Constraints, work: WorkUnit, seen: &Performance) -> Vec<String> {
    let speed = constraints.min_tokens_per_second.map(|least| {
        let room = seen.tokens_per_second / least - 1.0;
        (format!("at least {least} {}", work.rate()), room)
    });
    let first_token = constraints.max_time_to_first_token_s.map(|most| {
        let room = 1.0 - seen.time_to_first_token_s.p95 / most;
        (format!("{} within {most} s", awaited(work)), room)
    });
    let kept = speed.into_iter().chain(first_token);
    kept.filter(|(_, room)| *room >= 0.0)
        .map(|(limit, room)| {
            let only = if room < NARROW { "only " } else { "" };
            match room < 1.0 {
                true => format!(
                    "It keeps the limit of {limit} with {only}{} to spare.",
                    words::percent(room)
                ),
                false => format!(
                    "It keeps the limit of {limit} {} times over.",
                    words::figure(1.0 + room)
                ),
            }
        })
        .collect()
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

/// What the trial changed against the default, in words.
fn changes(record: &SessionRecord, trial: &Trial) -> String {
    wattsmith_chat::settings(&trial.configuration, &record.session.space)
}

/// Directions nobody has gone yet: parameters that every trial left at the default.
#[must_use]
pub fn not_tried_yet(record: &SessionRecord) -> Vec<String> {
    unturned(record)
        .map(|parameter| {
            format!(
                "{} has only been seen at {}",
                parameter.name, parameter.default
            )
        })
        .collect()
}

/// The same in one line; none where everything was turned.
fn untried(record: &SessionRecord) -> Option<String> {
    let names: Vec<&str> = unturned(record).map(|one| one.name.as_str()).collect();
    match names.len() {
        0 => None,
        all if all == turnable(record).count() => Some("anything but the default.".to_owned()),
        _ => Some(format!("another value of {}.", names.join(", "))),
    }
}

/// Parameters with more than one value: what has one only is no direction.
fn turnable(record: &SessionRecord) -> impl Iterator<Item = &Parameter> {
    let parameters = record.session.space.parameters.iter();
    parameters.filter(|parameter| parameter.kind.levels().len() > 1)
}

fn unturned(record: &SessionRecord) -> impl Iterator<Item = &Parameter> {
    turnable(record).filter(|parameter| {
        let mut tried = record.trials.iter().map(|trial| &trial.configuration);
        tried.all(|one| one.get(&parameter.name) == Some(&parameter.default))
    })
}
