//! Numbers of trials are of one trial each, also in a database from before that was sure; and what an
//! older schema holds is all there in today's.

use crate::{begin, place, put};
use rusqlite::{Connection, params};
use std::path::Path;
use wattsmith_domain::{SessionRecord, Trial, TrialId};
use wattsmith_store::{Store, StoreError};
use wattsmith_testkit::fixtures;

/// A database as the version before unique numbers left it: made by today's store, with what came since
/// taken out again.
pub(crate) fn of_schema_2(path: &Path) -> SessionRecord {
    let record = fixtures::everything();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stored = record.clone();
    std::thread::scope(|scope| {
        let filled = scope.spawn(move || {
            runtime.block_on(async {
                let store = Store::open(path).unwrap();
                put(&store, &stored).await.unwrap();
                store.close().await.unwrap();
            });
        });
        filled.join().unwrap();
    });
    let db = Connection::open(path).unwrap();
    let made: Vec<(String, String)> = db
        .prepare("SELECT type, name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    for (kind, name) in made {
        db.execute_batch(&format!("DROP {kind} {name}")).unwrap();
    }
    db.execute_batch(
        "DROP TABLE readings;
         DROP TABLE undoings;
         DROP TABLE digests;
         DROP INDEX sessions_by_time;
         DROP INDEX trials_by_number;
         DROP INDEX confirmations_by_number;
         CREATE INDEX trials_by_session ON trials (session, number);
         CREATE INDEX confirmations_by_session ON confirmations (session, number);
         PRAGMA user_version = 2;
         PRAGMA journal_mode = delete;",
    )
    .unwrap();
    db.close().unwrap();
    record
}

#[tokio::test]
async fn an_older_database_is_kept_beside_and_all_of_it_is_there() {
    let (folder, path) = place();
    let record = of_schema_2(&path);
    let before = std::fs::read(&path).unwrap();
    let store = Store::open(&path).unwrap();
    assert_eq!(store.record(&record.session.id).await.unwrap(), record);
    store.close().await.unwrap();
    let copy = folder.path().join("wattsmith.db.schema-2");
    assert!(copy.exists());
    assert_ne!(std::fs::read(&path).unwrap(), before);
    let old = Connection::open(&copy).unwrap();
    let version: i64 = old
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 2);
    // Once is enough.
    Store::open(&path).unwrap().close().await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn twins_of_before_get_numbers_of_their_own_and_keep_all_else() {
    let (_folder, path) = place();
    let record = of_schema_2(&path);
    let db = Connection::open(&path).unwrap();
    let twin = |number: usize, id: &str| {
        let twin = Trial {
            id: TrialId::from(id),
            repeats: Vec::new(),
            discarded: Vec::new(),
            ..record.trials[number - 1].clone()
        };
        let body = serde_json::to_string(&twin).unwrap();
        db.execute(
            "INSERT INTO trials (id, session, number, state, body) VALUES (?1, ?2, ?3, 'complete', ?4)",
            params![twin.id.0, twin.session.0, twin.number, body],
        )
        .unwrap();
        twin
    };
    let twins = [twin(2, "a"), twin(3, "b"), twin(2, "c")];
    db.close().unwrap();

    let store = Store::open(&path).unwrap();
    let after = store.record(&record.session.id).await.unwrap();
    let (kept, added) = after.trials.split_at(record.trials.len());
    assert_eq!(kept, record.trials);
    let last = record.trials.len() as u32;
    let expected: Vec<Trial> = [&twins[0], &twins[2], &twins[1]]
        .into_iter()
        .zip(last + 1..)
        .map(|(twin, number)| Trial {
            number,
            ..twin.clone()
        })
        .collect();
    assert_eq!(added, expected);
}

#[tokio::test]
async fn a_number_is_given_once_in_a_session() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (_, trial) = begin(&store).await;
    let twin = Trial {
        id: TrialId::from("twin"),
        ..trial
    };
    let error = store.put_trial(&twin).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("trial 1"), "{error}");
}
