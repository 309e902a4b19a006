//! The daemon's command line, what it says, and what is read back.

use super::*;
use crate::catalogue::About;
use crate::catalogue::tests::machine;
use crate::supervise::failure::Exit;
use serde_json::json;
use std::collections::BTreeMap;
use wattsmith_domain::{Configuration, FailureCause, Value};

fn space(gpus: &[&str]) -> ParameterSpace {
    Ollama.space(&About::machine(&machine(2, 4, gpus)))
}

fn told(space: &ParameterSpace, configuration: &Configuration) -> CommandLine {
    Ollama.command(&Asked {
        program: Path::new("bin/ollama"),
        model: Path::new("/store/manifests/registry.ollama.ai/library/smollm2/135m"),
        port: 40_123,
        api_key: "a key",
        space,
        configuration,
        extra_args: &[],
        files: Path::new("files"),
        draft: None,
        left_alone: false,
        flags: None,
    })
}

#[test]
fn the_daemon_is_told_by_its_environment_and_gets_no_key() {
    let space = space(&[]);
    let command = told(&space, &space.default_configuration());
    assert_eq!(command.words.join(" "), "bin/ollama serve");
    assert_eq!(command.variables, []);
    let lines: Vec<String> = command
        .settings
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_choice_that_is_its_own_is_not_said() {
    let space = space(&["a GPU"]);
    let said = |value: &str| {
        let mut asked = space.default_configuration();
        asked.set("flash-attention", Value::Choice(value.to_owned()));
        let settings: BTreeMap<_, _> = told(&space, &asked).settings.into_iter().collect();
        assert!(
            !settings.contains_key("LLAMA_ARG_DEVICE"),
            "the GPU is meant"
        );
        settings.get("OLLAMA_FLASH_ATTENTION").cloned()
    };
    assert_eq!(said("auto"), None);
    assert_eq!(said("0").as_deref(), Some("0"));
    assert_eq!(said("1").as_deref(), Some("1"));
}

/// Lines of the log of llama-server 86a2835 with the flags that Ollama gives it, behind the daemon's own line as
/// its source writes that.
const LOG: &str = "
time=2026-08-21T18:48:20Z level=INFO source=routes.go:1951 msg=\"server config\" env=\"map[OLLAMA_NUM_PARALLEL:2 OLLAMA_SCHED_SPREAD:true]\"
common_param: system_info: n_threads = 1 (n_threads_batch = 1) / 2 | CPU : SSE3 = 1 |
load_tensors: loading model tensors, this can take a while... (load_mode = none)
load_tensors: offloaded 12/31 layers to GPU
llama_context: n_batch               = 128
llama_context: n_ubatch              = 128
llama_context: flash_attn            = auto
llama_kv_cache: size =   21.25 MiB (  2048 cells,  30 layers,  2/2 seqs), K (q8_0):   10.62 MiB, V (q8_0):   10.62 MiB
";

#[test]
fn every_knob_is_read_back_from_the_llama_server_behind_it() {
    let space = space(&["a GPU", "another"]);
    let pages = vec![
        json!({ "total_slots": 2, "default_generation_settings": { "n_ctx": 1024 } }),
        json!({ "command": { "parallel": "2" } }),
    ];
    let told = Told {
        pages,
        ..Told::default()
    };
    let used = Ollama.used(&space, &told, LOG);
    let lines: Vec<String> = used
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    assert_eq!(used.len(), space.parameters.len(), "{used:?}");
    insta::assert_snapshot!(lines.join("\n"));
    let mut asked = space.default_configuration();
    for (name, value) in &used {
        let knob = space.get(name).unwrap();
        asked.set(
            name,
            knob.kind.coerce(&Value::Choice(value.clone())).unwrap(),
        );
    }
    assert_eq!(Ollama.differences(&space, &asked, &used), []);
    let defaults = space.default_configuration();
    let names: Vec<String> = Ollama
        .differences(&space, &defaults, &used)
        .into_iter()
        .map(|one| one.name)
        .collect();
    // Flash attention was left to it.
    assert_eq!(names.len(), space.parameters.len() - 1, "{names:?}");
}

#[test]
fn without_a_log_its_command_line_tells_most() {
    let space = space(&[]);
    let told = Told {
        pages: vec![json!({ "command": {
            "parallel": "4", "ubatch-size": "256", "batch-size": "256", "threads": "2",
            "flash-attn": "off", "cache-type-k": "q4_0", "load-mode": "none",
        }})],
        ..Told::default()
    };
    let used = Ollama.used(&space, &told, "");
    for (name, value) in [
        ("num-parallel", "4"),
        ("num-batch", "256"),
        ("num-thread", "2"),
        ("flash-attention", "0"),
        ("kv-cache-type", "q4_0"),
        ("use-mmap", "off"),
    ] {
        assert_eq!(used.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[test]
fn its_own_version_counts_and_not_that_of_a_daemon_that_runs() {
    for (text, version) in [
        (
            "Warning: could not connect to a running Ollama instance\nWarning: client version is 0.33.0\n",
            Some("ollama 0.33.0"),
        ),
        (
            "ollama version is 0.31.2\nWarning: client version is 0.33.0\n",
            Some("ollama 0.33.0"),
        ),
        ("ollama version is 0.33.0\n", Some("ollama 0.33.0")),
        ("Error: unknown flag\n", None),
        ("", None),
    ] {
        assert_eq!(version::of_output(text).as_deref(), version, "{text}");
    }
}

#[test]
fn what_it_answers_in_place_of_loading_has_a_cause_and_a_remedy() {
    use FailureCause::*;
    let mut said = Vec::new();
    for (cause, status, text) in [
        (ModelNotFound, 404, "model 'smollm2:135m' not found"),
        (
            OutOfMemory,
            500,
            "model requires more system memory (9.0 GiB) than is available (2.1 GiB)",
        ),
        (
            OutOfMemory,
            500,
            "llama-server process has terminated: error: cudaMalloc failed: out of memory",
        ),
        (
            ModelUnfit,
            500,
            "llama-server process has terminated: error loading model architecture: unknown model architecture: 'novel9'",
        ),
        (
            ModelUnfit,
            400,
            "\"nomic-embed-text\" does not support generate",
        ),
        (ModelCorrupt, 500, "invalid file magic"),
        (
            EngineNotFound,
            500,
            "llama-server binary not found (checked: /usr/lib/ollama)",
        ),
        (
            Crash,
            503,
            "server busy, please try again.  maximum pending requests exceeded",
        ),
    ] {
        let error = failure::refused(status, text, "smollm2:135m");
        assert_eq!(error.cause(), Some(cause), "{text}");
        said.push(error.to_string());
    }
    said.push(failure::one_slot("qwen3.5:4b", "qwen35", 4).to_string());
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn what_it_prints_before_it_ends_decides_the_cause() {
    use FailureCause::*;
    for (cause, log) in [
        (
            PortTaken,
            "Error: listen tcp 127.0.0.1:40123: bind: address already in use",
        ),
        (
            UnknownFlag,
            "Error: unknown command \"serv\" for \"ollama\"",
        ),
        (
            EngineNotFound,
            "ollama: error while loading shared libraries: libc.so.6",
        ),
        (Crash, "panic: something"),
    ] {
        let error = SIGNS.ended_while_loading(&Ended {
            exit: Exit {
                code: Some(1),
                signal: None,
                kernel_out_of_memory: false,
            },
            log,
            log_path: Path::new("state/engine-1.log"),
            program: Path::new("bin/ollama"),
            model: Path::new("smollm2:135m"),
        });
        assert_eq!(error.cause(), Some(cause), "{log}");
    }
}

#[test]
fn its_knobs_are_sound_and_a_compressed_cache_needs_flash_attention() {
    assert_eq!(
        Catalogue::parse(include_str!("catalogue.toml")).map(|_| ()),
        Ok(())
    );
    let space = space(&[]);
    let mut asked = space.default_configuration();
    assert!(space.check(&asked).is_ok());
    asked.set("flash-attention", Value::Choice("0".to_owned()));
    asked.set("kv-cache-type", Value::Choice("q8_0".to_owned()));
    assert!(space.check(&asked).is_err());
}
