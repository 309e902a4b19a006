//! Why a file cannot be run as a model: damaged, or something else than was taken for granted.
//! Each `Display` is whole sentences without the file's name: what it is, and what to do.

use std::io;
use wattsmith_domain::FailureCause;

/// Why a file cannot be run as a model.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("The file cannot be read: {0}. Choose a GGUF file that exists and may be read.")]
    Io(io::Error),
    #[error(
        "The file is damaged: its {length} bytes end in the middle of its head, so the download \
         was not finished. Fetch it again."
    )]
    EndsInHead { length: u64 },
    #[error(
        "The file is damaged: it has {length} bytes, and its tensor {tensor} ends at byte {end}, \
         so {} bytes are missing. Fetch it again.", .end - .length
    )]
    EndsInData {
        length: u64,
        tensor: String,
        end: u64,
    },
    #[error("The file is damaged: its head makes no sense ({0}). Fetch it again.")]
    Nonsense(&'static str),
    #[error("The file is damaged: {0}. Fetch it again.")]
    Damaged(String),
    /// Sound, but not to be run by itself.
    #[error("{0}")]
    Unfit(String),
    /// A part that is not the first of its set.
    #[error("This is part {number} of {count}; choose part 1 ({first}).")]
    LaterPart {
        number: u64,
        count: u64,
        first: String,
    },
    #[error("{0}")]
    MissingPart(String),
}

impl Fault {
    pub(super) fn cause(&self) -> FailureCause {
        match self {
            Self::Io(_) | Self::MissingPart(_) => FailureCause::ModelNotFound,
            Self::EndsInHead { .. }
            | Self::EndsInData { .. }
            | Self::Nonsense(_)
            | Self::Damaged(_) => FailureCause::ModelCorrupt,
            Self::Unfit(_) | Self::LaterPart { .. } => FailureCause::ModelUnfit,
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Damaged("it became shorter while it was read".to_owned())
        } else {
            Self::Io(error)
        }
    }
}
