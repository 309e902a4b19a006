//! Who only reads changes nothing.

use crate::numbered::of_schema_2;
use crate::{begin, place, put};
use std::collections::BTreeMap;
use std::path::Path;
use wattsmith_store::{Store, StoreError};
use wattsmith_testkit::fixtures;

/// Everything in a folder, byte for byte.
fn all(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn reading_makes_no_file_and_changes_no_byte() {
    let (folder, path) = place();
    let nothing = Store::open_to_read(&path).unwrap();
    assert_eq!(nothing.heads("").await.unwrap(), []);
    nothing.close().await.unwrap();
    assert_eq!(all(folder.path()).len(), 0);

    let record = fixtures::everything();
    let store = Store::open(&path).unwrap();
    put(&store, &record).await.unwrap();
    store.close().await.unwrap();
    let before = all(folder.path());
    let reader = Store::open_to_read(&path).unwrap();
    assert_eq!(reader.record(&record.session.id).await.unwrap(), record);
    let refused = reader.set_setting("a", "1").await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
    reader.close().await.unwrap();
    assert!(all(folder.path()) == before);
}

#[tokio::test]
async fn what_another_wattsmith_has_just_stored_is_read() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (record, trial) = begin(&store).await;
    let reader = Store::open_to_read(&path).unwrap();
    let seen = reader.record(&record.session.id).await.unwrap();
    assert_eq!(seen.trials[0].id, trial.id);
    // And its log stays its own.
    reader.close().await.unwrap();
    store.set_setting("a", "1").await.unwrap();
    assert_eq!(store.setting("a").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn an_older_schema_is_read_and_stays_as_it_is() {
    let (folder, path) = place();
    let record = of_schema_2(&path);
    let before = all(folder.path());
    let reader = Store::open_to_read(&path).unwrap();
    assert_eq!(reader.record(&record.session.id).await.unwrap(), record);
    reader.close().await.unwrap();
    assert!(all(folder.path()) == before);
}

#[tokio::test]
async fn a_newer_schema_and_another_programs_file_are_refused_here_as_well() {
    let (_folder, path) = place();
    Store::open(&path).unwrap().close().await.unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 1999).unwrap();
    db.close().unwrap();
    let error = Store::open_to_read(&path).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { .. }), "{error}");
    std::fs::write(&path, "no database at all, ".repeat(500)).unwrap();
    let error = Store::open_to_read(&path).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}
