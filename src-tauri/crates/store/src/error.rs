//! What can go wrong, in words that name the file and say what to do.

use crate::space;
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why something could not be stored or read. What was stored before is never lost by it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk, a file size limit or the page limit leaves no room.
    #[error(
        "{} cannot grow: {what}. Nothing stored before is lost. Free some space, delete a session \
         that is no longer needed, or raise the limit; then try again", path.display()
    )]
    Full {
        /// The database.
        path: PathBuf,
        /// Sizes and limits as they were seen.
        what: String,
    },
    /// The file was written by a later Wattsmith.
    #[error(
        "{} was written by a newer Wattsmith: it has schema version {found}, and this one knows \
         versions up to {known}. The file was left as it is. Update Wattsmith, or start this one \
         with another data directory", path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest schema version known here.
        known: i64,
    },
    /// The file is damaged, or no database of ours.
    #[error(
        "{} cannot be read: {what}. The file was left as it is: keep a copy, then restore a backup \
         or move it away so that a new one is begun", path.display()
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite or the decoder found.
        what: String,
    },
    /// There is no such record.
    #[error("there is no {what} in the store")]
    NotFound {
        /// Kind and identity.
        what: String,
    },
    /// Another process kept the database to itself for too long.
    #[error(
        "{} is being written by another program and stayed locked for {seconds} s; close the other \
         Wattsmith or wait for it, then try again", path.display()
    )]
    Locked {
        /// The database.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The record cannot be stored as it is: a figure that is no number, or a window that is there
    /// already.
    #[error("{what}")]
    Refused {
        /// What, and why.
        what: String,
    },
    /// The file was taken away, or another put into its place, while it was in use.
    #[error(
        "{} was removed or replaced while Wattsmith used it. What was stored since cannot be found \
         again by anybody: it went into a file that has no name any more. Nothing more is measured. Put \
         the data folder back and start again", path.display()
    )]
    Removed {
        /// The database, or its log.
        path: PathBuf,
    },
    /// It was opened to be read only.
    #[error("{} is open for reading only", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{} cannot be used: {what}; check that the folder exists and may be written", path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// What SQLite or the system says.
        what: String,
    },
    /// The store was closed.
    #[error("the store was closed; open it again")]
    Closed,
}

/// Inside this crate: an error before the file's path is known.
#[derive(Debug)]
pub(crate) enum Fault {
    Sqlite(rusqlite::Error),
    NotFound(String),
    Refused(String),
    Corrupt(String),
    Removed(PathBuf),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    /// What a fail point lets happen: no room is left.
    pub(crate) fn full() -> Self {
        let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        Self::Sqlite(rusqlite::Error::SqliteFailure(full, None))
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }

    /// Whether another program keeps the file to itself at this moment.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(
            self.code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }

    /// Whether the file itself is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self.code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }

    /// Says which file, and turns SQLite's codes into what they mean for a person.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let path = path.to_path_buf();
        let error = match self {
            Self::NotFound(what) => return StoreError::NotFound { what },
            Self::Refused(what) => return StoreError::Refused { what },
            Self::Corrupt(what) => return StoreError::Corrupt { path, what },
            Self::Removed(path) => return StoreError::Removed { path },
            Self::Sqlite(error) => error,
        };
        let what = error.to_string();
        let Some(code) = error.sqlite_error_code() else {
            return match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => {
                    StoreError::Corrupt { path, what }
                }
                _ => StoreError::Io { path, what },
            };
        };
        match code {
            ErrorCode::DiskFull => StoreError::Full {
                what: space::describe(&path),
                path,
            },
            // A file size limit (ulimit -f) and a full disk under the shared-memory file both
            // arrive as plain IO errors.
            ErrorCode::SystemIoFailure if space::is_short(&path) => StoreError::Full {
                what: space::describe(&path),
                path,
            },
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                StoreError::Corrupt { path, what }
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Locked {
                path,
                seconds: crate::open::BUSY_TIMEOUT.as_secs(),
            },
            ErrorCode::ConstraintViolation => StoreError::Refused { what },
            _ => StoreError::Io { path, what },
        }
    }
}
