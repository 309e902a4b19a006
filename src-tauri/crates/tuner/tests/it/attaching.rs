//! Sessions with a server that somebody else started: where it runs is found, its own settings are the
//! default, others are set by hand, and what is not known to run here has no joules of this machine.

use crate::bench::{Bench, asset, machine, small_model};
use crate::plug::Plug;
use std::sync::Arc;
use wattsmith_domain::{Advisor, Purpose, Scope, TrialState, Value};
use wattsmith_testkit::theirs::Theirs;
use wattsmith_tuner::{
    EventKind, PhaseKind, Place, SessionPlan, Step, Tuner, TunerError, WorkSize,
};

const ENGINE: &str = "engines/llama-server/0.1.3/bin/llama-server";

fn theirs() -> Theirs {
    let words = ["--parallel", "2", "--ctx-size", "2048", "--threads", "1"];
    Theirs::llama_server(&asset(ENGINE), &small_model(), &words).unwrap()
}

fn plan(theirs: &Theirs) -> SessionPlan {
    SessionPlan {
        attach: Some(theirs.url.clone()),
        advisor: Advisor::Sobol,
        tuned: vec!["parallel".to_owned()],
        size: WorkSize {
            requests: Some(4),
            concurrency: Some(2),
            output_tokens: Some(8),
            ..WorkSize::default()
        },
        repeats: 1,
        adaptive: false,
        rerun: false,
        budget: 2,
        ..SessionPlan::default()
    }
}

async fn refusal(tuner: &Tuner, plan: SessionPlan) -> String {
    match tuner.create_session(plan).await {
        Err(TunerError::Invalid(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_already_is_measured_as_it_is_and_set_by_hand() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let theirs = theirs();
    let session = bench.session(plan(&theirs)).await;
    let record = bench.record(&session).await;
    assert_eq!(record.session.engine.path, theirs.url);
    assert_eq!(record.session.engine.machine, None);
    // What it uses is the default.
    let default = record.session.space.default_configuration();
    assert_eq!(default.get("parallel"), Some(&Value::Int(2)));
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert!(trial.is_complete(), "{:?}", trial.state);
    assert_eq!(trial.repeats[0].units.0, 32);
    // CPU time is that of their process.
    assert!(trial.repeats[0].cpu.engine_s > 0.0);
    assert_eq!(trial.launch.as_ref().unwrap().used["parallel"], "2");

    // Another setting waits for the person, and is asked for again while the server says otherwise.
    let proposal = bench.proposal(&session).await;
    let mut events = bench.tuner.watch();
    let tuner = Arc::clone(&bench.tuner);
    let of = session.clone();
    let running = tokio::spawn(async move { tuner.perform(&of, Step::Run(proposal)).await });
    let mut asked = Vec::new();
    while asked.len() < 2 {
        let event = events.recv().await.unwrap();
        if let EventKind::Phase(phase) = event.kind
            && phase.kind == PhaseKind::WaitingForHand
        {
            asked.push(phase.detail);
            // The person says yes, and did nothing.
            assert!(bench.tuner.set_by_hand(&session));
        }
    }
    assert!(asked[0].starts_with("--parallel "), "{asked:?}");
    assert!(asked[1].contains("still uses parallel 2"), "{asked:?}");
    assert!(bench.tuner.cancel(&session));
    assert!(matches!(running.await.unwrap(), Err(TunerError::Cancelled)));
    assert!(theirs.is_healthy(), "it was ended or changed");
    let record = bench.record(&session).await;
    let last = record.trials.last().unwrap();
    assert_eq!(last.purpose, Purpose::Proposal);
    assert!(!matches!(last.state, TrialState::Complete));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_is_not_taken_for_the_server() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let theirs = theirs();
    let tunnel = Theirs::tunnel(theirs.port).unwrap();
    let session = bench.session(plan(&tunnel)).await;
    let done = bench.tuner.perform(&session, Step::MeasureDefault).await;
    let told = done.unwrap_err().to_string();
    assert!(told.contains("passes requests on"), "{told}");
    assert!(told.contains("--runs-on"), "{told}");
    let record = bench.record(&session).await;
    assert!(record.trials.iter().all(|trial| trial.repeats.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_another_machine_has_joules_of_that_machines_meter_alone() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let theirs = theirs();
    let tunnel = Theirs::tunnel(theirs.port).unwrap();
    let there = |name: &str| SessionPlan {
        runs_on: Some(name.to_owned()),
        ..plan(&tunnel)
    };
    let told = refusal(&bench.tuner, there("gpu-box")).await;
    assert!(
        told.contains("no meter") || told.contains("which no meter"),
        "{told}"
    );
    assert!(told.contains("--machine gpu-box"), "{told}");
    // Times and tokens are told all the same.
    let cancel = tokio_util::sync::CancellationToken::new();
    let size = WorkSize {
        requests: Some(4),
        output_tokens: Some(6),
        ..WorkSize::default()
    };
    let timed = bench
        .tuner
        .time_running(&tunnel.url, "chat", size, &cancel)
        .await
        .unwrap();
    assert!(timed.performance.tokens_per_second > 0.0);
    assert_eq!(timed.output_tokens, 24);
    assert!(matches!(timed.place, Place::Here { .. }));

    // 40 W, whatever this machine does.
    let plug = Plug::new(|_| 40.0, |age| age * 40.0 / 3600.0);
    let mut meter = plug.meter();
    meter.machine = Some("gpu-box".to_owned());
    bench.tuner.put_outside_meter(meter, None).await.unwrap();
    assert!(
        !bench.tuner.meter().is_measured(),
        "it measures this machine now"
    );
    let session = bench.session(there("gpu-box")).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.session.engine.machine.as_deref(), Some("gpu-box"));
    let repeat = &record.default_trial().unwrap().repeats[0];
    assert_eq!(repeat.energy.scope, Scope::Wall);
    let power = repeat.energy.gross.0 / repeat.window.0;
    assert!((power - 40.0).abs() < 4.0, "{power} W");
    assert_eq!(repeat.cpu.engine_s, 0.0);
    assert!(repeat.conditions.is_empty());
}
