//! What can go wrong in a use case, in words for the person; a kind only where a caller acts on it.

use wattsmith_chat::{ChatError, TemplateError};
use wattsmith_domain::{FailureCause, SensorFault};
use wattsmith_engine::EngineError;
use wattsmith_meter::MeterError;
use wattsmith_store::StoreError;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TunerError {
    /// Another job holds the session, or another Wattsmith measures on this machine.
    #[error("{0}")]
    Busy(String),
    /// The person has to agree before prompts leave this machine.
    #[error(
        "The prompt would go to {provider}. It tells about this machine, the model and the \
         measurements. Agree once for this session to go on."
    )]
    ConsentNeeded {
        /// Who would get it.
        provider: String,
    },
    /// The next prompt could cost more than is left under the person's cap; nothing was sent.
    #[error(
        "The next prompt could cost up to {next:.4}, and {spent:.4} of the cap of {cap} are spent \
         already. Raise the cap, or go on by another connection."
    )]
    SpendingCap {
        /// The cap, in the currency of the session's prices.
        cap: f64,
        /// Spent so far.
        spent: f64,
        /// The most that the next prompt and its reply can cost.
        next: f64,
    },
    /// Other programs kept the machine so busy that an estimate would be wrong by more than it says.
    /// Nothing was spent.
    #[error(
        "{cause} (the last of {windows} windows). CPU time cannot tell an engine that waits for a core \
         from one that works, so there is no figure. Nothing counts as tried, and no trial of the \
         budget is spent: close other programs and go on, or measure with a power sensor or a meter \
         of your own."
    )]
    TooBusy {
        /// Such as `Too busy to estimate: other programs used 58 % of the CPU`.
        cause: String,
        /// How often it was tried.
        windows: u32,
    },
    /// What the next reply could cost has no bound, and the person set a cap; nothing was sent.
    #[error(
        "An earlier reply of {server} took {tokens} tokens where {allowed} were allowed, and showed \
         too few of them to be stopped in time. So nobody can say what the next one costs, and the \
         cap of {cap} could be passed. To ask it all the same, choose this connection once more; or \
         go on without a cap, or by another connection."
    )]
    UnboundedCost {
        /// Who.
        server: String,
        /// What it took.
        tokens: u64,
        /// What it was allowed.
        allowed: u32,
        /// The cap, in the currency of the session's prices.
        cap: f64,
    },
    /// No such record.
    #[error("{0}")]
    NotFound(String),
    /// The person cancelled.
    #[error("Cancelled.")]
    Cancelled,
    /// What was asked for cannot be done: the text says why and what to do.
    #[error("{0}")]
    Invalid(String),
    /// The engine failed.
    #[error(transparent)]
    Engine(EngineError),
    /// A window has no figure.
    #[error(transparent)]
    Meter(#[from] MeterError),
    /// The pictures are less like the default's than the session allows: which, and what to do.
    #[error("{0}")]
    PicturesDiffer(String),
    /// The GPU could not be set: the text says why and what to do.
    #[error("{0}")]
    GpuControl(String),
    /// The chat LLM failed.
    #[error(transparent)]
    Chat(ChatError),
    /// A template is broken.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Storing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The system's word.
        source: std::io::Error,
    },
}

impl TunerError {
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            source,
        }
    }

    /// The cause that a trial records when this ends it.
    #[must_use]
    pub(crate) fn failure_cause(&self) -> FailureCause {
        match self {
            Self::Engine(error) => error.cause().unwrap_or(FailureCause::RequestFailed),
            Self::Meter(_) => FailureCause::SensorLost,
            Self::PicturesDiffer(_) => FailureCause::PicturesDiffer,
            Self::GpuControl(_) => FailureCause::GpuControlRefused,
            Self::Store(_) | Self::Io { .. } => FailureCause::StorageFailed,
            _ => FailureCause::RequestFailed,
        }
    }

    /// What is wrong with the sensor that this comes from, where it comes from one.
    #[must_use]
    pub fn fault(&self) -> Option<SensorFault> {
        match self {
            Self::Meter(error) => error.fault(),
            _ => None,
        }
    }
}

impl From<EngineError> for TunerError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => Self::Cancelled,
            failed => Self::Engine(failed),
        }
    }
}

impl From<ChatError> for TunerError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Cancelled => Self::Cancelled,
            other => Self::Chat(other),
        }
    }
}
