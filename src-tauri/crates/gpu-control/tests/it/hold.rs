//! `--hold`: the pipe is the watchdog.

use crate::stand::{BOARD, OTHER, Stand, until};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use wattsmith_gpu_control::Code;

struct Held {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Held {
    fn begin(stand: &Stand, words: &[&str]) -> Self {
        let mut child = stand
            .command(words)
            .arg("--hold")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    fn hears(&mut self) -> Value {
        serde_json::from_str(&self.output.next().unwrap().unwrap()).unwrap()
    }

    fn say(&mut self, line: &str) -> Value {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        self.hears()
    }

    /// Ends its input; gives its exit code.
    fn end(mut self) -> i32 {
        self.input.take();
        self.child.wait().unwrap().code().unwrap()
    }
}

#[test]
fn everything_is_put_back_when_the_input_ends() {
    let stand = Stand::new("devices 2\n");
    let mut held = Held::begin(&stand, &["set-power-limit", BOARD, "300"]);
    assert_eq!(held.hears()["ok"], true);
    assert_eq!(held.say(&format!("lock-clocks {BOARD} 900"))["ok"], true);
    assert_eq!(
        held.say(&format!("set-power-limit {OTHER} 150"))["ok"],
        true
    );
    assert_eq!((stand.limit(BOARD), stand.clock(0)), (Some(300.0), 900));
    assert_eq!(stand.limit(OTHER), Some(150.0));
    assert_eq!(stand.left(), [], "held is not left");
    assert_eq!(held.end(), 0);
    assert_eq!((stand.limit(BOARD), stand.clock(0)), (Some(350.0), 1500));
    assert_eq!(stand.limit(OTHER), Some(350.0));
    assert!(!stand.is_kept(BOARD) && !stand.is_kept(OTHER));
}

#[test]
fn a_line_that_is_no_verb_is_refused_and_the_next_one_is_obeyed() {
    let stand = Stand::new("");
    let mut held = Held::begin(&stand, &["set-power-limit", BOARD, "300"]);
    held.hears();
    for line in [
        "",
        "quit",
        "reset",
        "reset GPU-aa;id",
        "set-power-limit GPU-00000000 300 --hold",
    ] {
        let said = held.say(line);
        assert_eq!(said["code"], Code::Usage.word(), "{line}");
    }
    let said = held.say(&format!("set-power-limit {BOARD} 9999"));
    assert_eq!(said["code"], Code::OutOfRange.word());
    assert_eq!(stand.limit(BOARD), Some(300.0));
    assert_eq!(
        held.say(&format!("set-power-limit {BOARD} 200"))["power_limit_w"],
        200.0
    );
    assert_eq!(held.say(&format!("reset {BOARD}"))["power_limit_w"], 350.0);
    assert!(!stand.is_kept(BOARD));
    assert_eq!(held.end(), 0);
}

#[test]
fn a_first_verb_that_is_refused_does_not_stay() {
    let stand = Stand::new("fault 0 nvmlDeviceSetPowerManagementLimit 4\n");
    let mut held = Held::begin(&stand, &["set-power-limit", BOARD, "300"]);
    assert_eq!(held.hears()["code"], Code::Denied.word());
    let input = held.input.take();
    assert_eq!(
        held.child.wait().unwrap().code(),
        Some(i32::from(Code::Denied as u8))
    );
    drop(input);
}

#[test]
fn a_board_that_is_held_is_not_set_by_another() {
    let stand = Stand::new("");
    let mut held = Held::begin(&stand, &["set-power-limit", BOARD, "300"]);
    held.hears();
    for words in [&["set-power-limit", BOARD, "200"][..], &["reset", BOARD]] {
        let (code, said) = stand.run(words);
        assert_eq!(code, i32::from(Code::Busy as u8), "{said}");
    }
    assert_eq!(stand.limit(BOARD), Some(300.0));
    held.end();
    assert_eq!(stand.run(&["set-power-limit", BOARD, "200"]).0, 0);
}

#[test]
fn what_a_killed_holder_left_is_known_and_the_oldest_value_is_the_one_to_go_back_to() {
    let stand = Stand::new("");
    let mut held = Held::begin(&stand, &["set-power-limit", BOARD, "300"]);
    held.hears();
    held.child.kill().unwrap();
    held.child.wait().unwrap();
    assert_eq!(stand.limit(BOARD), Some(300.0));
    until("it is left", || stand.left().len() == 1);
    assert_eq!(stand.left()[0].power_limit.unwrap().0, 350.0);

    let mut next = Held::begin(&stand, &["set-power-limit", BOARD, "250"]);
    assert_eq!(next.hears()["power_limit_w"], 250.0);
    assert_eq!(stand.left(), []);
    next.end();
    assert_eq!(stand.limit(BOARD), Some(350.0));
}
