//! What the tests stand on: scripted boards, a state folder, and the program as cargo built it.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wattsmith_domain::Watts;
use wattsmith_gpu_control::{LIBRARY_VARIABLE, Left, STATE_VARIABLE, left, power_limit};
use wattsmith_testkit::fake_nvml::FakeNvml;

/// The first scripted board's UUID; its default limit is 350 W, its range 100 to 400 W, its clocks
/// are 210 to 1980 MHz.
pub const BOARD: &str = "GPU-00000000";
/// The second's.
pub const OTHER: &str = "GPU-00000001";

pub struct Stand {
    library: PathBuf,
    folder: PathBuf,
    // Gone last, and only by whoever made them.
    driver: Option<FakeNvml>,
    _made: Option<TempDir>,
}

impl Stand {
    pub fn new(script: &str) -> Self {
        let driver = FakeNvml::new(script).unwrap();
        let made = tempfile::tempdir().unwrap();
        Self {
            library: driver.library(),
            folder: made.path().to_path_buf(),
            driver: Some(driver),
            _made: Some(made),
        }
    }

    /// Boards and folder that another process made.
    pub fn of_another(library: PathBuf, folder: PathBuf) -> Self {
        Self {
            library,
            folder,
            driver: None,
            _made: None,
        }
    }

    pub fn library(&self) -> &Path {
        &self.library
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Calls into the library so far, by all processes.
    pub fn calls(&self) -> u64 {
        self.driver.as_ref().unwrap().calls()
    }

    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The program with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(words)
            .env(LIBRARY_VARIABLE, &self.library)
            .env(STATE_VARIABLE, self.state())
            .env_remove("PKEXEC_UID")
            .env_remove("SUDO_UID")
            .stdin(Stdio::null());
        command
    }

    /// Runs it; its exit code and what it says.
    pub fn run(&self, words: &[&str]) -> (i32, Value) {
        told(&self.command(words).output().unwrap())
    }

    pub fn limit(&self, uuid: &str) -> Option<f64> {
        power_limit(Some(&self.library), uuid).map(|Watts(watts)| watts)
    }

    /// Highest clock that the scripted board runs at, MHz: its own 1500 unless it is locked lower.
    pub fn clock(&self, index: u32) -> u32 {
        let nvml = nvml_wrapper::Nvml::builder()
            .lib_path(self.library.as_os_str())
            .init()
            .unwrap();
        let device = nvml.device_by_index(index).unwrap();
        device
            .clock_info(nvml_wrapper::enum_wrappers::device::Clock::SM)
            .unwrap()
    }

    pub fn left(&self) -> Vec<Left> {
        left(&self.state())
    }

    /// Whether something is written down about a board.
    pub fn is_kept(&self, uuid: &str) -> bool {
        self.state().join(uuid).exists()
    }
}

pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_wattsmith-gpu-control"))
}

pub fn told(output: &Output) -> (i32, Value) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), 1, "not one line: {text:?}");
    let code = output.status.code().unwrap();
    (code, serde_json::from_str(text.trim()).unwrap())
}

/// Waits for something that another process does.
pub fn until(what: &str, done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
