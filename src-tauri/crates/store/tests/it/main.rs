//! The store from outside: what goes in comes out, and nothing finished is ever lost.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a panic here is the report

mod backup;
mod digests;
#[cfg(unix)]
mod killed;
mod limits;
mod numbered;
mod reading;
mod refused;
mod removed;
mod round_trip;
mod shared;

use std::path::PathBuf;
use wattsmith_domain::{PowerSample, Repeat, SessionRecord, Trial};
use wattsmith_store::{Owner, Side, Store, StoreError};
use wattsmith_testkit::fixtures;

/// A folder for one test, and the database in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wattsmith.db");
    (folder, path)
}

fn window(repeat: &Repeat) -> Vec<(String, Vec<PowerSample>)> {
    let watts = f64::from(repeat.index) * 10.0;
    vec![
        fixtures::samples("GPU 0", 12, watts),
        fixtures::samples("package-0", 12, watts + 1.0),
    ]
}

/// Stores a whole record, one piece at a time, as the tuner does.
async fn put(store: &Store, record: &SessionRecord) -> Result<(), StoreError> {
    store.put_session(&record.session).await?;
    for exchange in &record.exchanges {
        store.put_exchange(exchange).await?;
    }
    for proposal in &record.proposals {
        store.put_proposal(proposal).await?;
    }
    for trial in &record.trials {
        store.put_trial(trial).await?;
        for repeat in &trial.repeats {
            store.add_repeat(&trial.id, repeat, &window(repeat)).await?;
        }
        for one in &trial.discarded {
            let owner = Owner::Trial(trial.id.clone());
            store
                .add_discarded(&owner, one, &window(&one.repeat))
                .await?;
        }
    }
    for feedback in &record.feedback {
        store.put_feedback(&record.session.id, feedback).await?;
    }
    for confirmation in &record.confirmations {
        store.put_confirmation(confirmation).await?;
        for (side, repeats) in [
            (Side::Best, &confirmation.best),
            (Side::Default, &confirmation.default),
        ] {
            for repeat in repeats {
                store
                    .add_confirmation_repeat(&confirmation.id, side, repeat, &window(repeat))
                    .await?;
            }
        }
        for one in &confirmation.discarded {
            let owner = Owner::Confirmation(confirmation.id.clone());
            store
                .add_discarded(&owner, one, &window(&one.repeat))
                .await?;
        }
    }
    Ok(())
}

/// A session with one running trial that has no repeat yet.
async fn begin(store: &Store) -> (SessionRecord, Trial) {
    let mut record = fixtures::measured();
    record.trials.truncate(1);
    record.trials[0].state = wattsmith_domain::TrialState::Running;
    let trial = record.trials[0].clone();
    store.put_session(&record.session).await.unwrap();
    store.put_trial(&trial).await.unwrap();
    (record, trial)
}

fn numbered(repeat: &Repeat, index: u32) -> Repeat {
    Repeat {
        index,
        ..repeat.clone()
    }
}
