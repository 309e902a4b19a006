//! The servers of pictures, and a fake in their place that goes wrong in every way there is: each has its
//! cause, and nothing is left running.

use crate::setting::{State, fake, fault_of, machine, runs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{FailureCause, PictureTask, SystemClock, Workload};
use wattsmith_engine::{
    About, EngineError, LaunchOptions, drive, launch, picture_workload, server,
};

const SERVERS: [&str; 2] = ["diffusers", "stable-diffusion"];

/// The fake in one of its modes in place of that server's program, with a model that it does not read.
fn options(state: &State, name: &str, mode: &str) -> LaunchOptions {
    let program = state.path().join(format!("wrong-{mode}"));
    std::os::unix::fs::symlink(fake("draws-wrong.py"), &program).unwrap();
    let model = match name {
        "diffusers" => PathBuf::from("tiny"),
        _ => state.path().join("weights.safetensors"),
    };
    if name != "diffusers" {
        std::fs::write(&model, b"weights").unwrap();
    }
    let server = server(name).unwrap();
    let space = server.space(&About::machine(&machine()));
    let usual = space.default_configuration();
    let mut options = LaunchOptions::new(server, program, model, space, usual, state.path());
    options.ready_timeout = Duration::from_secs(30);
    options
}

fn work() -> Workload {
    let task = PictureTask {
        prompts: ["a fox", "a boat", "a hill", "a fish"]
            .map(str::to_owned)
            .to_vec(),
        seeds: vec![7, 8],
        width: 16,
        height: 8,
        steps: 2,
        sampler: "model".to_owned(),
        guidance: 7.5,
    };
    picture_workload("fault", task)
}

async fn worked(options: LaunchOptions) -> Result<(), EngineError> {
    let cancel = CancellationToken::new();
    let engine = launch(options, &cancel).await?;
    let done = drive(&engine, &work(), Arc::new(SystemClock), |_| {}, &cancel).await;
    engine.stop().await;
    done.map(|_| ())
}

/// Pids of what was started with this folder in its words, once there are none or 20 s are over.
fn left(folder: &Path) -> Vec<u32> {
    let wanted = folder.display().to_string();
    let begun = Instant::now();
    loop {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let words = std::fs::read(entry.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&words)
                .contains(&wanted)
                .then_some(pid)
        });
        let pids: Vec<u32> = pids.filter(|pid| runs(*pid)).collect();
        if pids.is_empty() || begun.elapsed() > Duration::from_secs(20) {
            return pids;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn every_way_in_which_a_server_of_pictures_goes_wrong_has_its_cause() {
    use FailureCause::*;
    let rows = [
        ("fine", None, ""),
        ("exits", Some(Crash), "the moon is in the wrong phase"),
        ("wrong-flag", Some(UnknownFlag), "--what"),
        ("not-ours", Some(PortTaken), "Another program answers"),
        ("half-an-answer", Some(RequestFailed), ""),
        (
            "one-500",
            Some(RequestFailed),
            "the moon is in the wrong phase",
        ),
        ("too-few", Some(WrongWork), "pictures"),
        ("leaves-a-child", None, ""),
        ("ignores-term", None, ""),
        ("floods-its-log", None, ""),
    ];
    for name in SERVERS {
        for (mode, cause, said) in rows {
            let state = State::new();
            let done = worked(options(&state, name, mode)).await;
            let told = done.as_ref().err().map(ToString::to_string);
            let told = told.unwrap_or_default();
            let found = done.err().and_then(|error| error.cause());
            assert_eq!(found, cause, "{name}, {mode}: {told}");
            assert!(told.contains(said), "{name}, {mode}: {told}");
            assert_eq!(left(state.path()), Vec::<u32>::new(), "{name}, {mode}");
        }
    }
}

#[tokio::test]
async fn a_server_of_pictures_that_is_never_ready_and_a_model_that_is_gone_are_told() {
    for name in SERVERS {
        let state = State::new();
        let mut never = options(&state, name, "never-ready");
        never.ready_timeout = Duration::from_millis(500);
        let cause = fault_of(never).await.cause();
        assert_eq!(cause, Some(FailureCause::LoadTimeout), "{name}");
        assert_eq!(left(state.path()), Vec::<u32>::new(), "{name}");
        let mut gone = options(&state, name, "fine");
        gone.model = state.path().join("no-model");
        let error = fault_of(gone).await;
        assert_eq!(error.cause(), Some(FailureCause::ModelNotFound), "{name}");
        assert!(error.to_string().contains("no-model"), "{error}");
    }
}
