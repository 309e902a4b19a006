//! A failure that says nothing about the settings ends the command, and costs nothing.

use crate::call::{Home, all_lines, code, err, events, lines, machine, model, run, start};
use serde_json::Value;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Output;

/// The engine that tests use.
fn engine() -> PathBuf {
    let model = model();
    let assets = model.parent().unwrap().parent().unwrap();
    assets.join("engines/llama-server/0.1.3/bin/llama-server")
}

/// Asserts that a run failed by `cause`, and gives its last object.
fn failed(output: &Output, cause: &str) -> Value {
    assert_eq!(code(output), 1, "{}", err(output));
    let last = all_lines(output).pop().unwrap();
    assert_eq!(last["ended"], "failed", "{last}");
    assert_eq!(last["cause"], cause, "{last}");
    let words = err(output);
    assert!(words.contains("no trial of the budget is spent"), "{words}");
    assert!(
        words.contains("Go on later: wattsmith-cli tune --session"),
        "{words}"
    );
    last
}

#[test]
fn a_missing_or_changed_file_stops_the_session_and_costs_no_trial() {
    let _machine = machine();
    let home = Home::new();
    let (file, away, server) = (
        home.path("model.gguf"),
        home.path("away.gguf"),
        home.path("llama-server"),
    );
    std::fs::copy(model(), &file).unwrap();
    std::os::unix::fs::symlink(engine(), &server).unwrap();
    let mut command = home.tiny_with(
        "tune --advisor sobol --budget 2 --auto --json --repeats 2 --threshold 99% \
         --parameters parallel,ubatch",
        &file,
    );
    command.env("WATTSMITH_LLAMA_SERVER", &server);
    // In the middle of the first trial.
    let (mut child, mut stdout) = start(command, "trial 2 · repeat 1 of 2");
    std::fs::rename(&file, &away).unwrap();
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    let mut words = Vec::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_end(&mut words)
        .unwrap();
    let output = Output {
        status: child.wait().unwrap(),
        stdout: rest,
        stderr: words,
    };
    failed(&output, "model-not-found");

    let go_on = || {
        let mut command = home.command("tune --session latest --auto --json");
        command.env("WATTSMITH_LLAMA_SERVER", &server);
        run(command)
    };
    // Still missing: nothing is begun.
    failed(&go_on(), "model-not-found");
    // Another model in its place.
    let mut other = std::fs::read(&away).unwrap();
    other.extend(b"more");
    std::fs::write(&file, other).unwrap();
    failed(&go_on(), "file-changed");
    std::fs::rename(&away, &file).unwrap();
    // The engine is gone, or another one.
    std::fs::remove_file(&server).unwrap();
    failed(&go_on(), "engine-not-found");
    std::fs::write(&server, "#!/bin/sh\necho version: other\n").unwrap();
    std::fs::set_permissions(&server, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    failed(&go_on(), "file-changed");
    std::fs::remove_file(&server).unwrap();
    std::os::unix::fs::symlink(engine(), &server).unwrap();

    // All is put right: the whole budget is there, and what was begun is finished.
    let all = lines(&go_on());
    let last = all.last().unwrap();
    assert_eq!(last["ended"], "complete");
    assert_eq!(last["ending"]["ending"], "budget-spent", "{last}");
    assert_eq!(last["trials"], 3, "{last}");
    let complete = events(&all, "trial")
        .iter()
        .filter(|trial| trial["state"]["state"] == "complete")
        .count();
    assert_eq!(complete, 3);
}
