//! Holds what a chat LLM says in its reasons against the record. Only what the record clearly
//! contradicts is a false claim; what is expected, wished or weighed is none.

mod facts;
mod words;

use facts::Facts;
use wattsmith_domain::{Claim, SessionRecord};
use words::{Sentence, Subject, Unit};

/// Figures that are apart by less than this share are the same figure, rounded.
const SAME: f64 = 0.05;
/// Percentage points, and share of the true figure, by which a difference in per cent may be off.
const POINTS: f64 = 2.0;
const OF_DIFFERENCE: f64 = 0.25;

/// What in `reason` the record contradicts, in the text's order.
#[must_use]
pub(crate) fn false_claims(record: &SessionRecord, reason: &str) -> Vec<Claim> {
    wattsmith_fail_points::fail_point!("tuner::claims::held", return Vec::new());
    let facts = Facts::of(record);
    // What stands before is the surrogate's own, with its own figures.
    let mark = crate::turn::offer::IN_ITS_WORDS;
    let start = reason.find(mark).map_or(0, |at| at + mark.len());
    let sentences = words::sentences(reason, start);
    let judged = sentences.iter().filter_map(|sentence| {
        let so = [goal_figure, goal_met, figure, best, tried, difference]
            .iter()
            .find_map(|judge| judge(&facts, sentence))?;
        Some(Claim {
            from: sentence.from,
            to: sentence.to,
            said: reason.get(sentence.from..sentence.to)?.to_owned(),
            so,
        })
    });
    judged.collect()
}

/// The same in an answer, which may hold settings as code: those are judged as a proposal.
#[must_use]
pub(crate) fn false_claims_in_answer(record: &SessionRecord, answer: &str) -> Vec<Claim> {
    let mut claims = false_claims(record, answer);
    let code = fenced(answer);
    claims.retain(|claim| !code.iter().any(|block| block.contains(&claim.from)));
    claims
}

/// Where fenced code stands in a text, bytes.
fn fenced(text: &str) -> Vec<std::ops::Range<usize>> {
    let fences: Vec<usize> = text.match_indices("```").map(|(at, _)| at).collect();
    let end = |at: Option<&usize>| at.map_or(text.len(), |at| at + 3);
    let blocks = fences.chunks(2);
    blocks.map(|pair| pair[0]..end(pair.get(1))).collect()
}

/// "The default already meets the goal" while nothing does.
fn goal_met(facts: &Facts, sentence: &Sentence) -> Option<String> {
    let goal = facts.goal?;
    let met = [
        "meets",
        "met",
        "reached",
        "reaches",
        "achieves",
        "achieved",
        "satisfies",
        "satisfied",
        "below",
        "under",
        "within",
        "hits",
        "beats",
    ];
    let is_met = sentence.has(&["goal", "target", "threshold"])
        && sentence.has(&met)
        && (sentence.has(&["already"]) || sentence.has_pair(&["is", "been", "was"], &met));
    if !is_met || sentence.is_open() {
        return None;
    }
    let (who, figure) = match sentence.subject() {
        Some(Subject::Default) => ("the default uses".to_owned(), facts.default?),
        Some(Subject::Trial(number)) => (format!("trial {number} uses"), facts.joules(number)?),
        _ => ("the least that was measured is".to_owned(), facts.least()?),
    };
    (figure > goal * (1.0 + 1e-6)).then(|| {
        let [goal, figure] = [goal, figure].map(crate::session::words::figure);
        format!(
            "the goal is {goal} J/{unit}, and {who} {figure}",
            unit = facts.unit
        )
    })
}

/// Another goal than the session's.
fn goal_figure(facts: &Facts, sentence: &Sentence) -> Option<String> {
    let (number, unit) = sentence.behind(&["goal", "target", "threshold"], &["of", "is", "at"])?;
    match unit {
        Unit::Percent => {
            let percent = facts.goal_percent?;
            ((number.value - percent).abs() > number.rounding().max(0.05))
                .then(|| format!("the goal is {percent} % below the default"))
        }
        Unit::Joules | Unit::None if number.has_decimals() || unit == Unit::Joules => {
            let goal = facts.goal?;
            let off = (number.value - goal).abs();
            (off > number.rounding() && off > 0.02 * goal).then(|| {
                format!(
                    "the goal is {} J/{}",
                    crate::session::words::figure(goal),
                    facts.unit
                )
            })
        }
        _ => None,
    }
}

