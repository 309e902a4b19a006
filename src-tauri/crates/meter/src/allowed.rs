//! What others used of the cores that the engine may use, and how its quota held it back. Read only
//! where the engine may not use the whole machine; otherwise the machine's own sums say it all.

use crate::cgroup::Throttling;
use crate::cpu::{MOST_UNREAD, busy_and_stolen};
use crate::files::Root;
use crate::series::Series;
use crate::usable::Bounds;
use wattsmith_domain::{Allowance, CpuUse, MonotonicNs, QuotaUse};

/// One reading; seconds since the start of the machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AllowedReading {
    /// Of the cores that the engine may use.
    busy: f64,
    stolen: f64,
    /// Of each quota; none where its group does not count.
    quotas: Vec<Option<Throttling>>,
}

impl AllowedReading {
    /// `stat` is the text of `/proc/stat`. None where it has no lines of those cores, as in a
    /// container that shows numbers of its own.
    pub(crate) fn read(root: &Root, stat: &str, bounds: &Bounds) -> Option<Self> {
        let own = stat.lines().filter_map(|line| {
            let (name, rest) = line.strip_prefix("cpu")?.split_once(' ')?;
            let number: u32 = name.parse().ok()?;
            bounds.cpus.has(number).then(|| busy_and_stolen(rest))?
        });
        let (mut busy, mut stolen, mut seen) = (0.0, 0.0, 0);
        for (one_busy, one_stolen) in own {
            busy += one_busy;
            stolen += one_stolen;
            seen += 1;
        }
        (seen == bounds.cpus.len()).then(|| Self {
            busy,
            stolen,
            quotas: bounds
                .quotas
                .iter()
                .map(|one| one.throttling(root))
                .collect(),
        })
    }
}

/// Such readings over time.
#[derive(Debug, Clone)]
pub(crate) struct AllowedLog {
    bounds: Bounds,
    busy: Series,
    stolen: Series,
    quotas: Vec<QuotaLog>,
}

/// One quota's counters over time.
#[derive(Debug, Clone)]
struct QuotaLog {
    cores: f64,
    periods: Series,
    throttled: Series,
    seconds: Series,
}

