//! How much room is left for the database, so that "full" can say where and how much.

use std::path::{Path, PathBuf};

/// Less than this, and a failed write is put down to missing room.
const SHORT: u64 = 1 << 20;

/// One line of sizes and limits.
pub(crate) fn describe(path: &Path) -> String {
    let mut parts = vec![format!("it has {}", bytes(size(path)))];
    if let Some(free) = free(path) {
        parts.push(format!("the disk has {} left", bytes(free)));
    }
    if let Some(limit) = file_size_limit() {
        parts.push(format!("files are limited to {} here", bytes(limit)));
    }
    parts.join(", ")
}

/// Whether a write that failed probably failed for want of room.
pub(crate) fn is_short(path: &Path) -> bool {
    let largest = size(path).max(size(&wal(path)));
    free(path).is_some_and(|free| free < SHORT)
        || file_size_limit().is_some_and(|limit| largest.saturating_add(SHORT) > limit)
}

/// A write beyond `ulimit -f` ends a process by SIGXFSZ unless it handles that signal; handled, the
/// write fails instead and becomes [`StoreError::Full`](crate::StoreError::Full). Call it on a thread
/// that runs no async code.
#[cfg(unix)]
pub(crate) fn outlive_file_size_limit() {
    use tokio::signal::unix::{SignalKind, signal};
    // The handler stays for the life of the process; the runtime is needed only to install it.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        let _guard = runtime.enter();
        let _ = signal(SignalKind::from_raw(
            nix::sys::signal::Signal::SIGXFSZ as i32,
        ));
    }
}

#[cfg(not(unix))]
pub(crate) fn outlive_file_size_limit() {}

/// Whether a log lies beside the file that is not folded into it: somebody writes, or ended badly.
pub(crate) fn has_log(path: &Path) -> bool {
    size(&wal(path)) > 0
}

/// Makes the file where it is missing, for its owner alone: SQLite gives its log the same rights. Where
/// that cannot be done, SQLite says why.
pub(crate) fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// The log beside a database.
pub(crate) fn wal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |data| data.len())
}

fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} bytes"),
        10_000..10_000_000 => format!("{} kB", count / 1000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

#[cfg(unix)]
#[allow(clippy::useless_conversion)] // the widths differ between platforms
fn free(path: &Path) -> Option<u64> {
    let data = nix::sys::statvfs::statvfs(path.parent()?).ok()?;
    Some(u64::from(data.blocks_available()).saturating_mul(u64::from(data.fragment_size())))
}

#[cfg(unix)]
#[allow(clippy::useless_conversion)]
fn file_size_limit() -> Option<u64> {
    use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
    let (soft, _) = getrlimit(Resource::RLIMIT_FSIZE).ok()?;
    (soft != RLIM_INFINITY).then(|| u64::from(soft))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(not(unix))]
fn file_size_limit() -> Option<u64> {
    None
}
