//! CPU time of threads as the kernel's scheduler counts it, nanoseconds.

use std::path::Path;

/// Of the calling thread.
pub fn own() -> u64 {
    of(Path::new("/proc/thread-self")).unwrap_or(0)
}

/// Of this process's living threads whose name begins so.
pub fn of_threads(name: &str) -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task");
    let tasks = tasks.into_iter().flatten().flatten();
    tasks
        .map(|task| task.path())
        .filter(|task| {
            std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.starts_with(name))
        })
        .filter_map(|task| of(&task))
        .sum()
}

fn of(task: &Path) -> Option<u64> {
    let told = std::fs::read_to_string(task.join("schedstat")).ok()?;
    told.split_whitespace().next()?.parse().ok()
}
