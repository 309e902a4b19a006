//! Ctrl-C, and another Wattsmith that measures already.

use crate::call::{Home, code, err, machine, out, run, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read as _;
use std::time::{Duration, Instant};
use wattsmith_tuner::MachineLock;

fn interrupt(child: &std::process::Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

#[test]
fn an_interrupt_in_mid_run_leaves_no_engine() {
    let _machine = machine();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let home = Home::new();
        let command = home.tiny("trial --quick --json --requests 64 --output-tokens 400");
        let (mut child, mut stdout) = start(command, "\"phase\":\"Measuring\"");
        let engines = home.engines();
        assert_eq!(engines.len(), 1, "{engines:?}");
        interrupt(&child, signal);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
        assert_eq!(home.engines(), Vec::<u32>::new());
        let exe = format!("/proc/{}/exe", engines[0]);
        assert!(std::fs::read_link(exe).is_err(), "the engine runs on");
        let mut words = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut words).unwrap();
        assert!(words.contains("interrupted"), "{words}");
    }
}

#[test]
fn an_interrupt_at_the_question_ends_the_command_at_once() {
    let _machine = machine();
    let home = Home::new();
    let command = home.tiny("tune --advisor sobol --repeats 1 --threshold 99%");
    let (mut child, _stdout) = start(command, "Run it?");
    interrupt(&child, Signal::SIGINT);
    let since = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "it waits for an answer all the same"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(code, Some(130));
    let mut words = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut words).unwrap();
    assert!(
        words.contains("Go on later: wattsmith-cli tune --session"),
        "{words}"
    );
}

#[test]
fn two_never_measure_at_once() {
    let home = Home::new();
    let _lock = MachineLock::acquire(&home.path("lock")).unwrap();
    let output = run(home.tiny("trial --quick"));
    assert_eq!(code(&output), 1, "{}", out(&output));
    let words = err(&output);
    assert!(words.contains("Another Wattsmith"), "{words}");
    let holder = format!("process {}", std::process::id());
    assert!(words.contains(&holder), "{words}");
    // What does not measure works meanwhile; and no empty session is left of what was refused.
    let sessions = run(home.command("sessions"));
    assert_eq!(code(&sessions), 0);
    assert!(
        out(&sessions).contains("No session yet"),
        "{}",
        out(&sessions)
    );
}
