//! What the doctor says about a machine: one situation each, with its cause and what to do.
//!
//! The rooms that know the facts (`meter` the sensors, `tuner` the rest) make them; terminal and
//! window only lay them out.

use crate::measurement::Source;
use serde::{Deserialize, Serialize};

/// How much a finding matters, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It keeps something from being measured, or makes figures wrong.
    Problem,
    /// Worth knowing: figures hold, but less far or less well.
    Note,
    /// As it should be.
    Fine,
}

impl Severity {
    /// In a word, as the screen and the terminal show it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Note => "note",
            Self::Fine => "fine",
        }
    }
}

/// One thing that a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// What to do, in a sentence or two.
    pub text: String,
    /// What to paste into a shell for it, where a command does it. Never run by Wattsmith.
    #[serde(default)]
    pub command: Option<String>,
}

/// One situation that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the situation for scripts, such as `rapl-denied`. Stays the same.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is the matter: a sentence without its full stop.
    pub title: String,
    /// Why it is so and what follows for the figures.
    pub cause: String,
    /// What can be done, best first; empty where nothing helps or nothing needs to.
    #[serde(default)]
    pub remedies: Vec<Remedy>,
    /// The best sensor that answers meanwhile, where this is about one that does not.
    #[serde(default)]
    pub fallback: Option<Source>,
}

impl Finding {
    /// A finding without a remedy yet.
    #[must_use]
    pub fn new(
        severity: Severity,
        id: &str,
        title: impl Into<String>,
        cause: impl Into<String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            severity,
            title: title.into(),
            cause: cause.into(),
            remedies: Vec::new(),
            fallback: None,
        }
    }

    /// The same with something to do that is no command.
    #[must_use]
    pub fn advise(mut self, text: impl Into<String>) -> Self {
        self.remedies.push(Remedy {
            text: text.into(),
            command: None,
        });
        self
    }

    /// The same with a command to paste, and what it does.
    #[must_use]
    pub fn command(mut self, text: impl Into<String>, command: impl Into<String>) -> Self {
        self.remedies.push(Remedy {
            text: text.into(),
            command: Some(command.into()),
        });
        self
    }

    /// The same with the sensor that is used meanwhile.
    #[must_use]
    pub fn until_then(mut self, source: Option<Source>) -> Self {
        self.fallback = source;
        self
    }
}
