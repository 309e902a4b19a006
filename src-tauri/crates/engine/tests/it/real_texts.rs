//! Real servers of texts beside llama-server, which are too heavy for every run: `make test-engines` installs
//! them and names them, and a model's folder, in the environment.

use crate::setting::{State, fault_of, machine, runs, settings};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, FailureCause, SystemClock, Tokens, Value};
use wattsmith_engine::{
    About, LaunchOptions, RunningEngine, Server, drive, launch, server, warm_up, workload,
};

/// Beside other work a start takes minutes.
const PATIENCE: Duration = Duration::from_secs(600);

fn word(word: &str) -> Value {
    Value::Choice(word.to_owned())
}

/// A model's folder that `make test-engines` made.
fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("WATTSMITH_TEXT_MODEL").expect("WATTSMITH_TEXT_MODEL"))
}

fn options(state: &State, server: &Arc<dyn Server>, asked: Configuration) -> LaunchOptions {
    let program = server.find(&[]).unwrap();
    let machine = machine();
    let about = About {
        context_limit: Some(8192),
        ..About::machine(&machine)
    };
    let space = server.space(&about);
    let mut options = LaunchOptions::new(
        Arc::clone(server),
        program,
        folder(),
        space,
        asked,
        state.path(),
    );
    options.ready_timeout = PATIENCE;
    options
}

/// Does the work, and says what each answer had.
async fn worked(engine: &RunningEngine, clients: u32, tokens: u32) {
    let work = workload("tiny", 2 * clients, clients, tokens, 1);
    let clock = Arc::new(SystemClock);
    let cancel = CancellationToken::new();
    let driven = drive(engine, &work, clock, |_| {}, &cancel).await.unwrap();
    assert_eq!(
        driven.units(),
        Tokens(u64::from(2 * clients) * u64::from(tokens))
    );
    for one in &driven.requests {
        assert!(
            one.first_token <= one.last_token && one.prompt_tokens > 4,
            "{one:?}"
        );
    }
    let told = driven.performance();
    println!(
        "{clients} clients: {:.1} tokens/s, first token after {:.3} s (p50)",
        told.tokens_per_second, told.time_to_first_token_s.p50
    );
}

/// Every knob away from its default is read back as it was asked.
async fn reads_back(name: &str, asked: &[(&str, Value)]) {
    let server = server(name).unwrap();
    let state = State::new();
    let asked = settings(asked);
    let options = options(&state, &server, asked.clone());
    let space = options.space.clone();
    for knob in &space.parameters {
        let value = asked.get(&knob.name);
        assert!(
            value.is_some_and(|value| *value != knob.default),
            "{} has no other value than its default here",
            knob.name
        );
    }
    let cancel = CancellationToken::new();
    let engine = launch(options, &cancel).await.unwrap();
    let work = workload("tiny", 2, 2, 8, 1);
    let clock = Arc::new(SystemClock);
    warm_up(&engine, &work, clock, &cancel).await.unwrap();
    let launched = engine.launch_at_work().await;
    println!("{}: {:?}", launched.engine_version, launched.used);
    engine.stop().await;
    assert_eq!(launched.differences, []);
    for knob in &space.parameters {
        let name = knob.name.as_str();
        let asked = asked.get(name).unwrap().to_string();
        assert_eq!(launched.used.get(name), Some(&asked), "{name}");
    }
}

