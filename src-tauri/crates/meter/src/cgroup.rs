//! Control groups: how much CPU time this process may use, on which cores, and how often it was held
//! back. Groups of version 1 and 2, alone or side by side; nested ones, of which the tightest counts;
//! and containers that see their own group as the root of all.

use crate::cpu_list::CpuList;
use crate::files::Root;

/// Where the two versions are usually mounted. Looked at besides the table of mounts, which a
/// container may not show.
const USUAL_V2: [&str; 2] = ["sys/fs/cgroup", "sys/fs/cgroup/unified"];
const USUAL_V1: [(&str, &str); 3] = [
    ("cpu", "sys/fs/cgroup/cpu"),
    ("cpu", "sys/fs/cgroup/cpu,cpuacct"),
    ("cpuset", "sys/fs/cgroup/cpuset"),
];
/// Period of a quota where a file of version 2 does not tell it, microseconds.
const USUAL_PERIOD_US: f64 = 100_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// One control group of this process: a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    folder: String,
    version: Version,
}

/// CPU time that a group may use.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quota {
    /// CPU seconds per second.
    pub(crate) cores: f64,
    /// The file that says so, below the root.
    pub(crate) file: String,
    /// Its group's file of counters.
    counters: String,
}

/// How often a group was held back since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Throttling {
    /// Periods in which it had something to do.
    pub(crate) periods: f64,
    /// Those of them in which its quota was used up.
    pub(crate) throttled: f64,
    /// Time that its cores stood still, summed over cores, seconds.
    pub(crate) seconds: f64,
}

impl Quota {
    /// None where the group does not count.
    pub(crate) fn throttling(&self, root: &Root) -> Option<Throttling> {
        let text = root.text(&self.counters)?;
        let number = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            lines.find(|(key, _)| *key == name)?.1.trim().parse().ok()
        };
        let seconds = number("throttled_usec")
            .map(|micro: f64| micro / 1e6)
            .or_else(|| number("throttled_time").map(|nano: f64| nano / 1e9));
        Some(Throttling {
            periods: number("nr_periods")?,
            throttled: number("nr_throttled")?,
            seconds: seconds.unwrap_or(0.0),
        })
    }
}

/// Every quota that holds for this process, the tightest first.
pub(crate) fn quotas(root: &Root) -> Vec<Quota> {
    let mut quotas: Vec<Quota> = groups(root, "cpu")
        .into_iter()
        .filter_map(|group| quota(root, &group))
        .collect();
    quotas.sort_by(|one, other| one.cores.total_cmp(&other.cores));
    quotas
}

fn quota(root: &Root, group: &Group) -> Option<Quota> {
    let folder = &group.folder;
    let (file, quota_us, period_us) = match group.version {
        Version::Two => {
            let file = format!("{folder}/cpu.max");
            let text = root.text(&file)?;
            let mut words = text.split_whitespace();
            // "max" is no number: no quota.
            let quota: f64 = words.next()?.parse().ok()?;
            let period = words.next().and_then(|word| word.parse().ok());
            (file, quota, period.unwrap_or(USUAL_PERIOD_US))
        }
        Version::One => {
            let file = format!("{folder}/cpu.cfs_quota_us");
            // -1 is no quota.
            let quota: f64 = root.text(&file)?.parse().ok()?;
            let period = root.text(&format!("{folder}/cpu.cfs_period_us"))?;
            (file, quota, period.parse().ok()?)
        }
    };
    (quota_us > 0.0 && period_us > 0.0).then(|| Quota {
        cores: quota_us / period_us,
        file,
        counters: format!("{folder}/cpu.stat"),
    })
}

/// The cores that the groups of this process leave it, with the file that says so; none where no
/// group tells.
pub(crate) fn cpuset(root: &Root) -> Option<(CpuList, String)> {
    let mut narrowest: Option<(CpuList, String)> = None;
    for group in groups(root, "cpuset") {
        let names: &[&str] = match group.version {
            Version::Two => &["cpuset.cpus.effective"],
            Version::One => &["cpuset.effective_cpus", "cpuset.cpus"],
        };
        let found = names.iter().find_map(|name| {
            let file = format!("{}/{name}", group.folder);
            let cpus = CpuList::parse(&root.text(&file)?)?;
            (!cpus.is_empty()).then_some((cpus, file))
        });
        let Some((cpus, file)) = found else { continue };
        narrowest = match narrowest {
            Some((before, _)) if cpus.and(&before).len() < before.len() => {
                Some((cpus.and(&before), file))
            }
            None => Some((cpus, file)),
            kept => kept,
        };
    }
    narrowest.filter(|(cpus, _)| !cpus.is_empty())
}

