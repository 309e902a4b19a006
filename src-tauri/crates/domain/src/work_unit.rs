//! What one unit of useful work is, and the words for it: whoever speaks of work takes them from here.

use serde::{Deserialize, Serialize};

/// What one unit of useful work is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkUnit {
    /// A token that the model generated; what older records are about.
    #[default]
    OutputToken,
    /// An image that the model generated.
    Image,
}

impl WorkUnit {
    /// Whether it is tokens.
    #[must_use]
    pub fn is_token(&self) -> bool {
        *self == Self::OutputToken
    }

    /// The word after "J/".
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::OutputToken => "token",
            Self::Image => "image",
        }
    }

    /// Many of them.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::OutputToken => "tokens",
            Self::Image => "images",
        }
    }

    /// Many of them, as what a model gives and not what it is given.
    #[must_use]
    pub fn output(self) -> &'static str {
        match self {
            Self::OutputToken => "output tokens",
            Self::Image => "images",
        }
    }

    /// Speed, as it stands behind a figure.
    #[must_use]
    pub fn rate(self) -> &'static str {
        match self {
            Self::OutputToken => "tokens/s",
            Self::Image => "images/s",
        }
    }

    /// The same where there is little room.
    #[must_use]
    pub fn short_rate(self) -> &'static str {
        match self {
            Self::OutputToken => "tok/s",
            Self::Image => "images/s",
        }
    }

    /// What a client waits for: the first token of an answer, all pictures of a request.
    #[must_use]
    pub fn awaited(self) -> &'static str {
        match self {
            Self::OutputToken => "first token",
            Self::Image => "pictures",
        }
    }

    /// What settings can change, as in "settings that can change answers".
    #[must_use]
    pub fn results(self) -> &'static str {
        match self {
            Self::OutputToken => "answers",
            Self::Image => "pictures",
        }
    }

    /// The same as a whole: "can change what the model answers".
    #[must_use]
    pub fn result(self) -> &'static str {
        match self {
            Self::OutputToken => "what the model answers",
            Self::Image => "the pictures",
        }
    }
}
