//! Launch, what the engine says it uses, and the end of the whole group.

use crate::setting::{State, binary, fake, fault_of, machine, model, runs, settings};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{FailureCause, Value};
use wattsmith_engine::{
    About, EngineError, LaunchOptions, inspect_model, launch, reap_orphans, shipped,
};

#[tokio::test]
async fn a_stopped_engine_leaves_no_process_and_no_record() {
    let state = State::new();
    let engine = state.launch().await;
    let pid = engine.pid().unwrap();
    assert!(runs(pid) && engine.is_running());
    assert!(engine.base_url().starts_with("http://127.0.0.1:"));
    assert!(engine.load().0 > 0.0);
    assert_eq!(state.files(".json").len(), 1);
    assert!(
        reap_orphans(state.path()).await.is_empty(),
        "its owner lives"
    );
    assert!(runs(pid));

    engine.stop().await;
    assert!(!runs(pid));
    assert_eq!(state.files(".json"), Vec::<String>::new());
}

#[tokio::test]
async fn a_dropped_engine_is_killed() {
    let state = State::new();
    let engine = state.launch().await;
    let pid = engine.pid().unwrap();
    drop(engine);
    gone(pid).await;
    assert_eq!(state.files(".json"), Vec::<String>::new());
}

/// Waits for the end of a process that was told to end; a test that never ends has failed.
async fn gone(pid: u32) {
    tokio::time::timeout(Duration::from_secs(20), async {
        while runs(pid) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the process still runs");
}

#[tokio::test]
async fn the_record_of_a_launch_holds_no_key_and_the_engines_version() {
    let state = State::new();
    let engine = state.launch().await;
    let words = engine.launch().argv.join(" ");
    assert!(!words.contains(engine.api_key()));
    // Every user of the machine may read a command line; the environment is its owner's.
    let told = std::fs::read(format!("/proc/{}/cmdline", engine.pid().unwrap())).unwrap();
    assert!(!String::from_utf8_lossy(&told).contains(engine.api_key()));
    assert_eq!(
        engine.launch().engine_version,
        shipped().version(&binary()).await.unwrap()
    );
    assert_eq!(engine.launch().differences, []);
    let log = std::fs::read_to_string(engine.log_path().unwrap()).unwrap();
    assert!(log.contains("model loaded") && !log.contains(engine.api_key()));
    engine.stop().await;
}

#[tokio::test]
async fn every_setting_that_the_engine_reports_is_compared_with_what_was_asked() {
    let state = State::new();
    let mut options = state.options(settings(&[
        ("threads", Value::Int(1)),
        ("threads-batch", Value::Int(1)),
        ("parallel", Value::Int(2)),
        ("context-per-slot", Value::Int(1024)),
        ("kv-unified", Value::Bool(false)),
        ("batch", Value::Int(128)),
        ("ubatch", Value::Int(64)),
        ("flash-attn", Value::Choice("on".into())),
        ("cache-type-k", Value::Choice("q8_0".into())),
        ("cache-type-v", Value::Choice("q8_0".into())),
        ("load-mode", Value::Choice("none".into())),
    ]));
    let engine = launch(options.clone(), &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(engine.launch().differences, []);
    engine.stop().await;

    // The last word wins on this command line, so the engine uses something else everywhere.
    options.extra_args = "--threads 2 --threads-batch 2 --parallel 3 --ctx-size 768 --kv-unified \
        --batch-size 256 --ubatch-size 32 --flash-attn off --cache-type-k f16 --cache-type-v f16 \
        --load-mode mmap"
        .split_whitespace()
        .map(ToOwned::to_owned)
        .collect();
    let engine = launch(options, &CancellationToken::new()).await.unwrap();
    let lines: Vec<String> = engine
        .launch()
        .differences
        .iter()
        .map(|one| format!("{}: {} asked, {} used", one.name, one.asked, one.used))
        .collect();
    engine.stop().await;
    insta::assert_snapshot!("asked_and_used", lines.join("\n"));
}

#[tokio::test]
async fn every_flag_of_the_catalogue_is_one_that_the_engine_knows() {
    let mut machine = machine();
    machine.gpus.extend(["a GPU".into(), "another".into()]);
    let output = std::process::Command::new(binary())
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&output.stdout);
    let about = About {
        draft: true,
        ..About::machine(&machine)
    };
    for parameter in shipped().space(&about).parameters {
        use wattsmith_domain::Tell::*;
        let flags = match parameter.told {
            Flag { flag } | Optional { flag } | Product { flag, .. } => vec![flag],
            Switch { on, off } => vec![on, off],
            Words { words } => words.into_values().collect(),
            Device | Field { .. } | Variable { .. } => continue,
        };
        for flag in flags {
            assert!(
                help.split([' ', ',', '\n']).any(|word| word == flag),
                "{flag}"
            );
        }
    }
}

#[tokio::test]
async fn an_advisors_model_chats() {
    let state = State::new();
    let mut options =
        LaunchOptions::chat_server(shipped(), binary(), model(), &machine(), 1024, state.path())
            .unwrap();
    options.configuration.set("threads", Value::Int(1));
    options.configuration.set("threads-batch", Value::Int(1));
    let engine = launch(options, &CancellationToken::new()).await.unwrap();
    let answer: serde_json::Value = reqwest::Client::new()
        .post(format!("{}/v1/chat/completions", engine.base_url()))
        .bearer_auth(engine.api_key())
        .json(&serde_json::json!({
            "messages": [{"role": "user", "content": "Say hello."}],
            "max_tokens": 8,
        }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    engine.stop().await;
    assert!(
        answer["choices"][0]["message"]["content"].is_string(),
        "{answer}"
    );
    assert!(answer["usage"]["completion_tokens"].as_u64().unwrap() <= 8);
}

#[tokio::test]
async fn an_engine_that_ignores_term_is_killed_with_what_it_started() {
    let state = State::new();
    let error = fault_of(state.fake("ignores-term.sh")).await;
    assert_eq!(error.cause(), Some(FailureCause::LoadTimeout));
    let log = &state.files(".log")[0];
    let text = std::fs::read_to_string(state.path().join(log)).unwrap();
    let child = text.trim().strip_prefix("child ").unwrap().parse().unwrap();
    gone(child).await;
    assert_eq!(state.files(".json"), Vec::<String>::new());
}

#[tokio::test]
async fn a_cancelled_launch_leaves_nothing_running() {
    let state = State::new();
    let mut options = state.fake("never-ready.sh");
    options.ready_timeout = Duration::from_secs(300);
    let cancel = CancellationToken::new();
    let launching = tokio::spawn({
        let cancel = cancel.clone();
        async move { launch(options, &cancel).await }
    });
    while state.files(".json").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cancel.cancel();
    let result = launching.await.unwrap();
    assert_eq!(result.unwrap_err(), EngineError::Cancelled);
    assert_eq!(state.files(".json"), Vec::<String>::new());
}

#[tokio::test]
async fn the_version_is_the_engines_own_line() {
    let line = shipped().version(&binary()).await.unwrap();
    assert!(line.contains("commit 86a2835"), "{line}");
    for no_engine in [fake("no-such-file"), fake("dies.sh")] {
        let error = shipped().version(&no_engine).await.unwrap_err();
        assert_eq!(error.cause(), Some(FailureCause::EngineNotFound));
        assert!(error.to_string().contains("make setup"), "{error}");
    }
}

#[tokio::test]
async fn the_pinned_model_tells_what_it_is() {
    let model = inspect_model(&model()).await.unwrap();
    assert_eq!(model.name, "SmolLM2-135M-Instruct");
    assert_eq!(
        model.title.as_deref(),
        Some("Smollm2 135M 8k Lc100K Mix1 Ep2")
    );
    assert_eq!(model.quantisation, "Q4_1");
    assert_eq!(model.architecture, "llama");
    assert_eq!(model.context_limit, Some(8192));
    assert_eq!(model.bytes, 98_362_432);
    assert_eq!(model.weights.count, 134_515_008);
    assert_eq!(model.weights.main_type().unwrap().0.name, "Q4_1");
    assert!(model.chats);
}

#[tokio::test]
async fn the_pinned_engine_tells_which_architectures_it_knows() {
    let known = shipped().architectures(&binary()).await.unwrap();
    for name in ["llama", "qwen3", "gpt-oss", "mamba2", "gemma3n"] {
        assert!(known.knows(name), "{name}");
    }
    for name in ["flux", "novel9", "qwen_image"] {
        assert!(!known.knows(name), "{name}");
    }
    assert_eq!(shipped().architectures(&fake("dies.sh")).await, None);
}
