//! A full database keeps what it has, says so, and works again once there is room.

use crate::{begin, numbered, place, window};
use wattsmith_domain::{SessionRecord, Trial};
use wattsmith_store::{Store, StoreError, StoreOptions};

/// Adds repeats until one is refused; gives how many were stored, and the refusal.
pub(crate) async fn fill(store: &Store, trial: &Trial) -> (u32, StoreError) {
    for index in 1..10_000 {
        let repeat = numbered(&trial.repeats[0], index);
        if let Err(error) = store.add_repeat(&trial.id, &repeat, &window(&repeat)).await {
            return (index - 1, error);
        }
    }
    panic!("the limit was never reached");
}

pub(crate) async fn assert_kept(store: &Store, record: &SessionRecord, stored: u32) {
    let after = store.record(&record.session.id).await.unwrap();
    let indices: Vec<u32> = after.trials[0]
        .repeats
        .iter()
        .map(|one| one.index)
        .collect();
    assert_eq!(indices, (1..=stored).collect::<Vec<_>>());
    assert_eq!(
        after.trials[0].repeats[0],
        numbered(&record.trials[0].repeats[0], 1)
    );
}

#[tokio::test]
async fn a_page_limit_gives_full_and_loses_nothing() {
    let (_folder, path) = place();
    let options = StoreOptions {
        max_page_count: Some(120),
        ..StoreOptions::default()
    };
    let store = Store::open_with(&path, options).unwrap();
    let (record, trial) = begin(&store).await;
    let (stored, error) = fill(&store, &trial).await;
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(path.to_str().unwrap()) && text.contains("bytes") | text.contains("kB"),
        "{text}"
    );
    assert!(stored > 3, "only {stored} fitted");
    assert_kept(&store, &record, stored).await;
    store.close().await.unwrap();

    let store = Store::open(&path).unwrap();
    assert_kept(&store, &record, stored).await;
    let next = numbered(&trial.repeats[0], stored + 1);
    store
        .add_repeat(&trial.id, &next, &window(&next))
        .await
        .unwrap();
    assert_kept(&store, &record, stored + 1).await;
}
