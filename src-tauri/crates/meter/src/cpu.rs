//! CPU time of the engine's process tree, of our own and of the whole machine, from procfs.

use crate::allowed::{AllowedLog, AllowedReading};
use crate::files::Root;
use crate::series::{Hole, Series};
use crate::usable::Bounds;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use wattsmith_domain::{CpuUse, MonotonicNs};

/// The kernel tells CPU time to user space in hundredths of a second on every architecture that
/// runs an inference engine.
const TICKS_PER_SECOND: f64 = 100.0;
/// How often the tree is searched for new processes. What a process used before it is found counts
/// in full once it is, so this only delays, and it spares reading every process ten times a second.
const SEARCH_EVERY: Duration = Duration::from_secs(2);
/// How long CPU time may go unread around an edge of the window. Wider than for sensors: between
/// two readings it is known exactly, and only the share before the edge is interpolated.
pub(crate) const MOST_UNREAD: Duration = Duration::from_secs(2);

/// Reads CPU seconds, again and again.
pub(crate) struct CpuReader {
    root: Root,
    engine: Option<Tree>,
    /// This process and those that it started, such as the ones that draw its window; without the
    /// engine's.
    own: Tree,
    searched: Option<Instant>,
    /// What the engine may use of the machine; none where it is all of it.
    bounds: Option<Bounds>,
}

/// Processes whose CPU time is summed.
struct Tree {
    top: u32,
    members: Vec<u32>,
    /// They never run backwards, even when a process takes its share with it.
    seconds: f64,
}

impl Tree {
    fn of(top: u32) -> Self {
        Self {
            top,
            members: vec![top],
            seconds: 0.0,
        }
    }
}

/// One reading, CPU seconds since each one's own origin.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CpuReading {
    pub(crate) engine: f64,
    pub(crate) own: f64,
    pub(crate) machine: f64,
    pub(crate) stolen: f64,
    pub(crate) allowed: Option<AllowedReading>,
}

impl CpuReader {
    pub(crate) fn new(root: Root, engine: Option<u32>) -> Self {
        let bounds = Some(Bounds::look(&root)).filter(Bounds::are_narrow);
        Self {
            bounds,
            root,
            engine: engine.map(Tree::of),
            own: Tree::of(std::process::id()),
            searched: None,
        }
    }

    /// Where its readings go.
    pub(crate) fn log(&self, cores: u32) -> CpuLog {
        CpuLog {
            allowed: self.bounds.clone().map(AllowedLog::new),
            ..CpuLog::new(cores)
        }
    }

    /// Reads all of them. `thorough` searches the trees even when they were searched a moment ago.
    pub(crate) fn read(&mut self, thorough: bool) -> Option<CpuReading> {
        let stat = self.root.text("proc/stat")?;
        let (machine, stolen) = machine_seconds(&stat)?;
        self.process(self.own.top)?;
        let due = |last: Instant| last.elapsed() >= SEARCH_EVERY;
        if thorough || self.searched.is_none_or(due) {
            self.search();
        }
        if let Some(tree) = &self.engine {
            let seconds = self.sum(tree, |process| process.seconds);
            if let Some(tree) = &mut self.engine {
                tree.seconds = tree.seconds.max(seconds);
            }
        }
        // Without children that ended: an engine that ends would leave all its CPU time to us, and
        // the reading after that is the one that the end of a window is interpolated towards.
        let own = self.sum(&self.own, |process| process.alone);
        self.own.seconds = self.own.seconds.max(own);
        Some(CpuReading {
            engine: self.engine.as_ref().map_or(0.0, |tree| tree.seconds),
            own: self.own.seconds,
            machine,
            stolen,
            allowed: self
                .bounds
                .as_ref()
                .and_then(|bounds| AllowedReading::read(&self.root, &stat, bounds)),
        })
    }

    fn sum(&self, tree: &Tree, of: fn(&Process) -> f64) -> f64 {
        let processes = tree.members.iter().filter_map(|pid| self.process(*pid));
        processes.map(|process| of(&process)).sum()
    }

    fn process(&self, pid: u32) -> Option<Process> {
        Process::parse(&self.root.text(&format!("proc/{pid}/stat"))?)
    }

