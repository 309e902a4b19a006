//! Ollama, by a stand-in for its daemon that starts the real llama-server as Ollama does, and that goes wrong in
//! every way there is: each has its cause, and nothing is left running.

use crate::setting::{State, binary, fault_of, machine, model, runs, settings};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, FailureCause, SystemClock, Value};
use wattsmith_engine::{
    About, Driven, EngineError, LaunchOptions, Place, attached, drive, launch, server,
    settings_in_use, warm_up, workload,
};
use wattsmith_testkit::ollama::{MODEL, StandIn};
use wattsmith_testkit::theirs::Theirs;

fn installed(state: &State, mode: &str) -> StandIn {
    let files = (binary(), model());
    StandIn::install(state.path(), (&files.0, &files.1), (mode, "llama")).unwrap()
}

/// Small and quick.
fn small(change: &[(&str, Value)]) -> Configuration {
    let mut small = settings(&[
        ("num-thread", Value::Int(1)),
        ("num-parallel", Value::Int(2)),
        ("num-ctx", Value::Int(512)),
        ("num-batch", Value::Int(128)),
    ]);
    for (name, value) in change {
        small.set(name, value.clone());
    }
    small
}

fn options(state: &State, mode: &str, configuration: Configuration) -> LaunchOptions {
    let StandIn {
        program, manifest, ..
    } = installed(state, mode);
    let server = server("ollama").unwrap();
    let space = server.space(&About::machine(&machine()));
    let mut options = LaunchOptions::new(
        server,
        program,
        manifest,
        space,
        configuration,
        state.path(),
    );
    options.ready_timeout = Duration::from_secs(60);
    options
}

