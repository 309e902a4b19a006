//! A machine made of files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wattsmith_domain::{Availability, Clock, MonotonicNs, SensorReport, SystemClock};
use wattsmith_meter::{Meter, MeterOptions, Recorded};

/// A root folder with the real `/proc` and an empty `sys`, and no NVIDIA driver.
pub struct Machine {
    /// Before the root, so that nobody writes into a folder that is gone.
    packages: Vec<Package>,
    root: TempDir,
    pub library: PathBuf,
    broken: Arc<AtomicBool>,
}

/// Text of a counter file from its microjoules and from whether it is broken yet.
pub type CounterText = fn(u64, bool) -> Option<String>;

impl Machine {
    pub fn bare() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/proc", root.path().join("proc")).unwrap();
        let library = root.path().join("no/libnvidia-ml.so.1");
        Self {
            root,
            library,
            packages: Vec::new(),
            broken: Arc::default(),
        }
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A CPU package that draws so many watts from now on.
    pub fn with_package(mut self, number: u32, watts: f64) -> Self {
        let zone = self.zone(number);
        self.packages
            .push(Package::start(zone.join("energy_uj"), watts));
        self
    }

    /// A CPU package of 40 W whose counter file holds what `text` makes of its microjoules; none is no
    /// file. The flag is [`Machine::break_it`]'s.
    pub fn with_odd_package(self, number: u32, text: CounterText) -> Self {
        let file = self.zone(number).join("energy_uj");
        self.with_odd_file(file, text)
    }

    /// Any file, absolute or below the root, that is kept up to date in the same way.
    pub fn with_odd_file(mut self, file: impl AsRef<Path>, text: CounterText) -> Self {
        let file = self.root().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let broken = Arc::clone(&self.broken);
        self.packages.push(Package::write(file, move |elapsed| {
            text(
                77_000_000 + (elapsed.as_secs_f64() * 40e6) as u64,
                broken.load(Ordering::Relaxed),
            )
        }));
        self
    }

    /// From now on odd packages are as odd as they can be.
    pub fn break_it(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    /// A CPU package whose counter is no file that can be read.
    pub fn with_unreadable_package(self, number: u32) -> Self {
        std::fs::create_dir(self.zone(number).join("energy_uj")).unwrap();
        self
    }

    /// A CPU package whose counter is that of the first one.
    pub fn with_mirror_of_the_first(self, number: u32) -> Self {
        let first = self
            .root()
            .join("sys/class/powercap/intel-rapl:0/energy_uj");
        std::os::unix::fs::symlink(first, self.zone(number).join("energy_uj")).unwrap();
        self
    }

    fn zone(&self, number: u32) -> PathBuf {
        let zone = self
            .root()
            .join(format!("sys/class/powercap/intel-rapl:{number}"));
        std::fs::create_dir_all(&zone).unwrap();
        std::fs::write(zone.join("name"), format!("package-{number}\n")).unwrap();
        std::fs::write(zone.join("max_energy_range_uj"), "262143328850\n").unwrap();
        zone
    }

    pub fn meter(&self) -> Meter {
        self.meter_with(None)
    }

    /// A meter that keeps in `state` what it found.
    pub fn meter_with(&self, state: Option<&Path>) -> Meter {
        Meter::open(MeterOptions {
            state: state.map(Path::to_owned),
            root: self.root().to_owned(),
            nvml_library: Some(self.library.clone()),
            clock: Arc::new(SystemClock),
            ..MeterOptions::default()
        })
    }
}

/// A counter file that a thread keeps counting up.
struct Package {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Package {
    fn start(file: PathBuf, watts: f64) -> Self {
        Self::write(file, move |elapsed| {
            let microjoules = 77_000_000 + (elapsed.as_secs_f64() * watts * 1e6) as u64;
            Some(microjoules.to_string())
        })
    }

    fn write(file: PathBuf, text: impl Fn(Duration) -> Option<String> + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let begin = Instant::now();
        let write = move || {
            let Some(text) = text(begin.elapsed()) else {
                let _ = std::fs::remove_file(&file);
                return;
            };
            let fresh = file.with_extension("fresh");
            std::fs::write(&fresh, format!("{text}\n")).unwrap();
            std::fs::rename(&fresh, &file).unwrap();
        };
        write();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                write();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn now() -> MonotonicNs {
    SystemClock.now()
}

/// Records for `length`; the recording and the window inside it.
pub fn record(meter: &Meter, length: Duration) -> (Recorded, MonotonicNs, MonotonicNs) {
    let recording = meter.record(None, |_| {});
    let from = now();
    std::thread::sleep(length);
    let to = now();
    (recording.finish(), from, to)
}

/// Reason and remedy of the first unavailable sensor with this name.
pub fn unavailable(sensors: &[SensorReport], name: &str) -> (String, String) {
    sensors
        .iter()
        .filter(|report| report.name.starts_with(name))
        .find_map(|report| match &report.availability {
            Availability::Unavailable { reason, remedy } => Some((reason.clone(), remedy.clone())),
            Availability::Available { .. } => None,
        })
        .unwrap_or_else(|| panic!("{name} is not unavailable in {sensors:#?}"))
}

pub fn is_available(sensors: &[SensorReport], name: &str) -> bool {
    sensors.iter().any(|report| {
        report.name == name && matches!(report.availability, Availability::Available { .. })
    })
}
