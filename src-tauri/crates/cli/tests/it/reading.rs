//! A command that only reads takes no lock, writes nothing and marks nothing.

use crate::call::{Home, code, err, lines, machine, out, run, start};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;
use wattsmith_tuner::MachineLock;

/// Every file below a folder: its bytes, and when it was last changed.
fn all(folder: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.insert(
                path.display().to_string(),
                (Vec::new(), SystemTime::UNIX_EPOCH),
            );
            found.extend(all(&path));
        } else {
            let changed = path.metadata().unwrap().modified().unwrap();
            found.insert(
                path.display().to_string(),
                (std::fs::read(&path).unwrap(), changed),
            );
        }
    }
    found
}

const READING: [&str; 9] = [
    "sessions",
    "sessions --json",
    "sessions ledger latest",
    "report latest --format md --out /dev/null",
    "models",
    "doctor",
    "doctor --json",
    "meters list",
    "meters reader",
];

#[test]
fn a_command_that_only_reads_makes_no_folder_and_takes_no_lock() {
    let home = Home::new();
    for words in READING {
        run(home.command(words));
        assert!(!home.path("data").exists(), "{words} made the folder");
        assert!(!home.path("lock").exists(), "{words} took the lock");
    }
}

#[test]
fn a_command_that_only_reads_changes_no_byte_while_somebody_measures() {
    let _machine = machine();
    let home = Home::new();
    let done = run(home.tiny("trial --quick --repeats 1"));
    assert_eq!(code(&done), 0, "{}", err(&done));
    let before = all(&home.path("data"));
    // Somebody else measures.
    let lock = MachineLock::acquire(&home.path("lock")).unwrap();
    for words in READING {
        let output = run(home.command(words));
        assert_eq!(code(&output), 0, "{words}: {}", err(&output));
    }
    drop(lock);
    let after = all(&home.path("data"));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (name, content) in &before {
        assert!(after[name] == *content, "{name} was changed");
    }
}

#[test]
fn what_another_wattsmith_runs_is_not_marked_by_a_reader_that_has_its_own_lock() {
    let _machine = machine();
    let home = Home::new();
    let command = home.tiny("trial --quick --json --requests 64 --output-tokens 400");
    let (mut child, _stdout) = start(command, "\"phase\":\"Measuring\"");
    let mut listing = home.command("sessions --json");
    listing.env("WATTSMITH_LOCK", home.path("another-lock"));
    let list = lines(&run(listing));
    assert_eq!(list[0]["sessions"][0]["trials"], 1);
    assert_eq!(home.engines().len(), 1, "its engine runs on");
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.id() as i32),
        nix::sys::signal::Signal::SIGINT,
    )
    .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn every_figure_under_a_lock_of_ones_own_says_so() {
    let _machine = machine();
    let home = Home::new();
    let mut command = home.tiny("trial --quick --repeats 1");
    command.env_remove("WATTSMITH_LOCK");
    command.arg("--lock").arg(home.path("mine"));
    let text = out(&run(command));
    assert!(text.contains("note: Exclusion overridden"), "{text}");
    for format in ["html", "md", "csv", "json"] {
        let path = home.path("report");
        let mut report = home.command(&format!("report latest --format {format} --out"));
        report.arg(&path);
        run(report);
        let page = std::fs::read_to_string(&path).unwrap();
        assert!(page.contains("Exclusion overridden"), "{format}: {page}");
    }
    assert!(!out(&run(home.command("tune --help"))).contains("--lock"));
}
