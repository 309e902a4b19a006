//! Settings in a reply without JSON: `--threads 4` as on a command line, `threads = 4`,
//! `- **threads**: 4`, a table row, or the number of a choice.

use super::draft::Draft;
use super::json::Node;
use super::names::{Names, plain};
use wattsmith_domain::{Kind, Parameter};

/// Flags of a whole command line that are no settings.
const NO_SETTINGS: [&str; 6] = ["model", "host", "port", "alias", "apikey", "help"];
/// Longer values without a digit are prose about a parameter.
const MOST_WORDS: usize = 3;
/// Words after which a number is a choice.
const CHOICE_WORDS: [&str; 8] = [
    "choice", "choose", "chose", "option", "entry", "number", "pick", "select",
];

/// What a text without JSON proposes.
pub(super) fn draft(text: &str, names: &Names, with_shortlist: bool) -> Draft {
    let mut draft = Draft::default();
    settings(text, names, &mut draft);
    if with_shortlist && !draft.proposes() {
        choices(text, &mut draft);
    }
    draft
}

/// What the command lines in a text propose.
pub(super) fn commands(text: &str, names: &Names) -> Draft {
    let mut draft = Draft::default();
    for line in text.lines() {
        let line = line.replace(['`', '*', '"', '\\'], " ");
        flags(line.trim(), names, &mut draft);
    }
    draft
}

/// Takes the settings in a text into a draft.
pub(super) fn settings(text: &str, names: &Names, draft: &mut Draft) {
    for line in text.lines() {
        let line = line.replace(['`', '*', '"', '\\'], " ");
        let line = line.trim();
        if flags(line, names, draft) {
            continue;
        }
        for (name, written) in pairs(line) {
            match names.find(name) {
                Some(parameter) => setting(parameter, written, draft),
                None => draft.label(name.trim(), written),
            }
        }
    }
}

/// Reads a line with flags; false when it has none.
fn flags(line: &str, names: &Names, draft: &mut Draft) -> bool {
    let mut words = line.split_whitespace().peekable();
    let mut any = false;
    while let Some(word) = words.next() {
        let is_flag = word.strip_prefix("--");
        if !is_flag.is_some_and(|name| name.starts_with(|first: char| first.is_alphabetic())) {
            continue;
        }
        any = true;
        let (flag, given) = match word.split_once('=') {
            Some((flag, given)) => (flag, Some(given)),
            None => (word, None),
        };
        if let Some((parameter, on)) = names.switch(flag) {
            draft.ask(parameter, &Node::Bool(on));
            continue;
        }
        let next = given.or_else(|| words.next_if(|next| !next.starts_with("--")));
        match (names.find(flag), next) {
            (Some(parameter), Some(written)) => {
                let written = written.trim_end_matches([',', ';']);
                draft.ask(parameter, &Node::Text(written.to_owned()));
            }
            (Some(parameter), None) => draft.ask(parameter, &Node::Bool(true)),
            (None, _) if NO_SETTINGS.contains(&plain(flag).as_str()) => {}
            (None, _) => draft.invent(flag),
        }
    }
    any
}

/// Names and values in a line: several of `a=1 b=2`, or one of `a: 1` and `| a | 1 |`.
fn pairs(line: &str) -> Vec<(&str, &str)> {
    let equals = line.matches('=').count();
    if equals > 1 {
        return line
            .split([' ', ',', ';', '|'])
            .filter_map(|part| part.split_once('='))
            .collect();
    }
    let list_mark = |letter: char| " -•+>#|".contains(letter) || letter.is_ascii_digit();
    let unmarked = if line.starts_with(|first: char| first.is_ascii_digit()) {
        line.split_once(['.', ')']).map_or(line, |(_, rest)| rest)
    } else {
        line
    };
    unmarked
        .trim_start_matches(list_mark)
        .split_once([':', '=', '|', '→'])
        .into_iter()
        .collect()
}

fn setting(parameter: &Parameter, written: &str, draft: &mut Draft) {
    let written = without_remark(written);
    if !written.is_empty() && !is_prose(&parameter.kind, written) {
        draft.ask(parameter, &Node::Text(written.to_owned()));
    }
}

/// "4 (the physical cores)", "4.", "4 |" and "4, because …" all say 4; "4, 8" says two things.
fn without_remark(written: &str) -> &str {
    let written = written.split('(').next().unwrap_or_default();
    let written = [",", ";", " because "]
        .iter()
        .fold(written, |written, mark| match written.split_once(mark) {
            Some((value, rest)) if !has_digit(rest) => value,
            _ => written,
        });
    written.trim().trim_end_matches(['.', ',', ';', '|']).trim()
}

fn has_digit(text: &str) -> bool {
    text.contains(|letter: char| letter.is_ascii_digit())
}

/// Whether a text speaks about a parameter without naming any value that it could take.
fn is_prose(kind: &Kind, text: &str) -> bool {
    let mut words = text.split_whitespace();
    let is_value = |word: &str| match kind {
        Kind::Choice { options } => options.iter().any(|option| option == word),
        Kind::Bool => matches!(word, "on" | "off"),
        Kind::Int { .. } | Kind::Float { .. } => false,
    };
    words.clone().count() > MOST_WORDS && !has_digit(text) && !words.any(is_value)
}

/// The numbers that a text calls its choice.
fn choices(text: &str, draft: &mut Draft) {
    let is_number = |word: &str| {
        let digits = word.trim_start_matches('#');
        !digits.is_empty() && digits.len() < 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let bare = |word: &str| {
        word.trim_matches(|letter: char| !(letter.is_alphanumeric() || letter == '#'))
            .to_lowercase()
    };
    let whole = bare(text.trim());
    if is_number(&whole) {
        draft.choose(&whole);
        return;
    }
    let words: Vec<String> = text.split([' ', '\n', '\t', ':', '=']).map(bare).collect();
    let words: Vec<&String> = words.iter().filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        let announced = CHOICE_WORDS.contains(&pair[0].as_str()) || Draft::is_choice_label(pair[0]);
        if announced && is_number(pair[1]) {
            draft.choose(pair[1]);
        }
    }
}
