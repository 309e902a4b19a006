//! One measurement at a time on this machine, whoever runs it: two at once would measure each other.

use crate::error::TunerError;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
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
    /// [`TunerError::Busy`] with the holder's pid when another process measures.
    pub fn acquire(path: &Path) -> Result<Self, TunerError> {
        let mut file = open(path).map_err(|source| {
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
}

/// The file may belong to another person. Creating it is tried last, because systems that protect
/// shared folders refuse that for a file which is there already; and a file that can only be read
/// can be locked all the same, it only does not tell our pid.
fn open(path: &Path) -> io::Result<File> {
    let existing = OpenOptions::new().read(true).write(true).open(path);
    match existing.map_err(|error| (error.kind(), error)) {
        Ok(file) => Ok(file),
        Err((ErrorKind::NotFound, _)) => {
            let made = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(path);
            match made {
                Ok(file) => {
                    // Where this is not possible, the others still have it to read.
                    let _ = file.set_permissions(Permissions::from_mode(0o666));
                    Ok(file)
                }
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => File::open(path),
                Err(error) => Err(error),
            }
        }
        Err((ErrorKind::PermissionDenied, _)) => File::open(path),
        Err((_, error)) => Err(error),
    }
}

impl Drop for MachineLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}
