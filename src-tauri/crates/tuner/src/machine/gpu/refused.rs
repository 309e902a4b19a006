//! Why the boards could not be set, in words that say what to do.

use crate::error::TunerError;

/// Kinds of refusal; a kind only where the words differ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The person closed the dialog (pkexec ends with 126).
    #[error(
        "Permission to set the GPU was not given: the dialog was closed. Run it again and enter an \
         administrator's password, or go on without the GPU's own settings."
    )]
    Dismissed,
    /// The policy says no, or nobody could be asked (pkexec ends with 127).
    #[error(
        "Permission to set the GPU was not given: the system's policy denies it, the password was \
         wrong, or there is no desktop session and no terminal to ask in. Start Wattsmith from a \
         desktop session or as root, or go on without the GPU's own settings."
    )]
    NotAuthorised,
    /// There is no pkexec.
    #[error(
        "pkexec, which asks for permission to set the GPU, is not installed. Install it (sudo apt \
         install pkexec), start Wattsmith as root, or go on without the GPU's own settings."
    )]
    NoPkexec,
    /// The program is missing.
    #[error(
        "The program that sets the GPU, wattsmith-gpu-control, was not found in {places}. Install \
         the package, or go on without the GPU's own settings."
    )]
    NoProgram {
        /// Where it was looked for.
        places: String,
    },
    /// It cannot be started or does not speak.
    #[error("The program that sets the GPU does not work: {0}. Install the package again.")]
    Broken(String),
    /// The program refused: the driver denies it, the value is out of range, no such board.
    #[error("{text}")]
    Program {
        /// Its own words.
        text: String,
    },
    /// It ended in the middle; its last act was to put the boards back.
    #[error("The program that sets the GPU ended before its time. Run the trial again.")]
    Gone,
    /// No board of this machine can be set.
    #[error(
        "No GPU here can be set any more, though this session sets one. Look at the Machine page, \
         or go on without the GPU's own settings."
    )]
    NoBoard,
    /// It would need a dialog, which nobody asked for now.
    #[error("it takes an administrator's password")]
    WouldAsk,
}

impl From<Refused> for TunerError {
    fn from(refused: Refused) -> Self {
        Self::GpuControl(refused.to_string())
    }
}
