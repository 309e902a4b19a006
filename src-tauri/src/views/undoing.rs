//! What is offered to be undone of a confirmed winner, and what undoing each of its changes showed.

use crate::wire::{UndoOfferView, UndoingItem, UndoneKind, UndoneView};
use wattsmith_tuner::UndoOffer;
use wattsmith_tuner::domain::{SessionRecord, UndoVerdict};
use wattsmith_tuner::report::{Undone, UndoneSaid};
use wattsmith_tuner::stats::{Analysis, said};

/// What undoing would be; none where nothing is left to be known.
pub(super) fn offer(record: &SessionRecord, analysis: &Analysis) -> Option<UndoOfferView> {
    UndoOffer::of(record, analysis).map(|one| UndoOfferView {
        trial_number: one.trial,
        changes: one.changes,
        minutes: one.minutes,
        begun: one.begun,
    })
}

/// The entry of the story; none where nothing was undone.
pub(super) fn item(record: &SessionRecord) -> Option<UndoingItem> {
    let undoing = record.undoing.as_ref()?;
    let seen = Undone::of(record)?;
    Some(UndoingItem {
        id: format!("undoing-{}", undoing.trial),
        trial_number: seen.trial,
        allowed: said::span(undoing.allowed_s),
        changes: seen.changes.into_iter().map(change).collect(),
        together: seen.together,
        simpler: seen.simpler,
    })
}

/// After which entry it stands: the last word about the winner before it was begun.
pub(super) fn shown_after(record: &SessionRecord) -> &str {
    let Some(undoing) = &record.undoing else {
        return "";
    };
    let mut of_it = record.confirmations.iter();
    let confirmed = of_it.rfind(|one| one.trial == undoing.trial);
    confirmed.map_or(undoing.trial.0.as_str(), |one| one.id.0.as_str())
}

fn change(one: UndoneSaid) -> UndoneView {
    UndoneView {
        name: one.name,
        changed: one.changed,
        default: one.default,
        cost: one.cost,
        range: one.range,
        pairs: one.pairs,
        verdict: match one.verdict {
            None => UndoneKind::Open,
            Some(UndoVerdict::Dropped) => UndoneKind::Dropped,
            Some(UndoVerdict::Earns) => UndoneKind::Earns,
            Some(UndoVerdict::Kept) => UndoneKind::Kept,
            Some(UndoVerdict::Refused) => UndoneKind::Refused,
        },
        word: one.word,
    }
}
