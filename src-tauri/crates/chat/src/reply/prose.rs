//! What the prose around a proposal decides, so that a reply which takes its own proposal back is asked
//! which one it means. Prose that repeats the proposal, tells of trials or weighs what might be tried
//! decides nothing.

use super::names::Names;
use wattsmith_domain::{Configuration, Kind, Parameter, Value};

/// Words that part what is decided from its reasons.
const PARTS: [&str; 9] = [
    " because ",
    " since ",
    ", so ",
    " so that ",
    " therefore ",
    ", but ",
    " — ",
    " – ",
    "; ",
];
/// Words of clauses that tell, weigh or exclude, and decide nothing.
const TELLING: [&str; 65] = [
    "trial",
    "trials",
    "tried",
    "was",
    "were",
    "did",
    "gave",
    "had",
    "has",
    "used",
    "ran",
    "measured",
    "showed",
    "default",
    "defaults",
    "baseline",
    "previous",
    "previously",
    "earlier",
    "before",
    "already",
    "could",
    "might",
    "may",
    "if",
    "unless",
    "later",
    "next",
    "then",
    "after",
    "afterwards",
    "alternatively",
    "alternative",
    "otherwise",
    "fallback",
    "not",
    "never",
    "don't",
    "dont",
    "avoid",
    "cannot",
    "can't",
    "won't",
    "too",
    "slower",
    "worse",
    "unlike",
    "compared",
    "versus",
    "vs",
    "whereas",
    "while",
    "although",
    "though",
    "when",
    "whether",
    "maybe",
    "perhaps",
    "example",
    "e.g",
    "risk",
    "further",
    "future",
    "steps",
    "step",
];
/// Words that may stand before the verb of a decision.
const BEFORE_VERB: [&str; 37] = [
    "better",
    "rather",
    "again",
    "so",
    "please",
    "and",
    "ok",
    "okay",
    "hmm",
    "well",
    "let's",
    "lets",
    "let",
    "me",
    "us",
    "i",
    "i'd",
    "i'll",
    "we",
    "we'd",
    "we'll",
    "will",
    "would",
    "should",
    "must",
    "now",
    "finally",
    "thus",
    "hence",
    "simply",
    "just",
    "also",
    "therefore",
    "to",
    "be",
    "going",
    "you",
];
/// Words with which something said before is taken back.
const TAKING_BACK: [&str; 13] = [
    "actually",
    "correction",
    "wait",
    "no",
    "sorry",
    "oops",
    "scratch",
    "scrap",
    "meant",
    "second",
    "mistake",
    "edit",
    "update",
];
/// Words that may stand before these.
const BEFORE_TAKING_BACK: [&str; 9] = ["and", "but", "hmm", "oh", "ah", "so", "on", "i", "my"];
/// Words with which somebody commits to something.
const COMMITTING: [&str; 9] = [
    "i", "i'd", "i'll", "we", "we'd", "we'll", "let's", "lets", "final",
];
/// Words that decide.
const VERBS: [&str; 27] = [
    "try",
    "use",
    "set",
    "choose",
    "pick",
    "take",
    "go",
    "run",
    "propose",
    "recommend",
    "suggest",
    "select",
    "apply",
    "make",
    "change",
    "switch",
    "increase",
    "raise",
    "reduce",
    "lower",
    "decrease",
    "keep",
    "put",
    "prefer",
    "want",
    "need",
    "configure",
];
/// Words between a parameter and its value.
const BETWEEN: [&str; 20] = [
    "to", "of", "at", "is", "be", "as", "should", "must", "value", "size", "set", "equal",
    "equals", "the", "count", "back", "down", "up", "with", "only",
];
/// Words before a number of the short list.
const CHOICES: [&str; 6] = ["choice", "option", "entry", "number", "candidate", "item"];
/// Words before a value that is not the one that is decided for.
const EXCLUDED: [&str; 4] = ["instead of", "rather than", "in place of", "than"];

