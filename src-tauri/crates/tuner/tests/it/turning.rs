//! Two settings take turns while both are loaded, with a real engine.

use crate::bench::{Bench, machine, small_model};
use wattsmith_domain::{Configuration, Value};
use wattsmith_tuner::{TunerError, TurnsWish, WorkSize};

fn wish(changes: &[(&str, Value)]) -> TurnsWish {
    TurnsWish {
        engine: String::new(),
        model: Some(small_model()),
        size: WorkSize {
            requests: Some(4),
            concurrency: Some(2),
            output_tokens: Some(16),
            arrivals: None,
        },
        changes: changes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<Configuration>(),
        launches: 3,
        fours: 1,
    }
}

#[tokio::test]
#[ignore = "nine launches, and no other work beside them: run it by name with --ignored"]
async fn the_ratio_comes_with_launches_as_clusters_and_no_engine_is_left() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let took = bench
        .tuner
        .take_turns(wish(&[("parallel", Value::Int(1))]))
        .await
        .unwrap();
    assert!(!took.measured, "without a sensor it is an estimate");
    assert_eq!(took.by_turns.n, 3, "launches, not slices");
    assert!(took.by_turns.low < took.by_turns.mean && took.by_turns.mean < took.by_turns.high);
    assert_eq!(took.by_windows.map(|one| one.n), Some(3));
    assert!(took.alone.iter().all(|cost| *cost > 0.0));
    assert!(took.passes >= 1 && took.seconds.iter().all(|one| one.0 > 0.0));
    // Without the correction both sides are certainly within 1 % of themselves.
    assert_eq!(
        took.corrected,
        !took.loaded.iter().all(|one| one.is_alike())
    );
    assert!(bench.engines().is_empty());
}

#[tokio::test]
async fn too_few_launches_and_settings_that_cannot_be_are_refused_before_anything_starts() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let few = TurnsWish {
        launches: 2,
        ..wish(&[("parallel", Value::Int(1))])
    };
    let refused = bench.tuner.take_turns(few).await.unwrap_err();
    assert!(
        refused.to_string().contains("3 to 50 launches"),
        "{refused}"
    );
    let odd = wish(&[
        ("flash-attn", Value::Choice("off".to_owned())),
        ("cache-type-v", Value::Choice("q8_0".to_owned())),
    ]);
    let refused = bench.tuner.take_turns(odd).await.unwrap_err();
    assert!(matches!(refused, TunerError::Invalid(_)), "{refused}");
    assert!(bench.engines().is_empty());
}