    /// Finds the members of both trees.
    fn search(&mut self) {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        let names = self.root.names("proc");
        for pid in names.iter().filter_map(|name| name.parse().ok()) {
            if let Some(process) = self.process(pid) {
                children.entry(process.parent).or_default().push(pid);
            }
        }
        // The engine's first, so that they are gone when ours are looked for.
        if let Some(tree) = &mut self.engine {
            tree.members = descendants(&mut children, tree.top);
            let top = tree.top;
            children
                .values_mut()
                .for_each(|pids| pids.retain(|pid| *pid != top));
        }
        self.own.members = descendants(&mut children, self.own.top);
        self.searched = Some(Instant::now());
    }
}

/// `top` and everything that descends from it; taken out of `children`.
fn descendants(children: &mut HashMap<u32, Vec<u32>>, top: u32) -> Vec<u32> {
    let mut members = vec![top];
    let mut seen = HashSet::from([top]);
    let mut next = 0;
    while let Some(pid) = members.get(next) {
        let found = children.remove(pid).unwrap_or_default();
        members.extend(found.into_iter().filter(|pid| seen.insert(*pid)));
        next += 1;
    }
    members
}

/// The process that started this one.
pub(crate) fn parent(root: &Root, pid: u32) -> Option<u32> {
    Process::parse(&root.text(&format!("proc/{pid}/stat"))?).map(|process| process.parent)
}

struct Process {
    parent: u32,
    /// Its own CPU seconds.
    alone: f64,
    /// The same with its children that have ended and been waited for.
    seconds: f64,
}

impl Process {
    /// Reads `/proc/<pid>/stat`. The name in parentheses may hold spaces and parentheses itself, so
    /// fields are counted from the last one on.
    fn parse(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Field 3 (state) is the first after the name: utime is field 14.
        let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        let alone = (ticks(14)? + ticks(15)?) / TICKS_PER_SECOND;
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            alone,
            seconds: alone + (ticks(16)? + ticks(17)?) / TICKS_PER_SECOND,
        })
    }
}

/// Busy CPU seconds of the machine, and those that a hypervisor took away, from `/proc/stat`.
fn machine_seconds(stat: &str) -> Option<(f64, f64)> {
    busy_and_stolen(stat.lines().find_map(|line| line.strip_prefix("cpu "))?)
}

/// The same from the numbers of one line there. Guests count in `user` already; what was taken away
/// was not spent by anything here. Kernels before 2.6.11 do not tell it.
pub(crate) fn busy_and_stolen(numbers: &str) -> Option<(f64, f64)> {
    let fields: Option<Vec<f64>> = numbers
        .split_whitespace()
        .map(|field| field.parse().ok())
        .collect();
    match fields?.as_slice() {
        [user, nice, system, _idle, _iowait, irq, softirq, more @ ..] => {
            let busy = user + nice + system + irq + softirq;
            let stolen = more.first().copied().unwrap_or_default();
            Some((busy / TICKS_PER_SECOND, stolen / TICKS_PER_SECOND))
        }
        _ => None,
    }
}

