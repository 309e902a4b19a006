//! Copies of the database: one that a person asks for, and one from before a migration.
//!
//! A file that is copied by hand while Wattsmith runs lacks what is still in its log; these do not.

use crate::error::{Fault, StoreError};
use crate::open::check;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Copies made of one schema version, at most: whoever goes back and forth keeps the first ones.
const MOST_COPIES: u32 = 9;

/// Writes all that is stored, as of this moment, into the new file `to`, reads it back, and waits until
/// the disk has it. Nothing is left behind where that fails.
pub(crate) fn write(db: &Connection, from: &Path, to: &Path) -> Result<(), StoreError> {
    let fail = |error: io::Error| StoreError::Io {
        path: to.to_path_buf(),
        what: match error.kind() {
            io::ErrorKind::AlreadyExists => {
                "there is a file already, and a backup overwrites none".to_owned()
            }
            _ => error.to_string(),
        },
    };
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(to);
    drop(made.map_err(fail)?);
    let synced = || File::open(to).and_then(|file| file.sync_all());
    let copied = copy(db, from, to).and_then(|()| synced().map_err(fail));
    if copied.is_err() {
        let _ = std::fs::remove_file(to);
    }
    copied
}

fn copy(db: &Connection, from: &Path, to: &Path) -> Result<(), StoreError> {
    let name = to.to_str().ok_or_else(|| StoreError::Io {
        path: to.to_path_buf(),
        what: "SQLite takes no file name that is no UTF-8".to_owned(),
    })?;
    // What cannot be read is a fault of the source; what cannot be written, of the copy.
    db.execute("VACUUM INTO ?1", [name]).map_err(|error| {
        let fault = Fault::from(error);
        match fault.is_damage() {
            true => fault.at(from),
            false => fault.at(to),
        }
    })?;
    let back = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(Fault::from)
        .and_then(|back| check(&back));
    back.map_err(|fault| fault.at(to))
}

/// Keeps the file as it is beside itself, before it is brought up to date from schema version `found`.
pub(crate) fn before_migration(db: &Connection, path: &Path, found: i64) -> Result<(), StoreError> {
    for number in 1..=MOST_COPIES {
        let to = beside(path, found, number);
        if !to.exists() {
            return write(db, path, &to);
        }
    }
    Ok(())
}

/// Such as `wattsmith.db.schema-2`, and `wattsmith.db.schema-2.2` for another one.
fn beside(path: &Path, schema: i64, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".schema-{schema}"));
    if number > 1 {
        name.push(format!(".{number}"));
    }
    PathBuf::from(name)
}

/// The same in memory.
pub(crate) fn into_memory(db: &Connection) -> Result<Connection, Fault> {
    let mut copy = Connection::open_in_memory()?;
    {
        let backup = rusqlite::backup::Backup::new(db, &mut copy)?;
        backup.run_to_completion(1000, std::time::Duration::ZERO, None)?;
    }
    Ok(copy)
}
