//! Starts that would fail are refused before anything is started, and no other.
//!
//! The table was written down before the code, and holds what llama-server does: what it calls `seen` is started
//! for real here.

use crate::bench::{asset, machine, small_model};
use futures::stream::{self, StreamExt as _};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, Value};
use wattsmith_engine::{About, LaunchOptions, launch, shipped};
use wattsmith_testkit::fixtures;
use wattsmith_testkit::gguf::{Gguf, split};
use wattsmith_tuner::{FreeMemory, StartFacts, refused_start};

/// Failing starts that must be refused, of thirty.
const LEAST_REFUSED: usize = 27;

#[derive(Deserialize)]
struct Table {
    start: Vec<Start>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Start {
    name: String,
    model: String,
    #[serde(default)]
    settings: BTreeMap<String, serde_json::Value>,
    #[serde(default = "twenty")]
    free_gb: f64,
    gpu_free_gb: Option<f64>,
    fails: Option<String>,
    seen: bool,
}

fn twenty() -> f64 {
    20.0
}

impl Start {
    fn settings(&self) -> Configuration {
        let value = |value: &serde_json::Value| {
            let text = || Value::Choice(value.as_str().unwrap().to_owned());
            let flag = value.as_bool().map(Value::Bool);
            flag.or(value.as_i64().map(Value::Int)).unwrap_or_else(text)
        };
        let settings = self.settings.iter();
        settings
            .map(|(name, one)| (name.clone(), value(one)))
            .collect()
    }
}

fn starts() -> Vec<Start> {
    let table: Table = toml_edit::de::from_str(include_str!("../starts.toml")).unwrap();
    table.start
}

/// Makes the file that a row speaks of.
fn model(kind: &str, folder: &Path) -> PathBuf {
    let path = folder.join(format!("{kind}.gguf"));
    let whole = || std::fs::read(small_model()).unwrap();
    let write = |bytes: &[u8]| std::fs::write(&path, bytes).unwrap();
    let parts = || split(&small_model(), &folder.join("Smol"), 40);
    let shaped = |architecture: &str, heads: u32, length: u32| {
        Gguf::model(architecture)
            .number(&format!("{architecture}.block_count"), 32)
            .number(&format!("{architecture}.attention.head_count"), heads)
            .number(&format!("{architecture}.attention.head_count_kv"), 8)
            .number(&format!("{architecture}.embedding_length"), heads * length)
    };
    match kind {
        "whole" => return small_model(),
        "missing" => {}
        "empty" => write(&[]),
        "noise" => {
            let noise = (0..100_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
            write(&noise.collect::<Vec<_>>());
        }
        "cut-in-head" => write(&whole()[..500]),
        "cut-in-data" => write(&whole()[..4_000_000]),
        "old-magic" => write(&[b"tjgg", &whole()[4..100_000]].concat()),
        "zip" => write(&[b"PK\x03\x04", &whole()[4..100_000]].concat()),
        "version-99" => write(&[b"GGUF", &99_u32.to_le_bytes()[..], &whole()[8..]].concat()),
        "folder" => std::fs::create_dir(&path).unwrap(),
        "parts" => return parts()[0].clone(),
        "part-2" => return parts()[1].clone(),
        "part-missing" => {
            let parts = parts();
            std::fs::remove_file(&parts[2]).unwrap();
            return parts[0].clone();
        }
        "projector" => {
            let gguf = Gguf::model("clip").text("general.type", "mmproj");
            return gguf.flag("clip.has_vision_encoder", true).write(&path);
        }
        "adapter" => {
            let gguf = Gguf::model("llama").text("general.type", "adapter");
            return gguf.text("adapter.type", "lora").write(&path);
        }
        "imatrix" => return Gguf::empty().text("general.type", "imatrix").write(&path),
        "control-vector" => return Gguf::model("controlvector").write(&path),
        "vocabulary" => return Gguf::model("llama").without_tensors().write(&path),
        "novel" => return Gguf::model("novel9").write(&path),
        "removed-type" => {
            let gguf = Gguf::model("llama").tensor("blk.0.ffn_up.weight", &[64, 64], 31, 2304);
            return gguf.write(&path);
        }
        "no-architecture" => {
            let gguf = Gguf::empty().tensor("blk.0.attn_norm.weight", &[64], 0, 256);
            return gguf.write(&path);
        }
        "head-80" => return shaped("llama", 32, 80).write(&path),
        // As much on the disk as it takes in memory, and none of it written.
        "8-gb" => {
            let path = shaped("llama", 32, 128).write(&path);
            let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(8_000_000_000).unwrap();
            return path;
        }
        other => panic!("no such model: {other}"),
    }
    path
}

/// Why a row's start is refused; none where it is not.
async fn refused(start: &Start) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let mut machine = fixtures::plain_machine();
    if start.gpu_free_gb.is_some() {
        machine.gpus = fixtures::gpu_machine().gpus;
    }
    let server = shipped();
    let space = server.space(&About::machine(&machine));
    let mut configuration = space.default_configuration();
    for (name, value) in start.settings().iter() {
        configuration.set(name, value.clone());
    }
    let bytes = |gb: f64| (gb * 1e9) as u64;
    let known = server.architectures(&engine()).await;
    let model = model(&start.model, folder.path());
    let refused = refused_start(StartFacts {
        model: &model,
        architectures: known.as_ref(),
        space: &space,
        configuration: &configuration,
        free: Some(FreeMemory {
            memory: bytes(start.free_gb),
            gpus: start.gpu_free_gb.map(bytes),
        }),
    });
    refused.await.map(|error| error.to_string())
}

fn engine() -> PathBuf {
    asset("engines/llama-server/0.1.3/bin/llama-server")
}

#[tokio::test]
async fn starts_that_would_fail_are_refused_beforehand_and_no_sound_one_is() {
    let starts = starts();
    let (failing, sound): (Vec<Start>, Vec<Start>) =
        starts.into_iter().partition(|one| one.fails.is_some());
    assert_eq!((failing.len(), sound.len()), (30, 30));
    let mut through = Vec::new();
    for start in &failing {
        if refused(start).await.is_none() {
            through.push(&start.name);
        }
    }
    assert!(
        30 - through.len() >= LEAST_REFUSED,
        "let through: {through:?}"
    );
    for start in &sound {
        assert_eq!(refused(start).await, None, "{}", start.name);
    }
}

/// The flags of a row, past the catalogue: what it refuses is given to the engine all the same.
fn flags(settings: &Configuration) -> Vec<String> {
    // What comes after the start is not asked for here.
    let mut flags = vec!["--no-warmup".to_owned()];
    let number = |name: &str, usual: i64| settings.int(name).unwrap_or(usual);
    let tokens = number("parallel", 4) * number("context-per-slot", 2048);
    flags.extend(["--parallel".to_owned(), number("parallel", 4).to_string()]);
    flags.extend(["--ctx-size".to_owned(), tokens.to_string()]);
    for (name, value) in settings.iter() {
        let name: &str = name;
        let flag = match name {
            "parallel" | "context-per-slot" => continue,
            "batch" => "batch-size",
            "ubatch" => "ubatch-size",
            "priority" => "prio",
            "speculation" => "spec-type",
            "kv-unified" => "no-kv-unified",
            "cont-batching" => "no-cont-batching",
            other => other,
        };
        flags.push(format!("--{flag}"));
        match value {
            Value::Bool(_) => {}
            Value::Int(number) => flags.push(number.to_string()),
            Value::Choice(word) => flags.push(word.clone()),
            other => panic!("{name}: {other:?}"),
        }
    }
    flags
}

/// What a row's start runs: the engine, and where memory is what fails, with room for as many bytes as the row
/// says are free. How much is there, and whether a system promises more, differs between machines.
fn bounded(start: &Start, folder: &Path) -> PathBuf {
    if start.fails.as_deref() != Some("out-of-memory") {
        return engine();
    }
    let script = folder.join("llama-server");
    let bytes = (start.free_gb * 1e9) as u64;
    let line = format!("exec prlimit --as={bytes} '{}' \"$@\"", engine().display());
    std::fs::write(&script, format!("#!/bin/sh\n{line}\n")).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    script
}

/// What a row's start did otherwise than the table says; none where it did that.
async fn contradiction(start: &Start) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let space = shipped().space(&About::machine(&fixtures::plain_machine()));
    let mut options = LaunchOptions::new(
        shipped(),
        bounded(start, folder.path()),
        model(&start.model, folder.path()),
        space.clone(),
        space.default_configuration(),
        folder.path(),
    );
    options.extra_args = flags(&start.settings());
    let launched = launch(options, &CancellationToken::new()).await;
    match (launched, start.fails.as_deref()) {
        (Ok(engine), fails) => {
            engine.stop().await;
            fails.map(|_| format!("{} started", start.name))
        }
        (Err(error), None) => Some(format!("{}: {error}", start.name)),
        (Err(error), Some("out-of-memory")) => {
            let words = error.to_string();
            (!words.contains("memory")).then(|| format!("{}: {words}", start.name))
        }
        (Err(_), Some(_)) => None,
    }
}

/// Half a minute of real starts, some at a time: most of one is waiting.
#[tokio::test]
async fn what_the_table_calls_seen_is_what_llama_server_does() {
    const AT_A_TIME: usize = 4;
    let _machine = machine().await;
    let starts: Vec<Start> = starts().into_iter().filter(|one| one.seen).collect();
    let wrong: Vec<String> = stream::iter(&starts)
        .map(contradiction)
        .buffer_unordered(AT_A_TIME)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
