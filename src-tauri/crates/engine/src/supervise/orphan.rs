//! Engines that outlived a crashed Wattsmith. Each running engine has a record on disk with enough
//! to know its process again: the pid alone is not enough, because pids are given out anew.

use crate::proc::start_ticks;
use crate::supervise::process::{group_is_gone, signal_group};
use crate::supervise::strays::end_marked;
use crate::supervise::watchdog::Started;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;
use wattsmith_fail_points::fail_point;

/// A process, so described that no other one is ever mistaken for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub pid: i32,
    /// Clock ticks between boot and the start of the process.
    pub start_ticks: u64,
    /// The program file.
    pub exe: PathBuf,
}

impl Identity {
    /// The process that has this pid now; `None` when there is none (a zombie has no program).
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let exe = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        // So the kernel marks a program whose file was replaced since, by an update, say.
        let exe = match exe.to_str().and_then(|exe| exe.strip_suffix(" (deleted)")) {
            Some(replaced) => PathBuf::from(replaced),
            None => exe,
        };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self {
            pid,
            start_ticks: start_ticks(&stat)?,
            exe,
        })
    }

    fn is_running(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }
}

/// One running engine, as recorded on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The boot during which it was started; ticks and pids mean nothing in another.
    pub boot: String,
    pub engine: Identity,
    /// Its process group; 0 in records from when the engine led it itself.
    #[serde(default)]
    pub group: i32,
    /// What whatever it starts is known by; empty in records from before there was one.
    #[serde(default)]
    pub mark: String,
    /// The Wattsmith that started it: while that runs, the engine is no orphan.
    pub owner: Identity,
}

impl Record {
    pub(crate) fn of(started: Started, mark: &str) -> Option<Self> {
        Some(Self {
            boot: boot_id(),
            engine: Identity::of(started.pid)?,
            group: started.group,
            mark: mark.to_owned(),
            owner: Identity::of(i32::try_from(std::process::id()).ok()?)?,
        })
    }

    pub(crate) fn write(&self, directory: &Path) -> std::io::Result<PathBuf> {
        fail_point!(
            "engine::record::written",
            std::io::Error::other("fail point")
        );
        let path = directory.join(format!(
            "engine-{}-{}.json",
            self.engine.pid, self.engine.start_ticks
        ));
        wattsmith_files::keep(&path, &serde_json::to_vec(self)?)?;
        Ok(path)
    }

    fn group(&self) -> i32 {
        match self.group {
            0 => self.engine.pid,
            group => group,
        }
    }

    /// Whether something that left the engine's group may still run: its owner is gone and so is its
    /// engine.
    fn may_have_strays(&self) -> bool {
        self.boot == boot_id() && !self.mark.is_empty() && !self.owner.is_running()
    }

    fn is_orphan(&self) -> bool {
        self.boot == boot_id() && self.engine.is_running() && !self.owner.is_running()
    }

    fn is_stale(&self) -> bool {
        self.boot != boot_id() || !self.engine.is_running()
    }
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// Ends engines that a Wattsmith which no longer runs left behind, and forgets those that ended by
/// themselves. A process is touched only when pid, start time and program are the recorded ones and
/// its owner is gone. Returns one sentence for each engine ended; call it at start.
pub async fn reap_orphans(state_dir: &Path) -> Vec<String> {
    let mut reaped = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(state_dir).await else {
        return reaped; // no directory yet: nothing was ever started
    };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !(name.starts_with("engine-") && name.ends_with(".json")) {
            continue;
        }
        let Some(record) = tokio::fs::read(&path)
            .await
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok())
        else {
            tracing::warn!(path = %path.display(), "an engine record that cannot be read is dropped");
            let _ = tokio::fs::remove_file(&path).await;
            continue;
        };
        if record.is_orphan() {
            end(&record).await;
            reaped.push(format!(
                "An engine left behind by an earlier run was ended: {} (process {}).",
                record.engine.exe.display(),
                record.engine.pid
            ));
        }
        if record.may_have_strays() {
            let mark = record.mark.clone();
            let ended = tokio::task::spawn_blocking(move || end_marked(&mark)).await;
            if let Some(count) = ended.ok().filter(|count| *count > 0) {
                reaped.push(format!(
                    "{count} processes that an earlier engine had left behind were ended."
                ));
            }
        }
        if record.is_stale() {
            let _ = tokio::fs::remove_file(&path).await;
        }
    }
    reaped
}

