//! Undoing each change of a confirmed winner by itself.

use serde::{Deserialize, Serialize};
use specta::Type;

words! {
    /// What may be done with a change.
    UndoneKind {
        /// Not decided yet.
        Open,
        /// Undoing it costs nothing: it may go.
        Dropped,
        /// It earns its place.
        Earns,
        /// Not decided with the most pairs.
        Kept,
        /// It cannot be undone by itself.
        Refused,
    }
}

views! {
    /// What undoing is going to be, begun or gone on with.
    UndoOfferView {
        /// Number of the winner's trial.
        trial_number: u32,
        /// Changes that are not decided; 0 where the simpler settings alone wait to be confirmed.
        changes: u32,
        /// Minutes that usually decide them.
        minutes: u32,
        /// Whether some of it is done.
        begun: bool,
    }
    /// One change of the winner, undone while the others stand.
    UndoneView {
        /// Parameter.
        name: String,
        /// The winner's value.
        changed: String,
        /// The default's.
        default: String,
        /// What undoing it costs, of the winner's energy: "12.3 % more"; empty before the first look.
        cost: String,
        /// Its interval: "between 9.1 % and 15.6 % more"; empty with it.
        range: String,
        /// Pairs measured.
        pairs: u32,
        /// The outcome.
        verdict: UndoneKind,
        /// The outcome in words, such as "it earns its place".
        word: String,
    }
    /// What undoing each change showed.
    UndoingItem {
        /// Identity.
        id: String,
        /// Number of the winner's trial.
        trial_number: u32,
        /// Time that was allowed: "20 min".
        allowed: String,
        /// Each change.
        changes: Vec<UndoneView>,
        /// What they say together; empty for a single one.
        together: String,
        /// What became of the settings without what may be dropped; empty before they are begun.
        simpler: String,
    }
}
