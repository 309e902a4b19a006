//! What energy counters told around a window, beside its power: enough to work its joules out again.
//!
//! Blobs are like those of `samples`, with a little-endian `f64` in place of the watts: a counter that
//! began with the machine has more digits than an `f32`.

use crate::body::encode as text;
use crate::error::Fault;
use crate::sampled::known;
use crate::samples::{put_varint, take_varint, unzigzag, zigzag};
use rusqlite::{Connection, params};
use wattsmith_domain::{EnergyReading, Joules, MonotonicNs, SessionId, WindowOf};

type Outcome<T> = Result<T, Fault>;
/// By device.
pub(crate) type Readings = [(String, Vec<EnergyReading>)];

const FORMAT: u8 = 1;

/// Stores them, in place of what was there of the same window.
pub(crate) fn put(
    db: &Connection,
    session: &SessionId,
    of: &WindowOf,
    devices: &Readings,
) -> Outcome<()> {
    known(db, "sessions", "session", &session.0)?;
    let place = text("the window of some readings", of)?;
    let mut insert = db.prepare_cached(
        "INSERT OR REPLACE INTO readings (session, place, position, device, data)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, (device, list)) in (0_i64..).zip(devices) {
        insert.execute(params![session.0, place, position, device, encode(list)])?;
    }
    Ok(())
}

/// Those of one window; none where none were kept.
pub(crate) fn of(
    db: &Connection,
    session: &SessionId,
    of: &WindowOf,
) -> Outcome<Vec<(String, Vec<EnergyReading>)>> {
    let place = text("the window of some readings", of)?;
    let mut statement = db.prepare_cached(
        "SELECT device, data FROM readings WHERE session = ?1 AND place = ?2 ORDER BY position",
    )?;
    let mut rows = statement.query(params![session.0, place])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let device: String = row.get(0)?;
        let data: Vec<u8> = row.get(1)?;
        let list = decode(&data).ok_or_else(|| {
            Fault::Corrupt(format!(
                "counter readings of {device} are not whole or damaged"
            ))
        })?;
        found.push((device, list));
    }
    Ok(found)
}

fn encode(readings: &[EnergyReading]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(10 + readings.len() * 12);
    blob.push(FORMAT);
    put_varint(&mut blob, readings.len() as u64);
    let mut before = 0_u64;
    for reading in readings {
        put_varint(&mut blob, zigzag(reading.at.0.wrapping_sub(before)));
        blob.extend(reading.energy.0.to_le_bytes());
        before = reading.at.0;
    }
    blob
}

/// None when the blob is not whole or not of this format.
fn decode(blob: &[u8]) -> Option<Vec<EnergyReading>> {
    let (&format, mut rest) = blob.split_first()?;
    if format != FORMAT {
        return None;
    }
    let count = take_varint(&mut rest)?;
    // Nine bytes are the least that a reading takes: a damaged count must not allocate the earth.
    if count > rest.len() as u64 / 9 {
        return None;
    }
    let mut readings = Vec::with_capacity(count as usize);
    let mut before = 0_u64;
    for _ in 0..count {
        before = before.wrapping_add(unzigzag(take_varint(&mut rest)?));
        let (joules, after) = rest.split_first_chunk::<8>()?;
        rest = after;
        readings.push(EnergyReading {
            at: MonotonicNs(before),
            energy: Joules(f64::from_le_bytes(*joules)),
        });
    }
    rest.is_empty().then_some(readings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn readings_come_back_as_they_were(
            points in proptest::collection::vec((any::<u64>(), -1e12..1e12_f64), 0..200),
        ) {
            let readings: Vec<_> = points
                .into_iter()
                .map(|(at, joules)| EnergyReading { at: MonotonicNs(at), energy: Joules(joules) })
                .collect();
            let blob = encode(&readings);
            prop_assert_eq!(decode(&blob[..blob.len() - 1]), None);
            prop_assert_eq!(decode(&blob), Some(readings));
        }

        #[test]
        fn a_damaged_blob_never_panics(blob in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&blob);
        }
    }
}
