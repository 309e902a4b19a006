//! Which change earned what was gained, in words: the same in window, terminal and report.

use wattsmith_domain::{SessionRecord, UndoVerdict, UndoneChange};
use wattsmith_stats::{OutcomeKind, added_up, said};

/// What undoing the changes of a winner by themselves has shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Undone {
    /// Number of the winner's trial.
    pub trial: u32,
    /// Each change.
    pub changes: Vec<UndoneSaid>,
    /// What they say together; empty for a single one.
    pub together: String,
    /// What became of the settings without what may be dropped; empty before they are begun.
    pub simpler: String,
}

/// One change in words.
#[derive(Debug, Clone, PartialEq)]
pub struct UndoneSaid {
    /// The parameter.
    pub name: String,
    /// The winner's value.
    pub changed: String,
    /// The default's, to which it is set back.
    pub default: String,
    /// What undoing it costs, of the winner's energy: `12.3 % more`; empty before the first look.
    pub cost: String,
    /// Its interval: `between 9.1 % and 15.6 % more`; empty with it.
    pub range: String,
    /// Pairs that were measured.
    pub pairs: u32,
    /// The outcome, once there is one.
    pub verdict: Option<UndoVerdict>,
    /// The outcome in words, such as `it earns its place`.
    pub word: String,
}

impl Undone {
    /// None where none was undone.
    #[must_use]
    pub fn of(record: &SessionRecord) -> Option<Self> {
        let undoing = record.undoing.as_ref()?;
        Some(Self {
            trial: record.trial(&undoing.trial).map_or(0, |one| one.number),
            changes: undoing.changes.iter().map(UndoneSaid::of).collect(),
            together: match undoing.changes.len() > 1 {
                true => together(added_up(undoing)),
                false => String::new(),
            },
            simpler: simpler(record).unwrap_or_default(),
        })
    }
}

impl UndoneSaid {
    fn of(change: &UndoneChange) -> Self {
        let cost = change.cost.as_ref();
        Self {
            name: change.name.clone(),
            changed: change.changed.to_string(),
            default: change.default.to_string(),
            cost: cost.map_or_else(String::new, |cost| said::less_or_more(cost.mean)),
            range: cost.map_or_else(String::new, said::range),
            pairs: u32::try_from(change.undone.len().min(change.winner.len())).unwrap_or(u32::MAX),
            verdict: change.verdict,
            word: word(change),
        }
    }

    /// In one sentence.
    fn line(&self) -> String {
        let what = format!(
            "{} back to {} instead of {}",
            self.name, self.default, self.changed
        );
        match self.cost.is_empty() {
            true => format!("{what}: {}.", self.word),
            false => format!(
                "{what}: {} ({}, 95 %, {} pairs); {}.",
                self.cost, self.range, self.pairs, self.word
            ),
        }
    }
}

fn word(change: &UndoneChange) -> String {
    let word = match (change.verdict, change.cost.is_some()) {
        (Some(UndoVerdict::Dropped), _) => "certainly less than 1 % more, so it may be dropped",
        (Some(UndoVerdict::Earns), _) => "it earns its place",
        (Some(UndoVerdict::Refused), _) => {
            let why = change.why.as_deref().unwrap_or("it could not be measured");
            let why = why.trim_end_matches('.');
            return format!("cannot be undone by itself ({why})");
        }
        (Some(UndoVerdict::Kept), _) => "not decided with the most pairs, so it is kept",
        (None, true) => "not decided yet, so it is kept",
        (None, false) => "not measured often enough yet, so it is kept",
    };
    word.to_owned()
}

/// One sentence for each change, then what they say together; empty where none was undone.
#[must_use]
pub fn undone_lines(record: &SessionRecord) -> Vec<String> {
    let Some(undone) = Undone::of(record) else {
        return Vec::new();
    };
    let mut lines: Vec<String> = undone.changes.iter().map(UndoneSaid::line).collect();
    lines.extend([undone.together, undone.simpler]);
    lines.retain(|line| !line.is_empty());
    lines
}

fn together(added_up: Option<f64>) -> String {
    let single = "Each was undone while the others stood: single effects need not add up";
    match added_up {
        Some(ratio) => format!(
            "{single}. Multiplied they would come to {}.",
            said::less_or_more(ratio)
        ),
        None => format!("{single}."),
    }
}

/// What became of the settings without what may be dropped.
fn simpler(record: &SessionRecord) -> Option<String> {
    let id = record.undoing.as_ref()?.simpler.as_ref()?;
    let number = record.trial(id)?.number;
    let last = record.confirmations.iter().rfind(|one| one.trial == *id);
    let word = last
        .and_then(OutcomeKind::of_confirmation)
        .map(OutcomeKind::word);
    let ratio = last.and_then(|one| one.ratio);
    Some(match (word, ratio) {
        (Some(word), Some(ratio)) => format!(
            "The simpler settings, trial {number}, were confirmed anew: {word}, {} than the default.",
            said::less_or_more(ratio.mean)
        ),
        (Some(word), None) => format!("The simpler settings, trial {number}: {word}."),
        (None, _) => format!("The simpler settings, trial {number}, are not confirmed yet."),
    })
}
