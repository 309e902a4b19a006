//! When an estimate is no estimate: CPU seconds are charged for waiting, too. An engine whose threads
//! wait for each other keeps them spinning, so that beside a busy neighbour it uses several times the
//! CPU seconds per token that it uses alone, and no factor puts that right. Above a limit there is no
//! figure rather than one that is wrong by more than it says.

use crate::measuring::spoiled::MOST_OTHER_LOAD;
use crate::session::words::capital;
use wattsmith_domain::{
    Configuration, CpuUse, Repeat, Seconds, Warning, WarningKind, host_took, others_used,
};

/// CPU seconds per second that others may take from the cores which the engine needs. Found with
/// `scripts/bench-busy-estimate` (docs/figures.md): figures of two threads on two cores stayed within the
/// ±50 % that an estimate states up to 0.31, and left it at 0.42.
pub const MOST_TAKEN_CORES: f64 = 0.35;
/// The environment variable that replaces it: a number of cores, or `never`.
const VARIABLE: &str = "WATTSMITH_BUSY_LIMIT";

/// How much of the CPU others may take before an estimate is refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BusyLimit(f64);

impl Default for BusyLimit {
    fn default() -> Self {
        Self(MOST_TAKEN_CORES)
    }
}

impl BusyLimit {
    /// Nothing is too busy: for tests on machines where other work runs.
    pub const NEVER: Self = Self(f64::INFINITY);

    /// So many cores.
    #[must_use]
    pub fn cores(cores: f64) -> Self {
        Self(cores)
    }

