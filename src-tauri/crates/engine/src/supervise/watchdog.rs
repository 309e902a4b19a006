//! The parent of an engine: a small shell that starts it, outlives us and ends it when we are gone.
//!
//! Wattsmith starts no engine itself, since it could be killed before it had told anybody. The shell
//! sleeps on a pipe of which only Wattsmith holds the other end; the system closes that end however
//! Wattsmith dies, at whatever moment, and the shell then kills its whole group, the engine in it. It uses
//! no CPU while it waits. On a second pipe it tells the engine's pid and, at the end, how it ended.
//!
//! What left the group by making a session of its own is found by a mark in its environment (`strays`).

use crate::supervise::failure::Exit;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// `$@` is the engine's command line; nothing that anybody typed gets into the script.
///
/// - The reader ignores the signals that end an engine: it has to be there when we die while the engine is
///   being ended. KILL of the group reaches it, too.
/// - The shell itself catches them, which a program it starts does not inherit, as it would if it ignored
///   them; a caught signal ends `wait` early, hence the loop.
/// - What a shell has to say of a child's end is not the engine's, so that it stays out of its log.
const SCRIPT: &str = r#"
exec 3<&0 4>&1 5>&2 2>/dev/null
trap : TERM INT HUP
(trap '' TERM INT HUP; read -r _; kill -s KILL -- "-$$") <&3 4>&- 5>&- &
reader=$!
"$@" </dev/null >&5 2>&5 3<&- 4>&- 5>&- &
engine=$!
echo "$engine" >&4
while :; do
  wait "$engine"
  code=$?
  kill -0 "$engine" 2>/dev/null || break
done
echo "$code" >&4
kill -s KILL "$reader"
wait "$reader"
"#;

/// The first exit code by which a shell tells a signal.
const SIGNALLED: i32 = 128;
/// What a shell answers for a program that it may not start, and for one that is not there.
pub(crate) const NOT_STARTED: [i32; 2] = [126, 127];

/// A running watchdog. Dropping it closes the pipe, which ends the engine's group.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    answers: Lines<BufReader<ChildStdout>>,
    /// Held for as long as the engine may live.
    _lifeline: Option<ChildStdin>,
}

/// What it told at the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Started {
    /// The engine itself.
    pub(crate) pid: i32,
    /// Its process group, which is the shell's.
    pub(crate) group: i32,
}

impl Watchdog {
    /// Starts `words`, program first, in a new process group under the environment of `command`, which
    /// is a shell still without words; all that the engine prints goes to `log`.
    pub(crate) async fn start(
        mut command: Command,
        words: &[OsString],
        log: Stdio,
    ) -> io::Result<(Self, Started)> {
        let mut shell = command
            .args(["-c", SCRIPT, "wattsmith-watchdog"])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()?;
        let group = shell.id().and_then(|pid| i32::try_from(pid).ok());
        let answers = shell.stdout.take();
        let (Some(group), Some(answers)) = (group, answers) else {
            return Err(io::Error::other("the watchdog ended before it had a pid"));
        };
        let mut watchdog = Self {
            _lifeline: shell.stdin.take(),
            answers: BufReader::new(answers).lines(),
            shell,
        };
        let told = watchdog.answers.next_line().await?;
        let pid = told
            .and_then(|line| line.trim().parse().ok())
            .ok_or_else(|| io::Error::other("the watchdog told no process"))?;
        until_it_runs(pid, group).await;
        Ok((watchdog, Started { pid, group }))
    }

    /// Waits for the engine's end.
    pub(crate) async fn wait(&mut self) -> Exit {
        // Reading is given up where the shell was killed with its group: then it tells nothing.
        let told = self.answers.next_line().await.ok().flatten();
        let code: Option<i32> = told.and_then(|line| line.trim().parse().ok());
        let status = self.shell.wait().await.ok();
        exit_of(code, status)
    }
}

fn exit_of(told: Option<i32>, shell: Option<ExitStatus>) -> Exit {
    use std::os::unix::process::ExitStatusExt as _;
    let (code, signal) = match told {
        Some(code) if code > SIGNALLED => (None, Some(code - SIGNALLED)),
        Some(code) => (Some(code), None),
        None => (
            shell.and_then(|status| status.code()),
            shell.and_then(|status| status.signal()),
        ),
    };
    Exit {
        code,
        signal,
        kernel_out_of_memory: false,
    }
}

/// Between fork and exec the engine is still the shell: whoever looked then would take down the wrong
/// program. That lasts for less than a millisecond.
async fn until_it_runs(pid: i32, shell: i32) {
    let words = |pid: i32| std::fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline"));
    let Ok(shells) = words(shell) else { return };
    for _ in 0..200 {
        match words(pid) {
            Ok(own) if own == shells => {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            _ => return,
        }
    }
}
