//! A database that cannot grow.

use crate::bench::{Bench, DEFAULT, machine, tiny};
use wattsmith_domain::{Purpose, TrialState};
use wattsmith_store::StoreError;
use wattsmith_tuner::{SessionPlan, Step, StoreOptions, TunerError};

#[tokio::test]
async fn a_full_database_is_named_and_earlier_repeats_stay_intact() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let plan = SessionPlan {
        repeats: 6,
        budget: 0,
        ..tiny()
    };
    let session = bench.session(plan).await;
    // Interrupted after two of its windows.
    let mut trial = bench.seed(&session, &[], &DEFAULT[..2]).await;
    trial.state = TrialState::Discarded {
        cause: "interrupted".to_owned(),
    };
    let store = bench.store();
    store.put_trial(&trial).await.unwrap();
    store.close().await.unwrap();
    let before = bench.record(&session).await;

    // Not one page more than there are.
    let bench = bench
        .reopened_with(StoreOptions {
            max_page_count: Some(1),
            ..StoreOptions::default()
        })
        .await;
    let full = bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap_err();
    assert!(
        matches!(full, TunerError::Store(StoreError::Full { .. })),
        "{full}"
    );
    let words = full.to_string();
    assert!(words.contains("wattsmith.db"), "{words}");
    assert!(words.contains("Free some space"), "{words}");
    assert_eq!(bench.engines(), Vec::<u32>::new());
    let record = bench.record(&session).await;
    assert_eq!(record.trials[0].repeats[..2], before.trials[0].repeats[..]);

    // With room again it goes on from there.
    let bench = bench.reopened().await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.trials.len(), 1);
    assert_eq!(record.trials[0].purpose, Purpose::Default);
    assert_eq!(record.trials[0].state, TrialState::Complete);
    assert_eq!(record.trials[0].repeats.len(), 6);
    assert_eq!(record.trials[0].repeats[..2], before.trials[0].repeats[..]);
}
