//! A server that runs models of a store of its own by their names: a session on it, from the model's name to a
//! figure. It is Ollama, by the stand-in for its daemon.

use crate::bench::{Bench, asset, machine, small_model};
use wattsmith_domain::{Advisor, Scope, SessionId, SessionRecord, TrialState, Value};
use wattsmith_stats::Analysis;
use wattsmith_testkit::ollama::{MODEL, StandIn};
use wattsmith_testkit::theirs::Theirs;
use wattsmith_tuner::{ModelForm, SessionPlan, Step, WorkSize};

const ENGINE: &str = "engines/llama-server/0.1.3/bin/llama-server";

fn installed(bench: &Bench) -> StandIn {
    // Where a program of an engine is looked for in the data folder.
    let folder = bench.folder().join("data/engines/ollama");
    let files = (asset(ENGINE), small_model());
    StandIn::install(&folder, (&files.0, &files.1), ("", "llama")).unwrap()
}

/// One thread, two slots and this much context; how many tokens are taken in one step is searched.
fn plan(context: i64) -> SessionPlan {
    SessionPlan {
        start: [
            ("num-thread".to_owned(), Value::Int(1)),
            ("num-parallel".to_owned(), Value::Int(2)),
            ("num-ctx".to_owned(), Value::Int(context)),
        ]
        .into_iter()
        .collect(),
        tuned: vec!["num-batch".to_owned()],
        size: WorkSize {
            requests: Some(4),
            concurrency: Some(2),
            output_tokens: Some(6),
            ..WorkSize::default()
        },
        advisor: Advisor::Sobol,
        quick: true,
        repeats: 1,
        adaptive: false,
        rerun: false,
        memory: false,
        budget: 1,
        ..SessionPlan::default()
    }
}

/// Measures the default and one proposal.
async fn two_trials(bench: &Bench, session: &SessionId) -> SessionRecord {
    let tuner = &bench.tuner;
    tuner.perform(session, Step::MeasureDefault).await.unwrap();
    let proposal = bench.proposal(session).await;
    tuner.perform(session, Step::Run(proposal)).await.unwrap();
    bench.record(session).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_from_a_name_to_joules_per_token() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let stand_in = installed(&bench);
    let choices = bench.tuner.server_choices("ollama").unwrap();
    assert_eq!(choices.models, ModelForm::Named);
    assert!(choices.usual.contains(&"num-parallel".to_owned()));
    assert_eq!(choices.missing, None);
    let session = bench
        .session(SessionPlan {
            engine: "ollama".to_owned(),
            model: Some(stand_in.manifest.clone()),
            ..plan(512)
        })
        .await;
    let record = two_trials(&bench, &session).await;
    assert_eq!(record.session.model.name, MODEL);
    let analysis = Analysis::of(&record);
    for trial in &record.trials {
        assert_eq!(trial.state, TrialState::Complete, "{:?}", trial.state);
        let launch = trial.launch.as_ref().unwrap();
        assert_eq!(launch.differences, []);
        let repeat = &trial.repeats[0];
        assert_eq!(repeat.energy.scope, Scope::Estimated);
        // The llama-server behind the daemon counts, too: it is nearly all of it.
        assert!(repeat.cpu.engine_s > 0.1, "{:?}", repeat.cpu);
        let figure = analysis.trial(&trial.id).unwrap().joules_per_unit.unwrap();
        assert!(figure.mean > 0.0);
        println!(
            "num-batch {}: {:.2} J/token (estimated), {} tokens, {:.1} CPU s in {:.1} s",
            trial.configuration.get("num-batch").unwrap(),
            figure.mean,
            repeat.units.0,
            repeat.cpu.engine_s,
            repeat.window.0
        );
    }
    assert_eq!(bench.engines(), Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_runs_already_is_measured_with_the_options_of_a_request() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let stand_in = installed(&bench);
    let theirs = Theirs::ollama(&stand_in, &[("OLLAMA_NUM_PARALLEL", "2")]).unwrap();
    let session = bench
        .session(SessionPlan {
            attach: Some(theirs.url.clone()),
            ..plan(1024)
        })
        .await;
    // An option goes with each request: nobody has to set anything by hand.
    let record = two_trials(&bench, &session).await;
    for trial in &record.trials {
        assert_eq!(trial.state, TrialState::Complete, "{:?}", trial.state);
        let launch = trial.launch.as_ref().unwrap();
        assert_eq!(launch.differences, []);
        let asked = trial.configuration.get("num-batch").unwrap().to_string();
        assert_eq!(launch.used["num-batch"], asked);
        assert!(trial.repeats[0].cpu.engine_s > 0.1);
    }
    assert!(theirs.is_healthy(), "it was ended");
}
