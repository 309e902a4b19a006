//! A reason's sentences as words and figures.

/// Of whom something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Default,
    Best,
    Trial(u32),
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Joules,
    PerSecond,
    Percent,
    None,
}

/// A figure as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub value: f64,
    decimals: i32,
}

impl Number {
    /// What rounding can have taken or added.
    pub fn rounding(self) -> f64 {
        0.6 * 10_f64.powi(-self.decimals)
    }

    pub fn has_decimals(self) -> bool {
        self.decimals > 0
    }
}

/// Words that say of something that it is expected, wished or possible, and no fact.
const OPEN: [&str; 27] = [
    "would",
    "could",
    "will",
    "should",
    "may",
    "might",
    "if",
    "expect",
    "expects",
    "expected",
    "predict",
    "predicts",
    "predicted",
    "promises",
    "likely",
    "probably",
    "aim",
    "aims",
    "hope",
    "hopes",
    "can",
    "closer",
    "near",
    "towards",
    "toward",
    "until",
    "unless",
];
const NOT: [&str; 9] = [
    "not", "never", "no", "yet", "without", "nor", "none", "neither", "hardly",
];
/// Words that part a figure from what stands before it.
const APART: [&str; 23] = [
    "by",
    "than",
    "below",
    "above",
    "less",
    "more",
    "lower",
    "higher",
    "save",
    "saves",
    "saving",
    "saved",
    "difference",
    "from",
    "to",
    "goal",
    "target",
    "threshold",
    "limit",
    "within",
    "under",
    "over",
    "between",
];
/// Most words between a subject and its figure.
const FAR: usize = 8;

/// One word.
#[derive(Debug, Clone, PartialEq)]
struct Word {
    text: String,
    number: Option<(Number, Unit)>,
}

/// One sentence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sentence {
    /// Where it begins, bytes.
    pub from: usize,
    /// Where it ends, without its full stop.
    pub to: usize,
    /// As it was written.
    pub text: String,
    words: Vec<Word>,
}

/// The sentences of a text from `start` on.
pub(super) fn sentences(text: &str, start: usize) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut from = start;
    let mut letters = text[start..].char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        let ends = match letter {
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            ';' | '\n' => true,
            _ => false,
        };
        if ends {
            push(text, from, start + at, &mut sentences);
            from = start + at + letter.len_utf8();
        }
    }
    push(text, from, text.len(), &mut sentences);
    sentences
}

fn push(text: &str, from: usize, to: usize, sentences: &mut Vec<Sentence>) {
    let Some(part) = text.get(from..to) else {
        return;
    };
    let trimmed = part.trim();
    if trimmed.is_empty() {
        return;
    }
    let from = from + (part.len() - part.trim_start().len());
    sentences.push(Sentence {
        from,
        to: from + trimmed.len(),
        text: trimmed.to_owned(),
        words: words(trimmed),
    });
}

fn words(text: &str) -> Vec<Word> {
    let text = text
        .to_lowercase()
        .replace('’', "'")
        .replace(['(', ')', '=', ','], " ");
    let text = text.replace("per cent", "%").replace("percent", "%");
    let raw: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|letter: char| ":;\"'`*".contains(letter)))
        .filter(|word| !word.is_empty())
        .collect();
    (0..raw.len())
        .map(|at| Word {
            text: raw[at].to_owned(),
            number: number(raw[at], raw.get(at + 1..).unwrap_or_default()),
        })
        .collect()
}

fn number(word: &str, next: &[&str]) -> Option<(Number, Unit)> {
    let word = word.trim_start_matches(['~', '≈', '±', '<', '>']);
    let end = word
        .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .unwrap_or(word.len());
    let (digits, rest) = word.split_at(end);
    let digits = digits.trim_end_matches('.');
    let value: f64 = digits.parse().ok()?;
    let decimals = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    let unit = if rest.is_empty() {
        let together = next.iter().take(3).copied().collect::<Vec<_>>().join(" ");
        unit(&together)
    } else {
        unit(rest)
    };
    // "4-core", "2x", "3rd": no figure.
    if !rest.is_empty() && unit == Unit::None {
        return None;
    }
    let decimals = i32::try_from(decimals).unwrap_or(9);
    Some((Number { value, decimals }, unit))
}

fn unit(text: &str) -> Unit {
    let starts = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    let first = text.split_whitespace().next().unwrap_or_default();
    if first == "j" || starts(&["j/", "joule", "j per"]) {
        Unit::Joules
    } else if starts(&[
        "tok/s",
        "tokens/s",
        "t/s",
        "tokens per second",
        "tok per second",
        "images/s",
        "images per second",
        "image/s",
    ]) {
        Unit::PerSecond
    } else if starts(&["%"]) {
        Unit::Percent
    } else {
        Unit::None
    }
}

fn is(word: &Word, list: &[&str]) -> bool {
    list.contains(&word.text.as_str())
}

