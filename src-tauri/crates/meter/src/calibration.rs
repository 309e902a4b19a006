//! What this machine's CPU time costs, fitted against a meter while the cores are idle, half busy and
//! busy: joules = idle watts × wall seconds + watts per busy core × CPU seconds, by least squares.
//!
//! An estimate that uses it stays an estimate: it knows nothing of the GPU, of memory traffic or of
//! clocks that change. The gain error of the meter scales both prices alike and so cancels in any
//! comparison; what the fit leaves open goes into the two ends.

use crate::estimate::{Basis, Price, Prices};
use crate::files::{Root, processor_name};
use crate::meter::Meter;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wattsmith_domain::{Energy, MonotonicNs, Scope, Watts};

const FILE: &str = "calibration.json";
/// Windows per level of load.
const WINDOWS: u32 = 3;
/// Shortest window; below it the meter's own steps weigh too much.
const LEAST_WINDOW: Duration = Duration::from_secs(2);
/// After each change of load, until clocks and meter have followed.
const SETTLE: Duration = Duration::from_secs(2);
/// A residual above this fraction of the mean says that the machine is no straight line.
const MOST_RESIDUAL: f64 = 0.25;
/// Standard errors that the two ends are away from the fit.
const ENDS: f64 = 2.0;
/// And never less than this fraction of the idle power: the line is a simplification.
const LEAST_SPREAD: f64 = 0.1;

/// What was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The machine that it holds for.
    pub machine: String,
    /// Such as `2026-11-22`.
    pub date: String,
    /// The meter that it was fitted against.
    pub reference: String,
    /// What that meter covers, and thus what the estimate covers.
    pub scope: Scope,
    /// The meter's typical systematic error as a fraction.
    pub reference_error: f64,
    /// Idle power.
    pub idle_w: f64,
    /// Watts for each busy logical core besides.
    pub busy_core_w: f64,
    /// Standard error of `idle_w`, watts.
    pub idle_error_w: f64,
    /// Root mean square of what the line leaves over, as a fraction of the mean.
    pub residual: f64,
    /// Mean share of `busy cores` in the windows, by which the two ends turn.
    pub mean_busy_cores: f64,
    /// Windows behind it.
    pub windows: u32,
}

/// Why there is no calibration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CalibrateError {
    /// Nothing to calibrate against.
    #[error(
        "no meter answers to calibrate against; add a wall plug for a while: wattsmith-cli meters add"
    )]
    NoReference,
    /// The time is too short.
    #[error("{0:.0} s are too short for this meter; {1:.0} s are the least")]
    TooShort(f64, f64),
    /// The meter failed meanwhile.
    #[error("the meter failed while the machine was calibrated: {0}")]
    Meter(String),
    /// What was seen does not fit.
    #[error("{0}; close other programs and calibrate again")]
    NoLine(String),
}

/// One window: length, CPU seconds of the whole machine in it, and joules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) wall_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) joules: f64,
}

impl Calibration {
    /// What the estimate charges by it.
    pub(crate) fn prices(&self) -> Prices {
        let spread = (self.idle_error_w * ENDS).max(self.idle_w * LEAST_SPREAD);
        // Both ends go through the mean of what was seen: more for idling is less for working.
        let end = |idle: f64| Price {
            idle: Watts(idle),
            busy_core: Watts(
                (self.busy_core_w + (self.idle_w - idle) / self.mean_busy_cores).max(0.0),
            ),
        };
        Prices {
            centre: Price {
                idle: Watts(self.idle_w),
                busy_core: Watts(self.busy_core_w),
            },
            low_idle: end((self.idle_w - spread).max(0.0)),
            high_idle: end(self.idle_w + spread),
            least_error: self.error(),
            basis: date_of(&self.date).map_or(Basis::Any, |(year, month, day)| {
                Basis::Calibrated(year, month, day)
            }),
        }
    }

    /// The error that the estimate states at least, as a fraction: the meter's own and twice what
    /// the line leaves over, and never below 10 %.
    #[must_use]
    pub fn error(&self) -> f64 {
        (self.reference_error + 2.0 * self.residual).max(0.1)
    }

