//! The one way to write a file, for everything that Wattsmith keeps and everything that a person asks for.
//!
//! A file is there whole, or as it was, also after a full disk or a power cut: its content goes into a fresh
//! file beside it, which then takes its place and is removed where that fails. What is in the way already
//! stays what it is: a link leads where it led, a device or pipe is written into, a file keeps its rights,
//! its owner and its other names. What Wattsmith makes itself is for its owner alone.
//!
//! What comes over minutes or days, and is larger than memory, is a [`Growing`] file until it is whole.

mod growing;

pub use growing::{Growing, NotGrowing};

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Error, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use wattsmith_fail_points::fail_point;

/// Rights of a file that is made here.
const OWN_FILE: u32 = 0o600;
/// Rights of a folder that is made here.
const OWN_FOLDER: u32 = 0o700;
/// Links that are followed one after the other, as the system does.
const MOST_LINKS: usize = 40;

/// Makes a folder, with those above it; one that is there stays as it is.
///
/// # Errors
/// The system's.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(OWN_FOLDER)
        .create(path)
}

/// Writes a file of Wattsmith's own. Its folder is made where it is missing.
///
/// # Errors
/// The system's; then the file is as it was.
pub fn keep(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = folder_of(path) {
        make_folder(folder)?;
    }
    write(path, content)
}

/// Writes a file that a person named. A folder that is missing is an error: perhaps it was mistyped.
///
/// # Errors
/// The system's; then the file is as it was.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = followed(path)?;
    match std::fs::metadata(&target) {
        Err(error) if error.kind() == ErrorKind::NotFound => fresh(&target, content),
        Err(error) => Err(error),
        Ok(there) if there.is_dir() => Err(Error::new(
            ErrorKind::IsADirectory,
            "it is a folder; name a file in it",
        )),
        Ok(there) if there.is_file() => over(&target, content, &there),
        // A device or a pipe takes what it is given.
        Ok(_) => OpenOptions::new()
            .write(true)
            .open(&target)?
            .write_all(content),
    }
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|one| !one.as_os_str().is_empty())
}

/// So that a new name outlives a power cut, too. Not every file system can do that.
fn sync_folder_of(path: &Path) {
    let folder = folder_of(path).unwrap_or(Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Where a path leads, also where nothing is there yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(next) = std::fs::read_link(&path) else {
            return Ok(path);
        };
        path = match folder_of(&path) {
            Some(folder) => folder.join(next),
            None => next,
        };
    }
    Err(Error::other("it is a link that leads to itself"))
}

/// A file where none was.
fn fresh(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = folder_of(path)
        && !folder.is_dir()
    {
        let what = format!("there is no folder {}; make it first", folder.display());
        return Err(Error::new(ErrorKind::NotFound, what));
    }
    let part = Part::beside(path)?;
    part.fill(content)?;
    part.take_place_of(path)
}

/// A file in the place of another one, with its rights and its owner.
fn over(path: &Path, content: &[u8], there: &Metadata) -> io::Result<()> {
    // Other names of the file would go on showing the old content.
    if there.nlink() > 1 {
        return in_place(path, content);
    }
    let part = match Part::beside(path) {
        Ok(part) => part,
        // The folder is somebody else's, the file is not.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return in_place(path, content);
        }
        Err(error) => return Err(error),
    };
    let own = part.file.metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        let given = std::os::unix::fs::fchown(&part.file, Some(there.uid()), Some(there.gid()));
        if given.is_err() {
            drop(part);
            return in_place(path, content);
        }
    }
    part.file.set_permissions(there.permissions())?;
    part.fill(content)?;
    part.take_place_of(path)
}

/// Without a fresh file: all that can be done where one cannot take its place.
fn in_place(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A fresh file that is gone when it does not take its place.
struct Part {
    file: File,
    path: PathBuf,
    placed: bool,
}

impl Part {
    fn beside(path: &Path) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}-{number}.part", std::process::id()));
        let part = path.with_file_name(name);
        // Left by a process of the same number that was killed: nobody else has this name.
        let _ = std::fs::remove_file(&part);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWN_FILE)
            .open(&part)?;
        Ok(Self {
            file,
            path: part,
            placed: false,
        })
    }

    fn fill(&self, content: &[u8]) -> io::Result<()> {
        fail_point!("files::part::made", Error::other("fail point"));
        (&self.file).write_all(content)?;
        fail_point!("files::part::filled", Error::other("fail point"));
        self.file.sync_all()
    }

    fn take_place_of(mut self, path: &Path) -> io::Result<()> {
        fail_point!("files::part::synced", Error::other("fail point"));
        std::fs::rename(&self.path, path)?;
        self.placed = true;
        sync_folder_of(path);
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.placed {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests;
