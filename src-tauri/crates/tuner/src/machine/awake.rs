//! Keeps the machine from going to sleep while something runs: a window that is slept through has no figure.
//! systemd's own program asks for that; where there is none, nothing is asked. It lives on a pipe of ours, so
//! that it ends with us, however we end.

use std::process::{Child, Command, Stdio};

/// Asks the system to stay awake until it is dropped.
#[derive(Debug)]
pub(crate) struct Awake(Option<Child>);

impl Awake {
    /// Asks; nothing waits for the answer.
    pub(crate) fn hold() -> Self {
        let mut command = Command::new("systemd-inhibit");
        command
            .args(["--what=sleep:idle", "--who=Wattsmith", "--mode=block"])
            .arg("--why=Energy is being measured, or a model fetched")
            // Reads until the pipe is closed.
            .arg("cat");
        Self::by(command)
    }

    fn by(mut command: Command) -> Self {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.ok())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else {
            return;
        };
        drop(child.stdin.take());
        // It ends in a moment; nobody waits for that but the thread that takes its exit.
        let reaping = std::thread::Builder::new().name("awake".to_owned());
        let _ = reaping.spawn(move || child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn who_keeps_the_machine_awake_ends_when_it_is_let_go() {
        let awake = Awake::by(Command::new("cat"));
        let pid = awake.0.as_ref().unwrap().id();
        let runs = || std::fs::read_link(format!("/proc/{pid}/exe")).is_ok();
        assert!(runs());
        drop(awake);
        let begun = Instant::now();
        while runs() {
            assert!(begun.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(5));
        }
        // Where there is no such program, nothing is held.
        assert!(Awake::by(Command::new("no-such-program")).0.is_none());
    }
}
