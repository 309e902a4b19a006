//! Opening the file: what is checked before the first byte is written, and how SQLite is set up.
//!
//! The whole file is not read at every start, which would take longer with every session. It is before
//! a migration, after an end that was no clean one (its log was left behind), and with every backup.
//! What is damaged besides is noticed where it is read.

use crate::backup;
use crate::error::{Fault, StoreError};
use crate::schema::{APPLICATION_ID, MIGRATIONS, VERSION};
use crate::space;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How long opening waits for another process, and a write where nothing else was chosen.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often opening is tried again while another process creates or upgrades the same file.
const ATTEMPTS: u32 = 20;

/// How a store is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreOptions {
    /// Greatest number of 4 KiB pages, for tests of a full database; none is SQLite's own limit.
    pub max_page_count: Option<u32>,
    /// How long a write is tried while another program keeps the database to itself; 5 s when none.
    pub patience: Option<Duration>,
}

/// Opens or creates the database. Nothing is written before the file has been found to be ours
/// and not newer than this program.
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

/// Opens the database to read it: not one byte of it changes. One that is not there is empty, and an
/// older one is brought up to date in memory.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let fault = |error: rusqlite::Error| Fault::from(error).at(path);
    if !path.exists() {
        let mut nothing = Connection::open_in_memory().map_err(fault)?;
        migrate(&mut nothing, path)?;
        return Ok(nothing);
    }
    // Whoever writes at this moment has a log. Without one the file is whole by itself, and SQLite need
    // not lay any other beside it.
    let alone = match space::has_log(path) {
        true => "",
        false => "?immutable=1",
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let uri = format!("file:{}{alone}", percent_encoded(path));
    let connection = Connection::open_with_flags(uri, flags).map_err(fault)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    let found = look_over(&connection, path)?;
    if found == VERSION {
        return Ok(connection);
    }
    let mut copy = backup::into_memory(&connection).map_err(|fault| fault.at(path))?;
    migrate(&mut copy, path)?;
    Ok(copy)
}

/// A path in a URI.
fn percent_encoded(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let bytes = path.as_os_str().as_bytes().iter();
    bytes
        .map(|&byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

fn try_open(path: &Path, options: StoreOptions) -> Result<Connection, StoreError> {
    let fault = |error: rusqlite::Error| Fault::from(error).at(path);
    let ended_badly = space::has_log(path);
    space::make_private(path);
    let mut connection = Connection::open(path).map_err(fault)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
    // A refused file must stay as it is; closing would otherwise fold its log into it.
    no_checkpoint_on_close(&connection, true).map_err(fault)?;
    let found = look_over(&connection, path)?;
    let old = found > 0 && found < VERSION;
    if ended_badly || old {
        check(&connection).map_err(|fault| fault.at(path))?;
    }
    set_up(&connection, options).map_err(fault)?;
    if old {
        backup::before_migration(&connection, path, found)?;
    }
    migrate(&mut connection, path)?;
    no_checkpoint_on_close(&connection, false).map_err(fault)?;
    Ok(connection)
}

fn no_checkpoint_on_close(connection: &Connection, on: bool) -> rusqlite::Result<bool> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on)
}

/// Whether the file is ours, known here, and has a readable first page of every table. Gives its schema
/// version. Takes no longer for a large file than for a small one.
fn look_over(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let fault = |error: rusqlite::Error| Fault::from(error).at(path);
    let found = pragma(connection, "user_version").map_err(fault)?;
    let tables = tables(connection).map_err(fault)?;
    if !tables.is_empty() && pragma(connection, "application_id").map_err(fault)? != APPLICATION_ID
    {
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
    connection
        .pragma_update(None, "cell_size_check", true)
        .map_err(fault)?;
    for table in tables {
        let touched = connection
            .prepare(&format!("SELECT 1 FROM \"{table}\" LIMIT 1"))
            .and_then(|mut query| query.query([])?.next().map(|_| ()));
        touched.map_err(fault)?;
    }
    Ok(found)
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Reads the whole file.
pub(crate) fn check(connection: &Connection) -> Result<(), Fault> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => Err(Fault::Corrupt(verdict)),
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
