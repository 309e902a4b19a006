//! Several handles, as the app and the command line are, on one file.

use crate::{begin, numbered, place, put};
use std::time::Duration;
use wattsmith_store::{Store, StoreError, StoreOptions};
use wattsmith_testkit::fixtures;

#[tokio::test]
async fn two_handles_see_what_the_other_wrote() {
    let (_folder, path) = place();
    let one = Store::open(&path).unwrap();
    let two = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&one, &record).await.unwrap();
    assert_eq!(two.record(&record.session.id).await.unwrap(), record);
    two.set_setting("from", "two").await.unwrap();
    assert_eq!(one.setting("from").await.unwrap().as_deref(), Some("two"));
}

#[tokio::test]
async fn two_handles_that_write_at_once_lose_nothing() {
    let (_folder, path) = place();
    let one = Store::open(&path).unwrap();
    let two = Store::open(&path).unwrap();
    let (record, trial) = begin(&one).await;
    let write = async |store: &Store, indices: std::ops::Range<u32>| {
        for index in indices {
            let repeat = numbered(&trial.repeats[0], index);
            store.add_repeat(&trial.id, &repeat, &[]).await.unwrap();
        }
    };
    tokio::join!(write(&one, 1..40), write(&two, 40..80));
    let after = one.record(&record.session.id).await.unwrap();
    let indices: Vec<u32> = after.trials[0]
        .repeats
        .iter()
        .map(|one| one.index)
        .collect();
    assert_eq!(indices, (1..80).collect::<Vec<_>>());
}

#[test]
fn many_can_create_the_same_file_at_once() {
    let (_folder, path) = place();
    std::thread::scope(|scope| {
        let opened: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::open(&path))).collect();
        for one in opened {
            one.join().unwrap().unwrap();
        }
    });
}

#[tokio::test]
async fn a_file_locked_by_another_is_named_after_the_wait() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    store.set_setting("a", "1").await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Reading goes on meanwhile: the log keeps readers and a writer out of each other's way.
    assert_eq!(store.setting("a").await.unwrap().as_deref(), Some("1"));
    let error = tokio::time::timeout(Duration::from_secs(60), store.set_setting("a", "2"))
        .await
        .expect("a locked file must not be waited for without end")
        .unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    store.set_setting("a", "3").await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_stored_for_a_moment_is_held_told_and_stored() {
    let (_folder, path) = place();
    let options = StoreOptions {
        patience: Some(Duration::from_secs(60)),
        ..StoreOptions::default()
    };
    let store = Store::open_with(&path, options).unwrap();
    let (record, trial) = begin(&store).await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut held = store.held();
    let repeats: Vec<_> = (1..4)
        .map(|index| numbered(&trial.repeats[0], index))
        .collect();
    let storing = async {
        for repeat in &repeats {
            store.add_repeat(&trial.id, repeat, &[]).await.unwrap();
        }
    };
    let freeing = async {
        held.wait_for(|held| *held).await.unwrap();
        // Reading goes on meanwhile, and longer than one try takes.
        for _ in 0..8 {
            store.record(&record.session.id).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        other.execute_batch("ROLLBACK").unwrap();
        held.wait_for(|held| !*held).await.unwrap();
    };
    tokio::join!(storing, freeing);
    let after = store.record(&record.session.id).await.unwrap();
    assert_eq!(after.trials[0].repeats, repeats);
}
