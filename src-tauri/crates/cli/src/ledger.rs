//! `sessions ledger` and `tune --ledger`: what the human added, out of one session and into another.

use crate::{Stop, listing};
use std::path::Path;
use std::sync::Arc;
use wattsmith_tuner::{Ledger, Tuner};

pub(crate) async fn write(
    tuner: &Arc<Tuner>,
    session: &str,
    out: Option<&Path>,
) -> Result<(), Stop> {
    let session = listing::find(tuner, session).await?;
    let ledger = Ledger::of(&tuner.record(&session).await?);
    let text = serde_json::to_string_pretty(&ledger)
        .map_err(|error| Stop::Failed(format!("the ledger cannot be written: {error}")))?;
    match out {
        None => say!("{text}"),
        Some(path) => {
            wattsmith_tuner::write_file(path, text.as_bytes()).map_err(|error| {
                Stop::Failed(format!("cannot write {}: {error}", path.display()))
            })?;
            say!("{}", path.display());
        }
    }
    Ok(())
}

pub(crate) fn read(path: &Path) -> Result<Ledger, Stop> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Stop::Usage(format!("cannot read {}: {error}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Stop::Usage(format!("{} is no ledger: {error}", path.display())))
}
