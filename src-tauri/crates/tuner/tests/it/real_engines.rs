//! Real servers beside llama-server, which are too heavy for every run: `make test-engines` fetches or builds them
//! and names them in the environment.

use crate::bench::{Bench, machine};
use wattsmith_domain::{Advisor, Constraints, Scope, TrialState, Value};
use wattsmith_stats::Analysis;
use wattsmith_tuner::{PictureChoice, SessionPlan, Step, WorkSize, words};

/// One trial of a tiny workload; prints what it showed.
async fn trial(plan: SessionPlan) {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(plan).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let default = record.default_trial().unwrap();
    assert_eq!(default.state, TrialState::Complete, "{:?}", default.state);
    let launch = default.launch.as_ref().unwrap();
    assert_eq!(launch.differences, []);
    let analysis = Analysis::of(&record);
    let own = analysis.trial(&default.id).unwrap();
    let figure = own.joules_per_unit.unwrap();
    let first = &default.repeats[0];
    assert_eq!(first.energy.scope, Scope::Estimated);
    let work = first.pictures.as_ref().unwrap();
    assert_eq!(work.kept.len() as u64, first.units.0);
    assert!(work.steps > 0 && work.phases.len() >= 3, "{work:?}");
    println!(
        "{}\n  {} J/image (estimated), {} repeats, {} images/s\n  {}",
        launch.engine_version,
        words::interval(&figure),
        figure.n,
        words::figure(first.performance.tokens_per_second),
        words::pictures(&default.repeats).join("\n  ")
    );
    assert_eq!(bench.engines(), Vec::<u32>::new());
}

fn plan(engine: &str, model: &str, side: u32, steps: i64) -> SessionPlan {
    SessionPlan {
        engine: engine.to_owned(),
        model: Some(model.into()),
        workload: "pictures-small".to_owned(),
        pictures: PictureChoice {
            prompts: vec!["A red fox in deep snow.".to_owned()],
            seeds: vec![20_260, 20_261],
            size: Some((side, side)),
            sampler: None,
        },
        start: [("steps".to_owned(), Value::Int(steps))]
            .into_iter()
            .collect(),
        constraints: Constraints {
            quality_lock: true,
            ..Constraints::default()
        },
        advisor: Advisor::Sobol,
        budget: 0,
        repeats: 2,
        adaptive: false,
        memory: false,
        ..SessionPlan::default()
    }
}

#[tokio::test]
#[ignore = "needs torch and diffusers: make test-engines ENGINES=diffusers"]
async fn real_diffusers_gives_joules_per_image() {
    trial(plan("diffusers", "tiny", 64, 8)).await;
}

#[tokio::test]
#[ignore = "needs sd-server and a model: make test-engines ENGINES=stable-diffusion"]
async fn real_stable_diffusion_gives_joules_per_image() {
    let model = std::env::var("WATTSMITH_SD_MODEL").unwrap();
    trial(plan("stable-diffusion", &model, 128, 2)).await;
}

/// One trial of a few answers; prints what it showed.
async fn trial_of_text(engine: &str, start: &[(&str, Value)]) {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let model = std::env::var("WATTSMITH_TEXT_MODEL").unwrap();
    let plan = SessionPlan {
        engine: engine.to_owned(),
        model: Some(model.into()),
        size: WorkSize {
            requests: Some(8),
            concurrency: Some(4),
            output_tokens: Some(16),
            arrivals: None,
        },
        start: start
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        advisor: Advisor::Sobol,
        budget: 0,
        repeats: 2,
        adaptive: false,
        memory: false,
        ..SessionPlan::default()
    };
    let session = bench.session(plan).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let default = record.default_trial().unwrap();
    assert_eq!(default.state, TrialState::Complete, "{:?}", default.state);
    let launch = default.launch.as_ref().unwrap();
    assert_eq!(launch.differences, []);
    let analysis = Analysis::of(&record);
    let figure = analysis
        .trial(&default.id)
        .unwrap()
        .joules_per_unit
        .unwrap();
    let first = &default.repeats[0];
    assert_eq!(first.energy.scope, Scope::Estimated);
    println!(
        "{}\n  {} J/token (estimated), {} repeats, {} tokens/s, first token after {} s, {} s to load, \
         {:.1} of {:.1} s of a core busy\n  {:?}",
        launch.engine_version,
        words::interval(&figure),
        figure.n,
        words::figure(first.performance.tokens_per_second),
        words::figure(first.performance.time_to_first_token_s.p50),
        words::figure(first.load.0),
        first.cpu.engine_s,
        first.window.0,
        launch.used
    );
    assert_eq!(bench.engines(), Vec::<u32>::new());
}

#[tokio::test]
#[ignore = "needs vllm and a model: make test-engines ENGINES=vllm"]
async fn real_vllm_gives_joules_per_token() {
    let start = [
        ("max-num-seqs", Value::Int(4)),
        ("max-model-len", Value::Int(1024)),
        ("kv-cache-gib", Value::Int(1)),
        ("compile", Value::Choice("eager".to_owned())),
        ("reserved-cores", Value::Int(0)),
    ];
    trial_of_text("vllm", &start).await;
}

#[tokio::test]
#[ignore = "needs transformers and a model: make test-engines ENGINES=transformers"]
async fn real_transformers_gives_joules_per_token() {
    // Two threads that wait for each other crawl on a machine that does other work.
    let start = [("batch-size", Value::Int(4)), ("threads", Value::Int(1))];
    trial_of_text("transformers", &start).await;
}