/// Logical cores that are online, from `/proc/stat`; 0 where it cannot be read.
pub(crate) fn cores(root: &Root) -> u32 {
    let stat = root.text("proc/stat").unwrap_or_default();
    let count = stat
        .lines()
        .filter(|line| {
            line.strip_prefix("cpu")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
        .count();
    u32::try_from(count).unwrap_or(0)
}

/// CPU seconds over time.
#[derive(Debug, Clone, Default)]
pub(crate) struct CpuLog {
    engine: Series,
    own: Series,
    machine: Series,
    stolen: Series,
    allowed: Option<AllowedLog>,
    pub(crate) cores: u32,
}

impl CpuLog {
    pub(crate) fn new(cores: u32) -> Self {
        Self {
            cores,
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, at: MonotonicNs, reading: CpuReading) {
        self.engine.push(at, reading.engine);
        self.own.push(at, reading.own);
        self.machine.push(at, reading.machine);
        self.stolen.push(at, reading.stolen);
        if let (Some(log), Some(seen)) = (&mut self.allowed, &reading.allowed) {
            log.push(at, seen);
        }
    }

    pub(crate) fn engine(&self) -> &Series {
        &self.engine
    }

    /// Who used the CPU between two instants.
    pub(crate) fn between(&self, from: MonotonicNs, to: MonotonicNs) -> Result<CpuUse, Hole> {
        let gained = |series: &Series| series.gained(from, to, MOST_UNREAD);
        let (engine_s, own_s) = (gained(&self.engine)?, gained(&self.own)?);
        let whole = CpuUse {
            engine_s,
            own_s,
            // The three are read one after the other, and in whole ticks.
            other_s: (gained(&self.machine)? - engine_s - own_s).max(0.0),
            stolen_s: gained(&self.stolen)?,
            cores: self.cores,
            allowed: None,
        };
        let allowed = self.allowed.as_ref();
        Ok(CpuUse {
            allowed: allowed.map(|log| log.between(from, to, &whole)),
            ..whole
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        crate::files::tree("", files)
    }

    fn stat(name: &str, parent: u32, ticks: [u32; 4]) -> String {
        let [a, b, c, d] = ticks;
        format!("1 ({name}) S {parent} 1 1 0 -1 4194560 1 2 3 4 {a} {b} {c} {d} 20 0 9 0 77")
    }

    const MACHINE: &str =
        "cpu  1000 100 300 9999 50 20 30 40 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 1";

    #[test]
    fn the_tree_counts_descendants_and_children_that_have_ended() {
        // An engine that ended before left its time to us, which is not ours.
        let own = stat("wattsmith", 1, [5, 5, 900, 90]);
        let (_dir, root) = tree(&[
            ("proc/stat", MACHINE),
            (&format!("proc/{}/stat", std::process::id()), &own),
            (
                "proc/4000001/stat",
                &stat("llama (server) x", std::process::id(), [100, 20, 3, 7]),
            ),
            (
                "proc/4000002/stat",
                &stat("worker", 4_000_001, [50, 0, 0, 0]),
            ),
            (
                "proc/4000003/stat",
                &stat("worker's", 4_000_002, [25, 0, 0, 0]),
            ),
            ("proc/4000004/stat", &stat("stranger", 1, [900, 0, 0, 0])),
            // What draws our window is ours; the engine that we started is not.
            (
                "proc/4000005/stat",
                &stat("WebProcess", std::process::id(), [30, 10, 0, 0]),
            ),
            ("proc/self/stat", "not a process id"),
        ]);
        assert_eq!(cores(&root), 2);
        let mut reader = CpuReader::new(root.clone(), Some(4_000_001));
        let expected = CpuReading {
            engine: 2.05,
            own: 0.5,
            machine: 14.5,
            stolen: 0.4,
            allowed: None,
        };
        assert_eq!(reader.read(false), Some(expected.clone()));

        // The tree ends: what it used stays used.
        std::fs::remove_dir_all(root.path("proc/4000001")).unwrap();
        std::fs::remove_dir_all(root.path("proc/4000002")).unwrap();
        assert_eq!(reader.read(true), Some(expected));
    }

    #[test]
    fn a_machine_without_procfs_gives_nothing_rather_than_zero() {
        let (_dir, root) = tree(&[]);
        assert_eq!(CpuReader::new(root.clone(), None).read(true), None);
        let (_dir, root) = tree(&[("proc/stat", "cpu  garbled")]);
        assert_eq!(CpuReader::new(root, None).read(true), None);
    }

    #[test]
    fn other_load_is_what_neither_engine_nor_we_used() {
        let mut log = CpuLog::new(4);
        let reading = |engine, own, machine, stolen| CpuReading {
            engine,
            own,
            machine,
            stolen,
            allowed: None,
        };
        log.push(MonotonicNs(0), reading(1.0, 0.5, 100.0, 7.0));
        log.push(MonotonicNs(1_000_000_000), reading(3.0, 0.6, 103.0, 7.25));
        let used = log
            .between(MonotonicNs(0), MonotonicNs(1_000_000_000))
            .unwrap();
        assert!((used.engine_s - 2.0).abs() < 1e-9);
        assert!((used.own_s - 0.1).abs() < 1e-9);
        assert!((used.other_s - 0.9).abs() < 1e-9);
        assert!((used.stolen_s - 0.25).abs() < 1e-9);
        assert_eq!(used.cores, 4);
    }
}
