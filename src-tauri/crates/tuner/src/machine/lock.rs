//! One measurement at a time on this machine, whoever runs it: two at once would measure each other.
//!
//! The file holds nothing and nothing is ever written into it: who holds the lock is asked of the kernel.
//! A link in its place is not followed, and only a regular file will do, since the folder is one in which
//! everybody may put something.

use crate::error::TunerError;
use nix::libc::O_NOFOLLOW;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Held while an engine or a local advisor runs; freed by the system when the process ends, however
/// it ends.
#[derive(Debug)]
pub struct MachineLock {
    file: File,
}

impl MachineLock {
    /// Takes the lock on the file `path`, which is made when missing.
    ///
    /// # Errors
    /// [`TunerError::Busy`] with the holder's pid when another process measures; that the file cannot be
    /// opened, or is none.
    pub fn acquire(path: &Path) -> Result<Self, TunerError> {
        wattsmith_fail_points::fail_point!("tuner::lock::asked", TunerError::Busy(busy(None)));
        let file = open(path).map_err(|source| {
            TunerError::io(
                format!("cannot open the measuring lock {}", path.display()),
                source,
            )
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(TunerError::Busy(busy(holder(&file)))),
            Err(TryLockError::Error(source)) => Err(TunerError::io(
                format!("cannot lock {}", path.display()),
                source,
            )),
        }
    }
}

/// What whoever holds the lock is told others by; none where nobody does. The lock is not taken for it, nor
/// is its file made.
pub(crate) fn held(path: &Path) -> Option<String> {
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .custom_flags(O_NOFOLLOW)
        .open(path)
        .ok()?;
    Some(busy(Some(holder(&file)?)))
}

fn busy(holder: Option<u32>) -> String {
    let who = holder.map_or_else(String::new, |pid| format!(" (process {pid})"));
    format!(
        "Another Wattsmith{who} is measuring on this machine, or fetching a model; two at once would spoil \
         figures. Wait until it has finished, or stop it."
    )
}

/// Opened for reading, which is enough to lock it: it may belong to another person. Made only where it is
/// missing, because systems that protect shared folders refuse that for a file which is there already.
fn open(path: &Path) -> io::Result<File> {
    let existing = || {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(O_NOFOLLOW).open(path)
    };
    let file = match existing() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut options = OpenOptions::new();
            let made = options.write(true).create_new(true).mode(0o644).open(path);
            match made {
                // Another process was faster.
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => existing()?,
            }
        }
        other => other?,
    };
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other(
            "it is no regular file; remove what is in its place",
        )),
    }
}

/// The process that holds the lock, as far as the kernel tells.
fn holder(file: &File) -> Option<u32> {
    let inode = file.metadata().ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        // 1: FLOCK  ADVISORY  WRITE 4711 fe:00:131090 0 EOF
        let words: Vec<&str> = line.split_whitespace().collect();
        let place = words.iter().position(|word| *word == "FLOCK")?;
        let (pid, at) = (words.get(place + 3)?, words.get(place + 4)?);
        let same = at.rsplit(':').next()?.parse() == Ok(inode);
        same.then(|| pid.parse().ok()).flatten()
    })
}

impl Drop for MachineLock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_its_place_is_not_followed_and_what_it_points_to_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (diary, lock) = (folder.path().join("diary"), folder.path().join("lock"));
        std::fs::write(&diary, "dear diary").unwrap();
        std::os::unix::fs::symlink(&diary, &lock).unwrap();
        let refused = MachineLock::acquire(&lock).unwrap_err();
        assert!(refused.to_string().contains("measuring lock"), "{refused}");
        assert_eq!(std::fs::read_to_string(&diary).unwrap(), "dear diary");
    }

    #[test]
    fn nothing_but_a_regular_file_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let refused = MachineLock::acquire(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("measuring lock"), "{refused}");
        assert!(MachineLock::acquire(Path::new("/dev/null")).is_err());
    }

    #[test]
    fn what_is_in_the_file_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "somebody else's").unwrap();
        let lock = MachineLock::acquire(&path).unwrap();
        let busy = MachineLock::acquire(&path).unwrap_err();
        assert!(
            busy.to_string().contains(&std::process::id().to_string()),
            "{busy}"
        );
        drop(lock);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "somebody else's");
        assert!(MachineLock::acquire(&path).is_ok());
    }
}
