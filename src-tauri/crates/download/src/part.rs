//! The file that grows, and the note beside it that says of which file it is a part.

use crate::error::DownloadError;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wattsmith_files::{Growing, NotGrowing};

/// Bytes that are gathered before they are written.
const GATHERED: usize = 1 << 20;
/// Bytes of a disk that are left free.
pub(crate) const SPARE: u64 = 64 << 20;

/// The name of a file as long as it is not whole.
#[must_use]
pub fn part_of(file: &Path) -> PathBuf {
    behind(file, ".part")
}

/// Bytes that wait for a download to be taken up again; none where it never began.
#[must_use]
pub fn waiting(file: &Path) -> Option<u64> {
    let bytes = std::fs::symlink_metadata(part_of(file)).ok()?.len();
    (bytes > 0).then_some(bytes)
}

/// Bytes that are free for us on the disk of a folder, or of the first one above it that is there.
#[must_use]
#[allow(clippy::useless_conversion)] // the widths differ between platforms
pub fn free_space(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let disk = nix::sys::statvfs::statvfs(there).ok()?;
    Some(u64::from(disk.blocks_available()).saturating_mul(u64::from(disk.fragment_size())))
}

fn behind(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    PathBuf::from(name)
}

/// Of which file the bytes are that are there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// What the server calls this state of the file; a strong one, that means these very bytes.
    pub etag: Option<String>,
    /// Of the whole file, where it is known.
    pub sha256: Option<String>,
}

/// A part that is held.
#[derive(Debug)]
pub(crate) struct Part {
    pub growing: Growing,
    file: Arc<File>,
    note: PathBuf,
    gathered: Vec<u8>,
    /// Bytes that are written.
    written: u64,
}

impl Part {
    /// Holds the part of a file.
    pub(crate) fn hold(file: &Path) -> Result<Self, DownloadError> {
        let path = part_of(file);
        let fail = |source| DownloadError::io(format!("cannot write {}", path.display()), source);
        let growing = Growing::hold(&path).map_err(|why| match why {
            NotGrowing::Busy => DownloadError::Busy {
                name: file
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
            },
            NotGrowing::Io(source) => fail(source),
        })?;
        Ok(Self {
            written: growing.bytes().map_err(fail)?,
            file: Arc::new(growing.writer().map_err(fail)?),
            growing,
            note: behind(&path, ".json"),
            gathered: Vec::new(),
        })
    }

    /// Bytes that are there, also those not yet written.
    pub(crate) fn bytes(&self) -> u64 {
        self.written + self.gathered.len() as u64
    }

    /// A note that is missing or damaged says nothing.
    pub(crate) fn note(&self) -> Note {
        let text = std::fs::read(&self.note).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(crate) fn set_note(&self, note: &Note) -> Result<(), DownloadError> {
        let text = serde_json::to_vec(note).unwrap_or_default();
        wattsmith_files::keep(&self.note, &text).map_err(|source| {
            DownloadError::io(format!("cannot write {}", self.note.display()), source)
        })
    }

    /// Begins again.
    pub(crate) fn clear(&mut self) -> Result<(), DownloadError> {
        self.gathered.clear();
        self.growing.cut(0).map_err(|source| self.failed(source))?;
        self.written = 0;
        let _ = std::fs::remove_file(&self.note);
        Ok(())
    }

    /// Adds bytes at the end.
    pub(crate) async fn add(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        self.gathered.extend_from_slice(bytes);
        match self.gathered.len() < GATHERED {
            true => Ok(()),
            false => self.flush().await,
        }
    }

    /// Writes what was gathered. Where that fails, what is there ends where it did before.
    pub(crate) async fn flush(&mut self) -> Result<(), DownloadError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let (bytes, file, at) = (
            std::mem::take(&mut self.gathered),
            Arc::clone(&self.file),
            self.written,
        );
        let length = bytes.len() as u64;
        let write = move || file.write_all_at(&bytes, at);
        let written = tokio::task::spawn_blocking(write).await;
        match written.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
            Ok(()) => {
                self.written += length;
                Ok(())
            }
            Err(source) => {
                let _ = self.growing.cut(self.written);
                Err(self.failed(source))
            }
        }
    }

    fn failed(&self, source: std::io::Error) -> DownloadError {
        DownloadError::io(
            format!(
                "cannot write {}, which is kept as far as it came",
                self.growing.path().display()
            ),
            source,
        )
    }

    /// Gives the file its name; its note is of no use then.
    pub(crate) fn finish(self, name: &Path) -> std::io::Result<()> {
        self.growing.finish(name)?;
        let _ = std::fs::remove_file(&self.note);
        Ok(())
    }

    /// Removes both.
    pub(crate) fn discard(self) {
        let _ = self.growing.discard();
        let _ = std::fs::remove_file(&self.note);
    }
}
