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

/// The processor's name as procfs tells it; empty where it does not.
pub(crate) fn processor_name(root: &Root) -> String {
    let cpu = root.text("proc/cpuinfo").unwrap_or_default();
    cpu.lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, name)| name.trim().to_owned())
}

/// The trimmed text of a file.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    Ok(std::fs::read_to_string(path)?.trim().to_owned())
}

/// A root that holds these files below `folder`, until the first of both is dropped.
#[cfg(test)]
pub(crate) fn tree(folder: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root(dir.path().to_owned());
    for (path, text) in files {
        let path = root.path(folder).join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    (dir, root)
}
