//! What is kept of a window so that somebody else can work out its joules again.

use crate::id::{ConfirmationId, TrialId};
use crate::record::SessionRecord;
use crate::units::{Joules, MonotonicNs, Seconds};
use serde::{Deserialize, Serialize};

/// Between which instants a window's joules were counted, on the clock of its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// When the first request was sent.
    pub from: MonotonicNs,
    /// When the last token was received.
    pub to: MonotonicNs,
}

/// How a device's joules come of what it told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Reckoning {
    /// What its energy counter gained, aligned to the counter's ticks.
    Counter {
        /// Between two ticks, where that is known.
        update: Option<Seconds>,
    },
    /// Its power by trapezoids over the window, which is shifted by as much as the sensor lags.
    Power {
        /// How long after the fact it tells its power, on average.
        lag: Seconds,
    },
    /// Its power, which is told as a mean over a long stretch, from stretches that lie end to end.
    Averages {
        /// The stretch.
        stretch: Seconds,
        /// Between two new values.
        update: Seconds,
    },
    /// Watts at rest and watts per busy core, priced into power between two readings of the CPU time.
    CpuTime,
}

/// One reading of a device's energy counter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EnergyReading {
    /// When.
    pub at: MonotonicNs,
    /// What it has counted since a beginning of its own.
    pub energy: Joules,
}

/// One window of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowOf {
    /// The repeat of a trial with this index.
    Trial(TrialId, u32),
    /// The repeat with this index of the best in a confirmation.
    Best(ConfirmationId, u32),
    /// The repeat with this index of the default in a confirmation.
    Default(ConfirmationId, u32),
    /// The nth window of a trial that was discarded, from 0.
    DiscardedOfTrial(TrialId, u32),
    /// The nth window of a confirmation that was discarded, from 0.
    DiscardedOfConfirmation(ConfirmationId, u32),
}

impl WindowOf {
    /// Every window of a record whose power may be stored.
    #[must_use]
    pub fn all(record: &SessionRecord) -> Vec<Self> {
        let mut all = Vec::new();
        let nth = |count: usize| 0..u32::try_from(count).unwrap_or(u32::MAX);
        for trial in &record.trials {
            let id = &trial.id;
            let repeats = trial.repeats.iter();
            all.extend(repeats.map(|one| Self::Trial(id.clone(), one.index)));
            let discarded = nth(trial.discarded.len());
            all.extend(discarded.map(|nth| Self::DiscardedOfTrial(id.clone(), nth)));
        }
        for one in &record.confirmations {
            let id = &one.id;
            let best = one.best.iter();
            all.extend(best.map(|repeat| Self::Best(id.clone(), repeat.index)));
            let default = one.default.iter();
            all.extend(default.map(|repeat| Self::Default(id.clone(), repeat.index)));
            let discarded = nth(one.discarded.len());
            all.extend(discarded.map(|nth| Self::DiscardedOfConfirmation(id.clone(), nth)));
        }
        all
    }
}
