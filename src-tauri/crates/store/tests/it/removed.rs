//! Data that is taken away under a running Wattsmith.

use crate::{begin, numbered, place};
use wattsmith_store::{Store, StoreError};

#[tokio::test]
async fn a_write_into_a_file_that_nobody_can_find_any_more_is_an_error() {
    for with_log in [true, false] {
        let (_folder, path) = place();
        let store = Store::open(&path).unwrap();
        let (_, trial) = begin(&store).await;
        match with_log {
            true => std::fs::remove_dir_all(path.parent().unwrap()).unwrap(),
            false => std::fs::remove_file(&path).unwrap(),
        }
        let repeat = numbered(&trial.repeats[0], 1);
        let error = store.add_repeat(&trial.id, &repeat, &[]).await.unwrap_err();
        assert!(matches!(error, StoreError::Removed { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()));
        let error = store.close().await.unwrap_err();
        assert!(matches!(error, StoreError::Removed { .. }), "{error}");
    }
}

#[tokio::test]
async fn another_file_in_its_place_and_a_log_taken_away_are_noticed_too() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (_, trial) = begin(&store).await;
    let moved = path.with_extension("moved");
    std::fs::rename(&path, &moved).unwrap();
    std::fs::copy(&moved, &path).unwrap();
    let repeat = numbered(&trial.repeats[0], 1);
    let error = store.add_repeat(&trial.id, &repeat, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Removed { .. }), "{error}");

    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (_, trial) = begin(&store).await;
    std::fs::remove_file(path.with_extension("db-wal")).unwrap();
    let error = store.add_repeat(&trial.id, &repeat, &[]).await.unwrap_err();
    assert!(matches!(error, StoreError::Removed { .. }), "{error}");
    assert!(error.to_string().contains("-wal"), "{error}");
}
