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

/// No number twice in a session: two that measured one session at once numbered alike, before a lock that
/// all of them share kept them apart. Of such twins the one that came later gets a number at the end.
const NUMBERED: &str = "
UPDATE trials SET
    number = fresh.number,
    body = CASE WHEN json_valid(body) THEN json_set(body, '$.number', fresh.number) ELSE body END
FROM (
    SELECT twin.rowid AS place,
        (SELECT max(number) FROM trials AS any WHERE any.session = twin.session)
            + row_number() OVER (PARTITION BY twin.session ORDER BY twin.number, twin.rowid) AS number
    FROM trials AS twin
    WHERE EXISTS (
        SELECT 1 FROM trials AS first
        WHERE first.session = twin.session AND first.number = twin.number AND first.rowid < twin.rowid
    )
) AS fresh
WHERE trials.rowid = fresh.place;
DROP INDEX trials_by_session;
CREATE UNIQUE INDEX trials_by_number ON trials (session, number);

UPDATE confirmations SET
    number = fresh.number,
    body = CASE WHEN json_valid(body) THEN json_set(body, '$.number', fresh.number) ELSE body END
FROM (
    SELECT twin.rowid AS place,
        (SELECT max(number) FROM confirmations AS any WHERE any.session = twin.session)
            + row_number() OVER (PARTITION BY twin.session ORDER BY twin.number, twin.rowid) AS number
    FROM confirmations AS twin
    WHERE EXISTS (
        SELECT 1 FROM confirmations AS first
        WHERE first.session = twin.session AND first.number = twin.number AND first.rowid < twin.rowid
    )
) AS fresh
WHERE confirmations.rowid = fresh.place;
DROP INDEX confirmations_by_session;
CREATE UNIQUE INDEX confirmations_by_number ON confirmations (session, number);
";

/// What a list shows of a session, worked out once: reading every window for a line took long. `changes`
/// counts what changes such a line; a digest stands while it was made of the newest count.
const DIGESTS: &str = "
CREATE INDEX sessions_by_time ON sessions (created_at, id);

CREATE TABLE digests (
    session TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    changes INTEGER NOT NULL,
    made_of INTEGER,
    made_by TEXT,
    body TEXT
) STRICT;
INSERT INTO digests (session, changes) SELECT id, 0 FROM sessions;

CREATE TRIGGER session_made AFTER INSERT ON sessions BEGIN
    INSERT INTO digests (session, changes) VALUES (NEW.id, 0)
    ON CONFLICT (session) DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER session_changed AFTER UPDATE ON sessions BEGIN
    UPDATE digests SET changes = changes + 1 WHERE session = NEW.id;
END;
CREATE TRIGGER trial_made AFTER INSERT ON trials BEGIN
    UPDATE digests SET changes = changes + 1 WHERE session = NEW.session;
END;
CREATE TRIGGER trial_changed AFTER UPDATE ON trials BEGIN
    UPDATE digests SET changes = changes + 1 WHERE session = NEW.session;
END;
CREATE TRIGGER repeat_made AFTER INSERT ON repeats BEGIN
    UPDATE digests SET changes = changes + 1
    WHERE session = (SELECT session FROM trials WHERE id = NEW.trial);
END;
CREATE TRIGGER confirmation_made AFTER INSERT ON confirmations BEGIN
    UPDATE digests SET changes = changes + 1 WHERE session = NEW.session;
END;
CREATE TRIGGER confirmation_changed AFTER UPDATE ON confirmations BEGIN
    UPDATE digests SET changes = changes + 1 WHERE session = NEW.session;
END;
CREATE TRIGGER confirmation_repeat_made AFTER INSERT ON confirmation_repeats BEGIN
    UPDATE digests SET changes = changes + 1
    WHERE session = (SELECT session FROM confirmations WHERE id = NEW.confirmation);
END;
";

/// Each change of a confirmed winner undone by itself, with its windows: one for a session.
const UNDOINGS: &str = "
CREATE TABLE undoings (
    session TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    body TEXT NOT NULL
) STRICT;
";

/// What energy counters told around a window: its joules can be worked out of that again.
const READINGS: &str = "
CREATE TABLE readings (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    place TEXT NOT NULL,
    position INTEGER NOT NULL,
    device TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (session, place, position)
) STRICT;
";

const STEPS: &[M<'_>] = &[
    M::up(FIRST),
    M::up(DISCARDED),
    M::up(NUMBERED),
    M::up(DIGESTS),
    M::up(UNDOINGS),
    M::up(READINGS),
];

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
