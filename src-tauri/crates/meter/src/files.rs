//! Reading the files in which the kernel tells about the machine, under a root that tests can move.

use std::io;
use std::path::{Path, PathBuf};

/// The root of a file tree, `/` in production.
#[derive(Debug, Clone)]
pub(crate) struct Root(pub(crate) PathBuf);

impl Root {
    /// A path below the root, written as it is on a real machine, without the leading slash.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    /// The trimmed text of a file; `None` where it cannot be read.
    pub(crate) fn text(&self, below: &str) -> Option<String> {
        text(&self.path(below)).ok()
    }

    pub(crate) fn exists(&self, below: &str) -> bool {
        self.path(below).exists()
    }

    /// Names in a folder, sorted; empty where there is no such folder.
    pub(crate) fn names(&self, below: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(below)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }
}

/// The trimmed text of a file.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    Ok(std::fs::read_to_string(path)?.trim().to_owned())
}
