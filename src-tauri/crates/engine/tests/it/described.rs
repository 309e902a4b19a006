//! Servers that a file describes: the real llama-server through both of OpenAI's streams, and a fake that
//! goes wrong in every way there is.

use crate::setting::{State, binary, fake, fault_of, machine, model, settings, small};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, FailureCause, SystemClock, Tokens, Value};
use wattsmith_engine::{
    About, EngineError, LaunchOptions, Server, described, drive, launch, servers, workload,
};

/// llama-server as a stranger would describe it.
fn llama(speaks: &str) -> Arc<dyn Server> {
    let text = format!(
        r#"
at-once = "slots"

[server]
name = "my-llama"
program = "{}"
fetch = "Run make setup"
command = [
  "{{program}}", "--model", "{{model}}", "--host", "127.0.0.1", "--port", "{{port}}",
  "--no-webui", "--offline", "--ctx-size", "1024", "--fit", "off", "--no-cache-prompt",
  "--cache-ram", "0", "--sse-ping-interval", "1",
]
environment = {{ LLAMA_API_KEY = "{{key}}" }}
settings = ["LLAMA_", "GGML_"]
model = "gguf"
ready = "/health"
pages = ["/props"]
speaks = "{speaks}"

[[parameter]]
name = "slots"
kind = "int"
min = 1
max = 8
levels = [1, 2, 4]
default = 2
told = {{ flag = "--parallel" }}
effect = "How many requests are worked on at once."
read = {{ pointer = "/total_slots" }}

[[parameter]]
name = "threads"
kind = "int"
min = 1
max = "logical-cores"
levels = "thread-counts"
default = 1
told = {{ flag = "--threads" }}
effect = "Cores."

[[parameter]]
name = "top-k"
kind = "int"
min = 1
max = 100
levels = [1, 40]
default = 40
told = {{ field = "top_k" }}
effect = "From how many words the next one is chosen."
changes-output = true
"#,
        binary().display()
    );
    described(Path::new("my-llama.toml"), &text).unwrap()
}

fn options(state: &State, server: Arc<dyn Server>, configuration: Configuration) -> LaunchOptions {
    let program = server.find(&[]).unwrap();
    let space = server.space(&About::machine(&machine()));
    LaunchOptions::new(server, program, model(), space, configuration, state.path())
}

#[tokio::test]
async fn a_described_server_does_the_same_work_over_both_of_openais_streams() {
    let state = State::new();
    let work = workload("tiny", 4, 2, 6, 1);
    for speaks in ["completions", "chat"] {
        let server = llama(speaks);
        assert!(server.version(&binary()).await.unwrap().contains("86a2835"));
        let asked = settings(&[("slots", Value::Int(1)), ("top-k", Value::Int(1))]);
        let cancel = CancellationToken::new();
        let engine = launch(options(&state, server, asked), &cancel)
            .await
            .unwrap();
        assert_eq!(engine.launch().differences, []);
        assert_eq!(engine.launch().used["slots"], "1");
        let words = engine.launch().argv.join(" ");
        assert!(words.contains("--parallel 1 --threads 1"), "{words}");
        assert!(
            !words.contains("top_k") && !words.contains(engine.api_key()),
            "{words}"
        );
        let driven = drive(&engine, &work, Arc::new(SystemClock), |_| {}, &cancel)
            .await
            .unwrap();
        assert_eq!(driven.units(), Tokens(24), "{speaks}");
        let performance = driven.performance();
        assert!(performance.time_to_first_token_s.p50 > 0.0);
        // llama-server tells its times beside the usage.
        assert!(performance.prefill_s.unwrap() > 0.0 && performance.decode_s.unwrap() > 0.0);
        for one in &driven.requests {
            assert!(
                one.first_token < one.last_token && one.prompt_tokens > 4,
                "{one:?}"
            );
        }
        engine.stop().await;
    }
    assert_eq!(state.files(".json"), Vec::<String>::new());
}

/// The fake in one of its modes, tagged so that whatever it leaves behind is found.
fn misbehaving(mode: &str, tag: &str) -> Arc<dyn Server> {
    let text = format!(
        r#"
[server]
name = "misbehaves"
program = "{}"
fetch = "Look into tests/it/fakes"
command = ["{{program}}", "--model", "{{model}}", "--port", "{{port}}"]
environment = {{ MODE = "{mode}", PYTHONDONTWRITEBYTECODE = "1", WATTSMITH_TEST_TAG = "{tag}" }}
model = "gguf"
ready = "/health"
speaks = "completions"
"#,
        fake("misbehaves.py").display()
    );
    described(Path::new("misbehaves.toml"), &text).unwrap()
}

async fn worked(state: &State, server: Arc<dyn Server>) -> Result<(), EngineError> {
    let mut options = options(state, server, Configuration::default());
    options.ready_timeout = Duration::from_secs(30);
    let cancel = CancellationToken::new();
    let engine = launch(options, &cancel).await?;
    let work = workload("tiny", 8, 2, 6, 1);
    let done = drive(&engine, &work, Arc::new(SystemClock), |_| {}, &cancel).await;
    engine.stop().await;
    done.map(|_| ())
}

#[tokio::test]
async fn every_way_to_go_wrong_has_its_cause_and_leaves_nothing_running() {
    use FailureCause::*;
    let rows = [
        ("", None, ""),
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
        ("ignores-term", None, ""),
        ("floods-its-log", None, ""),
    ];
    for (mode, cause, said) in rows {
        let state = State::new();
        let tag = format!("{}-{mode}", std::process::id());
        let done = worked(&state, misbehaving(mode, &tag)).await;
        let told = done
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert_eq!(
            done.err().and_then(|error| error.cause()),
            cause,
            "{mode}: {told}"
        );
        assert!(told.contains(said), "{mode}: {told}");
        assert_eq!(crate::outliving::ended(&tag), Vec::<u32>::new(), "{mode}");
    }
}

#[tokio::test]
async fn a_server_that_is_never_ready_and_a_model_that_is_gone_are_told() {
    let state = State::new();
    let mut never = options(
        &state,
        misbehaving("never-ready", "never"),
        Configuration::default(),
    );
    never.ready_timeout = Duration::from_millis(500);
    let begun = Instant::now();
    assert_eq!(
        fault_of(never).await.cause(),
        Some(FailureCause::LoadTimeout)
    );
    assert!(begun.elapsed() < Duration::from_secs(20));
    let mut gone = options(&state, llama("chat"), small());
    gone.configuration = Configuration::default();
    gone.model = state.path().join("no-model.gguf");
    let error = fault_of(gone).await;
    assert_eq!(error.cause(), Some(FailureCause::ModelNotFound));
    assert!(error.to_string().contains("no-model.gguf"), "{error}");
}

#[test]
fn the_descriptions_that_come_with_wattsmith_are_whole() {
    let known = servers();
    let names: Vec<&str> = known.iter().map(|one| one.name()).collect();
    assert_eq!(
        names,
        [
            "llama-server",
            "ollama",
            "vllm",
            "transformers",
            "diffusers",
            "stable-diffusion",
            "sglang",
            "tgi",
            "tensorrt-llm"
        ]
    );
    for server in known {
        let space = server.space(&About::machine(&machine()));
        let defaults = space.default_configuration();
        assert_eq!(
            space.check(&defaults).as_ref(),
            Ok(&defaults),
            "{}",
            server.name()
        );
        assert!(!space.parameters.is_empty(), "{}", server.name());
        assert!(!server.fetch().ends_with('.'), "{}", server.name());
    }
}