    /// Keeps it in `folder`, whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn store(&self, folder: &Path) -> io::Result<()> {
        wattsmith_files::keep(&folder.join(FILE), &serde_json::to_vec_pretty(self)?)
    }

    /// What is kept for this very machine; none where nothing usable is.
    pub(crate) fn load(folder: &Path, root: &Root) -> Option<Self> {
        let text = std::fs::read(folder.join(FILE)).ok()?;
        let kept: Self = serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!(%error, "calibration cannot be read"))
            .ok()?;
        let is_sound = [kept.idle_w, kept.busy_core_w, kept.mean_busy_cores]
            .iter()
            .all(|value| value.is_finite() && *value > 0.0)
            && kept.error().is_finite()
            && kept.idle_error_w >= 0.0
            && date_of(&kept.date).is_some();
        (is_sound && kept.machine == fingerprint(root)).then_some(kept)
    }
}

fn date_of(date: &str) -> Option<(u16, u8, u8)> {
    let mut parts = date.split('-');
    let date = (
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    );
    parts.next().is_none().then_some(date)
}

/// The machine, whatever it was booted with: its own number, its processor, its cores.
pub(crate) fn fingerprint(root: &Root) -> String {
    let id = root.text("etc/machine-id").unwrap_or_default();
    let name = processor_name(root);
    format!("{id} {name} {}", crate::cpu::cores(root))
}

/// The line through the points: idle watts, watts per busy core, standard error of the first, and
/// the residual as a fraction of the mean.
pub(crate) fn fit(points: &[Point]) -> Result<(f64, f64, f64, f64), CalibrateError> {
    let no_line = |what: &str| Err(CalibrateError::NoLine(what.to_owned()));
    if points.len() < 4 {
        return no_line("fewer than four windows were seen");
    }
    // Per second of wall time this is a straight line of power over busy cores.
    let seen: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (point.cpu_s / point.wall_s, point.joules / point.wall_s))
        .collect();
    let count = seen.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| seen.iter().map(of).sum::<f64>() / count;
    let (cores, watts) = (mean(|one| one.0), mean(|one| one.1));
    let spread: f64 = seen.iter().map(|one| (one.0 - cores).powi(2)).sum();
    if spread.is_nan() || spread <= 0.01 * count {
        return no_line("the load did not change enough");
    }
    let both: f64 = seen
        .iter()
        .map(|one| (one.0 - cores) * (one.1 - watts))
        .sum();
    let busy_core = both / spread;
    let idle = watts - busy_core * cores;
    let left: f64 = seen
        .iter()
        .map(|one| (one.1 - idle - busy_core * one.0).powi(2))
        .sum();
    let variance = left / (count - 2.0);
    let idle_error = (variance * (1.0 / count + cores * cores / spread)).sqrt();
    let residual = variance.sqrt() / watts;
    if ![idle, busy_core, idle_error, residual]
        .iter()
        .all(|value| value.is_finite())
    {
        return no_line("the meter gave no usable power");
    }
    if idle <= 0.0 || busy_core <= 0.0 {
        return no_line("power did not grow with the load");
    }
    if residual > MOST_RESIDUAL {
        return Err(CalibrateError::NoLine(format!(
            "power strays {:.0} % from a straight line",
            residual * 100.0
        )));
    }
    Ok((idle, busy_core, idle_error, residual))
}

/// Which of a window's meters to fit against: most of the machine first.
fn reference(energy: &Energy) -> Option<(String, Scope, f64)> {
    let order = [Scope::Wall, Scope::Platform, Scope::Battery];
    order
        .into_iter()
        .find_map(|scope| {
            if energy.scope == scope {
                return figure(energy);
            }
            let beside = energy.beside.iter();
            beside
                .filter(|one| one.scope == scope && one.joules.is_ok())
                .map(|one| (one.device.clone(), scope, one.sensor_error))
                .next()
        })
        .or_else(|| figure(energy))
}

