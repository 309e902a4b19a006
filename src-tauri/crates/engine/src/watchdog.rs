//! Ends an engine whose Wattsmith was killed: a shell that sleeps on a pipe of which only Wattsmith
//! holds the other end. The system closes that end however Wattsmith dies, and the shell then kills
//! the engine's group. It uses no CPU while it waits.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// `$1` is the engine's process group; nothing that anybody typed gets in here.
const SCRIPT: &str = r#"read -r _; kill -s KILL -- "-$1""#;

/// One watchdog; called off when dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Watches over the process group `group`. In a group of its own, so that Ctrl-C in a terminal
    /// does not end it before it is needed.
    pub(crate) fn over(group: i32) -> io::Result<Self> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "wattsmith-watchdog", &group.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Killed while its pipe is still open, so that it never fires on a group that is gone.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
