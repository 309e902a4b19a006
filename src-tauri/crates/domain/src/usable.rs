//! How many of the machine's cores this process, and the engine that it starts, may use.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What keeps the engine from using every core that the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoreLimitKind {
    /// Cores that the kernel has switched off.
    Offline,
    /// The process may run on some cores only (`taskset`, a batch system).
    Affinity,
    /// Its control group may run on some cores only.
    Cpuset,
    /// Its control group may use so much CPU time and no more.
    Quota,
    /// Some cores are slower than others. They may be used, and the default leaves them out.
    SlowCores,
}

impl CoreLimitKind {
    /// The name used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Affinity => "affinity",
            Self::Cpuset => "cpuset",
            Self::Quota => "quota",
            Self::SlowCores => "slow-cores",
        }
    }
}

/// One such reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreLimit {
    /// Of what kind.
    pub kind: CoreLimitKind,
    /// What was seen and where, without a full stop, such as
    /// `a quota of 0.5 cores (/sys/fs/cgroup/cpu.max)`.
    pub text: String,
}

/// A number of cores of a quota, such as `0.5 cores` or `1 core`.
#[must_use]
pub fn cores_in_words(cores: f64) -> String {
    let cores = (cores * 100.0).round() / 100.0;
    format!("{cores} core{}", if cores == 1.0 { "" } else { "s" })
}

/// Cores that the engine may use. A quota is counted in whole cores, rounded up: that many threads
/// can be of use, and more cannot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Usable {
    /// Logical cores that the machine has, switched off or not.
    pub present: u32,
    /// Logical cores that may be used, at least 1.
    pub logical: u32,
    /// Physical cores behind them, at least 1.
    pub physical: u32,
    /// How many of the physical ones are fast; none where all that may be used are alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_cores: Option<u32>,
    /// CPU seconds per second that a quota allows, such as 1.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_cores: Option<f64>,
    /// Numbers of the logical cores that threads may run on, as the kernel writes them: `0-3,8`.
    pub cpus: String,
    /// Why it is less than the machine has; empty where it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<CoreLimit>,
    /// Sets of them to which an engine may be held, all of them first; older records have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<CoreSet>,
}

/// Which cores a set is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CoreSetKind {
    /// Every one that may be used.
    All,
    /// One thread of each physical core.
    OnePerCore,
    /// The fast ones.
    Fast,
    /// The slow ones.
    Slow,
}

impl fmt::Display for CoreSetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "every core",
            Self::OnePerCore => "one thread of each core",
            Self::Fast => "the fast cores",
            Self::Slow => "the slow cores",
        })
    }
}

/// Logical cores that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreSet {
    /// Which these are.
    pub kind: CoreSetKind,
    /// As a mask in hex, core 0 the lowest bit: `0x5` is cores 0 and 2.
    pub mask: String,
}

impl Usable {
    /// Whether anything keeps the engine from a core of the machine.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.why
            .iter()
            .any(|one| one.kind != CoreLimitKind::SlowCores)
    }

    /// Threads that can run at full speed all the time: the fast physical cores, and no more than
    /// whole cores of the quota. At least 1.
    #[must_use]
    pub fn steady_threads(&self) -> u32 {
        let fast = self.performance_cores.unwrap_or(self.physical);
        let quota = self
            .quota_cores
            .map_or(u32::MAX, |cores| cores.floor() as u32);
        fast.min(quota).max(1)
    }
}

/// Such as `1 of 2 cores: the process may run on core 0 only (affinity mask)`.
impl fmt::Display for Usable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            logical, present, ..
        } = self;
        write!(
            f,
            "{logical} of {present} core{}",
            if *present == 1 { "" } else { "s" }
        )?;
        for (index, limit) in self.why.iter().enumerate() {
            write!(f, "{} {}", if index == 0 { ":" } else { ";" }, limit.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usable(physical: u32, fast: Option<u32>, quota: Option<f64>) -> Usable {
        Usable {
            present: 16,
            logical: 16,
            physical,
            performance_cores: fast,
            quota_cores: quota,
            cpus: "0-15".to_owned(),
            why: Vec::new(),
            sets: Vec::new(),
        }
    }

    #[test]
    fn threads_that_never_wait_are_fast_cores_and_whole_cores_of_the_quota() {
        assert_eq!(usable(8, None, None).steady_threads(), 8);
        assert_eq!(usable(10, Some(4), None).steady_threads(), 4);
        assert_eq!(usable(8, None, Some(1.5)).steady_threads(), 1);
        assert_eq!(usable(8, None, Some(0.5)).steady_threads(), 1);
        assert_eq!(usable(8, Some(4), Some(6.9)).steady_threads(), 4);
    }

    #[test]
    fn slow_cores_are_told_and_are_no_limit() {
        let mut one = usable(8, Some(4), None);
        one.why.push(CoreLimit {
            kind: CoreLimitKind::SlowCores,
            text: "4 of its cores are slower".to_owned(),
        });
        assert!(!one.is_limited());
        assert_eq!(one.to_string(), "16 of 16 cores: 4 of its cores are slower");
        one.why[0].kind = CoreLimitKind::Affinity;
        assert!(one.is_limited());
        let json = serde_json::to_value(&one.why[0]).unwrap();
        assert_eq!(json["kind"], CoreLimitKind::Affinity.code());
    }
}