fn figure(energy: &Energy) -> Option<(String, Scope, f64)> {
    let names: Vec<&str> = energy
        .devices
        .iter()
        .map(|one| one.device.as_str())
        .collect();
    energy
        .is_measured()
        .then(|| (names.join(" + "), energy.scope, energy.sensor_error))
}

fn joules_of(energy: &Energy, name: &str) -> Result<f64, CalibrateError> {
    match energy.beside.iter().find(|one| one.device == name) {
        Some(beside) => beside
            .joules
            .clone()
            .map(|joules| joules.0)
            .map_err(CalibrateError::Meter),
        None => Ok(energy.gross.0),
    }
}

/// Threads that do nothing but run, until dropped.
struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    fn of(threads: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let work = |stopped: Arc<AtomicBool>| {
            move || {
                let mut value = 1.0_f64;
                while !stopped.load(Ordering::Relaxed) {
                    for _ in 0..10_000 {
                        value = std::hint::black_box(value.mul_add(1.000_001, 1e-9));
                    }
                }
            }
        };
        let threads = (0..threads)
            .map(|_| std::thread::spawn(work(Arc::clone(&stop))))
            .collect();
        Self { stop, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Records idle, half and full load, and fits.
pub(crate) fn run(
    meter: &Meter,
    length: Duration,
    date: &str,
) -> Result<Calibration, CalibrateError> {
    if !meter.is_measured() && meter.beside_devices().is_empty() {
        return Err(CalibrateError::NoReference);
    }
    let cores = crate::cpu::cores(&meter.root).max(1);
    let mut levels = vec![0, cores.div_ceil(2), cores];
    levels.dedup();
    let count = levels.len() as u32;
    let least = (SETTLE + LEAST_WINDOW * WINDOWS) * count;
    if length < least {
        return Err(CalibrateError::TooShort(
            length.as_secs_f64(),
            least.as_secs_f64(),
        ));
    }
    let window = (length / count).saturating_sub(SETTLE) / WINDOWS;
    let recording = meter.record(None, |_| {});
    let mut windows: Vec<(MonotonicNs, MonotonicNs)> = Vec::new();
    for threads in levels {
        let _load = Load::of(threads);
        std::thread::sleep(SETTLE);
        for _ in 0..WINDOWS {
            let from = meter.clock.now();
            std::thread::sleep(window);
            windows.push((from, meter.clock.now()));
        }
    }
    let recorded = recording.finish();
    let mut points = Vec::new();
    let mut against: Option<(String, Scope, f64)> = None;
    for (from, to) in windows {
        let energy = recorded
            .energy(from, to)
            .map_err(|error| CalibrateError::Meter(error.to_string()))?;
        let (name, ..) = match &against {
            Some(known) => known.clone(),
            None => {
                let found = reference(&energy).ok_or(CalibrateError::NoReference)?;
                against = Some(found.clone());
                found
            }
        };
        let used = recorded
            .cpu(from, to)
            .ok_or_else(|| CalibrateError::Meter("CPU time cannot be read".to_owned()))?;
        points.push(Point {
            wall_s: to.since(from).0,
            cpu_s: used.engine_s + used.own_s + used.other_s,
            joules: joules_of(&energy, &name)?,
        });
    }
    let (reference, scope, reference_error) = against.ok_or(CalibrateError::NoReference)?;
    let (idle_w, busy_core_w, idle_error_w, residual) = fit(&points)?;
    let wall: f64 = points.iter().map(|point| point.wall_s).sum();
    let cpu: f64 = points.iter().map(|point| point.cpu_s).sum();
    Ok(Calibration {
        machine: fingerprint(&meter.root),
        date: date.to_owned(),
        reference,
        scope,
        reference_error,
        idle_w,
        busy_core_w,
        idle_error_w,
        residual,
        mean_busy_cores: cpu / wall,
        windows: points.len() as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(idle: f64, busy: f64, noise: impl Fn(usize) -> f64) -> Vec<Point> {
        (0..9)
            .map(|index| {
                let cores = [0.1, 2.0, 4.0][index / 3];
                Point {
                    wall_s: 5.0,
                    cpu_s: 5.0 * cores,
                    joules: 5.0 * (idle + busy * cores) * (1.0 + noise(index)),
                }
            })
            .collect()
    }

    fn calibration() -> Calibration {
        let (idle_w, busy_core_w, idle_error_w, residual) = fit(&points(20.0, 6.0, |index| {
            if index % 2 == 0 { 0.02 } else { -0.02 }
        }))
        .unwrap();
        Calibration {
            machine: String::new(),
            date: "2026-11-22".to_owned(),
            reference: "plug".to_owned(),
            scope: Scope::Wall,
            reference_error: 0.03,
            idle_w,
            busy_core_w,
            idle_error_w,
            residual,
            mean_busy_cores: 2.03,
            windows: 9,
        }
    }

    proptest! {
        #[test]
        fn a_straight_line_is_found_again(idle in 1.0..300.0_f64, busy in 0.5..30.0_f64) {
            let (a, b, error, residual) = fit(&points(idle, busy, |_| 0.0)).unwrap();
            prop_assert!((a - idle).abs() < 1e-6 * idle && (b - busy).abs() < 1e-6 * busy);
            prop_assert!(error < 1e-6 * idle && residual < 1e-6);
        }
    }

    #[test]
    fn what_is_no_line_is_refused() {
        let words = |points: &[Point]| fit(points).unwrap_err().to_string();
        assert!(words(&points(20.0, -2.0, |_| 0.0)).contains("did not grow"));
        let stray = points(20.0, 6.0, |index| if index % 2 == 0 { 0.6 } else { -0.6 });
        assert!(words(&stray).contains("strays"), "{}", words(&stray));
        let idle = points(20.0, 6.0, |_| 0.0);
        assert!(words(&idle[..3]).contains("four windows"));
        assert!(words(&[idle[0]; 9]).contains("did not change"));
        let broken = points(20.0, 6.0, |_| f64::NAN);
        assert!(words(&broken).contains("no usable power"));
    }

    #[test]
    fn calibrated_prices_stay_an_estimate_with_two_ends_through_what_was_seen() {
        let calibration = calibration();
        let prices = calibration.prices();
        assert_eq!(prices.label(), "CPU time (calibrated 2026-11-22)");
        let estimated = prices.estimate(10.0, 10.0 * calibration.mean_busy_cores);
        let (low, high) = (estimated.spread.low_idle.0, estimated.spread.high_idle.0);
        assert!((low / high - 1.0).abs() < 1e-9, "{low} {high}");
        let idle = prices.estimate(10.0, 0.0);
        assert!(idle.spread.low_idle < idle.joules && idle.joules < idle.spread.high_idle);
        assert!((0.1..0.2).contains(&estimated.error), "{}", estimated.error);
    }

    #[test]
    fn it_is_kept_for_the_machine_that_it_was_made_on_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root(dir.path().to_owned());
        let made_here = Calibration {
            machine: fingerprint(&root),
            ..calibration()
        };
        let folder = dir.path().join("state");
        assert_eq!(Calibration::load(&folder, &root), None);
        made_here.store(&folder).unwrap();
        assert_eq!(Calibration::load(&folder, &root), Some(made_here.clone()));
        std::fs::create_dir(dir.path().join("etc")).unwrap();
        std::fs::write(dir.path().join("etc/machine-id"), "another").unwrap();
        assert_eq!(Calibration::load(&folder, &root), None);
        std::fs::remove_dir_all(dir.path().join("etc")).unwrap();
        for (field, value) in [
            ("idle_w", -3.0),
            ("busy_core_w", 0.0),
            ("idle_error_w", -9.0),
        ] {
            let mut broken = serde_json::to_value(&made_here).unwrap();
            broken[field] = value.into();
            let text = broken.to_string();
            std::fs::write(folder.join(FILE), text).unwrap();
            assert_eq!(Calibration::load(&folder, &root), None, "{field}");
        }
        std::fs::write(folder.join(FILE), "{").unwrap();
        assert_eq!(Calibration::load(&folder, &root), None);
    }
}
