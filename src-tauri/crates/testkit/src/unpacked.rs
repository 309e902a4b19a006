//! The bundle of a session as somebody has it who checks it: unpacked by the system's own programs, with no
//! Wattsmith about.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// An unpacked bundle; gone from disk when dropped.
pub struct Unpacked(TempDir);

impl Unpacked {
    /// Unpacks the bundle of a file.
    ///
    /// # Errors
    /// There is no `tar`, or that cannot read it.
    pub fn of(file: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for the bundle")?;
        let mut tar = Command::new("tar");
        let tar = tar.arg("-xf").arg(file).arg("-C").arg(folder.path());
        let done = tar.output().context("tar")?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success() && said.is_empty(), "tar: {said}");
        Ok(Self(folder))
    }

    /// A file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("wattsmith-bundle").join(name)
    }

    /// Its own program: how that ended, and what it said.
    ///
    /// # Errors
    /// There is no `python3`.
    pub fn recomputed(&self) -> Result<(Option<i32>, String)> {
        let done = Command::new("python3")
            .arg(self.path("recompute.py"))
            .output()
            .context("python3")?;
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok((done.status.code(), said))
    }

    /// Writes its hashes anew, as somebody does who hides a change.
    ///
    /// # Errors
    /// There is no `sha256sum`, or a file cannot be read.
    pub fn hash_anew(&self) -> Result<()> {
        let script = "find . -type f ! -name SHA256SUMS -printf '%P\\n' | sort | xargs sha256sum >../sums && mv ../sums SHA256SUMS";
        let done = Command::new("sh")
            .args(["-c", script])
            .current_dir(self.path(""))
            .output()
            .context("sh")?;
        ensure!(done.status.success(), "{done:?}");
        Ok(())
    }
}
