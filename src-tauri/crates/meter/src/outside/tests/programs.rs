//! Programs that print per line or once, one number or several, with units and without.

use super::*;
use CommandMode::{Once, Stream};
use SensorFault::{ImpossibleLevel, Negative, SeveralValues, Stale, Unreadable};
use std::path::PathBuf;
use std::time::Instant;

fn shell(script: &str, mode: CommandMode) -> OutsideKind {
    program(&["sh", "-c", script], mode)
}

fn part_of(kind: OutsideKind, part: Part) -> OutsideKind {
    match kind {
        OutsideKind::Command { argv, mode, .. } => OutsideKind::Command { argv, mode, part },
        other => other,
    }
}

#[test]
fn a_program_is_read_per_run_or_per_line() {
    assert_eq!(watts(shell("echo 42.5", Once)), Ok(42.5));
    assert_eq!(watts(shell("echo 12.5; exec sleep 60", Stream)), Ok(12.5));
    // No shell: what looks like one is an argument.
    let literal = program(&["echo", "1; echo 2"], Once);
    refused(watts(literal), Unreadable, "no number");
}

#[test]
fn several_numbers_at_once_are_chosen_or_added_because_the_person_said_so() {
    let two = "printf '25.40\\n210.90\\n'";
    let endless = format!("while :; do {two}; sleep 1; done");
    for (script, mode) in [(two, Once), (endless.as_str(), Stream)] {
        let kind = || shell(script, mode);
        refused(watts(kind()), SeveralValues, "25.4, 210.9");
        assert_eq!(watts(part_of(kind(), Part::Channel(0))), Ok(25.4));
        assert_eq!(watts(part_of(kind(), Part::Sum)), Ok(236.3));
    }
    // Written one by one, and on one line.
    let apart = "while :; do echo 25.40; echo 210.90; sleep 1; done";
    refused(watts(shell(apart, Stream)), SeveralValues, "2 numbers");
    refused(
        watts(shell("echo 25.40 210.90", Once)),
        SeveralValues,
        "2 numbers",
    );
}

#[test]
fn a_line_above_and_a_unit_behind_are_read() {
    let headed = "echo 'power.draw [W]'; while :; do echo '25.40 W'; sleep 1; done";
    assert_eq!(watts(shell(headed, Stream)), Ok(25.4));
    assert_eq!(
        watts(shell("echo 'power.draw [W]'; echo '25.40 W'", Once)),
        Ok(25.4)
    );
    assert_eq!(watts(shell("echo 25500 mW", Once)), Ok(25.5));
    // The first number comes a moment later than the line above it.
    let later = "echo 'power.draw [W]'; sleep 0.3; echo 25.40; exec sleep 60";
    assert_eq!(watts(shell(later, Stream)), Ok(25.4));
    refused(
        watts(shell("echo 0.02 kWh", Once)),
        Unreadable,
        "correct the unit",
    );
    let counter = shell("echo 0.02 kWh", Once);
    assert_eq!(read(&meter(counter, MeterUnit::Joules)), Ok(72_000.0));
}

#[test]
fn what_is_missing_is_no_number_and_is_shown() {
    for word in ["N/A", "[N/A]", "[Not Supported]"] {
        let script = format!("echo 'power.draw [W]'; echo '{word}'; exec sleep 60");
        refused(watts(shell(&script, Stream)), Unreadable, word);
        refused(
            watts(shell(&format!("echo '{word}'"), Once)),
            Unreadable,
            word,
        );
    }
    refused(
        watts(shell("echo power.draw; exec sleep 60", Stream)),
        Unreadable,
        "power.draw",
    );
}

#[test]
fn output_that_was_held_back_is_no_value() {
    // A block of lines at once, as a program writes whose output is a pipe.
    let block = "seq 100 399; exec sleep 60";
    refused(watts(shell(block, Stream)), Stale, "stdbuf -oL");
    refused(
        watts(part_of(shell(block, Stream), Part::Sum)),
        Stale,
        "held back",
    );
    refused(watts(shell("seq 100 399", Once)), Stale, "held back");
    refused(
        watts(shell("exec sleep 60", Stream)),
        Unreadable,
        "python -u",
    );
}

