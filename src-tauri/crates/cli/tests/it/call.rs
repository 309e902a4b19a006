//! How the tests call the binary: folders and a lock of its own for each, tiny work.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// Engines share two cores with everything else, so they run one after the other.
static MACHINE: Mutex<()> = Mutex::new(());

/// Holds the machine for one test.
pub fn machine() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The smallest model, or a panic that tells how to get it.
pub fn model() -> PathBuf {
    let data = || {
        let home = || std::env::home_dir().unwrap().join(".local/share");
        let share = std::env::var_os("XDG_DATA_HOME").map_or_else(home, PathBuf::from);
        share.join("wattsmith/assets")
    };
    let assets = std::env::var_os("WATTSMITH_ASSETS").map_or_else(data, PathBuf::from);
    let file = assets.join("models/SmolLM2-135M-Instruct-Q4_1.gguf");
    assert!(
        file.is_file(),
        "{} is missing; run `make setup` first",
        file.display()
    );
    file
}

/// A data folder with a lock beside it.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The command with these words, split at spaces. More may follow.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wattsmith-cli"));
        command
            .arg("--data-dir")
            .arg(self.path("data"))
            .args(words.split_whitespace())
            .env("WATTSMITH_LOCK", self.path("lock"))
            // Other tests run beside this one.
            .env("WATTSMITH_BUSY", "measure")
            .env("WATTSMITH_BUSY_LIMIT", "never")
            .env_remove("WATTSMITH_DATA_DIR")
            .env_remove("OPENAI_BASE_URL")
            .stdin(Stdio::null());
        command
    }

    /// The same, measuring the small model with work of a second on one thread (two that wait for
    /// each other crawl on a busy machine). More words may follow.
    pub fn tiny(&self, words: &str) -> Command {
        self.tiny_with(words, &model())
    }

    /// The same with another model.
    pub fn tiny_with(&self, words: &str, model: &Path) -> Command {
        let mut command = self.command(words);
        command.arg("--model").arg(model).args(
            "--set threads=1 --set threads-batch=1 --set parallel=2 --set context-per-slot=512 \
             --set batch=512 --concurrency 2"
                .split_whitespace(),
        );
        if !words.contains("--requests") {
            command.args(["--requests", "4", "--output-tokens", "4"]);
        }
        command
    }

    /// The record of the latest session as the JSON report has it.
    pub fn record(&self) -> Value {
        let path = self.path("record.json");
        let mut command = self.command("report latest --format json --out");
        command.arg(&path);
        let output = run(command);
        assert_eq!(code(&output), 0, "{}", err(&output));
        let text = std::fs::read_to_string(path).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        report["record"].clone()
    }

    /// Pids of running engines of this data folder.
    pub fn engines(&self) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(self.path("data/engines-running")) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let pid = name.strip_prefix("engine-")?.strip_suffix(".json")?;
                pid.split('-').next()?.parse().ok()
            })
            .filter(|pid| Path::new(&format!("/proc/{pid}/exe")).exists())
            .collect()
    }
}

/// Runs to the end.
pub fn run(mut command: Command) -> Output {
    command.output().unwrap()
}

/// Runs to the end with something on standard input.
pub fn run_with(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Small enough for the pipe; a program that does not read it is not this test's fault.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Starts it and reads standard output up to a line that holds `until`.
pub fn start(mut command: Command, until: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(until) {
        line.clear();
        let read = out.read_line(&mut line).unwrap();
        assert!(read > 0, "it ended before it said {until:?}");
    }
    (child, out)
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by a signal")
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output as JSON lines, after a run that succeeded.
pub fn lines(output: &Output) -> Vec<Value> {
    assert_eq!(code(output), 0, "{}{}", out(output), err(output));
    all_lines(output)
}

/// The same, however it ended.
pub fn all_lines(output: &Output) -> Vec<Value> {
    out(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

/// The lines that tell of `event`.
pub fn events<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}
