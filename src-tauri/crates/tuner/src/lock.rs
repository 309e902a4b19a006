//! One measurement at a time on this machine, whoever runs it: two at once would measure each other.

use crate::error::TunerError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;

/// Held while an engine or a local advisor runs; freed by the system when the process ends, however
/// it ends.
#[derive(Debug)]
pub struct MachineLock {
    file: File,
}

impl MachineLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`TunerError::Busy`] with the holder's pid when another process measures.
    pub fn acquire() -> Result<Self, TunerError> {
        let path = Self::path();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o666);
        let mut file = options.open(&path).map_err(|source| {
            TunerError::io(
                format!("cannot open the measuring lock {}", path.display()),
                source,
            )
        })?;
        match file.try_lock() {
            Ok(()) => {
                let _ = file.set_len(0);
                let _ = write!(file, "{}", std::process::id());
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.rewind();
                let _ = file.read_to_string(&mut holder);
                let holder = holder.trim();
                let who = if holder.is_empty() {
                    String::new()
                } else {
                    format!(" (process {holder})")
                };
                Err(TunerError::Busy(format!(
                    "Another Wattsmith{who} is measuring on this machine; two at once would spoil \
                     both figures. Wait until it has finished, or stop it."
                )))
            }
            Err(TryLockError::Error(source)) => Err(TunerError::io(
                format!("cannot lock {}", path.display()),
                source,
            )),
        }
    }

    /// The same file for every user and data folder: there is one machine.
    fn path() -> PathBuf {
        std::env::var_os("WATTSMITH_LOCK").map_or_else(
            || std::env::temp_dir().join("wattsmith-measuring.lock"),
            PathBuf::from,
        )
    }
}

impl Drop for MachineLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}
