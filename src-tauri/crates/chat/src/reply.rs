//! From the text of a reply to a configuration that can be run, or to the reason why not.
//!
//! Lenient in form, strict in substance: fences, prose, reasoning blocks, loose JSON and plain
//! `name = value` lines are understood; but nothing is guessed. Two different proposals, an
//! invented parameter, a value out of range or a text that was cut are told back to the LLM.

mod draft;
mod json;
mod lines;
mod names;
mod prose;
mod text;

use draft::Draft;
use json::{Fault, Found};
use names::Names;
use std::collections::BTreeMap;
use std::ops::Range;
use wattsmith_domain::{Configuration, ParameterSpace, Rejection, Value};

/// Different objects in one reply that are looked at.
const MOST_OBJECTS: usize = 32;

/// A proposal that can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedReply {
    /// Complete, canonical and allowed by the space.
    pub configuration: Configuration,
    /// The number of the shortlist's entry, where the reply named one.
    pub choice: Option<usize>,
    /// Why, in the LLM's words; empty when it gave no reason.
    pub reason: String,
    /// One sentence per parameter, where given.
    pub knob_reasons: BTreeMap<String, String>,
    /// Joules per unit of work that the LLM expects; finite and above 0. A prediction, never a
    /// measurement.
    pub predicted: Option<f64>,
}

/// Why a reply holds no usable proposal. Display is for the person, [`ReplyError::for_llm`] for the
/// LLM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Nothing in it is a proposal.
    #[error("the reply holds no proposal: {what}; ask again, or enter settings by hand")]
    NoProposal {
        /// What was found instead.
        what: String,
    },
    /// It ended in the middle of the proposal.
    #[error(
        "the reply was cut off in the middle of its proposal; ask again, or allow it more tokens"
    )]
    CutOff,
    /// It holds more than one.
    #[error("the reply holds different proposals ({}); ask which one is meant", proposals.join(" | "))]
    Ambiguous {
        /// Each in short.
        proposals: Vec<String>,
    },
    /// The space does not allow it.
    #[error(
        "the proposal cannot be run: {}; ask again, or correct it by hand",
        sentences(rejections)
    )]
    Rejected {
        /// Every reason.
        rejections: Vec<Rejection>,
    },
    /// The number is not in the shortlist.
    #[error("the reply chose {choice}, but the list has the numbers 1 to {most}; ask again")]
    NoSuchChoice {
        /// What it chose.
        choice: String,
        /// Entries in the list.
        most: usize,
    },
}

impl ReplyError {
    /// What to say back to the LLM: what was wrong, and what is expected.
    #[must_use]
    pub fn for_llm(&self) -> String {
        match self {
            Self::NoProposal { what } => format!(
                "no proposal was found in your answer ({what}). Answer with one JSON object as \
                 described, and nothing else."
            ),
            Self::CutOff => "your answer ended before it was complete. Answer with one short JSON \
                 object as described, the reason in one sentence."
                .to_owned(),
            Self::Ambiguous { proposals } => format!(
                "your answer holds different proposals ({}). Answer with exactly one.",
                proposals.join(" | ")
            ),
            Self::Rejected { rejections } => format!(
                "it cannot be run: {}. Stay within the parameters and ranges listed.",
                sentences(rejections)
            ),
            Self::NoSuchChoice { choice, most } => {
                format!("there is no choice {choice}. Answer with a whole number from 1 to {most}.")
            }
        }
    }
}

fn sentences(rejections: &[Rejection]) -> String {
    let sentences: Vec<String> = rejections.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}

/// What a reply is held against.
#[derive(Clone, Copy)]
struct Terms<'a> {
    space: &'a ParameterSpace,
    base: &'a Configuration,
    shortlist: Option<&'a [Configuration]>,
}

