//! What an engine started and what then left its process group, by making a session of its own. It is
//! known by a mark in the environment, which children inherit.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;

/// The variable that holds the mark.
pub(crate) const MARK: &str = "WATTSMITH_ENGINE";

/// Kills every process that carries `mark`; says how many there were. Those of other users are not seen,
/// and an engine cannot start any.
pub(crate) fn end_marked(mark: &str) -> usize {
    let wanted = format!("{MARK}={mark}");
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    let pids = entries.flatten().filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        carries(&entry.path(), &wanted).then_some(pid)
    });
    pids.filter(|pid| kill(Pid::from_raw(*pid), Signal::SIGKILL).is_ok())
        .count()
}

fn carries(process: &Path, wanted: &str) -> bool {
    std::fs::read(process.join("environ")).is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .any(|one| one == wanted.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn only_what_carries_the_mark_is_ended() {
        let mark = format!("test-{}", std::process::id());
        let sleeper = |mark: &str| {
            let mut command = Command::new("sleep");
            command.arg("60").env(MARK, mark).spawn().unwrap()
        };
        let (mut ours, mut other) = (sleeper(&mark), sleeper(&format!("{mark}0")));
        // Until exec is through, a child shows the environment of its parent.
        while !carries(
            Path::new(&format!("/proc/{}", ours.id())),
            &format!("{MARK}={mark}"),
        ) {
            std::thread::yield_now();
        }
        assert_eq!(end_marked(&mark), 1);
        assert!(!ours.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(end_marked("no such mark"), 0);
    }
}
