//! Killed at the fail points of the table: no engine is left, the finished windows are there, and the same
//! trial goes on.

use crate::call::{Home, machine, run};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::{Duration, Instant};
use wattsmith_fail_points::{KILLS, VARIABLE};

/// What all processes of a run are known by, whatever became of their parents.
const TAG: &str = "WATTSMITH_TEST_TAG";

/// Processes that carry the tag, after a moment; zombies left out.
fn left_running(tag: &str) -> Vec<u32> {
    let wanted = format!("{TAG}={tag}");
    let begun = Instant::now();
    loop {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let mut words = environment.split(|byte| *byte == 0);
            let own = words.any(|one| one == wanted.as_bytes());
            (own && Path::new(&format!("/proc/{pid}/exe")).exists()).then_some(pid)
        });
        let left: Vec<u32> = pids.collect();
        if left.is_empty() || begun.elapsed() > Duration::from_secs(20) {
            return left;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn killed_at_a_fail_point_nothing_finished_is_lost_and_the_same_trial_goes_on() {
    let _machine = machine();
    for kill in KILLS {
        let (home, name) = (Home::new(), kill.name);
        let tag = format!("{name}-{}", std::process::id());
        let mut command = home.tiny(
            "tune --advisor sobol --budget 1 --auto --json --quick --repeats 2 --threshold 99% \
             --parameters parallel,ubatch --keep-disturbed",
        );
        command
            .env(VARIABLE, format!("{name}@{}=kill", kill.passes))
            .env(TAG, &tag);
        let output = run(command);
        assert_eq!(output.status.signal(), Some(9), "{name}: {output:?}");
        assert_eq!(left_running(&tag), Vec::<u32>::new(), "{name}");
        let before = home.record();
        let trials = before["trials"].as_array().unwrap();
        assert_eq!(trials.len(), 1, "{name}");
        let windows = trials[0]["repeats"].as_array().unwrap();
        assert_eq!(windows.len(), kill.windows, "{name}");

        // It goes on, and is killed again when the next trial begins: that would only take time.
        let mut command = home.command("tune --session latest --auto --json");
        command
            .env(VARIABLE, "tuner::trial::begun@1=kill")
            .env(TAG, &tag);
        let output = run(command);
        assert_eq!(output.status.signal(), Some(9), "{name}: {output:?}");
        assert_eq!(left_running(&tag), Vec::<u32>::new(), "{name}");
        let after = home.record();
        let default = &after["trials"][0];
        assert_eq!(default["id"], trials[0]["id"], "{name}");
        assert_eq!(default["state"], "complete", "{name}");
        assert_eq!(default["repeats"].as_array().unwrap().len(), 2, "{name}");
        for (index, window) in windows.iter().enumerate() {
            assert_eq!(&default["repeats"][index], window, "{name}");
        }
    }
}
