//! What can go wrong in a use case, in words for the person; a kind only where a caller acts on it.

use wattsmith_chat::{ChatError, TemplateError};
use wattsmith_domain::{FailureCause, SensorFault};
use wattsmith_download::DownloadError;
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
    /// Something failed that says nothing about the settings. Nothing was spent.
    #[error(
        "{message} That says nothing about these settings: nothing counts as tried, no trial of the \
         budget is spent, and what was measured of them stays. Put it right, then go on."
    )]
    Surroundings {
        /// Its kind.
        cause: FailureCause,
        /// What, where and what to do.
        message: String,
        /// What is wrong with the sensor, where it is one.
        fault: Option<SensorFault>,
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
    /// The answers are less like the default's than the session allows: by how much, and what to do.
    #[error("{0}")]
    AnswersDiffer(String),
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
    /// A model could not be fetched.
    #[error(transparent)]
    Download(DownloadError),
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

    /// What a fail point lets happen.
    pub(crate) fn at_fail_point() -> Self {
        Self::io("a fail point", std::io::Error::other("let this fail"))
    }

    /// The same as a fault of the surroundings, where it is one: any settings would have failed. With
    /// settings that loaded before, that they do not load in time any more says nothing about them.
    pub(crate) fn of_the_surroundings(self, loaded_before: bool) -> Self {
        let may_be = matches!(
            self,
            Self::Engine(_) | Self::Meter(_) | Self::Store(_) | Self::Io { .. }
        );
        let cause = self.failure_cause();
        let too_slow = loaded_before && cause == FailureCause::LoadTimeout;
        if !may_be || !(cause.is_of_the_surroundings() || too_slow) {
            return self;
        }
        let text = self.to_string();
        let text = text.trim_end();
        let end = if text.ends_with(['.', '!', '?']) {
            ""
        } else {
            "."
        };
        Self::Surroundings {
            cause,
            message: format!("{text}{end}"),
            fault: self.fault(),
        }
    }

    /// The cause that a trial records when this ends it.
    #[must_use]
    pub(crate) fn failure_cause(&self) -> FailureCause {
        match self {
            Self::Surroundings { cause, .. } => *cause,
            Self::Engine(error) => error.cause().unwrap_or(FailureCause::RequestFailed),
            Self::Meter(_) => FailureCause::SensorLost,
            Self::PicturesDiffer(_) => FailureCause::PicturesDiffer,
            Self::AnswersDiffer(_) => FailureCause::AnswersDiffer,
            Self::GpuControl(_) => FailureCause::GpuControlRefused,
            Self::Store(_) | Self::Io { .. } => FailureCause::StorageFailed,
            _ => FailureCause::RequestFailed,
        }
    }

    /// A name for programs: that of the fault where a trial can fail by it.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match self {
            Self::Busy(_) => "busy",
            Self::ConsentNeeded { .. } => "consent-needed",
            Self::SpendingCap { .. } => "spending-cap",
            Self::UnboundedCost { .. } => "unbounded-cost",
            Self::TooBusy { .. } => "too-busy",
            Self::NotFound(_) => "not-found",
            Self::Cancelled => "cancelled",
            Self::Invalid(_) => "invalid",
            Self::Chat(_) => "chat",
            Self::Template(_) => "template",
            Self::Download(error) => error.name(),
            Self::Surroundings { .. }
            | Self::Engine(_)
            | Self::Meter(_)
            | Self::PicturesDiffer(_)
            | Self::AnswersDiffer(_)
            | Self::GpuControl(_)
            | Self::Store(_)
            | Self::Io { .. } => {
                let cause = serde_json::to_value(self.failure_cause());
                let name = cause
                    .ok()
                    .and_then(|cause| cause.as_str().map(str::to_owned));
                return name.unwrap_or_default();
            }
        };
        name.to_owned()
    }

    /// What is wrong with the sensor that this comes from, where it comes from one.
    #[must_use]
    pub fn fault(&self) -> Option<SensorFault> {
        match self {
            Self::Meter(error) => error.fault(),
            Self::Surroundings { fault, .. } => *fault,
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

impl From<DownloadError> for TunerError {
    fn from(error: DownloadError) -> Self {
        match error {
            DownloadError::Cancelled => Self::Cancelled,
            wrong @ (DownloadError::BadSource { .. } | DownloadError::BadHash(_)) => {
                Self::Invalid(wrong.to_string())
            }
            DownloadError::Busy { .. } => Self::Busy(error.to_string()),
            other => Self::Download(other),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(cause: FailureCause) -> TunerError {
        TunerError::Engine(EngineError::failed(cause, "It failed"))
    }

    #[test]
    fn what_any_settings_would_have_failed_by_says_nothing_about_these() {
        use FailureCause::*;
        for cause in [
            ModelNotFound,
            ModelCorrupt,
            ModelUnfit,
            EngineNotFound,
            PortTaken,
        ] {
            let error = engine(cause).of_the_surroundings(false);
            assert!(
                matches!(error, TunerError::Surroundings { .. }),
                "{cause:?}"
            );
            assert!(
                error
                    .to_string()
                    .starts_with("It failed. That says nothing")
            );
            assert_eq!(error.failure_cause(), cause);
        }
        for cause in [
            OutOfMemory,
            UnknownFlag,
            Hang,
            Crash,
            RequestFailed,
            WrongWork,
        ] {
            let error = engine(cause).of_the_surroundings(true);
            assert!(matches!(error, TunerError::Engine(_)), "{cause:?}");
        }
        let full = StoreError::Refused {
            what: "full".to_owned(),
        };
        let error = TunerError::from(full).of_the_surroundings(false);
        assert_eq!(error.name(), "storage-failed");
        let taken_back = TunerError::Cancelled.of_the_surroundings(true);
        assert!(matches!(taken_back, TunerError::Cancelled));
    }

    #[test]
    fn settings_that_loaded_before_and_now_do_not_in_time_are_not_to_blame() {
        let late = || engine(FailureCause::LoadTimeout);
        let again = late().of_the_surroundings(true);
        assert!(matches!(again, TunerError::Surroundings { .. }));
        let first = late().of_the_surroundings(false);
        assert!(matches!(first, TunerError::Engine(_)));
    }
}
