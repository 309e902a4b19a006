//! An engine whose Wattsmith is killed, at whatever moment, is ended; one whose launcher only rests is not.

use crate::setting::{State, fault_of, runs};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wattsmith_engine::{launch, reap_orphans};

/// Names the folder of the child below.
const FOLDER: &str = "WATTSMITH_TEST_FOLDER";
/// What the child's fakes are known by, whatever became of their parents.
const TAG: &str = "WATTSMITH_TEST_TAG";

/// The body of the child processes below, no test of its own: an engine that is never ready.
#[tokio::test]
#[ignore = "runs as a child process of other tests"]
async fn launches_until_it_is_killed() {
    let folder = std::env::var_os(FOLDER).expect("run by another test");
    let mut options = State::new().fake("never-ready.sh");
    options.state_dir = folder.into();
    options.ready_timeout = Duration::from_secs(300);
    let launched = launch(options, &CancellationToken::new()).await;
    unreachable!("{launched:?}");
}

fn wattsmith(folder: &Path, tag: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "outliving::launches_until_it_is_killed"])
        .args(["--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(TAG, tag)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Pids of all that carries the tag, zombies left out.
fn tagged(tag: &str) -> Vec<u32> {
    let wanted = format!("{TAG}={tag}");
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let mut words = environment.split(|byte| *byte == 0);
        words.any(|one| one == wanted.as_bytes()).then_some(pid)
    });
    pids.filter(|pid| runs(*pid)).collect()
}

pub fn ended(tag: &str) -> Vec<u32> {
    let begin = Instant::now();
    loop {
        let left = tagged(tag);
        if left.is_empty() || begin.elapsed() > Duration::from_secs(20) {
            return left;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Moments of a kill, milliseconds after the first sign that the engine's log is there, on a fixed seed:
/// half of them within the millisecond or two in which shell, engine and record come about.
fn moments() -> Vec<Duration> {
    let mut state = 20_261_129_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let most = |index: u32| if index.is_multiple_of(2) { 2.0 } else { 20.0 };
    (0..30)
        .map(|index| Duration::from_secs_f64(next() * most(index) / 1e3))
        .collect()
}

#[test]
fn no_engine_outlives_a_wattsmith_that_is_killed_while_it_starts_one() {
    for (index, wait) in moments().into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let tag = format!("{}-{index}", std::process::id());
        let mut wattsmith = wattsmith(folder.path(), &tag);
        // The log is made just before the engine.
        while std::fs::read_dir(folder.path()).unwrap().next().is_none() {
            std::hint::spin_loop();
        }
        std::thread::sleep(wait);
        wattsmith.kill().unwrap();
        wattsmith.wait().unwrap();
        assert_eq!(ended(&tag), Vec::<u32>::new(), "killed after {wait:?}");
    }
}

#[tokio::test]
async fn a_record_that_a_killed_wattsmith_left_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let tag = format!("{}-record", std::process::id());
    let mut wattsmith = wattsmith(folder.path(), &tag);
    let records = || {
        let names = std::fs::read_dir(folder.path()).unwrap().flatten();
        names
            .filter(|one| one.path().extension().is_some_and(|it| it == "json"))
            .count()
    };
    while records() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    wattsmith.kill().unwrap();
    wattsmith.wait().unwrap();
    assert_eq!(ended(&tag), Vec::<u32>::new());
    reap_orphans(folder.path()).await;
    assert_eq!(records(), 0);
}

#[tokio::test]
async fn a_child_that_made_a_session_of_its_own_ends_with_its_engine() {
    let state = State::new();
    fault_of(state.fake("leaves-a-session.sh")).await;
    let log = &state.files(".log")[0];
    let text = std::fs::read_to_string(state.path().join(log)).unwrap();
    let child: u32 = text.trim().strip_prefix("child ").unwrap().parse().unwrap();
    let begin = Instant::now();
    while runs(child) && begin.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!runs(child));
}

/// The threads of a runtime's pool end when they have nothing to do for some seconds. What a thread
/// started must not end with it.
#[tokio::test]
async fn an_engine_survives_a_launcher_that_rests_for_a_minute() {
    let state = State::new();
    let engine = tokio::task::spawn_blocking({
        let options = state.options(crate::setting::small());
        move || {
            let runtime = tokio::runtime::Handle::current();
            runtime
                .block_on(launch(options, &CancellationToken::new()))
                .unwrap()
        }
    });
    let engine = engine.await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(engine.is_running() && runs(engine.pid().unwrap()));
    engine.stop().await;
}

#[tokio::test]
async fn an_engine_gets_no_key_of_anybody_else() {
    let tag = "outliving::starts_an_engine_that_tells_its_environment";
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", tag, "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .envs([
            ("OPENAI_API_KEY", "sk-planted"),
            ("ANTHROPIC_API_KEY", "planted"),
            ("WATTSMITH_API_KEY", "planted"),
            ("HF_TOKEN", "planted"),
            ("AWS_SECRET_ACCESS_KEY", "planted"),
            ("DB_PASSWORD", "planted"),
            ("LLAMA_ARG_THREADS", "7"),
            ("TOKENIZERS_PARALLELISM", "false"),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let names = std::fs::read_to_string(folder.path().join("names")).unwrap();
    let secret = |name: &&str| {
        ["API_KEY", "TOKEN", "SECRET", "PASSWORD", "LLAMA_ARG"]
            .iter()
            .any(|sign| name.contains(sign))
    };
    let kept: Vec<&str> = names.lines().filter(secret).collect();
    // Its own key, and what only sounds like one.
    assert_eq!(kept, ["LLAMA_API_KEY", "TOKENIZERS_PARALLELISM"]);
}

/// The body of the child process above, no test of its own.
#[tokio::test]
#[ignore = "runs as a child process of another test"]
async fn starts_an_engine_that_tells_its_environment() {
    let folder = std::env::var_os(FOLDER).expect("run by another test");
    let state = State::new();
    fault_of(state.fake("tells-its-environment.sh")).await;
    let log = &state.files(".log")[0];
    let text = std::fs::read_to_string(state.path().join(log)).unwrap();
    let mut names: Vec<&str> = text.lines().collect();
    names.sort_unstable();
    std::fs::write(Path::new(&folder).join("names"), names.join("\n")).unwrap();
}
