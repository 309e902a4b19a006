//! A file that grows over minutes or days, such as a download: it has a name of its own until it is whole.

use crate::{OWN_FILE, folder_of, make_folder};
use nix::libc::O_NOFOLLOW;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Error, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Openings in a row in which somebody else may have given the file its final name.
const MOST_OPENINGS: usize = 8;

/// Why a growing file is not to be had.
#[derive(Debug)]
pub enum NotGrowing {
    /// Somebody else lets it grow at this moment.
    Busy,
    /// The system's word.
    Io(Error),
}

impl From<Error> for NotGrowing {
    fn from(error: Error) -> Self {
        Self::Io(error)
    }
}

/// A file that is not whole yet. It is for its owner alone, no link is followed to it, and as long as it is
/// held nobody else can hold it, in this process or another. Dropped, it stays as far as it came.
#[derive(Debug)]
pub struct Growing {
    file: File,
    path: PathBuf,
}

impl Growing {
    /// Holds the file of this name, which is made where it is missing, with its folder.
    ///
    /// # Errors
    /// Somebody else holds it; it is a link or no regular file; the system's.
    pub fn hold(path: &Path) -> Result<Self, NotGrowing> {
        if let Some(folder) = folder_of(path) {
            make_folder(folder)?;
        }
        for _ in 0..MOST_OPENINGS {
            let mut options = OpenOptions::new();
            let file = options
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(OWN_FILE)
                .custom_flags(O_NOFOLLOW)
                .open(path)?;
            let own = file.metadata()?;
            if !own.is_file() {
                return Err(no_file().into());
            }
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(NotGrowing::Busy),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            // Between opening and holding it, somebody may have finished it: then this is another file now.
            let there = std::fs::symlink_metadata(path);
            let same =
                |there: &std::fs::Metadata| (there.dev(), there.ino()) == (own.dev(), own.ino());
            if there.as_ref().is_ok_and(same) {
                return Ok(Self {
                    file,
                    path: path.to_owned(),
                });
            }
        }
        Err(NotGrowing::Busy)
    }

    /// Its name as long as it grows.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are there.
    ///
    /// # Errors
    /// The system's.
    pub fn bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// The same file once more, to write into. It has the same place in the file.
    ///
    /// # Errors
    /// The system's.
    pub fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Takes away what stands behind so many bytes.
    ///
    /// # Errors
    /// The system's.
    pub fn cut(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    /// Gives the file its final name, once all of it is on the disk. Nothing of that name is replaced.
    ///
    /// # Errors
    /// There is something of that name; the system's. Then it stays what it was.
    pub fn finish(self, name: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        if std::fs::symlink_metadata(name).is_ok() {
            let what = "there is a file of this name already";
            return Err(Error::new(ErrorKind::AlreadyExists, what));
        }
        std::fs::rename(&self.path, name)?;
        crate::sync_folder_of(name);
        Ok(())
    }

    /// Removes the file: what it holds is of no use.
    ///
    /// # Errors
    /// The system's.
    pub fn discard(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

fn no_file() -> Error {
    Error::other("it is no regular file; remove what is in its place")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek as _, SeekFrom, Write as _};
    use std::os::unix::fs::symlink;

    fn add(growing: &Growing, content: &[u8]) {
        let mut writer = growing.writer().unwrap();
        writer.seek(SeekFrom::End(0)).unwrap();
        writer.write_all(content).unwrap();
    }

    #[test]
    fn it_grows_under_a_name_of_its_own_and_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (part, name) = (
            folder.path().join("deep/a.gguf.part"),
            folder.path().join("deep/a.gguf"),
        );
        let growing = Growing::hold(&part).unwrap();
        add(&growing, b"one ");
        drop(growing);
        let growing = Growing::hold(&part).unwrap();
        assert_eq!(growing.bytes().unwrap(), 4);
        assert_eq!(part.metadata().unwrap().mode() & 0o777, 0o600);
        add(&growing, b"two and more");
        growing.cut(7).unwrap();
        growing.finish(&name).unwrap();
        assert_eq!(std::fs::read_to_string(&name).unwrap(), "one two");
        assert!(!part.exists());
    }

    #[test]
    fn two_never_hold_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("a.part");
        let first = Growing::hold(&part).unwrap();
        assert!(matches!(Growing::hold(&part), Err(NotGrowing::Busy)));
        first.discard().unwrap();
        assert_eq!(Growing::hold(&part).unwrap().bytes().unwrap(), 0);
    }

    #[test]
    fn no_link_is_followed_and_nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("theirs"), "theirs").unwrap();
        symlink("theirs", at("a.part")).unwrap();
        assert!(matches!(
            Growing::hold(&at("a.part")),
            Err(NotGrowing::Io(_))
        ));
        nix::unistd::mkfifo(&at("pipe.part"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(matches!(
            Growing::hold(&at("pipe.part")),
            Err(NotGrowing::Io(_))
        ));
        let growing = Growing::hold(&at("b.part")).unwrap();
        add(&growing, b"ours");
        let error = growing.finish(&at("theirs")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(at("theirs")).unwrap(), "theirs");
        assert_eq!(std::fs::read_to_string(at("b.part")).unwrap(), "ours");
    }
}