/// A figure that a trial, the default or the best did not show.
fn figure(facts: &Facts, sentence: &Sentence) -> Option<String> {
    sentence.figures().find_map(|(subject, number, unit)| {
        let trial = match subject {
            Subject::Trial(wanted) => match facts.trial(wanted) {
                Some(trial) => trial,
                None => return Some(format!("there is no trial {wanted}")),
            },
            Subject::Default => facts.trial(facts.default_number?)?,
            Subject::Best => facts.trial(facts.best?)?,
        };
        let (seen, noun): (&[f64], String) = match unit {
            Unit::Joules => (&trial.joules, format!("J/{}", facts.unit)),
            Unit::PerSecond => (&trial.per_second, facts.rate.to_owned()),
            _ => return None,
        };
        let true_figure = *seen.first()?;
        let same = |seen: &f64| {
            let off = (number.value - seen).abs();
            off <= number.rounding() || off <= SAME * seen.abs()
        };
        (!seen.iter().any(same)).then(|| {
            let figure = crate::session::words::figure(true_figure);
            match subject {
                Subject::Default => format!("the default showed {figure} {noun}"),
                _ => format!("trial {} showed {figure} {noun}", trial.number),
            }
        })
    })
}

/// "The default is the best so far" while another trial is.
fn best(facts: &Facts, sentence: &Sentence) -> Option<String> {
    let superlative = ["best", "lowest", "fewest", "least", "most"];
    let so_far = ["far", "tried", "measured", "tested", "seen"];
    let subject = sentence.subject_before(&superlative, &["is", "was", "remains", "are"])?;
    if !sentence.has(&so_far)
        || sentence.is_open()
        || sentence.has(&["second", "among", "one", "worst"])
            && !sentence.has_pair(&["among"], &["the", "all", "options", "those"])
    {
        return None;
    }
    let joules = [
        "j",
        "joules",
        "energy",
        "best",
        "efficient",
        "energy-efficient",
    ];
    if !sentence.has(&joules) && !sentence.speaks_of_joules() {
        return None;
    }
    let number = match subject {
        Subject::Default => facts.default_number?,
        Subject::Trial(number) => number,
        Subject::Best => return None,
    };
    let (own, least) = (facts.joules(number)?, facts.joules(facts.best?)?);
    (own > least * (1.0 + 1e-6)).then(|| {
        let [own, least] = [own, least].map(crate::session::words::figure);
        format!(
            "the best so far is trial {} with {least} J/{}, against {own}",
            facts.best.unwrap_or_default(),
            facts.unit
        )
    })
}

/// "Has not been tried" of what was, and the other way round.
fn tried(facts: &Facts, sentence: &Sentence) -> Option<String> {
    let verbs = ["tried", "tested", "measured"];
    let untried = sentence.has(&["untried", "untested", "unexplored"])
        || (sentence.has(&verbs) && sentence.is_negated());
    let was_tried = sentence.has_pair(&["already", "been"], &verbs) && !sentence.is_negated();
    if !(untried || was_tried) || sentence.is_hypothetical() || sentence.subject().is_some() {
        return None;
    }
    let named = facts.named(&sentence.text);
    if named.is_empty() {
        return None;
    }
    let words = || {
        let words = named.iter().map(|(name, value)| format!("{name}={value}"));
        words.collect::<Vec<_>>().join(" ")
    };
    match facts.tried(&named) {
        Some(number) if untried => Some(format!("trial {number} had {}", words())),
        None if was_tried && !untried => Some(format!("no trial had {}", words())),
        _ => None,
    }
}

/// A difference from the default in per cent that was another one.
fn difference(facts: &Facts, sentence: &Sentence) -> Option<String> {
    if sentence.is_open()
        || sentence.has(&[
            "faster",
            "slower",
            "throughput",
            "latency",
            "tokens/s",
            "images/s",
            "speed",
        ])
    {
        return None;
    }
    let (subject, claimed) = sentence.difference_from_default()?;
    let Subject::Trial(number) = subject else {
        return None;
    };
    let Some(own) = facts.joules(number) else {
        return facts
            .trial(number)
            .is_none()
            .then(|| format!("there is no trial {number}"));
    };
    let saving = (1.0 - own / facts.default?) * 100.0;
    let off = (saving - claimed).abs();
    (off > POINTS && off > OF_DIFFERENCE * saving.abs()).then(|| {
        let word = if saving < 0.0 { "more" } else { "less" };
        format!(
            "trial {number} used {:.1} % {word} than the default",
            saving.abs()
        )
    })
}

#[cfg(test)]
mod tests;
