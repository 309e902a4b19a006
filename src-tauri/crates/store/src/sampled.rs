//! Finished repeats with their power samples: written once, never changed.

use crate::body::encode;
use crate::error::Fault;
use crate::samples;
use crate::store::{Owner, Side};
use rusqlite::{Connection, ErrorCode, OptionalExtension, ToSql, params};
use wattsmith_domain::{ConfirmationId, DiscardedRepeat, PowerSample, Repeat, TrialId};
use wattsmith_fail_points::fail_point;

type Outcome<T> = Result<T, Fault>;
type Devices = [(String, Vec<PowerSample>)];

pub(crate) fn add_repeat(
    db: &Connection,
    trial: &TrialId,
    repeat: &Repeat,
    devices: &Devices,
) -> Outcome<()> {
    known(db, "trials", "trial", &trial.0)?;
    let what = format!("repeat {} of trial {trial}", repeat.index);
    let body = encode(&what, repeat)?;
    once(
        &what,
        db.prepare_cached("INSERT INTO repeats (trial, number, body) VALUES (?1, ?2, ?3)")?
            .execute(params![trial.0, repeat.index, body]),
    )?;
    fail_point!("store::repeat::before_samples", Fault::full());
    let mut insert = db.prepare_cached(
        "INSERT INTO samples (trial, number, position, device, data) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, (device, list)) in (0_i64..).zip(devices) {
        let data = samples::encode(list);
        insert.execute(params![trial.0, repeat.index, position, device, data])?;
    }
    fail_point!("store::repeat::before_commit", Fault::full());
    Ok(())
}

pub(crate) fn add_confirmation_repeat(
    db: &Connection,
    confirmation: &ConfirmationId,
    side: Side,
    repeat: &Repeat,
    devices: &Devices,
) -> Outcome<()> {
    known(db, "confirmations", "confirmation", &confirmation.0)?;
    let (index, side) = (repeat.index, side.word());
    let what = format!("repeat {index} of the {side} side of confirmation {confirmation}");
    let body = encode(&what, repeat)?;
    once(
        &what,
        db.prepare_cached(
            "INSERT INTO confirmation_repeats (confirmation, side, number, body)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![confirmation.0, side, index, body]),
    )?;
    let mut insert = db.prepare_cached(
        "INSERT INTO confirmation_samples (confirmation, side, number, position, device, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, (device, list)) in (0_i64..).zip(devices) {
        let data = samples::encode(list);
        insert.execute(params![confirmation.0, side, index, position, device, data])?;
    }
    Ok(())
}

/// A window that belongs to no figure. There may be several of the same index.
pub(crate) fn add_discarded(
    db: &Connection,
    owner: &Owner,
    discarded: &DiscardedRepeat,
    devices: &Devices,
) -> Outcome<()> {
    let (table, noun, id) = owner.place();
    known(db, table, noun, id)?;
    let body = encode(&format!("a discarded repeat of {noun} {id}"), discarded)?;
    db.prepare_cached(&format!(
        "INSERT INTO discarded ({noun}, body) VALUES (?1, ?2)"
    ))?
    .execute(params![id, body])?;
    let row = db.last_insert_rowid();
    let mut insert = db.prepare_cached(
        "INSERT INTO discarded_samples (discarded, position, device, data) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (position, (device, list)) in (0_i64..).zip(devices) {
        insert.execute(params![row, position, device, samples::encode(list)])?;
    }
    Ok(())
}

/// Samples of one window by device, thinned to `points` each.
pub(crate) fn of_trial(
    db: &Connection,
    trial: &TrialId,
    index: u32,
    points: usize,
) -> Outcome<Vec<(String, Vec<PowerSample>)>> {
    let found: Option<i64> = db
        .query_row(
            "SELECT 1 FROM repeats WHERE trial = ?1 AND number = ?2",
            params![trial.0, index],
            |row| row.get(0),
        )
        .optional()?;
    if found.is_none() {
        return Err(Fault::NotFound(format!("repeat {index} of trial {trial}")));
    }
    read(
        db,
        "SELECT device, data FROM samples WHERE trial = ?1 AND number = ?2 ORDER BY position",
        &[&trial.0, &index],
        points,
    )
}

/// Like [`of_trial`], for a window of a confirmation.
pub(crate) fn of_confirmation(
    db: &Connection,
    confirmation: &ConfirmationId,
    side: Side,
    index: u32,
    points: usize,
) -> Outcome<Vec<(String, Vec<PowerSample>)>> {
    known(db, "confirmations", "confirmation", &confirmation.0)?;
    read(
        db,
        "SELECT device, data FROM confirmation_samples
         WHERE confirmation = ?1 AND side = ?2 AND number = ?3 ORDER BY position",
        &[&confirmation.0, &side.word(), &index],
        points,
    )
}

/// Like [`of_trial`], for the `nth` discarded window of a trial or confirmation.
pub(crate) fn of_discarded(
    db: &Connection,
    owner: &Owner,
    nth: u32,
    points: usize,
) -> Outcome<Vec<(String, Vec<PowerSample>)>> {
    let (_, noun, id) = owner.place();
    let row: Option<i64> = db
        .query_row(
            &format!("SELECT id FROM discarded WHERE {noun} = ?1 ORDER BY id LIMIT 1 OFFSET ?2"),
            params![id, nth],
            |row| row.get(0),
        )
        .optional()?;
    let row =
        row.ok_or_else(|| Fault::NotFound(format!("discarded repeat {nth} of {noun} {id}")))?;
    read(
        db,
        "SELECT device, data FROM discarded_samples WHERE discarded = ?1 ORDER BY position",
        &[&row],
        points,
    )
}

fn read(
    db: &Connection,
    query: &str,
    values: &[&dyn ToSql],
    points: usize,
) -> Outcome<Vec<(String, Vec<PowerSample>)>> {
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let device: String = row.get(0)?;
        let data: Vec<u8> = row.get(1)?;
        let list = samples::decode(&data).ok_or_else(|| {
            Fault::Corrupt(format!(
                "power samples of {device} are not whole or damaged"
            ))
        })?;
        found.push((device, samples::thin(list, points)));
    }
    Ok(found)
}

/// Fails with "not found" where `table` has no such row; foreign keys alone would only say that
/// something is missing.
pub(crate) fn known(db: &Connection, table: &str, noun: &str, id: &str) -> Outcome<()> {
    let found: Option<i64> = db
        .prepare_cached(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?
        .query_row([id], |row| row.get(0))
        .optional()?;
    found
        .map(|_| ())
        .ok_or_else(|| Fault::NotFound(format!("{noun} {id}")))
}

fn once(what: &str, inserted: rusqlite::Result<usize>) -> Outcome<()> {
    match inserted {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(Fault::Refused(format!(
                "{what} is stored already; a finished repeat is never overwritten"
            )))
        }
        other => Ok(other.map(|_| ())?),
    }
}