/// Finds the one proposal in a reply. Parameters that it leaves out are taken from `base`, or, with
/// a shortlist, stay at their default, as the prompt says. Of a reply longer than 1 MiB only the
/// end is read.
///
/// # Errors
/// [`ReplyError`], when there is no proposal, more than one, or one that cannot be run.
pub fn parse_reply(
    reply: &str,
    space: &ParameterSpace,
    base: &Configuration,
    shortlist: Option<&[Configuration]>,
) -> Result<ParsedReply, ReplyError> {
    wattsmith_fail_points::fail_point!("chat::reply::parsed", no_proposal("fail point"));
    let terms = Terms {
        space,
        base,
        shortlist,
    };
    let answer = text::answer(reply);
    if answer.trim().is_empty() {
        let what = if reply.trim().is_empty() {
            "it is empty"
        } else {
            "it holds reasoning only"
        };
        return Err(no_proposal(what));
    }
    let names = Names::of(space);
    let Found {
        objects,
        spans,
        fault,
    } = json::objects(answer, MOST_OBJECTS);
    let mut drafts: Vec<Draft> = objects
        .into_iter()
        .flat_map(|object| Draft::all(object, &names))
        .filter(Draft::proposes)
        .collect();
    match fault {
        // What comes after a broken or endless part cannot be trusted to be all there is.
        Some(Fault::TooMany) => return Err(no_proposal(Fault::TooMany.what())),
        Some(Fault::Cut) if drafts.is_empty() => return Err(ReplyError::CutOff),
        Some(fault) if drafts.is_empty() => return Err(no_proposal(fault.what())),
        _ if drafts.len() > MOST_OBJECTS => return Err(no_proposal(Fault::TooMany.what())),
        _ => {}
    }
    if drafts.is_empty() {
        drafts.extend(
            Some(lines::draft(answer, &names, shortlist.is_some())).filter(Draft::proposes),
        );
    }
    let parsed: Vec<ParsedReply> = drafts
        .into_iter()
        .map(|draft| draft.settle(terms))
        .collect::<Result<_, _>>()?;
    let parsed = only_one(parsed, terms)?;
    agreed(parsed, answer, &spans, &names, terms)
}

/// The proposal, unless the prose around its objects decides for another one.
fn agreed(
    parsed: ParsedReply,
    answer: &str,
    objects: &[Range<usize>],
    names: &Names,
    terms: Terms,
) -> Result<ParsedReply, ReplyError> {
    let (mut before, mut after) = (String::new(), String::new());
    let mut from = 0;
    for (index, object) in objects.iter().enumerate() {
        let prose = if index == 0 { &mut before } else { &mut after };
        prose.push_str(&answer[from..object.start]);
        prose.push('\n');
        from = object.end;
    }
    after.push_str(&answer[from..]);
    match prose::other(&before, &after, names, &parsed.configuration, parsed.choice) {
        Some(other) => {
            let own = match parsed.choice {
                Some(number) => format!("choice {number}"),
                None => crate::facts::settings(&parsed.configuration, terms.space),
            };
            Err(ReplyError::Ambiguous {
                proposals: vec![own, other],
            })
        }
        None => Ok(parsed),
    }
}

fn no_proposal(what: &str) -> ReplyError {
    ReplyError::NoProposal {
        what: what.to_owned(),
    }
}

/// Finds a proposal in an answer to a question, where there is one: a JSON object, or words of a
/// command line. Prose about settings (`threads: 4 was slower`) is no proposal here.
///
/// # Errors
/// [`ReplyError`], when there is more than one, or one that cannot be run.
pub fn find_proposal(
    reply: &str,
    space: &ParameterSpace,
    base: &Configuration,
) -> Result<Option<ParsedReply>, ReplyError> {
    let terms = Terms {
        space,
        base,
        shortlist: None,
    };
    let answer = text::answer(reply);
    let names = Names::of(space);
    let Found { objects, spans, .. } = json::objects(answer, MOST_OBJECTS);
    let mut drafts: Vec<Draft> = objects
        .into_iter()
        .flat_map(|object| Draft::all(object, &names))
        .filter(Draft::asks)
        .collect();
    if drafts.is_empty() {
        drafts.extend(Some(lines::commands(answer, &names)).filter(Draft::asks));
    }
    if drafts.is_empty() {
        return Ok(None);
    }
    let parsed: Vec<ParsedReply> = drafts
        .into_iter()
        .take(MOST_OBJECTS + 1)
        .map(|draft| draft.settle(terms))
        .collect::<Result<_, _>>()?;
    let parsed = only_one(parsed, terms)?;
    agreed(parsed, answer, &spans, &names, terms).map(Some)
}

/// Settings that a sentence names with their values, such as `parallel=8` and "8 threads".
#[must_use]
pub fn mentioned_settings(text: &str, space: &ParameterSpace) -> Vec<(String, Value)> {
    prose::mentioned(text, &Names::of(space))
}

/// The proposal that all agree on; the last one that gives reasons speaks for them.
fn only_one(parsed: Vec<ParsedReply>, terms: Terms) -> Result<ParsedReply, ReplyError> {
    let mut proposals: Vec<String> = Vec::new();
    for one in &parsed {
        let settings = crate::facts::settings(&one.configuration, terms.space);
        if !proposals.contains(&settings) {
            proposals.push(settings);
        }
    }
    if proposals.len() > 1 {
        return Err(ReplyError::Ambiguous { proposals });
    }
    parsed
        .into_iter()
        .reduce(|before, next| if next.reason.is_empty() { before } else { next })
        .ok_or_else(|| no_proposal("it is prose without settings"))
}
