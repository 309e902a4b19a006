//! Opening the file: what is checked before the first byte is written, and how SQLite is set up.

use crate::error::{Fault, StoreError};
use crate::schema::{APPLICATION_ID, MIGRATIONS, VERSION};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::Path;
use std::time::Duration;

/// How long a write waits for another process before it gives up.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often opening is tried again while another process creates or upgrades the same file.
const ATTEMPTS: u32 = 20;

/// How a store is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreOptions {
    /// Greatest number of 4 KiB pages, for tests of a full database; none is SQLite's own limit.
    pub max_page_count: Option<u32>,
}

/// Opens or creates the database. Nothing is written before the file has been found to be ours,
/// whole and not newer than this program.
pub(crate) fn open(path: &Path, options: StoreOptions) -> Result<Connection, StoreError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match try_open(path, options) {
            Err(StoreError::Locked { .. }) if attempt < ATTEMPTS => {
                std::thread::sleep(Duration::from_millis(50));
            }
            outcome => return outcome,
        }
    }
}

fn try_open(path: &Path, options: StoreOptions) -> Result<Connection, StoreError> {
    let fault = |error: rusqlite::Error| Fault::from(error).at(path);
    let mut connection = Connection::open(path).map_err(fault)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    // A refused file must stay as it is; closing would otherwise fold its log into it.
    no_checkpoint_on_close(&connection, true).map_err(fault)?;
    check(&connection, path)?;
    set_up(&connection, options).map_err(fault)?;
    migrate(&mut connection, path)?;
    no_checkpoint_on_close(&connection, false).map_err(fault)?;
    Ok(connection)
}

fn no_checkpoint_on_close(connection: &Connection, on: bool) -> rusqlite::Result<bool> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on)
}

fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fault = |error: rusqlite::Error| Fault::from(error).at(path);
    let found = pragma(connection, "user_version").map_err(fault)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fault)?;
    if tables > 0 && pragma(connection, "application_id").map_err(fault)? != APPLICATION_ID {
        let what = "it is a database of another program".to_owned();
        return Err(Fault::Corrupt(what).at(path));
    }
    if found > VERSION {
        return Err(StoreError::NewerSchema {
            path: path.to_path_buf(),
            found,
            known: VERSION,
        });
    }
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(fault)?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(Fault::Corrupt(verdict).at(path))
    }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn set_up(connection: &Connection, options: StoreOptions) -> rusqlite::Result<()> {
    // Readers and the writer of another process do not stop each other.
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A repeat costs a minute of measuring and is written between windows: an fsync for each commit
    // is a price worth paying for its surviving a power cut, not only a killed process.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    if let Some(pages) = options.max_page_count {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let Err(error) = MIGRATIONS.to_latest(connection) else {
        return Ok(());
    };
    // Another process may have brought the same file up to date in this very moment.
    if pragma(connection, "user_version").is_ok_and(|version| version == VERSION) {
        return Ok(());
    }
    Err(match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => Fault::from(err).at(path),
        other => StoreError::Io {
            path: path.to_path_buf(),
            what: format!("bringing it to schema version {VERSION} failed: {other}"),
        },
    })
}
