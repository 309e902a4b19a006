//! What is stored comes back as it was.

use crate::{begin, numbered, place, put, window};
use wattsmith_domain::{
    EnergyReading, Joules, MonotonicNs, ProposalStatus, SessionId, Trial, TrialState, WindowOf,
};
use wattsmith_store::{Owner, Side, Store, StoreError};
use wattsmith_testkit::fixtures;

#[tokio::test]
async fn a_record_reopened_is_exactly_what_was_stored() {
    let (_folder, path) = place();
    let record = fixtures::everything();
    let store = Store::open(&path).unwrap();
    put(&store, &record).await.unwrap();
    assert_eq!(store.record(&record.session.id).await.unwrap(), record);
    store.close().await.unwrap();

    let store = Store::open(&path).unwrap();
    assert_eq!(store.record(&record.session.id).await.unwrap(), record);
}

#[tokio::test]
async fn storing_again_replaces_and_keeps_order_and_repeats() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let mut record = fixtures::everything();
    put(&store, &record).await.unwrap();
    record.session.name = "renamed".to_owned();
    record.trials[0].state = TrialState::Discarded {
        cause: "taken back".to_owned(),
    };
    record.exchanges[0].reply = "another".to_owned();
    record.feedback[0].edit = Some("edited".to_owned());
    store.put_session(&record.session).await.unwrap();
    let bare = Trial {
        repeats: Vec::new(),
        ..record.trials[0].clone()
    };
    store.put_trial(&bare).await.unwrap();
    store.put_exchange(&record.exchanges[0]).await.unwrap();
    store
        .put_feedback(&record.session.id, &record.feedback[0])
        .await
        .unwrap();
    assert_eq!(store.record(&record.session.id).await.unwrap(), record);
}

#[tokio::test]
async fn samples_come_back_whole_or_thinned() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&store, &record).await.unwrap();
    let trial = &record.trials[0];
    let whole = store.samples(&trial.id, 2, usize::MAX).await.unwrap();
    assert_eq!(whole, window(&trial.repeats[1]));
    let thinned = store.samples(&trial.id, 2, 20).await.unwrap();
    assert!(thinned.iter().all(|(_, list)| list.len() <= 20));
    let confirmation = &record.confirmations[0];
    let whole = store
        .confirmation_samples(&confirmation.id, Side::Default, 5, usize::MAX)
        .await
        .unwrap();
    assert_eq!(whole, window(&confirmation.default[4]));
    let missing = store.samples(&trial.id, 99, 20).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
}

#[tokio::test]
async fn discarded_windows_come_back_with_their_samples_and_go_with_their_session() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let mut record = fixtures::everything();
    let discarded = |repeat: &wattsmith_domain::Repeat| wattsmith_domain::DiscardedRepeat {
        repeat: repeat.clone(),
        cause: wattsmith_domain::Cause {
            kind: wattsmith_domain::WarningKind::OtherLoad,
            text: "other programs used 31 % of the CPU".to_owned(),
        },
    };
    // Two of the same index: a rerun may be disturbed as well.
    let first = discarded(&record.trials[0].repeats[0]);
    record.trials[0].discarded = vec![first.clone(), first];
    record.confirmations[0].discarded = vec![discarded(&record.confirmations[0].best[1])];
    put(&store, &record).await.unwrap();
    assert_eq!(store.record(&record.session.id).await.unwrap(), record);
    let owner = Owner::Confirmation(record.confirmations[0].id.clone());
    let samples = store
        .discarded_samples(&owner, 0, usize::MAX)
        .await
        .unwrap();
    assert_eq!(samples, window(&record.confirmations[0].best[1]));
    let missing = store.discarded_samples(&owner, 1, 20).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
    store.delete_session(&record.session.id).await.unwrap();
    let gone = store.discarded_samples(&owner, 0, 20).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
}

#[tokio::test]
async fn sessions_are_listed_newest_first() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    for (id, created_at) in [
        ("b", "2026-01-02"),
        ("a", "2026-01-03"),
        ("c", "2026-01-01"),
    ] {
        let mut session = fixtures::empty().session;
        session.id = id.into();
        session.created_at = format!("{created_at}T00:00:00Z");
        store.put_session(&session).await.unwrap();
    }
    let ids = |sessions: Vec<wattsmith_domain::Session>| {
        sessions.into_iter().map(|one| one.id.0).collect::<String>()
    };
    let heads = store.heads("these words").await.unwrap();
    assert_eq!(
        heads.into_iter().map(|one| one.id.0).collect::<String>(),
        "abc"
    );
    let records = store.records().await.unwrap();
    assert_eq!(
        ids(records.into_iter().map(|one| one.session).collect()),
        "abc"
    );
}

