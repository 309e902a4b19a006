//! A copy holds all that was stored, by itself; and nothing is lost between schemas.

use crate::{begin, numbered, place, put};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use wattsmith_store::{Store, StoreError};
use wattsmith_testkit::fixtures;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

#[tokio::test]
async fn a_backup_made_while_somebody_writes_holds_all_that_was_stored() {
    let (folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&store, &record).await.unwrap();
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    // What comes after it is not in it.
    store.set_setting("later", "1").await.unwrap();
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(
        files, 4,
        "the database with its log and index, and one copy"
    );
    assert_eq!(mode(&copy), 0o600);
    let back = Store::open(&copy).unwrap();
    assert_eq!(back.record(&record.session.id).await.unwrap(), record);
    assert_eq!(back.setting("later").await.unwrap(), None);
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_no_half_of_itself() {
    let (folder, path) = place();
    let store = Store::open(&path).unwrap();
    let there = folder.path().join("diary");
    std::fs::write(&there, "dear diary").unwrap();
    let error = store.backup(&there).await.unwrap_err();
    assert!(error.to_string().contains("overwrites none"), "{error}");
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "dear diary");
    let nowhere = folder.path().join("missing/copy.db");
    let error = store.backup(&nowhere).await.unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    assert!(!nowhere.parent().unwrap().exists());
}

#[tokio::test]
async fn a_damaged_database_gives_no_backup_but_an_error() {
    let (folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (_, trial) = begin(&store).await;
    for index in 1..60 {
        let repeat = numbered(&trial.repeats[0], index);
        store
            .add_repeat(&trial.id, &repeat, &crate::window(&repeat))
            .await
            .unwrap();
    }
    store.close().await.unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() / 4096;
    for page in bytes.chunks_mut(4096).skip(last * 2 / 3) {
        page[..64].fill(0xa5);
    }
    std::fs::write(&path, bytes).unwrap();
    // Opening does not read it all; copying does.
    let store = Store::open(&path).unwrap();
    let copy = folder.path().join("copy.db");
    let error = store.backup(&copy).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(!copy.exists());
}

#[tokio::test]
async fn a_clean_end_leaves_all_in_the_one_file() {
    let (folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&store, &record).await.unwrap();
    assert_eq!(mode(&path), 0o600);
    // Somebody else has it open, too, as a window beside the command line.
    let other = Store::open(&path).unwrap();
    store.close().await.unwrap();
    let copy = folder.path().join("copied-by-hand.db");
    std::fs::copy(&path, &copy).unwrap();
    let copied = Store::open(&copy).unwrap();
    assert_eq!(copied.record(&record.session.id).await.unwrap(), record);
    drop(other);
}
