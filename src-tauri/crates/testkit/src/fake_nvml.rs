//! A real shared library that speaks NVML's C interface and plays scripted boards, so that the meter
//! is tested through the very calls it makes to the driver. Its sources are in `nvml/`; `script.c`
//! lists the words of a script. The system's C compiler builds it once per process, and every
//! [`FakeNvml`] gets a copy of its own, which keeps tests apart.

// The library's own functions can only be called as what they are.
#![allow(unsafe_code)]

use anyhow::{Context, Result, bail, ensure};
use libloading::Library;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use wattsmith_domain::{Clock, Joules, MonotonicNs, SystemClock, Watts};

const NAME: &str = "libnvidia-ml.so.1";

/// One library with a script of its own; gone from disk when dropped.
pub struct FakeNvml {
    clock: Arc<FakeClock>,
    folder: TempDir,
}

impl FakeNvml {
    /// A library that plays `script`; an empty one is a single board at a steady 100 W. Its time
    /// begins now.
    ///
    /// # Errors
    /// No C compiler, no room for temporary files, or a script that is not understood.
    pub fn new(script: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for the library")?;
        let path = folder.path().join(NAME);
        std::fs::write(&path, built()?).context("a copy of the library")?;
        std::fs::write(script_of(&path), script).context("writing the script")?;
        let this = Self {
            clock: Arc::new(FakeClock::load(&path)?),
            folder,
        };
        this.reload()?;
        Ok(this)
    }

    /// Where the library is, for `MeterOptions::nvml_library`.
    #[must_use]
    pub fn library(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    /// Replaces the script, in every process that has this library loaded; the next call follows it.
    ///
    /// # Errors
    /// The file cannot be written, or the script is not understood.
    pub fn play(&self, script: &str) -> Result<()> {
        let fresh = self.folder.path().join("fresh");
        std::fs::write(&fresh, script).context("writing the script")?;
        // Renamed over the old one, so that nobody reads half a script.
        std::fs::rename(fresh, script_of(&self.library())).context("replacing the script")?;
        self.reload()
    }

    /// The clock that the boards follow: the machine's own until it is set.
    #[must_use]
    pub fn clock(&self) -> Arc<FakeClock> {
        Arc::clone(&self.clock)
    }

    /// What a board truly used between two instants of [`FakeNvml::clock`]: the exact integral of
    /// the script's power.
    #[must_use]
    pub fn energy(&self, board: u32, from: MonotonicNs, to: MonotonicNs) -> Joules {
        let (from, to) = (self.clock.script_time(from), self.clock.script_time(to));
        // SAFETY: the signature is that of nvml.c, and it takes any numbers.
        Joules(unsafe { (self.clock.calls.energy)(board, from, to) })
    }

    /// An instant of [`FakeNvml::clock`] as times in scripts are counted.
    #[must_use]
    pub fn script_time(&self, at: MonotonicNs) -> Duration {
        let ns = self.clock.script_time(at);
        Duration::from_nanos(u64::try_from(ns).unwrap_or(0))
    }

    /// What a board truly draws at an instant of [`FakeNvml::clock`].
    #[must_use]
    pub fn power(&self, board: u32, at: MonotonicNs) -> Watts {
        // SAFETY: the signature is that of nvml.c, and it takes any numbers.
        Watts(unsafe { (self.clock.calls.power)(board, self.clock.script_time(at)) })
    }

    /// Calls into NVML functions so far, by every process that has this library loaded.
    #[must_use]
    pub fn calls(&self) -> u64 {
        // SAFETY: the signature is that of state.c.
        unsafe { (self.clock.calls.calls)() }
    }

    fn reload(&self) -> Result<()> {
        // SAFETY: the signature is that of nvml.c.
        match unsafe { (self.clock.calls.reload)() } {
            0 => Ok(()),
            line => bail!("line {line} of the script is not understood; see nvml/script.c"),
        }
    }
}

fn script_of(library: &Path) -> PathBuf {
    let mut path = library.as_os_str().to_owned();
    path.push(".script");
    path.into()
}

/// The time that a library's boards live in. The real one until [`FakeClock::set`].
pub struct FakeClock {
    calls: Calls,
    /// The machine's time at the script's time 0.
    origin_ns: i64,
    /// Keeps the functions of `calls` where they are.
    _library: Library,
}

/// Functions of `nvml/state.c` and `nvml/nvml.c` that NVML does not have; times are nanoseconds of
/// the script's clock.
struct Calls {
    now: unsafe extern "C" fn() -> i64,
    is_virtual: unsafe extern "C" fn() -> i32,
    set_clock: unsafe extern "C" fn(i64),
    calls: unsafe extern "C" fn() -> u64,
    reload: unsafe extern "C" fn() -> i32,
    energy: unsafe extern "C" fn(u32, i64, i64) -> f64,
    power: unsafe extern "C" fn(u32, i64) -> f64,
}

impl FakeClock {
    fn load(path: &Path) -> Result<Self> {
        // SAFETY: it is the library built from nvml/, whose constructor maps a file and nothing else;
        // the signatures below are those of its sources, and it is kept for as long as they are.
        let (library, calls, now) = unsafe {
            let library = Library::new(path).context("loading the library")?;
            let calls = Calls {
                now: *library.get(b"fake_nvml_now\0")?,
                is_virtual: *library.get(b"fake_nvml_is_virtual\0")?,
                set_clock: *library.get(b"fake_nvml_set_clock\0")?,
                calls: *library.get(b"fake_nvml_calls\0")?,
                reload: *library.get(b"fake_nvml_reload\0")?,
                energy: *library.get(b"fake_nvml_energy\0")?,
                power: *library.get(b"fake_nvml_power\0")?,
            };
            let now = (calls.now)();
            (library, calls, now)
        };
        Ok(Self {
            calls,
            origin_ns: signed(SystemClock.now()) - now,
            _library: library,
        })
    }

