//! The tables, as migrations that only ever add: an older database is brought up to date, and no
//! column that an older Wattsmith wrote is removed or given another meaning.

use rusqlite_migration::{M, Migrations};

/// Marks the file as ours (`PRAGMA application_id`): "WTSM".
pub(crate) const APPLICATION_ID: i64 = 0x5754_534d;

const FIRST: &str = "
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    created_at TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE trials (
    id TEXT PRIMARY KEY NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX trials_by_session ON trials (session, number);
CREATE INDEX trials_by_state ON trials (state);

CREATE TABLE repeats (
    trial TEXT NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (trial, number)
) STRICT;

CREATE TABLE samples (
    trial TEXT NOT NULL,
    number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    device TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (trial, number, position),
    FOREIGN KEY (trial, number) REFERENCES repeats (trial, number) ON DELETE CASCADE
) STRICT;

CREATE TABLE confirmations (
    id TEXT PRIMARY KEY NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX confirmations_by_session ON confirmations (session, number);

CREATE TABLE confirmation_repeats (
    confirmation TEXT NOT NULL REFERENCES confirmations (id) ON DELETE CASCADE,
    side TEXT NOT NULL CHECK (side IN ('best', 'default')),
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (confirmation, side, number)
) STRICT;

CREATE TABLE confirmation_samples (
    confirmation TEXT NOT NULL,
    side TEXT NOT NULL,
    number INTEGER NOT NULL,
    position INTEGER NOT NULL,
    device TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (confirmation, side, number, position),
    FOREIGN KEY (confirmation, side, number)
        REFERENCES confirmation_repeats (confirmation, side, number) ON DELETE CASCADE
) STRICT;

CREATE TABLE proposals (
    id TEXT PRIMARY KEY NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX proposals_by_session ON proposals (session);

CREATE TABLE exchanges (
    id TEXT PRIMARY KEY NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX exchanges_by_session ON exchanges (session);

CREATE TABLE feedback (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    trial TEXT NOT NULL REFERENCES trials (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    PRIMARY KEY (session, trial)
) STRICT;

CREATE TABLE settings (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

PRAGMA application_id = 1465144141;
";

/// Windows that something disturbed: of a trial or of a confirmation, with their samples.
const DISCARDED: &str = "
CREATE TABLE discarded (
    id INTEGER PRIMARY KEY NOT NULL,
    trial TEXT REFERENCES trials (id) ON DELETE CASCADE,
    confirmation TEXT REFERENCES confirmations (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    CHECK ((trial IS NULL) <> (confirmation IS NULL))
) STRICT;
CREATE INDEX discarded_by_trial ON discarded (trial);
CREATE INDEX discarded_by_confirmation ON discarded (confirmation);

CREATE TABLE discarded_samples (
    discarded INTEGER NOT NULL REFERENCES discarded (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    device TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (discarded, position)
) STRICT;
";

const STEPS: &[M<'_>] = &[M::up(FIRST), M::up(DISCARDED)];

/// Every step from an empty file to today's schema.
pub(crate) const MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);

/// Today's `user_version`.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn migrations_lead_from_an_empty_file_to_todays_schema() {
        MIGRATIONS.validate().unwrap();
        let mut connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut connection).unwrap();
        let read = |pragma: &str| {
            connection
                .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(read("user_version"), VERSION);
        assert_eq!(read("application_id"), APPLICATION_ID);
    }
}
