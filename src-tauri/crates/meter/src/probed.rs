//! What probing found of each counter, kept for the next start.
//!
//! Watching a counter until its period is known takes up to a second; that period and its steps stay
//! what they are while machine, kernel and driver do. So they are kept in a file beside the
//! calibration. A counter is still watched until it moves once, which takes one of its periods: one
//! that has frozen since, or that fails, is watched anew and at length. The same holds for pairs that
//! were found to mirror each other or not (`mirror`). Neighbours: `probe` does the watching; `nvml`,
//! `rapl` and `hwmon` ask here for it.

use crate::calibration::fingerprint;
use crate::files::{Root, replace};
use crate::probe::{Movement, PATIENCE, Watched, watch_both};
use crate::sensor::{EnergyCounter, PowerGauge};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const FILE: &str = "probe.json";
/// How often a counter is looked at until it moves.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The kept results, and those of this start.
pub(crate) struct Probed {
    file: Option<PathBuf>,
    machine: String,
    kept: BTreeMap<String, Kept>,
    seen: RefCell<BTreeMap<String, Kept>>,
    kept_pairs: BTreeMap<String, bool>,
    seen_pairs: RefCell<BTreeMap<String, bool>>,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct File {
    /// Machine and kernel that it holds for.
    machine: String,
    counters: BTreeMap<String, Kept>,
    /// Whether the second sensor of a pair shows the first one's value once more.
    #[serde(default)]
    mirrors: BTreeMap<String, bool>,
}

/// One counter, and the gauge beside it where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Kept {
    counter: Step,
    has_gauge: bool,
    gauge: Option<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Step {
    period_ns: u64,
    step: f64,
}

impl From<Movement> for Step {
    fn from(seen: Movement) -> Self {
        Self {
            period_ns: u64::try_from(seen.period.as_nanos()).unwrap_or(u64::MAX),
            step: seen.step,
        }
    }
}

impl From<Step> for Movement {
    fn from(kept: Step) -> Self {
        Self {
            period: Duration::from_nanos(kept.period_ns),
            step: kept.step,
        }
    }
}

impl Probed {
    /// What an earlier start kept in `folder` for this very machine and kernel; nothing where it is
    /// unreadable, of another machine, or to be forgotten.
    pub(crate) fn open(folder: Option<&Path>, root: &Root, forget: bool) -> Self {
        let kernel = root.text("proc/sys/kernel/osrelease").unwrap_or_default();
        let machine = format!("{} {kernel}", fingerprint(root));
        let file = folder.map(|folder| folder.join(FILE));
        let kept = file
            .as_deref()
            .filter(|_| !forget)
            .and_then(|file| std::fs::read(file).ok())
            .and_then(|text| serde_json::from_slice::<File>(&text).ok())
            .filter(|kept| kept.machine == machine);
        let (kept, kept_pairs) = kept
            .map(|kept| (kept.counters, kept.mirrors))
            .unwrap_or_default();
        Self {
            file,
            machine,
            kept,
            seen: RefCell::default(),
            kept_pairs,
            seen_pairs: RefCell::default(),
        }
    }

    /// Nothing kept, nothing to be kept.
    #[cfg(test)]
    pub(crate) fn nothing() -> Self {
        Self::open(None, &Root("/nowhere".into()), true)
    }

    /// How counter and gauge move: as kept, if the counter still moves, or else as watched now.
    /// `key` names the counter for good, such as by the UUID of its board and the driver's version.
    pub(crate) fn watch(
        &self,
        key: &str,
        counter: &dyn EnergyCounter,
        gauge: Option<&dyn PowerGauge>,
    ) -> Watched {
        let known = self.kept.get(key).copied();
        if let Some(kept) = known.filter(|kept| kept.has_gauge == gauge.is_some())
            && let Some(level) = moves(counter)
        {
            self.seen.borrow_mut().insert(key.to_owned(), kept);
            return Watched {
                counter: Ok(kept.counter.into()),
                gauge: kept.gauge.map(Movement::from),
                level: Some(level),
                disagreement: None,
            };
        }
        let watched = watch_both(counter, gauge);
        if let Ok(movement) = &watched.counter {
            let kept = Kept {
                counter: (*movement).into(),
                has_gauge: gauge.is_some(),
                gauge: watched.gauge.map(Step::from),
            };
            self.seen.borrow_mut().insert(key.to_owned(), kept);
        }
        watched
    }

    /// What was kept of a pair of sensors: whether the second mirrors the first.
    pub(crate) fn pair(&self, key: &str) -> Option<bool> {
        self.kept_pairs.get(key).copied()
    }

    /// What this start found of it.
    pub(crate) fn saw_pair(&self, key: String, mirrors: bool) {
        self.seen_pairs.borrow_mut().insert(key, mirrors);
    }