/// Pids of what was started with this folder in its words, or for whom it was started, once there are none or
/// 20 s are over.
fn left(folder: &Path) -> Vec<u32> {
    let wanted = folder.display().to_string();
    let begun = Instant::now();
    loop {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let has = |file: &str| {
                let words = std::fs::read(entry.path().join(file)).unwrap_or_default();
                String::from_utf8_lossy(&words).contains(&wanted)
            };
            (has("cmdline") || has("environ")).then_some(pid)
        });
        let pids: Vec<u32> = pids.filter(|pid| runs(*pid)).collect();
        if pids.is_empty() || begun.elapsed() > Duration::from_secs(20) {
            return pids;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The log that the daemon and its llama-server wrote.
fn log(state: &State) -> String {
    let logs = state.files(".log");
    std::fs::read_to_string(state.path().join(&logs[0])).unwrap()
}

async fn worked(options: LaunchOptions) -> Result<Driven, EngineError> {
    let cancel = CancellationToken::new();
    let engine = launch(options, &cancel).await?;
    let work = workload("tiny", 8, 2, 6, 1);
    let done = drive(&engine, &work, Arc::new(SystemClock), |_| {}, &cancel).await;
    engine.stop().await;
    done
}

#[tokio::test]
async fn what_is_asked_of_the_daemon_is_what_its_llama_server_uses() {
    let state = State::new();
    let asked = small(&[
        ("flash-attention", Value::Choice("1".to_owned())),
        ("kv-cache-type", Value::Choice("q8_0".to_owned())),
        ("use-mmap", Value::Bool(false)),
    ]);
    let options = options(&state, "", asked);
    let names: Vec<String> = options
        .space
        .parameters
        .iter()
        .map(|one| one.name.clone())
        .collect();
    let engine = launch(options, &CancellationToken::new()).await.unwrap();
    assert_eq!(engine.launch().differences, []);
    let read: Vec<&String> = engine.launch().used.keys().collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(read, sorted.iter().collect::<Vec<_>>(), "not read back");
    assert_eq!(engine.launch().engine_version, "ollama 0.33.0-stand-in");
    assert_eq!(engine.launch().environment["OLLAMA_NUM_PARALLEL"], "2");
    assert_eq!(engine.launch().environment["LLAMA_ARG_CACHE_RAM"], "0");
    engine.stop().await;
    assert_eq!(left(state.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn the_model_is_loaded_once_and_before_anything_is_measured() {
    let state = State::new();
    let cancel = CancellationToken::new();
    let engine = launch(options(&state, "", small(&[])), &cancel)
        .await
        .unwrap();
    assert!(engine.load().0 > 0.0);
    let clock = Arc::new(SystemClock);
    let work = workload("tiny", 8, 2, 6, 1);
    warm_up(&engine, &work, clock.clone(), &cancel)
        .await
        .unwrap();
    let mut told = Vec::new();
    for _ in 0..2 {
        let driven = drive(&engine, &work, clock.clone(), |_| {}, &cancel)
            .await
            .unwrap();
        let performance = driven.performance();
        assert!(performance.prefill_s.unwrap() > 0.0 && performance.decode_s.unwrap() > 0.0);
        for one in driven.requests {
            assert!((1..=6).contains(&one.output_tokens), "{one:?}");
            told.push(one.prompt_tokens);
        }
    }
    engine.stop().await;
    let log = log(&state);
    let loads = log.matches("starting llama-server").count();
    assert_eq!(loads, 1, "{log}");
    // Its cache is on, and prompts came again; all the same it computed nearly all of each.
    let of_line = |line: &str| -> Option<u64> {
        let (_, after) = line.split_once("prompt eval time")?;
        after
            .split_once('/')?
            .1
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    let computed: Vec<u64> = log.lines().filter_map(of_line).collect();
    assert_eq!(computed.len(), 2 + told.len(), "warm-up and two windows");
    let computed: u64 = computed[2..].iter().sum();
    let told: u64 = told.iter().sum();
    println!("{computed} of {told} tokens of prompts were computed");
    assert!(computed + 6 * 16 >= told, "{computed} of {told}");
}

#[tokio::test]
async fn every_way_in_which_ollama_goes_wrong_has_its_cause_and_leaves_nothing_running() {
    use FailureCause::*;
    let rows = [
        ("", None, ""),
        ("exits", Some(Crash), "the moon is in the wrong phase"),
        ("wrong-variable", Some(UnknownFlag), "nonsense"),
        ("not-ours", Some(PortTaken), "Another program answers"),
        (
            "model-gone",
            Some(ModelNotFound),
            "ollama pull smollm2:135m",
        ),
        ("out-of-memory", Some(OutOfMemory), "a smaller num-ctx"),
        ("one-slot", Some(UnknownFlag), "Set num-parallel to 1"),
        ("half-a-stream", Some(RequestFailed), ""),
        ("cut-short", Some(RequestFailed), "more than thirty times"),
        (
            "one-500",
            Some(RequestFailed),
            "the moon is in the wrong phase",
        ),
        // Of those that were asked already, or of the next one.
        ("child-dies", Some(RequestFailed), "model"),
        ("leaves-a-child", None, ""),
        ("ignores-term", None, ""),
        ("floods-its-log", None, ""),
    ];
    for (mode, cause, said) in rows {
        let state = State::new();
        let done = worked(options(&state, mode, small(&[]))).await;
        let told = done
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default();
        let found = done.err().and_then(|error| error.cause());
        assert_eq!(found, cause, "{mode}: {told}");
        assert!(told.contains(said), "{mode}: {told}");
        assert_eq!(left(state.path()), Vec::<u32>::new(), "{mode}");
        assert_eq!(state.files(".json"), Vec::<String>::new(), "{mode}");
    }
}

#[tokio::test]
async fn a_daemon_that_is_never_ready_a_port_that_is_taken_and_a_program_that_is_not_there_are_told()
 {
    let state = State::new();
    let mut never = options(&state, "never-ready", small(&[]));
    never.ready_timeout = Duration::from_millis(700);
    assert_eq!(
        fault_of(never.clone()).await.cause(),
        Some(FailureCause::LoadTimeout)
    );
    assert_eq!(left(state.path()), Vec::<u32>::new());

    std::fs::write(state.path().join("mode"), "").unwrap();
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut taken = never.clone();
    taken.ready_timeout = Duration::from_secs(30);
    taken.port = Some(stranger.local_addr().unwrap().port());
    let error = fault_of(taken).await;
    assert_eq!(error.cause(), Some(FailureCause::PortTaken), "{error}");

    let mut missing = never.clone();
    missing.binary = state.path().join("no-ollama");
    let error = fault_of(missing).await;
    assert_eq!(error.cause(), Some(FailureCause::EngineNotFound));
    assert!(error.to_string().contains("Install Ollama"), "{error}");

    let mut gone = never;
    gone.model = PathBuf::from("no-such-model:1b");
    let error = fault_of(gone).await;
    assert_eq!(error.cause(), Some(FailureCause::ModelNotFound));
    assert!(
        error.to_string().contains("ollama pull no-such-model:1b"),
        "{error}"
    );
    assert_eq!(left(state.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn a_model_is_known_by_its_name_and_what_its_file_says() {
    let state = State::new();
    let stand_in = installed(&state, "");
    let known = server("ollama")
        .unwrap()
        .model(&stand_in.manifest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(known.name, MODEL);
    assert_eq!((known.context_limit, known.bytes), (Some(8192), 98_362_432));
    assert_eq!(known.path, stand_in.manifest.display().to_string());
}

#[tokio::test]
async fn a_cancelled_load_leaves_nothing_running() {
    let state = State::new();
    let cancel = CancellationToken::new();
    let launching = tokio::spawn({
        let (options, cancel) = (options(&state, "", small(&[])), cancel.clone());
        async move { launch(options, &cancel).await }
    });
    let begun = Instant::now();
    while state.files(".log").is_empty() || !log(&state).contains("starting llama-server") {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    cancel.cancel();
    assert_eq!(
        launching.await.unwrap().unwrap_err(),
        EngineError::Cancelled
    );
    assert_eq!(left(state.path()), Vec::<u32>::new());
}

#[tokio::test]
async fn one_that_runs_already_is_worked_with_by_options_alone_and_left_alone() {
    let state = State::new();
    let stand_in = installed(&state, "");
    let theirs = Theirs::ollama(&stand_in, &[("OLLAMA_NUM_PARALLEL", "2")]).unwrap();
    let server = attached(&theirs.url).await.unwrap();
    let program = server.find(&[]).unwrap();
    assert_eq!(
        server.version(&program).await.unwrap(),
        "Ollama 0.33.0-stand-in"
    );
    assert_eq!(server.model(&program).await.unwrap().unwrap().name, MODEL);
    let space = server.space(&About::machine(&machine()));
    // Nothing is loaded yet, so that nothing is told but what the daemon itself would say.
    let none = settings_in_use(server.as_ref(), &space).await.unwrap();
    assert_eq!(none.get("num-parallel"), None);

    let mut asked = space.default_configuration();
    asked.set("num-parallel", Value::Int(2));
    asked.set("num-ctx", Value::Int(1024));
    asked.set("num-thread", Value::Int(1));
    let kept = State::new();
    let mut options = LaunchOptions::new(
        server.clone(),
        program,
        MODEL,
        space.clone(),
        asked,
        kept.path(),
    );
    let cancel = CancellationToken::new();
    let engine = launch(options.clone(), &cancel).await.unwrap();
    assert_eq!(engine.launch().differences, []);
    assert_eq!(engine.launch().used["num-ctx"], "1024");
    assert!(matches!(engine.place(), Some(Place::Here { .. })));
    assert_eq!(engine.pid(), Some(theirs.child.id()));
    let work = workload("tiny", 4, 2, 6, 1);
    drive(&engine, &work, Arc::new(SystemClock), |_| {}, &cancel)
        .await
        .unwrap();
    engine.stop().await;

    // Another option, another load, the same daemon; what was asked of the daemon's own is told as it is.
    options.configuration.set("num-ctx", Value::Int(2048));
    options.configuration.set("num-parallel", Value::Int(4));
    let engine = launch(options, &cancel).await.unwrap();
    assert_eq!(engine.launch().used["num-ctx"], "2048");
    let names: Vec<&str> = engine
        .launch()
        .differences
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["num-parallel"]);
    engine.stop().await;
    assert!(theirs.is_healthy(), "it was ended");
    let in_use = settings_in_use(server.as_ref(), &space).await.unwrap();
    assert_eq!(in_use.get("num-parallel"), Some(&Value::Int(2)));
    drop(theirs);
    assert_eq!(left(state.path()), Vec::<u32>::new());
}
