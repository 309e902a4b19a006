//! What the tests stand on: the fetched engine and model, a machine, a state directory, fakes.

use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, Machine, Value};
use wattsmith_engine::{About, EngineError, LaunchOptions, RunningEngine, launch, shipped};

/// An asset, or a panic that tells how to get it.
fn asset(name: &str) -> PathBuf {
    let root = std::env::var_os("WATTSMITH_ASSETS")
        .map(PathBuf::from)
        .or_else(|| {
            let data = std::env::var_os("XDG_DATA_HOME")
                .map(PathBuf::from)
                .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")))?;
            Some(data.join("wattsmith/assets"))
        })
        .expect("HOME is not set, so there is no place to look for the engine");
    let path = root.join(name);
    assert!(
        path.exists(),
        "{} is missing: run `make setup` first",
        path.display()
    );
    path
}

pub fn binary() -> PathBuf {
    asset("engines/llama-server/0.1.3/bin/llama-server")
}

pub fn model() -> PathBuf {
    asset("models/SmolLM2-135M-Instruct-Q4_1.gguf")
}

pub fn fake(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/fakes")
        .join(name)
}

pub fn machine() -> Machine {
    Machine {
        os: "any".into(),
        kernel: "any".into(),
        cpu: "any".into(),
        physical_cores: 2,
        logical_cores: 2,
        usable: None,
        memory_bytes: 8 << 30,
        gpus: Vec::new(),
        sensors: Vec::new(),
        virtual_machine: None,
        gpu_controls: Vec::new(),
    }
}

pub fn settings(values: &[(&str, Value)]) -> Configuration {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// Small and quick: two slots of the least context, and one thread, because two that wait for each
/// other crawl on a machine that is busy compiling.
pub fn small() -> Configuration {
    settings(&[
        ("threads", Value::Int(1)),
        ("threads-batch", Value::Int(1)),
        ("parallel", Value::Int(2)),
        ("context-per-slot", Value::Int(512)),
        // The engine takes no more in one step than all its context.
        ("batch", Value::Int(512)),
    ])
}

/// A state directory of its own for each test.
pub struct State(TempDir);

impl State {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn options(&self, configuration: Configuration) -> LaunchOptions {
        LaunchOptions::new(
            shipped(),
            binary(),
            model(),
            shipped().space(&About::machine(&machine())),
            configuration,
            self.path(),
        )
    }

    /// A fake engine gets a short time to become what it never becomes.
    pub fn fake(&self, name: &str) -> LaunchOptions {
        let mut options = self.options(Configuration::default());
        options.binary = fake(name);
        options.ready_timeout = Duration::from_millis(700);
        options
    }

    pub async fn launch(&self) -> RunningEngine {
        launch(self.options(small()), &CancellationToken::new())
            .await
            .unwrap()
    }

    /// Names of the files here that end so.
    pub fn files(&self, ending: &str) -> Vec<String> {
        std::fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(ending))
            .collect()
    }
}

/// The fault of a launch that must not succeed.
pub async fn fault_of(options: LaunchOptions) -> EngineError {
    launch(options, &CancellationToken::new())
        .await
        .expect_err("the launch succeeded")
}

/// Whether a process runs; a zombie does not.
pub fn runs(pid: u32) -> bool {
    std::fs::read_link(format!("/proc/{pid}/exe")).is_ok()
}
