//! How a command ended is told to whoever reads its JSON, its words or its exit code.

use crate::call::{Home, all_lines, code, err, events, lines, machine, out, run, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::OpenOptions;
use std::io::Read as _;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};

#[test]
fn json_always_ends_with_an_object_that_says_how_it_went() {
    let home = Home::new();
    for (words, exit, ended, cause) in [
        ("sessions --json", 0, "complete", None),
        ("models --json", 0, "complete", None),
        ("meters list --json", 0, "complete", None),
        ("report latest --json", 1, "failed", None),
        ("report no-such-session --json", 2, "usage", None),
        ("trial --json --set thread=2", 2, "usage", None),
        ("trial --json --repeats 0", 2, "usage", None),
        ("tune --json --session latest --seed 3", 2, "usage", None),
        (
            "trial --json --model nowhere.gguf",
            1,
            "failed",
            Some("model-not-found"),
        ),
    ] {
        let output = run(home.command(words));
        assert_eq!(code(&output), exit, "{words}: {}", err(&output));
        let last = all_lines(&output).pop().expect("no object at all");
        assert_eq!(last["ended"], ended, "{words}: {last}");
        if let Some(cause) = cause {
            assert_eq!(last["cause"], cause, "{words}: {last}");
        }
        assert_eq!(last["message"].is_string(), exit != 0, "{words}: {last}");
    }
}

#[test]
fn an_interrupted_run_says_so_in_its_last_object() {
    let _machine = machine();
    let home = Home::new();
    let command = home.tiny("trial --quick --json --requests 64 --output-tokens 400");
    let (mut child, mut stdout) = start(command, "\"phase\":\"Measuring\"");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let last: serde_json::Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(last["ended"], "interrupted", "{last}");
    assert_eq!(last["exit_code"], 130);
}

#[test]
fn what_cannot_be_written_to_standard_output_is_an_error() {
    let home = Home::new();
    for words in ["sessions", "sessions --json", "doctor"] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = home.command(words);
        command.stdout(full).stderr(std::process::Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(code(&output), 1, "{words}");
        let said = err(&output);
        assert!(
            said.contains("standard output could not be written"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failed_request_is_an_event() {
    let script = vec![
        Script::Status(400, "{\"error\": \"the model is asleep\"}".to_owned()),
        Script::Prose("no idea at all".to_owned()),
        Script::Json("{\"reason\": \"slots\", \"parallel\": 8}".to_owned()),
    ];
    let chat = ScriptedChat::start(script).await.unwrap();
    let base_url = chat.base_url().to_owned();
    let all = tokio::task::spawn_blocking(move || {
        let _machine = machine();
        let home = Home::new();
        let mut command = home.tiny(
            "tune --advisor baseline --connection openai:scripted --budget 2 --auto --json \
             --repeats 1 --threshold 99% --parameters parallel,ubatch",
        );
        command.args(["--base-url", &base_url]);
        lines(&run(command))
    })
    .await
    .unwrap();
    let kinds: Vec<&str> = events(&all, "request-failed")
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["failed", "refused"]);
    let first = events(&all, "request-failed")[0];
    assert!(
        first["reason"].as_str().unwrap().contains("asleep"),
        "{first}"
    );
    assert_eq!(all.last().unwrap()["ended"], "complete");
}

#[test]
fn data_that_is_removed_under_a_run_ends_in_a_loud_error() {
    let _machine = machine();
    let home = Home::new();
    let (mut child, mut stdout) = start(
        home.tiny("trial --quick --json --repeats 2"),
        "\"phase\":\"Measuring\"",
    );
    std::fs::remove_dir_all(home.path("data")).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{rest}");
    let mut words = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut words).unwrap();
    assert!(words.contains("was removed or replaced"), "{words}");
    let last: serde_json::Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(last["cause"], "storage-failed", "{last}");
    assert_eq!(home.engines(), Vec::<u32>::new());
}

#[test]
fn a_window_that_cannot_be_stored_for_a_moment_is_held_and_said() {
    let _machine = machine();
    let home = Home::new();
    let (mut child, mut stdout) = start(
        home.tiny("trial --quick --json --repeats 1"),
        "\"phase\":\"Measuring\"",
    );
    // Another program writes, for longer than one try waits.
    let database = home.path("data/wattsmith.db");
    let locking = "import sqlite3,sys,time\n\
                   db = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                   db.execute('BEGIN IMMEDIATE')\n\
                   time.sleep(9)\n\
                   db.execute('ROLLBACK')\n";
    let mut other = std::process::Command::new("python3")
        .args(["-c", locking])
        .arg(&database)
        .spawn()
        .unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    other.wait().unwrap();
    assert!(rest.contains("is held and stored as soon as"), "{rest}");
    let sessions = lines(&run(home.command("sessions --json")));
    assert_eq!(sessions[0]["sessions"][0]["trials"], 1);
    assert!(out(&run(home.command("sessions"))).contains("1 trial"));
}
