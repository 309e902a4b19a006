//! What a session knows from earlier ones when it begins. A copy: what later becomes of those
//! sessions changes nothing here, so that a search can be followed to its grounds.

use crate::configuration::Configuration;
use crate::id::SessionId;
use serde::{Deserialize, Serialize};

/// What earlier sessions taught. Empty with memory switched off, or where nothing fits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The sessions that it comes from, the most telling first.
    pub sessions: Vec<EarlierSession>,
    /// What they measured.
    pub points: Vec<EarlierPoint>,
}

impl Memory {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// A session that taught something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlierSession {
    /// Which one.
    pub id: SessionId,
    /// Its name.
    pub name: String,
    /// Its model's name.
    pub model: String,
    /// In what it differs from this session, in words; empty where in nothing.
    pub differs: String,
    /// How much it counts, above 0 to 1: 1 for the same model, machine and workload, measured on a
    /// quiet machine.
    pub weight: f64,
    /// What makes its figures less telling, in words; empty where nothing does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doubts: String,
}

/// One configuration that was measured there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlierPoint {
    /// Where.
    pub session: SessionId,
    /// Canonical in this session's space.
    pub configuration: Configuration,
    /// Its J/unit over that of the default there.
    pub relative: f64,
    /// How much its own windows are worth beside those of the others there, above 0 to 1: fewer of
    /// them, or disturbed ones, are worth less.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub worth: f64,
}

fn whole() -> f64 {
    1.0
}

// What serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_whole(worth: &f64) -> bool {
    *worth >= 1.0
}
