//! The noise: recorded with a real engine, kept, used by sessions that begin later; and nothing is left of a
//! recording that was ended.

use crate::bench::{Bench, machine, small_model};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::NoiseOrigin;
use wattsmith_tuner::{
    EventKind, MachineLock, NoiseWish, PhaseKind, SessionPlan, TunerError, WorkSize, noise_job,
};

/// Little work in a pass; so long a run that slices of 4, 7 and 10 s fit into it, since beside other tests
/// shorter ones may be without a token.
fn wish() -> NoiseWish {
    NoiseWish {
        model: Some(small_model()),
        size: WorkSize {
            requests: Some(8),
            concurrency: Some(4),
            output_tokens: Some(16),
            arrivals: None,
        },
        seconds: 50.0,
        ..NoiseWish::default()
    }
}

fn plan() -> SessionPlan {
    SessionPlan {
        model: Some(small_model()),
        advisor: wattsmith_domain::Advisor::Sobol,
        ..SessionPlan::default()
    }
}

#[tokio::test]
#[ignore = "a minute and a half, and no other test beside it: run it by name with --ignored"]
async fn a_recording_is_kept_and_later_sessions_begin_from_it() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let before = bench.session(plan()).await;
    let known = bench.record(&before).await.session.noise.unwrap();
    assert_eq!(known.prior.origin, NoiseOrigin::Shipped);
    assert_eq!(
        known.window, None,
        "the usual length where nothing is known"
    );

    let folder = tempfile::tempdir().unwrap();
    let slices = folder.path().join("slices.csv");
    let wish = NoiseWish {
        slices: Some(slices.clone()),
        ..wish()
    };
    let kept = bench.tuner.record_noise(wish).await.unwrap();
    let written = std::fs::read_to_string(slices).unwrap();
    let steady = written.lines().filter(|line| line.starts_with("steady,"));
    let seconds = steady.map(|line| line.split(',').nth(1).unwrap().parse::<f64>().unwrap());
    assert!((seconds.sum::<f64>() - kept.noise.seconds).abs() < 1e-6);
    assert!(!kept.measured, "without a sensor it is an estimate");
    assert!(kept.noise.curve.len() >= 3, "{kept:?}");
    assert!(kept.noise.seconds > 15.0, "{kept:?}");
    assert_eq!(kept.noise.launch.unwrap().launches, 3);
    assert!((4.0..=30.0).contains(&kept.plan.window_s), "{kept:?}");
    let stored = bench.tuner.kept_noise().await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].recorded_at, kept.recorded_at);
    assert_eq!(stored[0].noise.curve.len(), kept.noise.curve.len());
    assert!(bench.engines().is_empty());

    let after = bench.session(plan()).await;
    let known = bench.record(&after).await.session.noise.unwrap();
    assert_eq!(known.prior.origin, NoiseOrigin::Recording);
    assert_eq!(known.window.unwrap().length.0, kept.plan.window_s);
    // What a session knew stays as it was.
    let first = bench.record(&before).await.session.noise.unwrap();
    assert_eq!(first.window, None);
}

#[tokio::test]
async fn a_recording_that_is_cancelled_ends_its_engine_and_keeps_nothing() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let mut events = bench.tuner.watch();
    let tuner = Arc::clone(&bench.tuner);
    let running = tokio::spawn(async move { tuner.record_noise(wish()).await });
    let measuring = async {
        while let Ok(event) = events.recv().await {
            if event.session == noise_job()
                && let EventKind::Phase(phase) = event.kind
                && phase.kind == PhaseKind::Measuring
            {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), measuring)
        .await
        .unwrap();
    assert!(bench.tuner.recording_noise().running);
    assert!(matches!(
        bench.tuner.record_noise(wish()).await,
        Err(TunerError::Busy(_))
    ));
    assert!(bench.tuner.cancel_noise());
    assert!(matches!(running.await.unwrap(), Err(TunerError::Cancelled)));
    assert!(bench.engines().is_empty());
    assert!(bench.tuner.kept_noise().await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_recorded_beside_another_measurement_or_for_a_moment() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let short = NoiseWish {
        seconds: 3.0,
        ..wish()
    };
    assert!(matches!(
        bench.tuner.record_noise(short).await,
        Err(TunerError::Invalid(_))
    ));
    let homeless = NoiseWish {
        slices: Some("/no such folder/slices.csv".into()),
        ..wish()
    };
    let Err(TunerError::Invalid(said)) = bench.tuner.record_noise(homeless).await else {
        panic!("minutes would have been spent on slices without a place")
    };
    assert!(said.contains("/no such folder"), "{said}");
    let held = MachineLock::acquire(bench.lock_file()).unwrap();
    assert!(matches!(
        bench.tuner.record_noise(wish()).await,
        Err(TunerError::Busy(_))
    ));
    drop(held);
    assert!(!bench.tuner.recording_noise().running);
}
