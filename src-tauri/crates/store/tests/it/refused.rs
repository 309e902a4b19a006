//! What cannot be stored or opened is refused in words that help, and harms nothing.

use crate::{begin, numbered, place, put};
use std::path::Path;
use wattsmith_domain::{Joules, TrialId};
use wattsmith_store::{Store, StoreError};
use wattsmith_testkit::fixtures;

/// Opens `path`, expects a refusal, and checks that not one byte changed.
fn refusal(path: &Path) -> StoreError {
    let before = std::fs::read(path).unwrap();
    let error = Store::open(path).unwrap_err();
    assert!(
        std::fs::read(path).unwrap() == before,
        "the file was changed"
    );
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
    error
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_versions() {
    let (_folder, path) = place();
    Store::open(&path).unwrap().close().await.unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 1999).unwrap();
    db.close().unwrap();
    let error = refusal(&path);
    let StoreError::NewerSchema { found, known, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((*found, *known), (1999, 6));
    let text = error.to_string();
    assert!(
        text.contains("1999") && text.contains("Update Wattsmith"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let (_folder, path) = place();
    std::fs::write(&path, "no database at all, ".repeat(500)).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_database_is_left_alone() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    put(&store, &fixtures::everything()).await.unwrap();
    store.close().await.unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(2) {
        page[..64].fill(0xa5);
    }
    std::fs::write(&path, bytes).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[test]
fn another_programs_database_is_left_alone() {
    let (_folder, path) = place();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("CREATE TABLE bookmarks (url TEXT)")
        .unwrap();
    db.close().unwrap();
    let error = refusal(&path);
    assert!(error.to_string().contains("another program"), "{error}");
}

#[test]
fn a_missing_folder_is_an_error_that_names_it() {
    let error = Store::open(Path::new("/nonexistent/folder/w.db")).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    assert!(error.to_string().contains("/nonexistent/folder/w.db"));
}

#[tokio::test]
async fn a_finished_repeat_is_never_overwritten() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (record, trial) = begin(&store).await;
    let first = numbered(&trial.repeats[0], 1);
    let other = numbered(&trial.repeats[1], 1);
    store.add_repeat(&trial.id, &first, &[]).await.unwrap();
    let error = store.add_repeat(&trial.id, &other, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    let after = store.record(&record.session.id).await.unwrap();
    assert_eq!(after.trials[0].repeats, [first]);
}

#[tokio::test]
async fn a_figure_that_is_no_number_is_refused_and_takes_nothing_with_it() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (record, trial) = begin(&store).await;
    let mut bad = numbered(&trial.repeats[0], 1);
    bad.energy.net = Some(Joules(f64::NAN));
    let good = numbered(&trial.repeats[0], 2);
    let nobody = TrialId::from("nobody");
    // Queued together, so that they share a transaction at first.
    let (refused, kept, unknown) = tokio::join!(
        store.add_repeat(&trial.id, &bad, &[]),
        store.add_repeat(&trial.id, &good, &[]),
        store.add_repeat(&nobody, &good, &[]),
    );
    kept.unwrap();
    let refused = refused.unwrap_err();
    assert!(
        refused.to_string().contains("not a finite number"),
        "{refused}"
    );
    let unknown = unknown.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no trial nobody in the store");
    let after = store.record(&record.session.id).await.unwrap();
    assert_eq!(after.trials[0].repeats, [good]);
}

#[tokio::test]
async fn what_belongs_to_no_session_is_refused() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    for error in [
        store.put_trial(&record.trials[0]).await,
        store.put_proposal(&record.proposals[0]).await,
        store.put_exchange(&record.exchanges[0]).await,
        store.put_confirmation(&record.confirmations[0]).await,
        store.record(&record.session.id).await.map(drop),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    }
}
