//! One window for a data folder: whoever starts the app again sees the window that is there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is said at the door.
const SHOW: &[u8] = b"show\n";
/// How long it may take to be heard.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who has the data folder.
#[derive(Debug)]
pub(crate) enum Instance {
    /// This process.
    First(Door),
    /// Another one, which was asked to show its window.
    Another,
}

/// Held as long as the app runs; the system opens the lock again when it ends, however it ends.
#[derive(Debug)]
pub(crate) struct Door {
    _lock: File,
    bell: Option<UnixListener>,
}

/// Takes the folder, or asks its holder to show its window.
///
/// # Errors
/// The lock cannot be opened. That is no reason not to start.
pub(crate) fn claim(folder: &Path) -> io::Result<Instance> {
    let lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join("window.lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(Instance::First(Door {
            _lock: lock,
            bell: bell(folder).ok(),
        })),
        Err(TryLockError::WouldBlock) => {
            // One that does not answer is starting or ending: there is no second window all the same.
            let _ = ring(folder);
            Ok(Instance::Another)
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("window.sock")
}

/// What an earlier process left is taken away: the lock says that it is gone.
fn bell(folder: &Path) -> io::Result<UnixListener> {
    let path = socket(folder);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(path)
}

fn ring(folder: &Path) -> io::Result<()> {
    let mut door = UnixStream::connect(socket(folder))?;
    door.set_write_timeout(Some(PATIENCE))?;
    door.write_all(SHOW)
}

impl Door {
    /// Calls `show` each time another start rings, from a thread of its own.
    pub(crate) fn answer(self, show: impl Fn() + Send + 'static) {
        let answering = move || {
            let Self { _lock, bell } = self;
            let rings = bell.iter().flat_map(UnixListener::incoming).flatten();
            for mut ring in rings {
                let mut said = [0; SHOW.len()];
                let heard = ring.set_read_timeout(Some(PATIENCE));
                if heard.and_then(|()| ring.read_exact(&mut said)).is_ok() && said == SHOW {
                    show();
                }
            }
            // Without a bell the lock is held all the same.
            loop {
                std::thread::park();
            }
        };
        let thread = std::thread::Builder::new().name("instance".to_owned());
        if let Err(error) = thread.spawn(answering) {
            tracing::warn!("a second start will not find this window: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_second_start_shows_the_window_that_is_there_and_a_later_one_has_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let Instance::First(door) = claim(folder.path()).unwrap() else {
            panic!("nobody else is there");
        };
        let (shown, seen) = mpsc::channel();
        door.answer(move || shown.send(()).unwrap());
        for _ in 0..2 {
            assert!(matches!(claim(folder.path()).unwrap(), Instance::Another));
            seen.recv_timeout(Duration::from_secs(10)).unwrap();
        }
        let elsewhere = tempfile::tempdir().unwrap();
        let first = claim(elsewhere.path()).unwrap();
        assert!(matches!(first, Instance::First(_)));
        drop(first);
        // Its socket is still there, and nobody listens.
        assert!(matches!(
            claim(elsewhere.path()).unwrap(),
            Instance::First(_)
        ));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_and_no_other_instance() {
        let folder = tempfile::tempdir().unwrap();
        assert!(claim(&folder.path().join("missing")).is_err());
    }
}
