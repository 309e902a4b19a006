//! What a list shows of a session, kept beside it. The words are the caller's; here it is only known
//! whether they are still of the newest state of the record.

use crate::error::Fault;
use rusqlite::{Connection, params};
use wattsmith_domain::SessionId;

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which.
    pub id: SessionId,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// What was put down of it, where that still stands.
    pub digest: Option<String>,
}

/// Newest first. A digest that another version of the words made does not stand.
pub(crate) fn heads(db: &Connection, made_by: &str) -> Result<Vec<Head>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT s.id, s.created_at, CASE WHEN d.made_of = d.changes AND d.made_by = ?1 THEN d.body END
         FROM sessions AS s LEFT JOIN digests AS d ON d.session = s.id
         ORDER BY s.created_at DESC, s.rowid DESC",
    )?;
    let heads = query.query_map([made_by], |row| {
        Ok(Head {
            id: SessionId(row.get(0)?),
            created_at: row.get(1)?,
            digest: row.get(2)?,
        })
    })?;
    Ok(heads.collect::<rusqlite::Result<_>>()?)
}

/// How often the session was changed, for [`put`].
pub(crate) fn changes(db: &Connection, id: &SessionId) -> Result<i64, Fault> {
    let found = db
        .prepare_cached("SELECT changes FROM digests WHERE session = ?1")?
        .query_row([&id.0], |row| row.get(0));
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(0),
        other => Ok(other?),
    }
}

/// Keeps a digest of the record as it was after so many changes.
pub(crate) fn put(
    db: &Connection,
    id: &SessionId,
    (made_by, made_of): (&str, i64),
    body: &str,
) -> Result<(), Fault> {
    db.prepare_cached(
        "UPDATE digests SET made_of = ?2, made_by = ?3, body = ?4 WHERE session = ?1",
    )?
    .execute(params![id.0, made_of, made_by, body])?;
    Ok(())
}
