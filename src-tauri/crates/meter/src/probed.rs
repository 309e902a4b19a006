//! What probing found of each counter, kept for the next start.
//!
//! Watching a counter until its period is known takes up to a second; that period and its steps stay
//! what they are while machine, kernel and driver do. So they are kept in a file beside the
//! calibration. A counter is still watched until it moves once, which takes one of its periods: one
//! that has frozen since, or that fails, is watched anew and at length. Neighbours: `probe` does the
//! watching, `nvml` and `rapl` ask here for it.

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
}

/// The file.
#[derive(Serialize, Deserialize)]
struct File {
    /// Machine and kernel that it holds for.
    machine: String,
    counters: BTreeMap<String, Kept>,
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
            .filter(|kept| kept.machine == machine)
            .map(|kept| kept.counters)
            .unwrap_or_default();
        Self {
            file,
            machine,
            kept,
            seen: RefCell::default(),
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
            && moves(counter)
        {
            self.seen.borrow_mut().insert(key.to_owned(), kept);
            return Watched {
                counter: Ok(kept.counter.into()),
                gauge: kept.gauge.map(Movement::from),
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

    /// Keeps what was seen. A folder that cannot be written costs the next start a second, so that
    /// is logged and no more.
    pub(crate) fn keep(self) {
        let counters = self.seen.into_inner();
        let Some(file) = self.file.filter(|_| counters != self.kept) else {
            return;
        };
        let content = File {
            machine: self.machine,
            counters,
        };
        let kept = serde_json::to_vec_pretty(&content)
            .map_err(std::io::Error::from)
            .and_then(|text| replace(&file, &text));
        if let Err(error) = kept {
            tracing::warn!(%error, "what probing found cannot be kept");
        }
    }
}

/// Whether the counter moves within the patience that any counter gets.
fn moves(counter: &dyn EnergyCounter) -> bool {
    let begin = Instant::now();
    let Ok(first) = counter.energy() else {
        return false;
    };
    while begin.elapsed() < PATIENCE {
        std::thread::sleep(LOOK_EVERY);
        match counter.energy() {
            Ok(now) if now == first => {}
            Ok(_) => return true,
            Err(_) => return false,
        }
    }
    false
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
                false => Err(ReadError("gone".to_owned())),
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
    fn the_next_start_believes_what_was_kept_after_one_movement() {
        let (dir, root) = machine("6.1.0");
        // On a fresh machine nobody has made the folder yet.
        let folder = dir.path().join("sensors");
        let seen = first_start(&folder, &root);
        let next = Probed::open(Some(&folder), &root, false);
        let counter = scripted(2, true);
        let watched = next.watch("board", &counter, None);
        assert_eq!(watched.counter.ok(), Some(seen));
        // One movement is a look or three; watching anew takes four movements.
        assert!(counter.readings.load(Ordering::Relaxed) <= 3);
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
    fn a_damaged_file_is_as_good_as_none() {
        let (dir, root) = machine("6.1.0");
        std::fs::write(dir.path().join(FILE), "{\"machine\": 3").unwrap();
        let seen = first_start(dir.path(), &root);
        assert_eq!(seen.step, 0.25);
        let again = Probed::open(Some(dir.path()), &root, false);
        assert_eq!(again.kept.len(), 1);
    }
}
