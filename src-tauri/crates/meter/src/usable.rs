//! Which cores the engine may use: what the machine has switched on, the affinity mask of this
//! process, the cpusets and quotas of its control groups, and which cores are fast.
//!
//! `std::thread::available_parallelism` knows masks and quotas, too; it tells one number, rounds
//! quotas down, and says neither why nor which cores. Reasons and core numbers are needed here.

use crate::cgroup::{self, Quota};
use crate::cpu_list::CpuList;
use crate::files::Root;
use std::collections::{BTreeMap, BTreeSet};
use wattsmith_domain::{CoreLimit, CoreLimitKind, CoreSet, CoreSetKind, Usable, cores_in_words};

const CPUS: &str = "sys/devices/system/cpu";
/// Lists of the fast cores of Intel's hybrid processors, and of their slow ones.
const INTEL_FAST: &str = "sys/devices/cpu_core/cpus";
const INTEL_SLOW: [&str; 2] = ["sys/devices/cpu_atom/cpus", "sys/devices/cpu_lowpower/cpus"];
/// A core below this share of the greatest capacity that the kernel states is slow. Between the
/// largest cores of one chip and its middle ones lies less.
const SLOW_CAPACITY: f64 = 0.5;
/// The same for the highest clock. Favoured cores of equal kind differ by less.
const SLOW_CLOCK: f64 = 0.8;

/// Within what the engine is held.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bounds {
    /// Logical cores that are there, switched on or not.
    present: CpuList,
    online: CpuList,
    /// Those on which threads may run; never empty where anything is known.
    pub(crate) cpus: CpuList,
    /// The tightest first.
    pub(crate) quotas: Vec<Quota>,
    why: Vec<CoreLimit>,
}

impl Bounds {
    pub(crate) fn look(root: &Root) -> Self {
        let online = online(root);
        let list = |file: &str| CpuList::parse(&root.text(file)?).filter(|one| !one.is_empty());
        let present = list(&format!("{CPUS}/present")).unwrap_or_else(|| online.clone());
        let mut why = Vec::new();
        let mut say = |kind, text: String| why.push(CoreLimit { kind, text });
        if present.and(&online).len() < present.len() {
            let off = CpuList::of(present.iter().filter(|cpu| !online.has(*cpu)));
            say(
                CoreLimitKind::Offline,
                format!("{} switched off (/{CPUS}/online)", cores(&off)),
            );
        }
        let mut cpus = online.clone();
        let cpuset = cgroup::cpuset(root);
        let affinity = affinity(root);
        // A container that shows numbers of its own (lxcfs) knows better how many there are, but
        // threads run on the numbers of the mask.
        let foreign = affinity
            .as_ref()
            .is_some_and(|mask| renumbered(root) || mask.and(&cpus).is_empty());
        if let Some((set, file)) = &cpuset
            && !foreign
            && !set.and(&cpus).is_empty()
        {
            if set.and(&cpus).len() < cpus.len() {
                let text = format!(
                    "its control group may run on {} only (/{file})",
                    cores(&set.and(&cpus))
                );
                say(CoreLimitKind::Cpuset, text);
            }
            cpus = set.and(&cpus);
        }
        if let Some(mask) = affinity {
            if foreign {
                cpus = mask;
                if cpus.len() > online.len() && !online.is_empty() {
                    cpus = CpuList::of(cpus.iter().take(online.len() as usize));
                }
            } else if !mask.and(&cpus).is_empty() {
                if mask.and(&cpus).len() < cpus.len() {
                    say(
                        CoreLimitKind::Affinity,
                        format!(
                            "the process may run on {} only (affinity mask)",
                            cores(&mask.and(&cpus))
                        ),
                    );
                }
                cpus = mask.and(&cpus);
            }
        }
        let quotas = cgroup::quotas(root);
        if let Some(quota) = quotas.first()
            && quota.cores < f64::from(cpus.len().max(1))
        {
            say(CoreLimitKind::Quota, quota_words(quota));
        }
        Self {
            present,
            online,
            cpus,
            quotas,
            why,
        }
    }

    /// The tightest quota, where it is less than the cores themselves.
    pub(crate) fn quota(&self) -> Option<&Quota> {
        let most = f64::from(self.cpus.len().max(1));
        self.quotas.first().filter(|quota| quota.cores < most)
    }

    /// Whether the engine may use less than every core that is switched on.
    pub(crate) fn are_narrow(&self) -> bool {
        self.quota().is_some() || self.cpus.len() < self.online.len()
    }

    /// CPU seconds per second that the engine may use.
    pub(crate) fn capacity(&self) -> f64 {
        let cores = f64::from(self.cpus.len());
        self.quota().map_or(cores, |quota| quota.cores.min(cores))
    }
}

/// Such as `a quota of 0.5 cores (/sys/fs/cgroup/cpu.max)`.
fn quota_words(quota: &Quota) -> String {
    format!(
        "a quota of {} for its control group (/{})",
        cores_in_words(quota.cores),
        quota.file
    )
}

/// Such as `cores 0-3`.
fn cores(cpus: &CpuList) -> String {
    match cpus.len() {
        1 => format!("core {cpus}"),
        _ => format!("cores {cpus}"),
    }
}