/// A clause that decides for something else than the proposal; none where the prose agrees or decides
/// nothing. `before` and `after` are the prose around the proposal; of a text of plain settings all of
/// it is `after`.
pub(super) fn other(
    before: &str,
    after: &str,
    names: &Names,
    configuration: &Configuration,
    choice: Option<usize>,
) -> Option<String> {
    let differs = |said: &Said| match said {
        Said::Value(parameter, value) => configuration
            .get(&parameter.name)
            .is_some_and(|proposed| proposed != value),
        Said::Choice(number) => choice.is_some_and(|chosen| chosen != *number),
    };
    let taken_back = clauses(after).into_iter().find_map(|clause| {
        let decided = decides(&clause, true);
        let mut said = decided.then(|| said(&clause, names))?;
        // What cannot be run at all is no rival, unless the reply takes its proposal back for it.
        said.retain(|one| one.is_possible() || takes_back(&clause));
        said.iter().any(differs).then(|| told(&said, differs))
    });
    // Before the proposal somebody thinks aloud: only the last word on a matter is held against it.
    taken_back.or_else(|| {
        let decided: Vec<Said> = clauses(before)
            .into_iter()
            .filter(|clause| decides(clause, false))
            .flat_map(|clause| said(&clause, names))
            .filter(Said::is_possible)
            .collect();
        let last: Vec<&Said> = decided
            .iter()
            .enumerate()
            .filter(|(at, one)| !decided[at + 1..].iter().any(|later| later.is_about(one)))
            .map(|(_, one)| one)
            .filter(|one| differs(one) && !mentions(before, names, one, configuration))
            .collect();
        (!last.is_empty()).then(|| join(last.into_iter()))
    })
}

/// Settings that a text names with their values, each once.
pub(super) fn mentioned(text: &str, names: &Names) -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = Vec::new();
    for said in clauses(text).iter().flat_map(|clause| said(clause, names)) {
        if let Said::Value(parameter, value) = said {
            let one = (parameter.name.clone(), value);
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    found
}

/// Something that a clause says about one matter.
#[derive(Debug, Clone, PartialEq)]
enum Said<'a> {
    Value(&'a Parameter, Value),
    Choice(usize),
}

impl Said<'_> {
    fn is_about(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(one, _), Self::Value(other, _)) => one.name == other.name,
            (Self::Choice(_), Self::Choice(_)) => true,
            _ => false,
        }
    }

    fn is_possible(&self) -> bool {
        match self {
            Self::Value(parameter, value) => parameter.kind.contains(value),
            Self::Choice(_) => true,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Value(parameter, value) => format!("{}={value}", parameter.name),
            Self::Choice(number) => format!("choice {number}"),
        }
    }
}

fn told<'a>(said: &[Said<'a>], differs: impl Fn(&Said<'a>) -> bool) -> String {
    join(said.iter().filter(|one| differs(one)))
}

fn join<'a, 'b: 'a>(said: impl Iterator<Item = &'a Said<'b>>) -> String {
    said.map(Said::told).collect::<Vec<_>>().join(" ")
}

/// Whether the proposed value is spoken of, too: then somebody has weighed the two.
fn mentions(text: &str, names: &Names, one: &Said, configuration: &Configuration) -> bool {
    let Said::Value(parameter, _) = one else {
        return false;
    };
    clauses(text).iter().any(|clause| {
        said(clause, names).iter().any(|said| match said {
            Said::Value(other, value) => {
                other.name == parameter.name && configuration.get(&other.name) == Some(value)
            }
            Said::Choice(_) => false,
        })
    })
}

/// The clauses of a text as plain words.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let mut text = text.to_lowercase().replace('’', "'");
    // A full stop within a number or a name is none.
    for end in [". ", ".\n", "!", "?", "\n"] {
        text = text.replace(end, "\u{1}");
    }
    for part in PARTS {
        text = text.replace(part, "\u{1}");
    }
    text.split('\u{1}')
        .map(|clause| {
            let clause = clause.replace(
                [
                    '=', ':', '`', '*', '"', '(', ')', ',', '{', '}', '[', ']', '|',
                ],
                " ",
            );
            let words = clause.split_whitespace();
            words
                .map(|word| {
                    word.trim_matches(|letter: char| ".\'".contains(letter))
                        .to_owned()
                })
                .filter(|word| !word.is_empty())
                .collect()
        })
        .filter(|clause: &Vec<String>| !clause.is_empty())
        .collect()
}

fn is(word: &str, list: &[&str]) -> bool {
    list.contains(&word)
}