/// TERM, wait, KILL, wait. The identity is checked anew before each signal.
async fn end(record: &Record) {
    for (signal, rounds) in [(Signal::SIGTERM, 40), (Signal::SIGKILL, 100)] {
        if !record.engine.is_running() {
            return;
        }
        signal_group(record.group(), signal);
        for _ in 0..rounds {
            if !record.engine.is_running() || group_is_gone(record.group()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_knows_itself() {
        let me = Identity::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(me.is_running());
        let recycled = Identity {
            start_ticks: me.start_ticks + 1,
            ..me
        };
        assert!(!recycled.is_running());
    }

    /// A process that is nobody's engine but could be: it has a group of its own.
    struct Sleeper(std::process::Child);

    impl Sleeper {
        fn start() -> Self {
            use std::os::unix::process::CommandExt;
            let child = std::process::Command::new("sleep")
                .arg("300")
                .process_group(0)
                .spawn()
                .unwrap();
            Self(child)
        }

        fn pid(&self) -> i32 {
            i32::try_from(self.0.id()).unwrap()
        }

        /// Its record, as if a Wattsmith had started it that is gone by now.
        fn orphaned(&self) -> Record {
            let started = Started {
                pid: self.pid(),
                group: self.pid(),
            };
            let mut record = Record::of(started, "").unwrap();
            record.owner.start_ticks += 1;
            record
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Whether the sleeper runs and whether its record is there, after the orphans were ended.
    async fn after_reaping(change: impl Fn(&mut Record)) -> (bool, bool, usize) {
        let directory = tempfile::tempdir().unwrap();
        let sleeper = Sleeper::start();
        let mut record = sleeper.orphaned();
        change(&mut record);
        let path = record.write(directory.path()).unwrap();
        let reaped = reap_orphans(directory.path()).await;
        let runs = Identity::of(sleeper.pid()).is_some();
        (runs, path.exists(), reaped.len())
    }

    #[tokio::test]
    async fn an_orphan_is_ended_and_told() {
        assert_eq!(after_reaping(|_| {}).await, (false, false, 1));
    }

    #[tokio::test]
    async fn the_engine_of_a_wattsmith_that_runs_is_left_alone() {
        let me = i32::try_from(std::process::id()).unwrap();
        let mine = |record: &mut Record| record.owner = Identity::of(me).unwrap();
        assert_eq!(after_reaping(mine).await, (true, true, 0));
    }

    #[tokio::test]
    async fn a_stranger_with_a_recycled_pid_is_not_touched() {
        let earlier = |record: &mut Record| record.engine.start_ticks -= 1;
        assert_eq!(after_reaping(earlier).await, (true, false, 0));
        let another = |record: &mut Record| record.engine.exe = "/another/program".into();
        assert_eq!(after_reaping(another).await, (true, false, 0));
        let last_boot = |record: &mut Record| record.boot = "another boot".into();
        assert_eq!(after_reaping(last_boot).await, (true, false, 0));
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_is_dropped_and_no_directory_is_no_fault() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("engine-1-2.json");
        std::fs::write(&path, "{").unwrap();
        std::fs::write(directory.path().join("other.json"), "{").unwrap();
        assert_eq!(reap_orphans(directory.path()).await, Vec::<String>::new());
        assert!(!path.exists() && directory.path().join("other.json").exists());
        let missing = directory.path().join("missing");
        assert_eq!(reap_orphans(&missing).await, Vec::<String>::new());
    }
}