impl AllowedLog {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let quotas = bounds.quotas.iter().map(|quota| QuotaLog {
            cores: quota.cores,
            periods: Series::default(),
            throttled: Series::default(),
            seconds: Series::default(),
        });
        Self {
            quotas: quotas.collect(),
            bounds,
            busy: Series::default(),
            stolen: Series::default(),
        }
    }

    pub(crate) fn push(&mut self, at: MonotonicNs, reading: &AllowedReading) {
        self.busy.push(at, reading.busy);
        self.stolen.push(at, reading.stolen);
        for (log, seen) in self.quotas.iter_mut().zip(&reading.quotas) {
            if let Some(seen) = seen {
                log.periods.push(at, seen.periods);
                log.throttled.push(at, seen.throttled);
                log.seconds.push(at, seen.seconds);
            }
        }
    }

    /// Between two instants; `whole` is what was used of the whole machine, which is all that is
    /// known of others where the cores' own lines are not shown.
    pub(crate) fn between(&self, from: MonotonicNs, to: MonotonicNs, whole: &CpuUse) -> Allowance {
        let gained = |series: &Series| series.gained(from, to, MOST_UNREAD).ok();
        let ours_s = whole.engine_s + whole.own_s;
        Allowance {
            cores: self.bounds.capacity(),
            places: self.bounds.cpus.len(),
            other_s: gained(&self.busy).map_or(whole.other_s, |busy| (busy - ours_s).max(0.0)),
            stolen_s: gained(&self.stolen).unwrap_or(whole.stolen_s),
            quota: self.quota(from, to),
        }
    }

    /// The quota that held back most, the tightest of equals.
    fn quota(&self, from: MonotonicNs, to: MonotonicNs) -> Option<QuotaUse> {
        let used = |log: &QuotaLog| {
            // A group that does not count is a quota without throttling seen.
            let gained = |series: &Series| {
                let gained = series.gained(from, to, MOST_UNREAD);
                gained.unwrap_or(0.0).max(0.0)
            };
            QuotaUse {
                cores: log.cores,
                periods: gained(&log.periods).round() as u32,
                throttled: gained(&log.throttled).round() as u32,
                throttled_s: gained(&log.seconds),
            }
        };
        self.bounds.quota()?;
        self.quotas.iter().map(used).reduce(|most, one| {
            if one.throttled > most.throttled {
                one
            } else {
                most
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: MonotonicNs = MonotonicNs(1_000_000_000);

    /// A machine of four cores, of which the engine may use two, with half a core of quota.
    fn files(busy: [u32; 4], throttled: u32) -> Vec<(&'static str, String)> {
        let cores = busy.iter().enumerate();
        let stat: String = cores
            .map(|(cpu, ticks)| format!("cpu{cpu} {ticks} 0 0 5000 0 0 0 7 0 0\n"))
            .collect();
        vec![
            ("proc/stat", format!("cpu  9 0 0 0 0 0 0 0 0 0\n{stat}")),
            ("proc/self/cgroup", "0::/\n".to_owned()),
            ("proc/self/status", "Cpus_allowed_list:\t1-2\n".to_owned()),
            ("sys/fs/cgroup/cpu.max", "50000 100000\n".to_owned()),
            (
                "sys/fs/cgroup/cpu.stat",
                format!(
                    "usage_usec 1\nnr_periods {}\nnr_throttled {throttled}\nthrottled_usec {}\n",
                    2 * throttled,
                    50_000 * throttled
                ),
            ),
        ]
    }

    fn read(files: &[(&str, String)]) -> (Bounds, Option<AllowedReading>) {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let (_dir, root) = crate::files::tree("", &files);
        let bounds = Bounds::look(&root);
        let stat = root.text("proc/stat").unwrap();
        let reading = AllowedReading::read(&root, &stat, &bounds);
        (bounds, reading)
    }

    #[test]
    fn others_are_counted_on_the_cores_of_the_engine_alone() {
        let (bounds, before) = read(&files([100, 100, 100, 100], 40));
        let (_, after) = read(&files([900, 150, 170, 900], 48));
        let mut log = AllowedLog::new(bounds);
        log.push(MonotonicNs(0), &before.unwrap());
        log.push(SECOND, &after.unwrap());
        let whole = CpuUse {
            engine_s: 0.4,
            own_s: 0.1,
            other_s: 16.0,
            ..CpuUse::default()
        };
        let seen = log.between(MonotonicNs(0), SECOND, &whole);
        assert_eq!((seen.cores, seen.places), (0.5, 2));
        assert!((seen.other_s - 0.7).abs() < 1e-9, "{seen:?}");
        assert_eq!(seen.stolen_s, 0.0);
        let quota = seen.quota.unwrap();
        assert_eq!(
            (quota.cores, quota.periods, quota.throttled),
            (0.5, 16, 8),
            "{quota:?}"
        );
        assert!((quota.throttled_s - 0.4).abs() < 1e-9);
        assert_eq!(quota.share(), 0.5);
    }

    #[test]
    fn of_cores_that_are_not_shown_the_machines_own_sums_are_told() {
        let mut files = files([1, 1, 1, 1], 0);
        files[0].1 = "cpu  9 0 0 0 0 0 0 0\ncpu0 9 0 0 0 0 0 0 0\ncpu1 9 0 0 0 0 0 0 0\n".into();
        // The mask of a batch system that the container's own numbers do not show.
        files[2].1 = "Cpus_allowed_list:\t6-7\n".into();
        let (bounds, reading) = read(&files);
        assert_eq!(reading, None);
        let whole = CpuUse {
            other_s: 0.3,
            stolen_s: 0.2,
            ..CpuUse::default()
        };
        let seen = AllowedLog::new(bounds).between(MonotonicNs(0), SECOND, &whole);
        assert_eq!((seen.other_s, seen.stolen_s), (0.3, 0.2));
    }
}