/// Whether a clause decides something. `after` a proposal an order is enough, or a word that takes
/// back; before it somebody has to commit to it.
fn decides(clause: &[String], after: bool) -> bool {
    if clause.iter().any(|word| is(word, &TELLING)) {
        return false;
    }
    let mut rest = clause.iter().skip_while(|word| {
        is(word, &BEFORE_VERB) || is(word, &TAKING_BACK) || is(word, &["on", "thought"])
    });
    let verb = rest.next().is_some_and(|word| is(word, &VERBS));
    if !after {
        let mine = clause.first().is_some_and(|word| word == "my")
            && clause
                .iter()
                .any(|word| is(word, &["proposal", "choice", "recommendation", "answer"]));
        return mine || (verb && clause.iter().take(2).any(|word| is(word, &COMMITTING)));
    }
    let should = clause
        .windows(2)
        .any(|pair| is(&pair[0], &["should", "must"]) && pair[1] == "be");
    verb || should || takes_back(clause)
}

/// Whether a clause takes back what was said before it.
fn takes_back(clause: &[String]) -> bool {
    let mut start = clause
        .iter()
        .skip_while(|word| is(word, &BEFORE_TAKING_BACK));
    start.next().is_some_and(|word| is(word, &TAKING_BACK))
        || clause.iter().any(|word| word == "instead")
}

/// What a clause says of parameters and of the list.
fn said<'a>(clause: &[String], names: &Names<'a>) -> Vec<Said<'a>> {
    let mut found = Vec::new();
    // Words before it belong to something else already.
    let mut free = 0;
    let mut at = 0;
    while at < clause.len() {
        if is_excluded(clause, at) {
            // Up to the value that is excluded.
            at += 1;
            while at < clause.len() && number(&clause[at]).is_none() {
                at += 1;
            }
            at += 1;
            free = at;
            continue;
        }
        if is(&clause[at], &CHOICES)
            && let Some(chosen) = clause.get(at + 1).and_then(|word| number(word))
            && let Ok(chosen) = usize::try_from(chosen)
        {
            found.push(Said::Choice(chosen));
            at += 2;
            continue;
        }
        // The longest name first: "threads batch" is none of "threads".
        let named = [2, 1].into_iter().find_map(|length| {
            let name = clause.get(at..at + length)?.join("-");
            Some((names.find(&name)?, length))
        });
        let Some((parameter, length)) = named else {
            at += 1;
            continue;
        };
        let (value, next) = after(clause, at + length, parameter);
        let value = value.or_else(|| {
            let before = at.checked_sub(1).filter(|before| *before >= free)?;
            let counted = matches!(parameter.kind, Kind::Int { .. });
            number(&clause[before]).filter(|_| counted).map(Value::Int)
        });
        if let Some(value) = value {
            let value = parameter.kind.coerce(&value).unwrap_or(value);
            found.push(Said::Value(parameter, value));
        }
        (at, free) = (next, next);
    }
    found
}

fn is_excluded(clause: &[String], at: usize) -> bool {
    EXCLUDED.iter().any(|phrase| {
        let words: Vec<&str> = phrase.split(' ').collect();
        clause
            .get(at..at + words.len())
            .is_some_and(|here| here.iter().zip(&words).all(|(one, other)| one == other))
    })
}

/// The value that stands behind a parameter, and where the clause goes on. Of "from 4 to 8" and
/// "4 → 8" it is the last.
fn after(clause: &[String], from: usize, parameter: &Parameter) -> (Option<Value>, usize) {
    let mut at = from;
    while at < clause.len() && at < from + 4 && is(&clause[at], &BETWEEN) {
        at += 1;
    }
    if clause.get(at).is_some_and(|word| word == "from") {
        at += 1;
    }
    let Some(mut value) = clause.get(at).and_then(|word| value(parameter, word)) else {
        return (None, from);
    };
    at += 1;
    while clause
        .get(at)
        .is_some_and(|word| is(word, &["to", "→", "->"]))
        && let Some(next) = clause
            .get(at + 1)
            .and_then(|word| self::value(parameter, word))
    {
        value = next;
        at += 2;
    }
    (Some(value), at)
}

fn value(parameter: &Parameter, word: &str) -> Option<Value> {
    match &parameter.kind {
        Kind::Int { .. } => number(word).map(Value::Int),
        Kind::Float { .. } => word.parse().ok().map(Value::Float),
        Kind::Bool => match word {
            "on" | "true" | "enabled" => Some(Value::Bool(true)),
            "off" | "false" | "disabled" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Choice { options } => {
            let option = options.iter().find(|one| one.to_lowercase() == *word)?;
            Some(Value::Choice(option.clone()))
        }
    }
}

fn number(word: &str) -> Option<i64> {
    word.trim_start_matches('#').parse().ok()
}
