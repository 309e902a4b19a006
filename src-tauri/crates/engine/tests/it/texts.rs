//! The servers of texts that are rooms of their own, beside llama-server: vLLM as a fake that plays what a real
//! one told, and Wattsmith's own script for transformers as it is, on a model that only counts. The real ones
//! are in `real_texts`.

use crate::setting::{State, fake, machine, runs, settings};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, FailureCause, SystemClock, Tokens, Value};
use wattsmith_engine::{
    About, EngineError, LaunchOptions, RunningEngine, drive, launch, server, warm_up, workload,
};

/// A model's folder of this name, which the fakes take for the way in which they go wrong.
fn folder(state: &State, name: &str) -> PathBuf {
    let folder = state.path().join("models").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.json"), "{}").unwrap();
    folder
}

fn options(state: &State, name: &str, mode: &str, asked: Configuration) -> LaunchOptions {
    let server = server(name).unwrap();
    let program = fake(&format!("plays_{name}.py"));
    let space = server.space(&About::machine(&machine()));
    let model = folder(state, mode);
    let mut options = LaunchOptions::new(server, program, model, space, asked, state.path());
    options.ready_timeout = Duration::from_secs(30);
    options
}

async fn worked(engine: &RunningEngine) -> Result<(), EngineError> {
    let cancel = CancellationToken::new();
    let clock = Arc::new(SystemClock);
    warm_up(
        engine,
        &workload("tiny", 8, 2, 6, 1),
        clock.clone(),
        &cancel,
    )
    .await?;
    let work = workload("tiny", 8, 2, 6, 1);
    let driven = drive(engine, &work, clock, |_| {}, &cancel).await?;
    assert_eq!(driven.units(), Tokens(48));
    Ok(())
}

/// Starts, works and ends; says why it did not.
async fn tried(name: &str, mode: &str) -> Result<(), EngineError> {
    let state = State::new();
    let options = options(&state, name, mode, Configuration::default());
    let engine = launch(options, &CancellationToken::new()).await?;
    let done = worked(&engine).await;
    engine.stop().await;
    assert_eq!(state.files(".json"), Vec::<String>::new());
    done
}

/// Goes wrong in this way with that cause and these words, or not at all.
async fn goes_wrong(name: &str, mode: &str, cause: Option<FailureCause>, said: &str) {
    let done = tried(name, mode).await;
    let told = done.as_ref().err().map(ToString::to_string);
    let told = told.unwrap_or_default();
    assert_eq!(
        done.err().and_then(|error| error.cause()),
        cause,
        "{mode}: {told}"
    );
    assert!(told.contains(said), "{mode}: {told}");
}

#[tokio::test]
async fn vllm_is_started_with_key_and_variables_and_tells_its_settings() {
    let state = State::new();
    // What the recorded one was asked for.
    let recorded = include_str!("../../src/vllm/recorded.json");
    let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
    let asked = recorded["asked"].as_object().unwrap().iter();
    let asked: Configuration = asked
        .map(|(name, value)| {
            (
                name.clone(),
                Value::Choice(value.as_str().unwrap().to_owned()),
            )
        })
        .collect();
    let options = options(&state, "vllm", "sound", asked);
    let engine = launch(options, &CancellationToken::new()).await.unwrap();
    let launched = engine.launch().clone();
    assert_eq!(launched.engine_version, "vllm 0.32.0");
    assert_eq!(launched.differences, []);
    assert_eq!(launched.used["max-num-seqs"], "4");
    assert_eq!(launched.environment["VLLM_CPU_KVCACHE_SPACE"], "1");
    assert_eq!(launched.environment["VLLM_TARGET_DEVICE"], "cpu");
    assert_eq!(
        launched.environment["VLLM_SERVER_DEV_MODE"], "1",
        "said in the record"
    );
    let told = format!("{launched:?}");
    assert!(!told.contains(engine.api_key()), "{told}");
    let pid = engine.pid().unwrap();
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("VLLM_CPU_NUM_OF_RESERVED_CPU=0"));
    worked(&engine).await.unwrap();
    engine.stop().await;
    assert!(!runs(pid));
}

