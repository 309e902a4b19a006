//! Processes that die or run against a limit while they write: the test binary starts itself again
//! as the process that suffers.

use crate::limits::{assert_kept, fill};
use crate::{begin, numbered, place, window};
use nix::sys::resource::{Resource, setrlimit};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use wattsmith_store::{Store, StoreError};
use wattsmith_testkit::fixtures;

const DATABASE: &str = "WATTSMITH_TEST_DATABASE";

/// Starts this binary as one of the `as_a_child` tests below.
fn child(test: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn database() -> PathBuf {
    std::env::var_os(DATABASE)
        .expect("started by another test")
        .into()
}

/// The numbers that a child tells of itself in lines of `stored N`.
fn stored(line: &str) -> Option<u32> {
    // The test harness prints the test's name before the first line.
    line.rsplit_once("stored ")?.1.parse().ok()
}

#[tokio::test]
#[ignore = "is run in a process of its own by a_file_size_limit_gives_full_and_loses_nothing"]
async fn fill_up_as_a_child() {
    let store = Store::open(&database()).unwrap();
    let (_, trial) = begin(&store).await;
    setrlimit(Resource::RLIMIT_FSIZE, 400_000, 400_000).unwrap();
    let (count, error) = fill(&store, &trial).await;
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("limited to 400 kB"), "{error}");
    println!("stored {count}");
}

#[tokio::test]
async fn a_file_size_limit_gives_full_and_loses_nothing() {
    let (_folder, path) = place();
    let output = child("killed::fill_up_as_a_child", &path)
        .wait_with_output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{:?} {text}", output.status);
    let count = text.lines().find_map(stored).expect("a count");
    assert!(count > 3, "only {count} fitted");
    let store = Store::open(&path).unwrap();
    assert_kept(&store, &fixtures::measured(), count).await;
}

#[tokio::test]
#[ignore = "is run in a process of its own by a_killed_process_loses_no_finished_repeat"]
async fn write_without_end_as_a_child() {
    let store = Store::open(&database()).unwrap();
    let (_, trial) = begin(&store).await;
    for index in 1..u32::MAX {
        let repeat = numbered(&trial.repeats[0], index);
        store
            .add_repeat(&trial.id, &repeat, &window(&repeat))
            .await
            .unwrap();
        println!("stored {index}");
    }
}

#[tokio::test]
async fn a_killed_process_loses_no_finished_repeat() {
    let (_folder, path) = place();
    let mut process = child("killed::write_without_end_as_a_child", &path);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut last = 0;
    while last < 40 {
        let line = lines.next().expect("the child goes on").unwrap();
        last = stored(&line).unwrap_or(last);
    }
    // It writes the next one at this moment.
    process.kill().unwrap();
    process.wait().unwrap();
    for line in lines {
        last = stored(&line.unwrap()).unwrap_or(last);
    }

    let store = Store::open(&path).unwrap();
    let record = fixtures::measured();
    let after = store.record(&record.session.id).await.unwrap();
    let count = after.trials[0].repeats.len() as u32;
    // One more may have been finished without its line being printed.
    assert!(count == last || count == last + 1, "{count} after {last}");
    assert_kept(&store, &record, count).await;
    for index in 1..=count {
        let samples = store
            .samples(&record.trials[0].id, index, usize::MAX)
            .await
            .unwrap();
        assert_eq!(samples.len(), 2);
        assert_eq!(samples[0].1.len(), 120);
    }
    assert_eq!(
        store.interrupted().await.unwrap(),
        [record.trials[0].id.clone()]
    );
}