/// What the engine may use; none where not even the machine's cores can be told.
pub(crate) fn usable(root: &Root) -> Option<Usable> {
    let bounds = Bounds::look(root);
    if bounds.cpus.is_empty() {
        return None;
    }
    let most = bounds
        .quota()
        .map_or(u32::MAX, |quota| quota.cores.ceil() as u32)
        .max(1);
    let places = places(root, &bounds.cpus);
    let distinct = |cpus: &CpuList| {
        let places: BTreeSet<&String> = cpus.iter().filter_map(|cpu| places.get(&cpu)).collect();
        u32::try_from(places.len()).unwrap_or(u32::MAX)
    };
    let physical = distinct(&bounds.cpus).max(1);
    let mut why = bounds.why.clone();
    let fast = fast(root, &bounds.cpus);
    let sets = sets(&bounds.cpus, &places, fast.as_ref());
    let performance_cores = fast.map(|fast| {
        let count = distinct(&fast).max(1);
        why.push(CoreLimit {
            kind: CoreLimitKind::SlowCores,
            text: format!("only {} are fast ones, the others slower", cores(&fast)),
        });
        count.min(most)
    });
    Some(Usable {
        present: bounds.present.len().max(bounds.cpus.len()),
        logical: bounds.cpus.len().min(most),
        physical: physical.min(most),
        performance_cores,
        quota_cores: bounds.quota().map(|quota| quota.cores),
        cpus: bounds.cpus.to_string(),
        why,
        sets,
    })
}

/// Sets of cores to which an engine may be held, each once, all of them first.
fn sets(cpus: &CpuList, places: &BTreeMap<u32, String>, fast: Option<&CpuList>) -> Vec<CoreSet> {
    let mut taken = BTreeSet::new();
    let firsts = cpus
        .iter()
        .filter(|cpu| places.get(cpu).is_none_or(|place| taken.insert(place)));
    let mut sets: Vec<CoreSet> = Vec::new();
    let mut add = |kind, cpus: &CpuList| {
        let mask = cpus.mask();
        if !cpus.is_empty() && sets.iter().all(|one| one.mask != mask) {
            sets.push(CoreSet { kind, mask });
        }
    };
    add(CoreSetKind::All, cpus);
    add(CoreSetKind::OnePerCore, &CpuList::of(firsts));
    if let Some(fast) = fast {
        add(CoreSetKind::Fast, fast);
        let slow = cpus.iter().filter(|cpu| !fast.has(*cpu));
        add(CoreSetKind::Slow, &CpuList::of(slow));
    }
    sets
}

/// Cores that are switched on.
fn online(root: &Root) -> CpuList {
    let told = root
        .text(&format!("{CPUS}/online"))
        .and_then(|text| CpuList::parse(&text))
        .filter(|cpus| !cpus.is_empty());
    told.unwrap_or_else(|| {
        let stat = root.text("proc/stat").unwrap_or_default();
        let numbers = stat.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("cpu")?.split_once(' ')?;
            name.parse().ok()
        });
        CpuList::of(numbers)
    })
}

/// Cores on which the kernel lets this process run.
fn affinity(root: &Root) -> Option<CpuList> {
    let status = root.text("proc/self/status")?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    CpuList::parse(list).filter(|cpus| !cpus.is_empty())
}

/// Whether a container's file system puts numbers of its own in the place of the machine's.
fn renumbered(root: &Root) -> bool {
    let table = root.text("proc/self/mountinfo").unwrap_or_default();
    table.contains(" fuse.lxcfs ")
}

/// Where each logical core sits: those of one physical core share a place. What is not told is a core
/// of its own.
fn places(root: &Root, cpus: &CpuList) -> BTreeMap<u32, String> {
    let info = root.text("proc/cpuinfo").unwrap_or_default();
    let told = by_cpuinfo(&info);
    cpus.iter()
        .map(|cpu| {
            let topology = format!("{CPUS}/cpu{cpu}/topology");
            let read = |name: &str| root.text(&format!("{topology}/{name}"));
            let siblings = read("core_cpus_list").or_else(|| read("thread_siblings_list"));
            let place = siblings
                .or_else(|| told.get(&cpu).cloned())
                .unwrap_or_else(|| format!("core {cpu}"));
            (cpu, place)
        })
        .collect()
}

/// Package and core of each processor that `/proc/cpuinfo` tells both of.
fn by_cpuinfo(info: &str) -> BTreeMap<u32, String> {
    let mut places = BTreeMap::new();
    for block in info.split("\n\n") {
        let field = |name: &str| {
            let mut lines = block.lines().filter_map(|line| line.split_once(':'));
            lines
                .find(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim())
        };
        let number = field("processor").and_then(|number| number.parse().ok());
        if let (Some(number), Some(package), Some(core)) =
            (number, field("physical id"), field("core id"))
        {
            places.insert(number, format!("package {package} core {core}"));
        }
    }
    places
}

/// The fast ones among `cpus`; none where all are alike.
fn fast(root: &Root, cpus: &CpuList) -> Option<CpuList> {
    let list = |file: &str| CpuList::parse(&root.text(file)?);
    let mixed = |fast: CpuList| {
        let fast = fast.and(cpus);
        (!fast.is_empty() && fast.len() < cpus.len()).then_some(fast)
    };
    if let Some(fast) = list(INTEL_FAST)
        && INTEL_SLOW
            .iter()
            .filter_map(|file| list(file))
            .any(|slow| !slow.is_empty())
    {
        return mixed(fast);
    }
    let number = |cpu: u32, name: &str| -> Option<f64> {
        root.text(&format!("{CPUS}/cpu{cpu}/{name}"))?.parse().ok()
    };
    let above = |name: &str, share: f64| {
        let told: Vec<(u32, f64)> = cpus
            .iter()
            .map(|cpu| Some((cpu, number(cpu, name)?)))
            .collect::<Option<_>>()?;
        let most = told.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        let fast = told.iter().filter(|(_, value)| *value >= share * most);
        mixed(CpuList::of(fast.map(|(cpu, _)| *cpu)))
    };
    above("cpu_capacity", SLOW_CAPACITY).or_else(|| above("cpufreq/cpuinfo_max_freq", SLOW_CLOCK))
}

#[cfg(test)]
#[path = "usable_tests.rs"]
mod tests;