    /// Keeps what was seen. A folder that cannot be written costs the next start a second, so that
    /// is logged and no more.
    pub(crate) fn keep(self) {
        let counters = self.seen.into_inner();
        let mirrors = self.seen_pairs.into_inner();
        let news = counters != self.kept || mirrors != self.kept_pairs;
        let Some(file) = self.file.filter(|_| news) else {
            return;
        };
        let content = File {
            machine: self.machine,
            counters,
            mirrors,
        };
        let kept = serde_json::to_vec_pretty(&content)
            .map_err(std::io::Error::from)
            .and_then(|text| replace(&file, &text));
        if let Err(error) = kept {
            tracing::warn!(%error, "what probing found cannot be kept");
        }
    }
}

/// What the counter gains a second, from one movement to the next, where both come within the patience
/// that any counter gets.
fn moves(counter: &dyn EnergyCounter) -> Option<f64> {
    let begin = Instant::now();
    let mut last = counter.energy().ok()?.0;
    let mut moved: Option<(Duration, f64)> = None;
    while begin.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_EVERY);
        let now = counter.energy().ok()?.0;
        if now == last {
            continue;
        }
        let at = begin.elapsed();
        if let Some((before, joules)) = moved {
            return Some((now - joules) / (at - before).as_secs_f64());
        }
        moved = Some((at, now));
        last = now;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::tree;
    use crate::sensor::ReadError;
    use std::sync::atomic::{AtomicU32, Ordering};
    use wattsmith_domain::Joules;

    /// A counter that moves at every `every`-th reading.
    struct Scripted {
        readings: AtomicU32,
        every: u32,
        answers: bool,
    }

    fn scripted(every: u32, answers: bool) -> Scripted {
        Scripted {
            readings: AtomicU32::new(0),
            every,
            answers,
        }
    }

    impl EnergyCounter for Scripted {
        fn energy(&self) -> Result<Joules, ReadError> {
            let reading = self.readings.fetch_add(1, Ordering::Relaxed);
            match self.answers {
                true => Ok(Joules(f64::from(reading / self.every) * 0.25)),
                false => Err(ReadError::unreadable("gone")),
            }
        }
    }

    fn machine(kernel: &str) -> (tempfile::TempDir, Root) {
        tree("proc/sys/kernel", &[("osrelease", kernel)])
    }

    /// A first start that watches one counter and keeps what it saw; the movement.
    fn first_start(folder: &Path, root: &Root) -> Movement {
        let probed = Probed::open(Some(folder), root, false);
        let watched = probed.watch("board", &scripted(5, true), None);
        probed.keep();
        watched.counter.ok().unwrap()
    }

    #[test]
    fn the_next_start_believes_what_was_kept_after_two_movements() {
        let (dir, root) = machine("6.1.0");
        // On a fresh machine nobody has made the folder yet.
        let folder = dir.path().join("sensors");
        let seen = first_start(&folder, &root);
        let next = Probed::open(Some(&folder), &root, false);
        let counter = scripted(2, true);
        let watched = next.watch("board", &counter, None);
        assert_eq!(watched.counter.ok(), Some(seen));
        // Two movements are a look or five; watching anew takes four movements.
        assert!(counter.readings.load(Ordering::Relaxed) <= 5);
    }

    #[test]
    fn another_kernel_another_board_or_a_person_who_asks_for_it_is_watched_anew() {
        let (dir, root) = machine("6.1.0");
        first_start(dir.path(), &root);
        let readings_of = |probed: Probed, key: &str| {
            let counter = scripted(2, true);
            assert!(probed.watch(key, &counter, None).counter.is_ok());
            counter.readings.load(Ordering::Relaxed)
        };
        let (_other_dir, other) = machine("6.2.0");
        for (probed, key) in [
            (Probed::open(Some(dir.path()), &other, false), "board"),
            (Probed::open(Some(dir.path()), &root, true), "board"),
            (Probed::open(Some(dir.path()), &root, false), "another"),
        ] {
            assert!(readings_of(probed, key) > 5);
        }
    }

    #[test]
    fn a_counter_that_froze_or_vanished_since_is_not_believed() {
        let (dir, root) = machine("6.1.0");
        first_start(dir.path(), &root);
        let watch = |counter: &Scripted| {
            let probed = Probed::open(Some(dir.path()), &root, false);
            probed.watch("board", counter, None).counter
        };
        assert!(watch(&scripted(u32::MAX, true)).is_err());
        assert!(watch(&scripted(1, false)).is_err());
    }

    #[test]
    fn pairs_are_kept_beside_the_counters_and_a_file_without_them_is_read() {
        let (dir, root) = machine("6.1.0");
        let open = || Probed::open(Some(dir.path()), &root, false);
        let probed = open();
        assert_eq!(probed.pair("a | b"), None);
        probed.saw_pair("a | b".to_owned(), true);
        probed.keep();
        assert_eq!(open().pair("a | b"), Some(true));

        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
        file.as_object_mut().unwrap().remove("mirrors");
        std::fs::write(dir.path().join(FILE), file.to_string()).unwrap();
        first_start(dir.path(), &root);
        assert_eq!(open().pair("a | b"), None);
        assert_eq!(open().kept.len(), 1);
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
        let (dir, root) = machine("6.1.0");
        std::fs::write(dir.path().join(FILE), "{\"machine\": 3").unwrap();
        let seen = first_start(dir.path(), &root);
        assert_eq!(seen.step, 0.25);
        let again = Probed::open(Some(dir.path()), &root, false);
        assert_eq!(again.kept.len(), 1);
    }
}