    /// From the environment, else the usual one.
    pub(crate) fn from_environment() -> Self {
        match std::env::var(VARIABLE) {
            Ok(text) => Self::parse(&text).unwrap_or_else(|| {
                tracing::warn!("{VARIABLE}={text:?} is neither a number of cores nor `never`");
                Self::default()
            }),
            Err(_) => Self::default(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "never" => Some(Self::NEVER),
            number => number
                .parse()
                .ok()
                .filter(|cores: &f64| *cores >= 0.0)
                .map(Self),
        }
    }

    /// Whether CPU seconds of such a window tell no energy. `threads` is how many threads of the
    /// engine compute at once: cores that they leave free may be used by anybody.
    #[must_use]
    pub fn is_exceeded(self, cpu: &CpuUse, window: Seconds, threads: u32) -> bool {
        taken_cores(cpu, window, threads) > self.0
    }
}

/// CPU seconds per second that others took from the cores which the engine's threads need.
#[must_use]
pub fn taken_cores(cpu: &CpuUse, window: Seconds, threads: u32) -> f64 {
    if window.0 <= 0.0 {
        return 0.0;
    }
    let free = cpu.places().saturating_sub(threads);
    (cpu.taken_s() / window.0 - f64::from(free)).max(0.0)
}

/// Threads of the engine that compute at once; as many as there are cores where nothing is set.
pub(crate) fn threads(configuration: &Configuration, cpu: &CpuUse) -> u32 {
    let set = ["threads", "threads-batch", "num-thread"]
        .into_iter()
        .filter_map(|name| configuration.int(name))
        .max();
    set.and_then(|threads| u32::try_from(threads).ok())
        .unwrap_or_else(|| cpu.places())
}

/// Whether others took more of a stretch than a recording bears: of the CPU, or for an estimate of the cores that
/// the engine's threads are on. `whole`: a sensor sees the whole machine. Stretches below a second are too short to
/// tell.
pub(crate) fn is_taken(
    cpu: &CpuUse,
    span: Seconds,
    whole: bool,
    limit: BusyLimit,
    threads: u32,
) -> bool {
    let (other, stolen) = cpu.taken_shares(span, whole);
    let spins = !whole && limit.is_exceeded(cpu, span, threads);
    span.0 >= 1.0 && (other.max(stolen) > MOST_OTHER_LOAD || spins)
}

/// Who took how much of the CPU, such as `other programs used 58 % of the CPU`; none where nobody
/// took any.
pub(crate) fn takers(cpu: &CpuUse, window: Seconds) -> Option<String> {
    let (other, stolen) = cpu.taken_shares(window, false);
    let (others, host) = (others_used(other), host_took(stolen));
    match (other >= 0.005, stolen >= 0.005) {
        (true, true) => Some(format!("{others} and {host}")),
        (true, false) => Some(others),
        (false, true) => Some(host),
        (false, false) => None,
    }
}

/// Why a window is worth no figure, without a full stop; none where it is worth one.
pub(crate) fn cause(repeat: &Repeat) -> String {
    let who =
        takers(&repeat.cpu, repeat.window).unwrap_or_else(|| "others used the CPU".to_owned());
    format!("too busy to estimate: {who}")
}

/// The warning of an estimate whose window was too busy.
pub(crate) fn warning(
    repeat: &Repeat,
    configuration: &Configuration,
    limit: BusyLimit,
) -> Option<Warning> {
    let threads = threads(configuration, &repeat.cpu);
    let exceeded = limit.is_exceeded(&repeat.cpu, repeat.window, threads);
    (!repeat.energy.is_measured() && exceeded).then(|| Warning {
        fault: None,
        kind: WarningKind::TooBusy,
        text: format!(
            "{}. The engine's threads spin while they wait for a core, and CPU time cannot tell \
             that from work. Let the machine be quiet and measure again.",
            capital(&cause(repeat))
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::Allowance;
    use wattsmith_testkit::fixtures::{Fixture, Shown};

    fn beside(other_s: f64, stolen_s: f64) -> Repeat {
        let mut repeat = Fixture::without_sensors().repeat(1, Shown(100.0, 20.0));
        repeat.window = Seconds(10.0);
        repeat.cpu.cores = 2;
        (repeat.cpu.other_s, repeat.cpu.stolen_s) = (other_s, stolen_s);
        repeat
    }

    fn with_threads(threads: i64) -> Configuration {
        let mut configuration = Configuration::default();
        configuration.set("threads", wattsmith_domain::Value::Int(threads));
        configuration
    }

    #[test]
    fn an_estimate_beside_others_on_its_cores_is_refused_and_a_sensor_is_not() {
        let limit = BusyLimit::default();
        let said = |repeat: &Repeat, threads| warning(repeat, &with_threads(threads), limit);
        let busy = beside(10.0 * MOST_TAKEN_CORES + 0.1, 0.0);
        let seen = said(&busy, 2).unwrap();
        assert_eq!(seen.kind, WarningKind::TooBusy);
        assert_eq!(said(&beside(10.0 * MOST_TAKEN_CORES - 0.1, 0.0), 2), None);
        // One thread leaves a core to the neighbour.
        assert_eq!(said(&busy, 1), None);
        let full = beside(16.0, 0.0);
        insta::assert_snapshot!(said(&full, 1).unwrap().text, @"Too busy to estimate: other programs used 80 % of the CPU. The engine's threads spin while they wait for a core, and CPU time cannot tell that from work. Let the machine be quiet and measure again.");
        insta::assert_snapshot!(cause(&beside(3.0, 5.0)), @"too busy to estimate: other programs used 15 % of the CPU and the host of this virtual machine took 25 % of the CPU away");
        // A host that takes its cores away makes them wait as well.
        assert!(said(&beside(0.0, 6.0), 2).is_some());
        let mut measured = Fixture::on_gpu().repeat(1, Shown(400.0, 120.0));
        measured.cpu = full.cpu;
        assert_eq!(said(&measured, 2), None);
    }

    #[test]
    fn what_runs_on_cores_that_the_engine_may_not_use_is_none_of_its_matter() {
        let mut repeat = beside(300.0, 0.0);
        repeat.cpu.cores = 64;
        repeat.cpu.allowed = Some(Allowance {
            cores: 2.0,
            places: 2,
            other_s: 0.5,
            ..Allowance::default()
        });
        let said = |repeat: &Repeat| warning(repeat, &with_threads(2), BusyLimit::default());
        assert_eq!(said(&repeat), None);
        repeat.cpu.allowed = repeat.cpu.allowed.map(|one| Allowance {
            other_s: 9.0,
            ..one
        });
        let text = said(&repeat).unwrap().text;
        assert!(
            text.contains("other programs used 45 % of the CPU"),
            "{text}"
        );
    }

    #[test]
    fn the_limit_is_a_number_of_cores_or_never() {
        assert_eq!(BusyLimit::parse("0.5"), Some(BusyLimit::cores(0.5)));
        assert_eq!(BusyLimit::parse("never"), Some(BusyLimit::NEVER));
        for odd in ["", "much", "-1", "NaN"] {
            assert_eq!(BusyLimit::parse(odd), None, "{odd}");
        }
        let full = beside(20.0, 0.0);
        let exceeded = |limit: BusyLimit| limit.is_exceeded(&full.cpu, full.window, 2);
        assert!(exceeded(BusyLimit::cores(1.9)) && !exceeded(BusyLimit::NEVER));
    }
}
