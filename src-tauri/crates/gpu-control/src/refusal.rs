//! Why nothing was set. Each kind has an exit code of its own, and a word in the line of JSON.

use nvml_wrapper::error::NvmlError;

/// Kinds of refusal; the number is the program's exit code. pkexec itself ends with 126 when its
/// dialog was dismissed and with 127 when permission was not given or could not be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// No verb of this program, or a value that is no number.
    Usage = 2,
    /// The value is outside the board's own range.
    OutOfRange = 3,
    /// The board cannot be set.
    Unsupported = 4,
    /// No board has this UUID.
    NoSuchBoard = 5,
    /// The driver wants more rights.
    Denied = 6,
    /// The driver does not answer.
    NoDriver = 7,
    /// Another process holds the board.
    Busy = 8,
    /// What was changed cannot be written down, so nothing is changed.
    NoState = 9,
}

impl Code {
    /// Its word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::OutOfRange => "out-of-range",
            Self::Unsupported => "unsupported",
            Self::NoSuchBoard => "no-such-board",
            Self::Denied => "denied",
            Self::NoDriver => "no-driver",
            Self::Busy => "busy",
            Self::NoState => "no-state",
        }
    }
}

/// Why nothing was set, in words for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// Kind.
    pub code: Code,
    /// What, and what to do.
    pub text: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// What the driver answered to `what`.
    pub(crate) fn of_driver(what: &str, error: &NvmlError) -> Self {
        let (code, text) = match error {
            NvmlError::NoPermission => (
                Code::Denied,
                "the driver allows it to an administrator only; in a container, to the host only"
                    .to_owned(),
            ),
            NvmlError::NotSupported
            | NvmlError::FunctionNotFound
            | NvmlError::FailedToLoadSymbol(_) => (
                Code::Unsupported,
                "this GPU or its driver does not offer it".to_owned(),
            ),
            NvmlError::InvalidArg => (
                Code::OutOfRange,
                "the driver does not take this value".to_owned(),
            ),
            NvmlError::GpuLost => (
                Code::NoDriver,
                "the GPU has fallen off the bus; restart the machine".to_owned(),
            ),
            NvmlError::LibloadingError(_) | NvmlError::DriverNotLoaded => (
                Code::NoDriver,
                "the NVIDIA driver is not there or not running".to_owned(),
            ),
            other => (Code::NoDriver, format!("the driver answered: {other}")),
        };
        Self::new(code, format!("{what}: {text}."))
    }
}
