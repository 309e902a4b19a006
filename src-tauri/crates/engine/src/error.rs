//! Why an engine could not do what it was asked.

use wattsmith_domain::{FailureCause, bounded};

/// Characters of a message, in which an engine may have been quoted.
const MOST_MESSAGE: usize = 2000;

/// Why an engine could not do what it was asked. Messages say what, where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The caller cancelled; nothing is wrong.
    #[error("cancelled")]
    Cancelled,
    /// A fault.
    #[error("{message}")]
    Failed {
        /// Its kind, as a failed trial records it.
        cause: FailureCause,
        /// What, where and what to do.
        message: String,
    },
}

impl EngineError {
    /// A fault of one kind.
    #[must_use]
    pub fn failed(cause: FailureCause, message: impl Into<String>) -> Self {
        Self::Failed {
            cause,
            message: bounded(&message.into(), MOST_MESSAGE),
        }
    }

    /// What a fail point lets happen.
    pub(crate) fn at_fail_point(cause: FailureCause) -> Self {
        Self::failed(cause, "A fail point let this fail.")
    }

    /// The kind of fault; `None` when the caller cancelled.
    #[must_use]
    pub fn cause(&self) -> Option<FailureCause> {
        match self {
            Self::Cancelled => None,
            Self::Failed { cause, .. } => Some(*cause),
        }
    }
}