/// The groups of this process under a controller, innermost first, up to the root that it sees.
fn groups(root: &Root, controller: &str) -> Vec<Group> {
    let own = root.text("proc/self/cgroup").unwrap_or_default();
    let path = |version: Version| {
        own.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (number, names, path) = (fields.next()?, fields.next()?, fields.next()?);
            let named = names.split(',').any(|name| name == controller);
            let meant = match version {
                Version::Two => number == "0" && names.is_empty(),
                Version::One => named,
            };
            meant.then(|| path.to_owned())
        })
    };
    let paths = [path(Version::Two), path(Version::One)];
    let mut groups = Vec::new();
    for mount in mounts(root, controller) {
        let path = match mount.version {
            Version::Two => &paths[0],
            Version::One => &paths[1],
        };
        let mut below = path.as_deref().map_or("", |path| mount.below(path));
        loop {
            let folder = match below {
                "" => mount.folder.clone(),
                below => format!("{}/{below}", mount.folder),
            };
            let group = Group {
                folder,
                version: mount.version,
            };
            if !groups.contains(&group) {
                groups.push(group);
            }
            if below.is_empty() {
                break;
            }
            below = below.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
    groups
}

/// A place where groups are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    folder: String,
    /// Which group its folder is: `/` is the topmost one.
    shows: String,
    version: Version,
}

impl Mount {
    /// A group's path as it is called below this mount. A group outside of what is shown (such as
    /// a container's, told by the host's name) is the mount itself.
    fn below<'a>(&self, path: &'a str) -> &'a str {
        let shown = self.shows.trim_end_matches('/');
        let rest = path.strip_prefix(shown).unwrap_or("");
        let rest = match rest.strip_prefix('/') {
            Some(rest) => rest.trim_matches('/'),
            None => "",
        };
        match rest.split('/').any(|part| part == "..") {
            true => "",
            false => rest,
        }
    }
}

fn mounts(root: &Root, controller: &str) -> Vec<Mount> {
    let table = root.text("proc/self/mountinfo").unwrap_or_default();
    let told = table.lines().filter_map(|line| mount(line, controller));
    let usual = |folder: &str, version| Mount {
        folder: folder.to_owned(),
        shows: "/".to_owned(),
        version,
    };
    let usual_v2 = USUAL_V2.iter().map(|folder| usual(folder, Version::Two));
    let usual_v1 = USUAL_V1
        .iter()
        .filter(|(name, _)| *name == controller)
        .map(|(_, folder)| usual(folder, Version::One));
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in told.chain(usual_v2).chain(usual_v1) {
        // What is really mounted there says best what it shows.
        let same = |one: &Mount| one.folder == mount.folder && one.version == mount.version;
        if !mounts.iter().any(same) {
            mounts.push(mount);
        }
    }
    mounts
}

/// A line of `/proc/self/mountinfo`: `36 35 0:26 SHOWS FOLDER options … - TYPE source super-options`.
fn mount(line: &str, controller: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ').skip(3);
    let (shows, folder) = (fields.next()?, fields.next()?);
    let mut after = after.split(' ');
    let version = match after.next()? {
        "cgroup2" => Version::Two,
        "cgroup" => {
            let mut options = after.nth(1)?.split(',');
            options
                .any(|one| one == controller)
                .then_some(Version::One)?
        }
        _ => return None,
    };
    Some(Mount {
        folder: unescaped(folder).trim_start_matches('/').to_owned(),
        shows: unescaped(shows),
        version,
    })
}

/// Blanks in paths are written in octal there.
fn unescaped(path: &str) -> String {
    path.replace("\\040", " ").replace("\\011", "\t")
}

#[cfg(test)]
#[path = "cgroup_tests.rs"]
mod tests;
