//! One engine process in a group of its own, from spawn to the last of the group.
//!
//! A task owns the child and waits for it; everybody else sees the exit through a `watch` channel.
//! Ending is TERM, a grace time, KILL: llama-server ignores TERM while it generates. Dropping a
//! [`Process`] kills the group at once.

use crate::failure::Exit;
use crate::log::EngineLog;
use crate::orphan::Record;
use crate::watchdog::Watchdog;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// How long an engine may take to end after TERM.
const GRACE: Duration = Duration::from_secs(2);
/// How long the kernel may take to end a killed one (it may be in the middle of a page fault).
const AFTER_KILL: Duration = Duration::from_secs(10);

/// One running engine process and its group.
#[derive(Debug)]
pub(crate) struct Process {
    pid: i32,
    exit: watch::Receiver<Option<Exit>>,
    log: EngineLog,
    record: Option<PathBuf>,
}

impl Process {
    /// Starts `command` in a new process group and writes down, in `state_dir`, how to find it
    /// again after a crash of ours.
    pub(crate) fn spawn(
        mut command: Command,
        log: EngineLog,
        state_dir: &Path,
    ) -> std::io::Result<Self> {
        let kills_before = kernel_kills();
        let child = command.process_group(0).spawn()?;
        let pid = child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .ok_or_else(|| std::io::Error::other("the engine ended before it had a pid"))?;
        let record = Record::of(pid).and_then(|record| match record.write(state_dir) {
            Ok(path) => Some(path),
            Err(error) => {
                tracing::warn!(%error, "an engine record could not be written");
                None
            }
        });
        let watchdog = Watchdog::over(pid)
            .inspect_err(|error| tracing::warn!(%error, "an engine goes without a watchdog"))
            .ok();
        let (sender, exit) = watch::channel(None);
        tokio::spawn(wait_for_end(
            child,
            pid,
            kills_before,
            log.clone(),
            record.clone(),
            watchdog,
            sender,
        ));
        Ok(Self {
            pid,
            exit,
            log,
            record,
        })
    }

    /// The pid, which is also the group's.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) fn log(&self) -> &EngineLog {
        &self.log
    }

    /// How it ended, if it has.
    pub(crate) fn exited(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Resolves when it has ended.
    pub(crate) async fn wait(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(GONE),
            // The waiting task went away with its runtime; so does everything else.
            Err(_) => GONE,
        }
    }

    /// Ends the whole group and waits until it is gone.
    pub(crate) async fn stop(self) {
        if self.exited().is_none() {
            signal_group(self.pid, Signal::SIGTERM);
            if tokio::time::timeout(GRACE, self.wait()).await.is_err() {
                signal_group(self.pid, Signal::SIGKILL);
                if tokio::time::timeout(AFTER_KILL, self.wait()).await.is_err() {
                    tracing::error!(pid = self.pid, "the engine does not end, even when killed");
                }
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exited().is_none() {
            signal_group(self.pid, Signal::SIGKILL);
            if let Some(record) = &self.record {
                let _ = std::fs::remove_file(record);
            }
        }
    }
}

const GONE: Exit = Exit {
    code: None,
    signal: None,
    kernel_out_of_memory: false,
};

async fn wait_for_end(
    mut child: Child,
    pid: i32,
    kills_before: Option<u64>,
    log: EngineLog,
    record: Option<PathBuf>,
    watchdog: Option<Watchdog>,
    sender: watch::Sender<Option<Exit>>,
) {
    let mut log_check = tokio::time::interval(Duration::from_secs(10));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            _ = log_check.tick() => log.keep_bounded().await,
        }
    };
    drop(watchdog);
    // The leader is gone; whoever it started must not outlive it.
    signal_group(pid, Signal::SIGKILL);
    for _ in 0..20 {
        if group_is_gone(pid) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if let Some(record) = record {
        let _ = tokio::fs::remove_file(record).await;
    }
    let killed_for_memory = kills_before
        .zip(kernel_kills())
        .is_some_and(|(before, after)| after > before);
    sender.send_replace(Some(exit_of(status.ok(), killed_for_memory)));
}

fn exit_of(status: Option<ExitStatus>, kernel_out_of_memory: bool) -> Exit {
    Exit {
        code: status.and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
        kernel_out_of_memory,
    }
}

/// How many processes the kernel has killed for lack of memory since boot.
fn kernel_kills() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/vmstat").ok()?;
    stat.lines()
        .find_map(|line| line.strip_prefix("oom_kill "))?
        .trim()
        .parse()
        .ok()
}

/// Signals every process of a group. 0 and 1 are never signalled: they would mean our own group or
/// every process there is.
pub(crate) fn signal_group(group: i32, signal: Signal) {
    if group > 1 {
        let _ = killpg(Pid::from_raw(group), signal);
    }
}

pub(crate) fn group_is_gone(group: i32) -> bool {
    group > 1 && killpg(Pid::from_raw(group), None) == Err(Errno::ESRCH)
}