#[tokio::test]
async fn every_way_in_which_vllm_goes_wrong_has_its_cause() {
    use FailureCause::*;
    for (mode, cause, said) in [
        ("sound", None, ""),
        ("exits", Some(Crash), "the moon is in the wrong phase"),
        ("wrong-flag", Some(UnknownFlag), "--no-such-flag"),
        ("port-taken", Some(PortTaken), "a different port"),
        ("not-ours", Some(PortTaken), "Another program answers"),
        ("half-a-stream", Some(RequestFailed), "ended before its end"),
        (
            "one-500",
            Some(RequestFailed),
            "the moon is in the wrong phase",
        ),
        ("other-count", Some(WrongWork), "5 tokens instead of 6"),
        ("no-usage", Some(WrongWork), "usage"),
        ("cached", Some(WrongWork), "came from a cache"),
        ("leaves-a-child", None, ""),
    ] {
        goes_wrong("vllm", mode, cause, said).await;
    }
}

#[tokio::test]
async fn the_script_for_transformers_answers_exactly_and_tells_its_settings() {
    let state = State::new();
    let asked = settings(&[
        ("batch-size", Value::Int(2)),
        ("threads", Value::Int(1)),
        ("attention", Value::Choice("eager".into())),
    ]);
    let options = options(&state, "transformers", "sound", asked);
    let engine = launch(options, &CancellationToken::new()).await.unwrap();
    let launched = engine.launch().clone();
    assert_eq!(
        launched.engine_version,
        "transformers 5.24.0 · torch 2.13.0"
    );
    assert_eq!(launched.differences, []);
    assert_eq!(
        (&*launched.used["batch-size"], &*launched.used["threads"]),
        ("2", "1")
    );
    assert!(!launched.argv.join(" ").contains(engine.api_key()));
    worked(&engine).await.unwrap();
    let pid = engine.pid().unwrap();
    engine.stop().await;
    assert!(!runs(pid));
}

#[tokio::test]
async fn every_way_in_which_the_script_goes_wrong_has_its_cause() {
    use FailureCause::*;
    for (mode, cause, said) in [
        ("sound", None, ""),
        ("exits", Some(Crash), "the moon is in the wrong phase"),
        ("out-of-memory", Some(OutOfMemory), "all of it"),
        ("no-library", Some(EngineNotFound), "torch"),
        ("bad-weights", Some(ModelUnfit), "deserializing"),
        ("dies-at-work", Some(Crash), "in the middle of its work"),
        (
            "memory-at-work",
            Some(OutOfMemory),
            "in the middle of its work",
        ),
    ] {
        goes_wrong("transformers", mode, cause, said).await;
    }
}

#[tokio::test]
async fn a_cancelled_drive_frees_the_script_and_the_next_one_is_exact() {
    let state = State::new();
    let options = options(&state, "transformers", "slow", Configuration::default());
    let engine = launch(options, &CancellationToken::new()).await.unwrap();
    let (work, clock) = (workload("long", 4, 4, 400, 1), Arc::new(SystemClock));
    let stop = CancellationToken::new();
    let soon = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        soon.cancel();
    });
    let gone = drive(&engine, &work, clock, |_| {}, &stop).await;
    assert_eq!(gone.unwrap_err(), EngineError::Cancelled);
    let begun = Instant::now();
    worked(&engine).await.unwrap();
    // 400 tokens of those who left would take 20 s.
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    engine.stop().await;
}

#[tokio::test]
async fn a_folder_that_is_no_model_is_told_before_a_start() {
    for name in ["vllm", "transformers"] {
        let state = State::new();
        let mut options = options(&state, name, "sound", Configuration::default());
        options.model = Path::new("/no/such/folder").to_owned();
        let error = crate::setting::fault_of(options).await;
        assert_eq!(error.cause(), Some(FailureCause::ModelNotFound), "{error}");
        assert!(error.to_string().contains("config.json"), "{error}");
    }
}
