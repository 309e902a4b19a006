//! A real shared library that speaks NVML's C interface and plays scripted boards, so that the meter
//! is tested through the very calls it makes to the driver. Its source is in `nvml/fake_nvml.c`,
//! which also lists the words of a script; the system's C compiler builds it anew for each test,
//! which takes a moment and keeps tests apart.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const NAME: &str = "libnvidia-ml.so.1";

/// One library with a script of its own; gone from disk when dropped.
pub struct FakeNvml {
    folder: TempDir,
}

impl FakeNvml {
    /// A library that plays `script`; an empty one is a single board at a steady 100 W.
    ///
    /// # Errors
    /// No C compiler, or no room for temporary files.
    pub fn new(script: &str) -> Result<Self> {
        let this = Self {
            folder: tempfile::tempdir().context("a folder for the library")?,
        };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("nvml/fake_nvml.c");
        let output = Command::new("cc")
            .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"])
            .args(["-shared", "-fPIC", "-o"])
            .args([&this.library(), &source])
            .arg("-ldl")
            .output()
            .context("running cc (install a C compiler: sudo apt-get install gcc libc6-dev)")?;
        ensure!(
            output.status.success(),
            "cc refused {}: {}",
            source.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        this.play(script)?;
        Ok(this)
    }

    /// Where the library is, for `MeterOptions::nvml_library`.
    #[must_use]
    pub fn library(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    /// Replaces the script; the next call into the library follows it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn play(&self, script: &str) -> Result<()> {
        let fresh = self.folder.path().join("fresh");
        std::fs::write(&fresh, script).context("writing the script")?;
        // Renamed over the old one, so that no call ever reads half a script.
        let script = self.folder.path().join(format!("{NAME}.script"));
        std::fs::rename(fresh, script).context("replacing the script")
    }
}
