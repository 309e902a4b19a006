//! What a list shows stands until the record changes, and one damaged row is one damaged line.

use crate::{begin, numbered, place, put};
use wattsmith_domain::{SessionRecord, TrialState};
use wattsmith_store::{Side, Store, StoreError};
use wattsmith_testkit::fixtures;

const WORDS: &str = "these words";

/// Puts a digest down, then does something; whether the digest still stands.
async fn stands_after(
    store: &Store,
    record: &SessionRecord,
    change: impl AsyncFnOnce(&Store) -> Result<(), StoreError>,
) -> bool {
    let id = &record.session.id;
    let (_, changes) = store.record_as_of(id).await.unwrap();
    let digest = (id.clone(), changes, "a line".to_owned());
    store.put_digests(WORDS, vec![digest]).await.unwrap();
    let digest = async || store.heads(WORDS).await.unwrap()[0].digest.clone();
    assert_eq!(digest().await.as_deref(), Some("a line"));
    change(store).await.unwrap();
    digest().await.is_some()
}

#[tokio::test]
async fn a_digest_stands_until_something_in_its_line_changes() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&store, &record).await.unwrap();
    let mut trial = record.trials[0].clone();
    let repeat = numbered(&trial.repeats[0], 99);
    trial.state = TrialState::Discarded {
        cause: "taken back".to_owned(),
    };
    let confirmation = &record.confirmations[0];
    macro_rules! falls {
        ($($change:tt)*) => {
            assert!(!stands_after(&store, &record, async |store: &Store| store.$($change)*.await).await);
        };
    }
    falls!(put_session(&record.session));
    falls!(put_trial(&trial));
    falls!(add_repeat(&trial.id, &repeat, &[]));
    falls!(put_confirmation(confirmation));
    falls!(add_confirmation_repeat(
        &confirmation.id,
        Side::Best,
        &repeat,
        &[]
    ));
    // A prompt is no part of the line.
    let exchange = &record.exchanges[0];
    let prompted = async |store: &Store| store.put_exchange(exchange).await;
    assert!(stands_after(&store, &record, prompted).await);
    // Other words of another version are not these.
    assert_eq!(store.heads("others").await.unwrap()[0].digest, None);
}

#[tokio::test]
async fn a_digest_of_an_older_state_does_not_stand() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (record, trial) = begin(&store).await;
    let (_, changes) = store.record_as_of(&record.session.id).await.unwrap();
    let repeat = numbered(&trial.repeats[0], 1);
    store.add_repeat(&trial.id, &repeat, &[]).await.unwrap();
    let digest = (record.session.id.clone(), changes, "too late".to_owned());
    store.put_digests(WORDS, vec![digest]).await.unwrap();
    assert_eq!(store.heads(WORDS).await.unwrap()[0].digest, None);
}

#[tokio::test]
async fn one_row_that_cannot_be_read_takes_no_other_session_with_it() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&store, &record).await.unwrap();
    let mut other = fixtures::empty();
    other.session.id = "other".into();
    put(&store, &other).await.unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let changed = db
        .execute("UPDATE repeats SET body = '{' WHERE number = 1", [])
        .unwrap();
    assert!(changed > 0);
    assert_eq!(store.heads(WORDS).await.unwrap().len(), 2);
    assert_eq!(store.records().await.unwrap(), [other]);
    let error = store.record(&record.session.id).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    // Nor does it keep anybody from starting.
    db.execute("UPDATE trials SET state = 'running', body = '{'", [])
        .unwrap();
    assert_eq!(store.interrupted().await.unwrap(), []);
}
