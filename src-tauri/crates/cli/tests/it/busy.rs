//! `--busy`: what is done where other programs keep the machine busy before the first window.

use crate::call::{Home, code, err, events, lines, machine, out, run};
use std::process::{Child, Command, Stdio};

/// A program that keeps a core busy until it is dropped.
struct Neighbour(Child);

impl Neighbour {
    fn start() -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", "while :; do :; done"])
            .stdin(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_busy_machine_fails_is_waited_for_or_is_measured_as_was_said() {
    let _machine = machine();
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    // A tenth of the machine at least.
    let _neighbours: Vec<Neighbour> = (0..=cores / 10).map(|_| Neighbour::start()).collect();
    let home = Home::new();
    let output = run(home.tiny("trial --repeats 1 --busy fail"));
    assert_eq!(code(&output), 1, "{}", out(&output));
    assert!(
        err(&output).contains("other programs used"),
        "{}",
        err(&output)
    );

    // One look, and the time is up: it is measured, and the record says so.
    let all = lines(&run(home.tiny("trial --repeats 1 --json --busy wait:1")));
    let trial = all.last().unwrap();
    assert_eq!(trial["load"]["quiet_at_last"], false, "{trial}");
    assert_eq!(trial["load"]["choice"]["busy"], "wait");
    assert!(trial["load"]["share"].as_f64().unwrap() > 0.05);
    assert!(
        events(&all, "phase")
            .iter()
            .any(|one| one["phase"] == "Waiting for a quiet machine")
    );

    // By choice: no look before, but what the first window saw is written down.
    let output = run(home.tiny("trial --repeats 1 --busy measure"));
    let text = out(&output);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(text.contains("measured all the same, by choice"), "{text}");
}

#[test]
fn another_word_is_bad_usage() {
    let home = Home::new();
    let output = run(home.command("trial --busy perhaps"));
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("ask, wait, measure and fail"),
        "{}",
        err(&output)
    );
}
