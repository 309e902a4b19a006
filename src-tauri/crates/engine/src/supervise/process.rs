//! One engine process and its group, from the start to the last of them.
//!
//! The engine is a child of its watchdog. A task waits for what that tells; everybody else sees the exit
//! through a `watch` channel. Ending is TERM, a grace time, KILL: a server may ignore TERM while it
//! generates. Dropping a [`Process`] kills the group at once.

use crate::supervise::failure::Exit;
use crate::supervise::log::EngineLog;
use crate::supervise::orphan::Record;
use crate::supervise::strays::{MARK, end_marked};
use crate::supervise::watchdog::{Started, Watchdog};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::watch;
use wattsmith_fail_points::fail_point;

/// How often the log's size is looked at.
const LOG_CHECK: Duration = Duration::from_secs(2);
/// How long what is left of a killed group is waited for.
const AFTER_GROUP_KILL: Duration = Duration::from_secs(1);
/// How long the kernel may take to end a killed one (it may be in the middle of a page fault).
const AFTER_KILL: Duration = Duration::from_secs(10);

/// One running engine process and its group.
#[derive(Debug)]
pub(crate) struct Process {
    started: Started,
    exit: watch::Receiver<Option<Exit>>,
    log: EngineLog,
    record: Option<PathBuf>,
    grace: Duration,
}

/// What to start.
pub(crate) struct Start<'a> {
    /// A shell without words, with the environment that the engine gets.
    pub(crate) shell: Command,
    /// The engine's command line, program first.
    pub(crate) words: Vec<OsString>,
    /// What it prints goes here.
    pub(crate) log: EngineLog,
    pub(crate) output: Stdio,
    /// Where its record goes, by which it is found again after a crash of ours.
    pub(crate) state_dir: &'a Path,
    /// Marks whatever it starts.
    pub(crate) mark: String,
    /// How long it may take to end after TERM.
    pub(crate) grace: Duration,
}

impl Process {
    /// Starts it under a watchdog, in a new process group, and writes down how to find it again.
    pub(crate) async fn start(start: Start<'_>) -> std::io::Result<Self> {
        let Start {
            mut shell,
            words,
            log,
            output,
            state_dir,
            mark,
            grace,
        } = start;
        let kills_before = kernel_kills();
        shell.env(MARK, &mark);
        let (watchdog, started) = Watchdog::start(shell, &words, output).await?;
        fail_point!(
            "engine::launch::spawned",
            std::io::Error::other("fail point")
        );
        let record = Record::of(started, &mark).and_then(|record| match record.write(state_dir) {
            Ok(path) => Some(path),
            Err(error) => {
                tracing::warn!(%error, "an engine record could not be written");
                None
            }
        });
        let (sender, exit) = watch::channel(None);
        let left_behind = LeftBehind {
            group: started.group,
            mark,
            grace,
            record: record.clone(),
            kills_before,
        };
        tokio::spawn(wait_for_end(watchdog, left_behind, log.clone(), sender));
        Ok(Self {
            started,
            exit,
            log,
            record,
            grace,
        })
    }

    /// The engine's own pid.
    pub(crate) fn pid(&self) -> i32 {
        self.started.pid
    }

    /// Its process group.
    pub(crate) fn group(&self) -> i32 {
        self.started.group
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
        let group = self.started.group;
        if self.exited().is_none() {
            signal_group(group, Signal::SIGTERM);
            if tokio::time::timeout(self.grace, self.wait()).await.is_err() {
                signal_group(group, Signal::SIGKILL);
                if tokio::time::timeout(AFTER_KILL, self.wait()).await.is_err() {
                    tracing::error!(
                        pid = self.started.pid,
                        "the engine does not end, even when killed"
                    );
                }
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exited().is_none() {
            signal_group(self.started.group, Signal::SIGKILL);
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

/// What an engine may leave behind when its first process ends.
struct LeftBehind {
    group: i32,
    mark: String,
    /// How long the others of the group may take to end.
    grace: Duration,
    record: Option<PathBuf>,
    /// Processes that the kernel had killed for lack of memory when it began.
    kills_before: Option<u64>,
}

impl LeftBehind {
    /// Ends whoever is left; says whether the kernel killed a process for lack of memory meanwhile.
    async fn clear(self) -> bool {
        // Whoever it started may still have something to give back, such as memory that they shared, and
        // must not outlive it for long.
        until_gone(self.group, self.grace).await;
        signal_group(self.group, Signal::SIGKILL);
        let mark = self.mark;
        let _ = tokio::task::spawn_blocking(move || end_marked(&mark)).await;
        until_gone(self.group, AFTER_GROUP_KILL).await;
        if let Some(record) = self.record {
            let _ = tokio::fs::remove_file(record).await;
        }
        let kills = self.kills_before.zip(kernel_kills());
        kills.is_some_and(|(before, after)| after > before)
    }
}

async fn wait_for_end(
    mut watchdog: Watchdog,
    left_behind: LeftBehind,
    log: EngineLog,
    sender: watch::Sender<Option<Exit>>,
) {
    let exit = {
        let end = watchdog.wait();
        tokio::pin!(end);
        let mut log_check = tokio::time::interval(LOG_CHECK);
        loop {
            tokio::select! {
                exit = &mut end => break exit,
                _ = log_check.tick() => log.keep_bounded().await,
            }
        }
    };
    let kernel_out_of_memory = left_behind.clear().await;
    sender.send_replace(Some(Exit {
        kernel_out_of_memory,
        ..exit
    }));
}

/// Waits for the end of the last of a group, so long at most.
async fn until_gone(group: i32, most: Duration) {
    let begun = tokio::time::Instant::now();
    while !group_is_gone(group) && begun.elapsed() < most {
        tokio::time::sleep(Duration::from_millis(50)).await;
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
