//! Whether lines still come, and whether they come one by one.

use super::table::Table;
use crate::outside::refusal::MeterRefusal;
use std::fs::Metadata;
use std::time::{Duration, Instant, SystemTime};
use wattsmith_domain::SensorFault;

/// Readings in a row without a new line, after which several at once were held back.
const QUIET: u32 = 2;
/// New lines at once that were held back; a slow moment makes two of them.
const HELD_BACK: usize = 3;

/// What the file was like when it was last looked at.
#[derive(Debug, Clone)]
pub(super) struct Growth {
    length: u64,
    modified: Option<SystemTime>,
    /// When it last changed, as far as that is known.
    changed: Instant,
    /// Readings since then.
    quiet: u32,
    /// Lines that came with its last change, where they had been held back.
    held_back: Option<usize>,
}

impl Growth {
    /// By the file's own time at first, by its changes from then on.
    pub(super) fn next(
        before: Option<&Self>,
        facts: &Metadata,
        table: &Result<Table, MeterRefusal>,
    ) -> Self {
        let (length, modified) = (facts.len(), facts.modified().ok());
        let fresh = |changed: Instant, held_back: Option<usize>| Self {
            length,
            modified,
            changed,
            quiet: 0,
            held_back,
        };
        match before {
            None => {
                let age = modified.and_then(|modified| modified.elapsed().ok());
                let changed = Instant::now().checked_sub(age.unwrap_or_default());
                fresh(changed.unwrap_or_else(Instant::now), None)
            }
            Some(same) if (same.length, same.modified) == (length, modified) => Self {
                quiet: same.quiet + 1,
                ..same.clone()
            },
            Some(other) => {
                let added = length.saturating_sub(other.length);
                let lines = table.as_ref().map_or(0, |table| table.lines_in(added));
                let held_back = lines >= HELD_BACK && other.quiet >= QUIET;
                fresh(Instant::now(), held_back.then_some(lines))
            }
        }
    }

    pub(super) fn check(&self, stale: Duration) -> Result<(), MeterRefusal> {
        if let Some(lines) = self.held_back {
            return Err(MeterRefusal::new(
                SensorFault::Stale,
                format!(
                    "{lines} lines came at once after none for a while: they were held back, so when \
                     each was measured is not known; let the meter write out each line at once"
                ),
            ));
        }
        let age = self.changed.elapsed();
        if age > stale {
            return Err(MeterRefusal::new(
                SensorFault::Stale,
                format!(
                    "no new line for {:.0} s; does the meter still write it?",
                    age.as_secs_f64()
                ),
            ));
        }
        Ok(())
    }
}