#[test]
fn lines_one_shortly_after_the_other_are_several_values() {
    let rounds = "while :; do echo 25.40; sleep 0.05; echo 210.90; sleep 0.4; done";
    let meter = meter(shell(rounds, Stream), MeterUnit::Watts);
    let opened = Opened::of(&meter);
    let begin = Instant::now();
    let mut last = again(&opened);
    while last.is_ok() && begin.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
        last = again(&opened);
    }
    refused(last, SeveralValues, "say which one");
}

#[test]
fn a_sum_whose_parts_are_no_longer_as_many_is_none() {
    // The first reading comes while two are printed, the later ones when it is three.
    let script = "printf '1\\n2\\n'; read x <\"$0\"; printf '1\\n2\\n3\\n'; exec sleep 60";
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("go");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let kind = program(&["sh", "-c", script, pipe.to_str().unwrap()], Stream);
    let opened = Opened::of(&meter(part_of(kind, Part::Sum), MeterUnit::Watts));
    assert_eq!(again(&opened), Ok(3.0));
    std::fs::write(&pipe, "go\n").unwrap();
    let begin = Instant::now();
    let mut last = again(&opened);
    while last == Ok(3.0) && begin.elapsed() < Duration::from_secs(20) {
        last = again(&opened);
    }
    refused(last, SeveralValues, "3 lines at once, and 2 before");
}

#[test]
fn a_program_that_fails_has_a_reason_and_no_number() {
    for (kind, fault, words) in [
        (
            program(&["/no/such/program"], Once),
            Unreadable,
            "cannot be started",
        ),
        (shell("exit 3", Once), Unreadable, "printed nothing"),
        (shell("echo high", Once), Unreadable, "no number"),
        (shell("echo 61,5", Once), Unreadable, "','"),
        (shell("echo 0", Once), ImpossibleLevel, "0 W"),
        (shell("echo -3", Once), Negative, "negative"),
        (
            shell("echo 999999", Once),
            ImpossibleLevel,
            "is its unit right",
        ),
        (shell("echo NaN", Once), Unreadable, "no finite number"),
        (shell("sleep 60", Once), Unreadable, "did not end within"),
        (shell("exit 3", Stream), Unreadable, "has ended"),
        (
            shell("printf '\\377\\376\\n'; sleep 60", Stream),
            Unreadable,
            "no text",
        ),
    ] {
        refused(watts(kind), fault, words);
    }
}

#[test]
fn a_stream_that_falls_silent_is_too_old_and_not_its_last_value() {
    let argv = ["sh", "-c", "echo 5; sleep 60"].map(str::to_owned);
    let terms = (MeterUnit::Watts, &Part::Only);
    let silent = command::Program::new(&argv, Stream, terms, Duration::from_millis(50));
    // However slow the machine: the first answer is 5 or already too old, and later ones too old.
    let mut last = silent.value();
    let begin = Instant::now();
    while last.is_ok() && begin.elapsed() < Duration::from_secs(20) {
        assert_eq!(last.unwrap().number, 5.0);
        std::thread::sleep(Duration::from_millis(20));
        last = silent.value();
    }
    let refusal = last.unwrap_err();
    assert_eq!(refusal.fault, Stale);
    assert!(refusal.what.contains("printed nothing for"));
}

#[test]
fn a_program_is_killed_with_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let script = format!(
        "sleep 600 & echo $! >{0}.new; mv {0}.new {0}; echo 5; wait",
        file.display()
    );
    let opened = Opened::of(&meter(shell(&script, Stream), MeterUnit::Watts));
    assert_eq!(again(&opened), Ok(5.0));
    let grandchild = std::fs::read_to_string(&file).unwrap();
    let stat = PathBuf::from(format!("/proc/{}/stat", grandchild.trim()));
    assert!(stat.exists());
    drop(opened);
    let begin = Instant::now();
    // A zombie that nobody waits for may stay.
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
        assert!(begin.elapsed() < Duration::from_secs(20), "it lives on");
        std::thread::sleep(Duration::from_millis(10));
    }
}
