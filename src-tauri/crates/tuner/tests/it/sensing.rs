//! A machine whose GPU counts its joules, played by a library that speaks the driver's own calls.

use crate::bench::{Bench, machine, tiny};
use wattsmith_domain::Scope;
use wattsmith_stats::Analysis;
use wattsmith_testkit::fake_nvml::FakeNvml;
use wattsmith_tuner::{SessionPlan, Step};

#[tokio::test]
async fn a_sensor_gives_measured_joules_with_the_net_beside_the_gross() {
    let driver = FakeNvml::new("name 0 Scripted H100\nuuid 0 GPU-aa\npower 0 100\n").unwrap();
    let _machine = machine().await;
    let bench = Bench::with(Some(driver.library())).await;
    assert!(bench.tuner.meter().is_measured());
    assert_eq!(bench.tuner.machine().gpus.len(), 1);
    let watts = bench.tuner.watts_now().await.unwrap();
    assert!((95.0..105.0).contains(&watts), "{watts} W");
    let plan = SessionPlan {
        // Longer than the counter's steps.
        size: wattsmith_tuner::WorkSize {
            requests: Some(8),
            concurrency: Some(2),
            output_tokens: Some(16),
            arrivals: None,
        },
        ..tiny()
    };
    let (_, record) = bench.measured(plan).await;
    let trial = record.default_trial().unwrap();
    assert_eq!(trial.repeats.len(), 2, "{:?}", trial.state);
    for repeat in &trial.repeats {
        assert_eq!(repeat.energy.scope, Scope::GpuBoard);
        assert_eq!(repeat.energy.source(), "nvml-counter");
        assert!(repeat.energy.is_measured());
        let expected = 100.0 * repeat.window.0;
        let share = repeat.energy.gross.0 / expected;
        assert!((0.7..1.3).contains(&share), "{share} of 100 W");
        // The board draws as much at rest, so nothing is left of the net but the counter's steps.
        let idle = repeat.idle.unwrap().0;
        assert!((90.0..110.0).contains(&idle), "{idle} W at rest");
        let net = repeat.energy.net.unwrap().0;
        assert!(net.abs() < 0.4 * expected, "{net} J net of {expected} J");
    }
    let analysis = Analysis::of(&record);
    assert!(analysis.trial(&trial.id).unwrap().joules_per_unit.is_some());
    let draft = &record.feedback[0].draft;
    assert!(!draft.contains("estimated"), "{draft}");
}

#[tokio::test]
async fn a_session_does_not_mix_what_sensors_saw_with_an_estimate() {
    let bench = Bench::new().await;
    let session = bench.begun(tiny()).await;
    let proposal = bench.proposal(&session).await;
    // The figures so far came from a GPU's counter; today no sensor answers.
    let mut record = bench.record(&session).await;
    record.trials[0].repeats[0].energy.scope = Scope::GpuBoard;
    let store = bench.store();
    store.delete_session(&session).await.unwrap();
    store.put_session(&record.session).await.unwrap();
    store.put_trial(&record.trials[0]).await.unwrap();
    for repeat in &record.trials[0].repeats {
        store
            .add_repeat(&record.trials[0].id, repeat, &[])
            .await
            .unwrap();
    }
    store.put_proposal(&record.proposals[0]).await.unwrap();
    let refused = bench
        .tuner
        .perform(&session, Step::Run(proposal))
        .await
        .unwrap_err();
    let words = refused.to_string();
    assert!(words.contains("GPU board"), "{words}");
    assert!(words.contains("cannot be compared"), "{words}");
    let record = bench.record(&session).await;
    assert_eq!(record.trials.len(), 1);
    // The proposal is there for the day when the sensor is back.
    assert_eq!(
        record.proposals[0].status,
        wattsmith_domain::ProposalStatus::Offered
    );
}
