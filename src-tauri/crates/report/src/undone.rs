//! Which change earned what was gained, in sentences: the same in terminal and report.

use wattsmith_domain::{Interval, SessionRecord, UndoVerdict, UndoneChange};
use wattsmith_stats::{OutcomeKind, added_up, said};

/// One sentence for each change, then what they say together; empty where none was undone.
#[must_use]
pub fn undone_lines(record: &SessionRecord) -> Vec<String> {
    let Some(undoing) = &record.undoing else {
        return Vec::new();
    };
    let mut lines: Vec<String> = undoing.changes.iter().map(of_change).collect();
    if undoing.changes.len() > 1 {
        lines.push(together(added_up(undoing)));
    }
    lines.extend(simpler(record));
    lines
}

fn of_change(change: &UndoneChange) -> String {
    let what = format!(
        "{} back to {} instead of {}",
        change.name, change.default, change.changed
    );
    let cost = change.cost.as_ref().map(cost);
    match (change.verdict, cost) {
        (Some(UndoVerdict::Dropped), Some(cost)) => {
            format!("{what}: {cost}; certainly less than 1 % more, so it may be dropped.")
        }
        (Some(UndoVerdict::Earns), Some(cost)) => format!("{what}: {cost}; it earns its place."),
        (Some(UndoVerdict::Refused), _) => {
            let why = change.why.as_deref().unwrap_or("it could not be measured");
            format!(
                "{what}: cannot be undone by itself ({}).",
                why.trim_end_matches('.')
            )
        }
        (Some(UndoVerdict::Kept), Some(cost)) => {
            format!("{what}: {cost}; not decided with the most pairs, so it is kept.")
        }
        (_, Some(cost)) => format!("{what}: {cost}; not decided yet, so it is kept."),
        (_, None) => format!("{what}: not measured often enough yet, so it is kept."),
    }
}

/// Such as `12.3 % more (9.1 to 15.6 %, 5 pairs)`.
fn cost(cost: &Interval) -> String {
    let percent = |ratio: f64| format!("{:.1}", 100.0 * (ratio - 1.0));
    format!(
        "{} (95 %: {} to {} %, {} pairs)",
        said::less_or_more(cost.mean),
        percent(cost.low),
        percent(cost.high),
        cost.n
    )
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