/// A start that must fail: by which cause, with which settings and more words, and what is said.
type Row<'a> = (FailureCause, &'a [(&'a str, Value)], &'a [&'a str], &'a str);

/// What keeps it from starting has its cause.
async fn fails(name: &str, rows: &[Row<'_>]) {
    let server = server(name).unwrap();
    for (cause, asked, extra, said) in rows {
        let state = State::new();
        let mut options = options(&state, &server, settings(asked));
        options.extra_args = extra.iter().map(ToString::to_string).collect();
        if *cause == FailureCause::ModelNotFound {
            options.model = state.path().join("no-model");
        }
        if *cause == FailureCause::ModelCorrupt {
            let broken = state.path().join("broken");
            std::fs::create_dir(&broken).unwrap();
            std::fs::copy(folder().join("config.json"), broken.join("config.json")).unwrap();
            for file in ["tokenizer.json", "tokenizer_config.json"] {
                let _ = std::fs::copy(folder().join(file), broken.join(file));
            }
            std::fs::write(broken.join("model.safetensors"), "no weights").unwrap();
            options.model = broken;
        }
        let held = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        if *cause == FailureCause::PortTaken {
            options.port = Some(held.local_addr().unwrap().port());
        }
        let begun = Instant::now();
        let error = fault_of(options).await;
        println!("{cause:?} after {:.0?}: {error}", begun.elapsed());
        assert_eq!(error.cause(), Some(*cause), "{error}");
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(state.files(".json"), Vec::<String>::new());
    }
}

/// Names of shared memory that lies about.
fn shared_memory() -> BTreeSet<String> {
    let entries = std::fs::read_dir("/dev/shm").unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.collect()
}

/// Works exactly, and ends with all that it started, while it works as well.
async fn works_and_ends(name: &str, asked: &[(&str, Value)]) {
    let before = shared_memory();
    let server = server(name).unwrap();
    let state = State::new();
    let cancel = CancellationToken::new();
    let engine = launch(options(&state, &server, settings(asked)), &cancel)
        .await
        .unwrap();
    println!("ready after {:.1} s", engine.load().0);
    worked(&engine, 1, 16).await;
    worked(&engine, 4, 24).await;
    let (work, clock) = (workload("long", 4, 4, 400, 1), Arc::new(SystemClock));
    let stop = cancel.child_token();
    let soon = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        soon.cancel();
    });
    drive(&engine, &work, clock, |_| {}, &stop)
        .await
        .unwrap_err();
    let pid = engine.pid().unwrap();
    let begun = Instant::now();
    engine.stop().await;
    println!(
        "ended {:.2?} after TERM in the middle of its work",
        begun.elapsed()
    );
    assert!(!runs(pid));
    assert_eq!(state.files(".json"), Vec::<String>::new());
    let left: Vec<_> = shared_memory().difference(&before).cloned().collect();
    assert_eq!(
        left,
        Vec::<String>::new(),
        "shared memory that nobody gave back"
    );
}

const SMALL_VLLM: [(&str, Value); 3] = [
    ("max-num-seqs", Value::Int(4)),
    ("max-model-len", Value::Int(1024)),
    ("kv-cache-gib", Value::Int(1)),
];

fn small_vllm(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = Vec::from(SMALL_VLLM);
    all.push(("compile", word("eager")));
    all.extend_from_slice(more);
    all
}

#[tokio::test]
#[ignore = "needs vllm: make test-engines ENGINES=vllm"]
async fn real_vllm_works_exactly_and_ends_with_all_that_it_started() {
    works_and_ends("vllm", &small_vllm(&[("reserved-cores", Value::Int(0))])).await;
}

#[tokio::test]
#[ignore = "needs vllm: make test-engines ENGINES=vllm"]
async fn real_vllm_tells_every_setting_as_it_was_asked() {
    let asked = small_vllm(&[
        ("max-num-batched-tokens", Value::Int(1024)),
        ("chunked-prefill", Value::Bool(false)),
        ("long-prefill-token-threshold", Value::Int(256)),
        ("stream-interval", Value::Int(4)),
        ("performance-mode", word("throughput")),
        ("block-size", word("64")),
        ("dtype", word("float32")),
        ("kv-cache-dtype", word("fp8")),
        ("speculation", word("ngram-3")),
        ("reserved-cores", Value::Int(0)),
        ("thread-binding", word("nobind")),
        ("attention-split-kv", Value::Bool(false)),
    ]);
    reads_back("vllm", &asked).await;
}

#[tokio::test]
#[ignore = "needs vllm: make test-engines ENGINES=vllm"]
async fn real_vllm_that_cannot_start_has_its_cause() {
    use FailureCause::*;
    let small = small_vllm(&[]);
    let too_small = small_vllm(&[
        ("chunked-prefill", Value::Bool(false)),
        ("max-num-batched-tokens", Value::Int(512)),
    ]);
    fails(
        "vllm",
        &[
            (UnknownFlag, &small, &["--bogus", "1"], "--bogus"),
            (UnknownFlag, &too_small, &[], "max_num_batched_tokens"),
            (ModelNotFound, &small, &[], "no-model"),
            (ModelCorrupt, &small, &[], ""),
            (PortTaken, &small, &[], "Start again"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs transformers: make test-engines ENGINES=transformers"]
async fn real_transformers_works_exactly_however_it_batches() {
    for asked in [
        vec![("batch-size", Value::Int(4))],
        vec![
            ("batch-size", Value::Int(4)),
            ("batching", word("continuous")),
        ],
        vec![("batch-size", Value::Int(2)), ("cache", word("static"))],
        vec![("batch-size", Value::Int(1)), ("prompt-lookup", word("3"))],
    ] {
        println!("{asked:?}");
        // Two threads that wait for each other crawl on a machine that does other work.
        let asked: Vec<_> = asked
            .into_iter()
            .chain([("threads", Value::Int(1))])
            .collect();
        works_and_ends("transformers", &asked).await;
    }
}

#[tokio::test]
#[ignore = "needs transformers: make test-engines ENGINES=transformers"]
async fn real_transformers_tells_every_setting_as_it_was_asked() {
    let common = [
        ("threads", Value::Int(1)),
        ("dtype", word("bfloat16")),
        ("attention", word("eager")),
    ];
    let with = |more: &[(&'static str, Value)]| -> Vec<(&'static str, Value)> {
        common.iter().chain(more).cloned().collect()
    };
    // Settings that do not go together take two starts.
    let of_static = with(&[
        ("batch-size", Value::Int(2)),
        ("batch-wait-ms", Value::Int(50)),
        ("cache", word("static")),
    ]);
    let of_continuous = with(&[
        ("batching", word("continuous")),
        ("batch-size", Value::Int(2)),
        ("batch-tokens", Value::Int(64)),
        ("cache-tokens", Value::Int(4096)),
    ]);
    let of_lookup = with(&[("batch-size", Value::Int(1)), ("prompt-lookup", word("3"))]);
    for asked in [of_static, of_continuous, of_lookup] {
        told_as_asked("transformers", &asked).await;
    }
}

/// Those settings that are named are read back as they were asked.
async fn told_as_asked(name: &str, asked: &[(&str, Value)]) {
    let server = server(name).unwrap();
    let state = State::new();
    let cancel = CancellationToken::new();
    let engine = launch(options(&state, &server, settings(asked)), &cancel)
        .await
        .unwrap();
    let work = workload("tiny", 2, 2, 8, 1);
    let clock = Arc::new(SystemClock);
    warm_up(&engine, &work, clock, &cancel).await.unwrap();
    let launched = engine.launch_at_work().await;
    engine.stop().await;
    println!("{}: {:?}", launched.engine_version, launched.used);
    assert_eq!(launched.differences, []);
    for (name, value) in asked {
        assert_eq!(launched.used.get(*name), Some(&value.to_string()), "{name}");
    }
}

#[tokio::test]
#[ignore = "needs transformers: make test-engines ENGINES=transformers"]
async fn real_transformers_that_cannot_start_has_its_cause() {
    use FailureCause::*;
    fails(
        "transformers",
        &[
            (UnknownFlag, &[], &["--bogus", "1"], "--bogus"),
            (ModelNotFound, &[], &[], "no-model"),
            (ModelCorrupt, &[], &[], ""),
            (PortTaken, &[], &[], "Start again"),
        ],
    )
    .await;
}
