//! What a step was expected to take, before it was taken.

use crate::units::{Joules, Seconds};
use serde::{Deserialize, Serialize};

/// A figure that is expected, with the range that holds it in eight of ten cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Lower end.
    pub low: f64,
    /// As often above it as below.
    pub middle: f64,
    /// Upper end.
    pub high: f64,
}

impl Expected {
    /// Whether the range held what came.
    #[must_use]
    pub fn held(&self, came: f64) -> bool {
        self.low <= came && came <= self.high
    }
}

/// What a trial or a session is expected to take, its windows and all around them. Waiting for a quiet machine,
/// answers of a chat and what a person thinks about are no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Seconds.
    pub seconds: Expected,
    /// Joules.
    pub joules: Expected,
    /// Earlier cases whose errors made the range; with few of them it is a usual one.
    pub cases: u32,
}

/// What earlier sessions of the same place took, gathered once when a session begins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EarlierCosts {
    /// Seconds and joules of a window in the newest of them, with all that is around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<(Seconds, Joules)>,
    /// What their trials took over what would have been expected of them: seconds, joules. Newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<(f64, f64)>,
}

impl EarlierCosts {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Forecast {
    /// Whether both ranges held what came: seconds, joules.
    #[must_use]
    pub fn held(&self, seconds: Seconds, joules: Joules) -> (bool, bool) {
        (self.seconds.held(seconds.0), self.joules.held(joules.0))
    }
}
