//! Where the database lies, and whether it still does: a file that was removed while it is open takes in
//! writes as before, and nobody ever finds them.

use crate::error::Fault;
use crate::space;
use std::cell::Cell;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Device and number of a file.
type Identity = (u64, u64);

/// A database file as it was when it was opened.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    file: Option<Identity>,
    /// Its log, from the first write on.
    log: Cell<Option<Identity>>,
}

impl Place {
    pub(crate) fn of(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            file: identity(path),
            log: Cell::new(None),
        }
    }

    /// Fails where the file or its log is gone or another one.
    pub(crate) fn still_there(&self) -> Result<(), Fault> {
        if identity(&self.path) != self.file {
            return Err(Fault::Removed(self.path.clone()));
        }
        let path = space::wal(&self.path);
        let log = identity(&path);
        match self.log.get() {
            None => self.log.set(log),
            known if known == log => {}
            _ => return Err(Fault::Removed(path)),
        }
        Ok(())
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.dev(), meta.ino()))
}
