//! Launches that must fail, each with its cause, and with a message that says what to do.

use crate::setting::{State, fault_of, model, settings, small};
use axum::Router;
use axum::http::StatusCode;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{FailureCause, Value};
use wattsmith_engine::{inspect_model, launch};
use wattsmith_testkit::gguf::{Gguf, split};

#[tokio::test]
async fn a_missing_engine_and_a_missing_model_are_told_apart() {
    let state = State::new();
    let mut options = state.options(small());
    options.binary = state.path().join("no-engine");
    let error = fault_of(options).await;
    assert_eq!(error.cause(), Some(FailureCause::EngineNotFound));
    assert!(error.to_string().contains("no-engine"), "{error}");

    let mut options = state.options(small());
    options.model = state.path().join("no-model.gguf");
    let error = fault_of(options.clone()).await;
    assert_eq!(error.cause(), Some(FailureCause::ModelNotFound));
    assert!(error.to_string().contains("no-model.gguf"), "{error}");
    let error = inspect_model(&options.model).await.unwrap_err();
    assert_eq!(error.cause(), Some(FailureCause::ModelNotFound));
}

#[tokio::test]
async fn a_damaged_model_is_told_by_the_engine_and_by_its_head() {
    let state = State::new();
    let whole = std::fs::read(model()).unwrap();
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let cases = [
        ("cut-in-data", whole[..4_000_000].to_vec()),
        ("cut-in-head", whole[..500].to_vec()),
        ("noise", noise),
        ("empty", Vec::new()),
    ];
    for (name, bytes) in cases {
        let mut options = state.options(small());
        options.model = state.path().join(format!("{name}.gguf"));
        std::fs::write(&options.model, bytes).unwrap();
        for error in [
            inspect_model(&options.model).await.unwrap_err(),
            fault_of(options.clone()).await,
        ] {
            assert_eq!(
                error.cause(),
                Some(FailureCause::ModelCorrupt),
                "{name}: {error}"
            );
            assert!(error.to_string().contains(name), "{error}");
        }
    }
    assert_eq!(state.files(".json"), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_the_engine_refuses_is_called_what_it_is() {
    let state = State::new();
    let parts = split(&model(), &state.path().join("Smol"), 40);
    assert_eq!(parts.len(), 8);
    let of = async |path: &Path| {
        let mut options = state.options(small());
        options.model = path.to_owned();
        let error = fault_of(options).await;
        (error.cause().unwrap(), error.to_string())
    };
    let (cause, words) = of(&parts[1]).await;
    assert_eq!(cause, FailureCause::ModelUnfit);
    let said = "This is part 2 of 8; choose part 1 (Smol-00001-of-00008.gguf).";
    assert!(words.starts_with(said), "{words}");

    std::fs::rename(&parts[2], state.path().join("away")).unwrap();
    let (cause, words) = of(&parts[0]).await;
    assert_eq!(cause, FailureCause::ModelNotFound);
    let said = "Part 3 of 8 is missing (Smol-00003-of-00008.gguf)";
    assert!(words.starts_with(said), "{words}");

    let projector = Gguf::model("clip")
        .text("general.type", "mmproj")
        .flag("clip.has_vision_encoder", true)
        .write(state.path().join("mmproj.gguf"));
    let (cause, words) = of(&projector).await;
    assert_eq!(cause, FailureCause::ModelUnfit);
    assert!(words.contains("vision part of another model"), "{words}");

    // Sound as far as its head goes; only the engine can tell.
    let novel = Gguf::model("novel9").write(state.path().join("novel.gguf"));
    let (cause, words) = of(&novel).await;
    assert_eq!(cause, FailureCause::ModelUnfit);
    assert!(
        words.contains("'novel9'") && !words.contains("damaged"),
        "{words}"
    );
}

#[tokio::test]
async fn a_set_of_parts_runs_by_its_first() {
    let state = State::new();
    let mut options = state.options(small());
    let parts = split(&model(), &state.path().join("Smol"), 100);
    options.model = parts[0].clone();
    let engine = launch(options, &CancellationToken::new()).await.unwrap();
    assert!(engine.is_running());
    engine.stop().await;
    let found = inspect_model(&parts[0]).await.unwrap();
    let whole = inspect_model(&model()).await.unwrap();
    assert_eq!(found.weights, whole.weights);
    assert!(found.bytes >= whole.bytes, "{}", found.bytes);
}

#[tokio::test]
async fn a_flag_that_the_engine_does_not_know_is_named() {
    let state = State::new();
    let mut options = state.options(small());
    options.extra_args = vec!["--no-such-flag".into()];
    let error = fault_of(options).await;
    assert_eq!(error.cause(), Some(FailureCause::UnknownFlag));
    assert!(error.to_string().contains("--no-such-flag"), "{error}");
}

#[tokio::test]
async fn settings_outside_the_catalogue_never_reach_the_engine() {
    let state = State::new();
    let error = fault_of(state.options(settings(&[
        ("threads", Value::Int(99)),
        ("flash-attn", Value::Choice("off".into())),
        ("cache-type-v", Value::Choice("q4_0".into())),
    ])))
    .await;
    assert_eq!(error.cause(), Some(FailureCause::UnknownFlag));
    assert!(
        error.to_string().contains("threads cannot be 99"),
        "{error}"
    );
    assert!(
        error.to_string().contains("cache-type-v cannot be q4_0"),
        "{error}"
    );
    assert_eq!(state.files(".log"), Vec::<String>::new());
}

#[tokio::test]
async fn too_much_context_for_the_memory_is_called_out_of_memory() {
    let state = State::new();
    let mut options = state.options(small());
    // 40 million tokens of context are 900 GB.
    options.extra_args = vec!["--ctx-size".into(), "40000000".into()];
    let error = fault_of(options).await;
    assert_eq!(error.cause(), Some(FailureCause::OutOfMemory), "{error}");
}

#[tokio::test]
async fn an_engine_that_dies_is_quoted() {
    let state = State::new();
    let error = fault_of(state.fake("dies.sh")).await;
    assert_eq!(error.cause(), Some(FailureCause::Crash));
    let message = error.to_string();
    assert!(message.contains("exit code 3"), "{message}");
    assert!(
        message.contains("the moon is in the wrong phase"),
        "{message}"
    );
}

#[tokio::test]
async fn an_engine_that_never_listens_runs_out_of_time() {
    let state = State::new();
    let error = fault_of(state.fake("never-ready.sh")).await;
    assert_eq!(error.cause(), Some(FailureCause::LoadTimeout));
    assert!(error.to_string().contains("log"), "{error}");
}

/// Somebody else's server, which finds everything well, and how often it was given a key.
async fn stranger(status_without_our_key: StatusCode) -> (u16, Arc<AtomicU32>) {
    let keys = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&keys);
    let app = Router::new().fallback(move |request: axum::extract::Request| {
        let seen = Arc::clone(&seen);
        async move {
            if request.uri().path() == "/health" {
                return StatusCode::OK;
            }
            let key = request.headers().get("authorization").cloned();
            if key.is_some_and(|key| key != "Bearer not-the-key") {
                seen.fetch_add(1, Relaxed);
            }
            status_without_our_key
        }
    });
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (port, keys)
}

#[tokio::test]
async fn a_strangers_server_on_the_port_is_not_taken_for_the_engine() {
    let state = State::new();
    // One that accepts any key, and one that refuses every key; with the real engine, which cannot
    // have the port, and with one that keeps silent about it.
    for status in [StatusCode::OK, StatusCode::UNAUTHORIZED] {
        let (port, keys) = stranger(status).await;
        let mut real = state.options(small());
        real.port = Some(port);
        let mut silent = state.fake("never-ready.sh");
        silent.ready_timeout = std::time::Duration::from_secs(60);
        silent.port = Some(port);
        for options in [real, silent] {
            let error = fault_of(options).await;
            assert_eq!(error.cause(), Some(FailureCause::PortTaken), "{error}");
        }
        if status == StatusCode::OK {
            assert_eq!(keys.load(Relaxed), 0, "our key was shown to a stranger");
        }
    }
}