#[tokio::test]
async fn a_deleted_session_leaves_nothing_behind() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&store, &record).await.unwrap();
    let mut other = fixtures::empty();
    other.session.id = "other".into();
    put(&store, &other).await.unwrap();
    let of = WindowOf::Trial(record.trials[0].id.clone(), 1);
    let told = told();
    store
        .put_readings(&record.session.id, &of, &told)
        .await
        .unwrap();
    store.delete_session(&record.session.id).await.unwrap();
    let gone = store.delete_session(&record.session.id).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    assert_eq!(store.records().await.unwrap(), [other]);
    store.close().await.unwrap();

    let db = rusqlite::Connection::open(&path).unwrap();
    for table in [
        "trials",
        "repeats",
        "samples",
        "confirmations",
        "confirmation_repeats",
        "confirmation_samples",
        "proposals",
        "exchanges",
        "feedback",
        "readings",
    ] {
        let left: i64 = db
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

/// What a counter told that began long before.
fn told() -> Vec<(String, Vec<EnergyReading>)> {
    let reading = |tick: u32| EnergyReading {
        at: MonotonicNs(7_000_000_123 + u64::from(tick) * 20_000_457),
        energy: Joules(81_234_567.891 + f64::from(tick / 4) * 0.125),
    };
    vec![("board".to_owned(), (0..40).map(reading).collect())]
}

#[tokio::test]
async fn readings_of_a_counter_come_back_to_the_last_digit_and_only_for_their_window() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let record = fixtures::everything();
    put(&store, &record).await.unwrap();
    let (id, trial) = (&record.session.id, &record.trials[0].id);
    let of = WindowOf::Trial(trial.clone(), 1);
    store.put_readings(id, &of, &told()).await.unwrap();
    assert_eq!(store.readings(id, &of).await.unwrap(), told());
    let next = WindowOf::Trial(trial.clone(), 2);
    assert_eq!(store.readings(id, &next).await.unwrap(), []);
    let nobody = SessionId::from("nobody");
    let gone = store.put_readings(&nobody, &of, &told()).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
}

#[tokio::test]
async fn settings_are_kept() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    assert_eq!(store.setting("theme").await.unwrap(), None);
    store.set_setting("theme", "light").await.unwrap();
    store.set_setting("theme", "dark").await.unwrap();
    store.close().await.unwrap();
    let store = Store::open(&path).unwrap();
    assert_eq!(
        store.setting("theme").await.unwrap().as_deref(),
        Some("dark")
    );
}

#[tokio::test]
async fn trials_left_running_are_discarded_keep_their_repeats_and_are_offered_again() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let (record, mut trial) = begin(&store).await;
    let mut proposal = fixtures::everything().proposals[0].clone();
    proposal.session = record.session.id.clone();
    proposal.status = ProposalStatus::Taken;
    trial.proposal = Some(proposal.id.clone());
    store.put_run(&trial, &proposal).await.unwrap();
    let repeat = numbered(&trial.repeats[0], 1);
    store.add_repeat(&trial.id, &repeat, &[]).await.unwrap();
    drop(store);

    let store = Store::open(&path).unwrap();
    assert_eq!(store.interrupted().await.unwrap(), [trial.id]);
    assert_eq!(store.interrupted().await.unwrap(), []);
    let after = store.record(&record.session.id).await.unwrap();
    assert_eq!(
        after.trials[0].state,
        TrialState::Discarded {
            cause: "the app ended while this trial ran".to_owned()
        }
    );
    assert_eq!(after.trials[0].repeats, [repeat]);
    assert_eq!(after.proposals[0].status, ProposalStatus::Offered);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_folder, path) = place();
    let store = Store::open(&path).unwrap();
    let clone = store.clone();
    store.close().await.unwrap();
    let error = clone.record(&SessionId::from("s")).await.unwrap_err();
    assert!(matches!(error, StoreError::Closed), "{error}");
    // The log was folded in: nothing but the file is left to copy.
    let files = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 1);
}
