//! Why a file was not fetched, in words for the person. Addresses in them hold no secrets.

use std::path::PathBuf;
use std::time::Duration;

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The person cancelled; what has come stays.
    #[error("cancelled; what has come so far is kept, and the same download goes on there")]
    Cancelled,
    /// What was named is nothing that can be fetched.
    #[error("{text} {what}")]
    BadSource {
        /// As it was named, without secrets.
        text: String,
        /// What is wrong and how to write it.
        what: String,
    },
    /// What was given as a hash is none.
    #[error("{0} is no SHA-256: that is 64 digits and letters a to f")]
    BadHash(String),
    /// Another download of the same file runs.
    #[error(
        "{name} is being fetched already, by another window or terminal. Wait until it has finished, or cancel \
         it there."
    )]
    Busy {
        /// The file.
        name: String,
    },
    /// There is a file of that name, and it is not known to be the same.
    #[error(
        "There is a file {} already{}. Nothing was fetched; move it away to fetch another one.",
        path.display(),
        found.as_ref().map_or_else(String::new, |found| format!(
            ", and it is another one (its SHA-256 is {found})"
        ))
    )]
    InTheWay {
        /// The file.
        path: PathBuf,
        /// Its hash, where it was worked out.
        found: Option<String>,
    },
    /// The disk is too full.
    #[error(
        "The disk that holds {} is too full: {} MB are to come, {} MB are free, and some room has to be left. \
         Free some; what has come so far is kept.",
        folder.display(), needs / 1_000_000, free / 1_000_000
    )]
    NoRoom {
        /// Where the file was to lie.
        folder: PathBuf,
        /// Bytes to come.
        needs: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The server does not give the file.
    #[error("{address} was refused with status {status}. {advice}")]
    Refused {
        /// Its address, without secrets.
        address: String,
        /// Of HTTP.
        status: u16,
        /// What to do.
        advice: &'static str,
    },
    /// A page came in place of the file.
    #[error(
        "{address} gave a web page and no file: perhaps this network asks to sign in first, or it is the address of \
         a page about the file. What has come of it before is kept."
    )]
    Page {
        /// Its address, without secrets.
        address: String,
    },
    /// It was tried several times.
    #[error(
        "{address} could not be fetched: {why}. Check the network and try again; what has come so far is kept, and \
         the same download goes on there."
    )]
    Broken {
        /// Its address, without secrets.
        address: String,
        /// What happened last.
        why: String,
        /// How long the server asks to be left alone.
        wait: Option<Duration>,
    },
    /// The server's file is not the one that was meant.
    #[error(
        "{name} is {found} bytes long on the server, and {expected} bytes were expected: it is another file, \
         and was not fetched."
    )]
    Unlike {
        /// The file.
        name: String,
        /// Bytes that were expected.
        expected: u64,
        /// Bytes that the server has.
        found: u64,
    },
    /// What came has another hash.
    #[error(
        "{name} has the wrong content.\n  expected SHA-256 {expected}\n  found            {found}\nIt was removed. If \
         this repeats, the source has changed or something on the way rewrites downloads: do not use it."
    )]
    WrongHash {
        /// The file.
        name: String,
        /// As it was to be.
        expected: String,
        /// As it is.
        found: String,
    },
    /// A file could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The system's word.
        source: std::io::Error,
    },
}

impl DownloadError {
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            source,
        }
    }

    /// A name for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::BadSource { .. } | Self::BadHash(_) => "invalid",
            Self::Busy { .. } => "busy",
            Self::InTheWay { .. } => "in-the-way",
            Self::NoRoom { .. } => "no-room",
            Self::Refused { .. } => "refused",
            Self::Page { .. } => "web-page",
            Self::Broken { .. } => "unreachable",
            Self::Unlike { .. } => "other-file",
            Self::WrongHash { .. } => "wrong-hash",
            Self::Io { .. } => "storage-failed",
        }
    }

    /// Whether it may be over in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }
}