    /// Makes it this instant, here and for the boards; from now on time stands still until it is set
    /// again. Time 0 is that of the script.
    pub fn set(&self, at: MonotonicNs) {
        // SAFETY: the signature is that of state.c, and it takes any number.
        unsafe { (self.calls.set_clock)(signed(at)) }
    }

    /// Goes on by a while; from the real time where it was never set.
    pub fn advance(&self, by: Duration) {
        let now = self.now().0;
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.set(MonotonicNs(now.saturating_add(by)));
    }

    fn told(&self) -> Option<i64> {
        // SAFETY: the signatures are those of state.c.
        unsafe { ((self.calls.is_virtual)() != 0).then(|| (self.calls.now)()) }
    }

    fn script_time(&self, at: MonotonicNs) -> i64 {
        match self.told() {
            Some(_) => signed(at),
            None => signed(at) - self.origin_ns,
        }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> MonotonicNs {
        match self.told() {
            Some(now) => MonotonicNs(now.unsigned_abs()),
            None => SystemClock.now(),
        }
    }
}

fn signed(at: MonotonicNs) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// The library's bytes, built once per process.
fn built() -> Result<&'static [u8]> {
    static BYTES: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    match BYTES.get_or_init(|| build().map_err(|error| format!("{error:#}"))) {
        Ok(bytes) => Ok(bytes),
        Err(error) => bail!("{error}"),
    }
}

fn build() -> Result<Vec<u8>> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("nvml");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&sources)
        .context("the library's sources")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "c"))
        .collect();
    files.sort();
    let folder = tempfile::tempdir().context("a folder to build in")?;
    let library = folder.path().join(NAME);
    let output = Command::new("cc")
        .args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"])
        .args(["-fvisibility=hidden", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .args(&files)
        .args(["-lm", "-lpthread", "-ldl"])
        .output()
        .context("running cc (install a C compiler: sudo apt-get install gcc libc6-dev)")?;
    ensure!(
        output.status.success(),
        "cc refused {}: {}",
        sources.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read(library).context("what cc built")
}

#[cfg(test)]
#[path = "fake_nvml_tests.rs"]
mod tests;