impl Sentence {
    pub fn has(&self, list: &[&str]) -> bool {
        self.words.iter().any(|word| is(word, list))
    }

    /// Whether one of `second` follows one of `first` within three words.
    pub fn has_pair(&self, first: &[&str], second: &[&str]) -> bool {
        (0..self.words.len()).any(|at| {
            is(&self.words[at], first)
                && self.words[at + 1..]
                    .iter()
                    .take(3)
                    .any(|word| is(word, second))
        })
    }

    pub fn is_negated(&self) -> bool {
        let shortened = |word: &Word| word.text.ends_with("n't");
        self.has(&NOT) || self.words.iter().any(shortened)
    }

    pub fn is_hypothetical(&self) -> bool {
        self.has(&OPEN)
    }

    /// Whether it denies something, or leaves it open.
    pub fn is_open(&self) -> bool {
        self.is_negated()
            || self.is_hypothetical()
            || self.has_pair(&["to"], &["reach", "meet", "get", "achieve"])
    }

    pub fn speaks_of_joules(&self) -> bool {
        let joules = |word: &Word| matches!(word.number, Some((_, Unit::Joules)));
        self.words.iter().any(joules)
    }

    /// The subject that begins at a word, and how many words it takes.
    fn subject_at(&self, at: usize) -> Option<(Subject, usize)> {
        let word = &self.words[at];
        match word.text.as_str() {
            "default" | "defaults" => Some((Subject::Default, 1)),
            "best" => Some((Subject::Best, 1)),
            "trial" => {
                let number = self.words.get(at + 1)?.text.trim_start_matches('#');
                let number = number.trim_end_matches(|letter: char| !letter.is_ascii_digit());
                Some((Subject::Trial(number.parse().ok()?), 2))
            }
            _ => None,
        }
    }

    /// The first one of whom it speaks, where it speaks of one trial alone.
    pub fn subject(&self) -> Option<Subject> {
        let mut subjects = (0..self.words.len()).filter_map(|at| self.subject_at(at));
        subjects.next().map(|(subject, _)| subject)
    }

    /// Each figure with the one of whom it is said.
    pub fn figures(&self) -> impl Iterator<Item = (Subject, Number, Unit)> + '_ {
        (0..self.words.len()).filter_map(|at| {
            let (number, unit) = self.words[at].number?;
            let (subject, behind) = (at.saturating_sub(FAR)..at).rev().find_map(|place| {
                let (subject, length) = self.subject_at(place)?;
                Some((subject, place + length))
            })?;
            let between = self.words.get(behind..at)?;
            // "0.23 J/token and 540 tokens/s" are both said of the same one.
            let another = |word: &Word| {
                word.number.is_some_and(|(_, other)| {
                    other == unit || matches!(other, Unit::None | Unit::Percent)
                })
            };
            let apart = between
                .iter()
                .any(|word| is(word, &APART) || is(word, &OPEN) || is(word, &NOT) || another(word));
            (!apart).then_some((subject, number, unit))
        })
    }

    /// The figure that stands behind one of `nouns` and one of `links`.
    pub fn behind(&self, nouns: &[&str], links: &[&str]) -> Option<(Number, Unit)> {
        (0..self.words.len()).find_map(|at| {
            let linked = is(&self.words[at], nouns) && is(self.words.get(at + 1)?, links);
            self.words.get(at + 2)?.number.filter(|_| linked)
        })
    }

    /// The subject before one of `nouns`, with one of `verbs` between.
    pub fn subject_before(&self, nouns: &[&str], verbs: &[&str]) -> Option<Subject> {
        let noun = self.words.iter().position(|word| is(word, nouns))?;
        let (subject, behind) = (0..noun).rev().find_map(|place| {
            let (subject, length) = self.subject_at(place)?;
            Some((subject, place + length))
        })?;
        let between = self.words.get(behind..noun)?;
        (between.len() <= FAR && between.iter().any(|word| is(word, verbs))).then_some(subject)
    }

    /// Such as "trial 3 used 12 % less than the default": of whom, and how much less in per cent.
    pub fn difference_from_default(&self) -> Option<(Subject, f64)> {
        (0..self.words.len()).find_map(|at| {
            let (number, Unit::Percent) = self.words[at].number? else {
                return None;
            };
            let after = self.words.get(at + 1..)?;
            // A sign of its own stands between the figure and its word.
            let word = after.iter().take(3).find(|word| word.text != "%")?;
            let sign = match word.text.as_str() {
                "less" | "lower" | "better" | "fewer" | "below" | "under" => 1.0,
                "more" | "higher" | "worse" | "above" | "over" => -1.0,
                _ => return None,
            };
            let of_default = after
                .iter()
                .take(6)
                .any(|word| is(word, &["default", "defaults"]));
            let (subject, _) = (at.saturating_sub(FAR)..at)
                .rev()
                .find_map(|place| self.subject_at(place))?;
            of_default.then_some((subject, sign * number.value))
        })
    }
}
