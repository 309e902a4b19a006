//! Each change of a confirmed winner, undone by itself: which of them earned what was gained.

use crate::configuration::Configuration;
use crate::id::{SessionId, TrialId};
use crate::measurement::{Interval, Repeat};
use crate::noise::PairSpread;
use crate::parameter::Value;
use crate::units::Joules;
use serde::{Deserialize, Serialize};

/// What may be done with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UndoVerdict {
    /// Undoing it certainly costs less than 1 %: it may be dropped.
    Dropped,
    /// Undoing it certainly costs more than that: it earns its place.
    Earns,
    /// The minutes were used up before that was decided: it is kept.
    Kept,
    /// Without it the settings cannot be started, or nothing could be measured: it is kept.
    Refused,
}

/// One change, undone while all others stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoneChange {
    /// The parameter.
    pub name: String,
    /// Its value in the winner.
    pub changed: Value,
    /// The default's, to which it is set back.
    pub default: Value,
    /// Windows with it undone.
    pub undone: Vec<Repeat>,
    /// Windows of the winner, taken in turns with them.
    pub winner: Vec<Repeat>,
    /// J/unit with it undone over the winner's: above 1 it costs something. Wide enough for all looks at it.
    pub cost: Option<Interval>,
    /// The outcome, once there is one.
    pub verdict: Option<UndoVerdict>,
    /// Why it was refused, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// All changes of a winner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undoing {
    /// Where it belongs.
    pub session: SessionId,
    /// The winner.
    pub trial: TrialId,
    /// Seconds that the person allowed.
    pub allowed_s: f64,
    /// What the log ratio of a pair was expected to vary by beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<PairSpread>,
    /// The changes.
    pub changes: Vec<UndoneChange>,
    /// The trial of the settings without those that may be dropped, once it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simpler: Option<TrialId>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl Undoing {
    /// The winner's settings with one change undone.
    #[must_use]
    pub fn without(winner: &Configuration, change: &UndoneChange) -> Configuration {
        let mut settings = winner.clone();
        settings.set(&change.name, change.default.clone());
        settings
    }

    /// The winner's settings without all that may be dropped; none where nothing may, or all would go.
    #[must_use]
    pub fn simpler(&self, winner: &Configuration) -> Option<Configuration> {
        let dropped = |one: &&UndoneChange| one.verdict == Some(UndoVerdict::Dropped);
        let dropped: Vec<&UndoneChange> = self.changes.iter().filter(dropped).collect();
        if dropped.is_empty() || dropped.len() == self.changes.len() {
            return None;
        }
        let mut settings = winner.clone();
        for change in dropped {
            settings.set(&change.name, change.default.clone());
        }
        Some(settings)
    }

    /// Joules spent on it.
    #[must_use]
    pub fn energy_spent(&self) -> Joules {
        let windows = self
            .changes
            .iter()
            .flat_map(|one| one.undone.iter().chain(&one.winner));
        windows.map(|one| one.energy.gross + one.overhead).sum()
    }
}
