//! Who used the cores that the engine may use, and in which words that is told. The draft's conclusion
//! on threads rests on it: cores that other programs took are no room for more threads.

use crate::session::words::percent;
use wattsmith_domain::{Repeat, cores_in_words};

/// Share of the time from which cores count as all in use.
const BUSY: f64 = 0.9;
/// Below this share there is room for more threads.
const ROOM: f64 = 0.6;
/// Share that others may take without a word: the meter does not warn below it either.
const SMALL: f64 = 0.05;
/// Share of a quota's periods in which it has to be used up to count as the limit.
const HELD: f64 = 0.1;

/// Shares of the CPU time that was there for the engine, 0 to 1, over some windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoreUse {
    /// The engine.
    pub engine: f64,
    /// Other programs, on the cores that the engine may use.
    pub others: f64,
    /// Taken away by the host of a virtual machine.
    pub host: f64,
    /// Cores of a quota that held the engine back, and the share of its periods in which it did.
    pub quota: Option<(f64, f64)>,
}

impl CoreUse {
    /// None where the windows do not tell.
    #[must_use]
    pub fn of(repeats: &[Repeat]) -> Option<Self> {
        let over = |tell: fn(&Repeat) -> f64| repeats.iter().map(tell).sum::<f64>();
        let possible = over(|one| one.window.0 * one.cpu.capacity());
        let engine_s = over(|one| one.cpu.engine_s);
        if possible <= 0.0 || engine_s <= 0.0 {
            return None;
        }
        // Others are held to no quota: what they take is a share of the cores themselves.
        let window = over(|one| one.window.0);
        let others = over(|one| one.window.0 * one.cpu.taken_shares(one.window, false).0);
        let host = over(|one| one.window.0 * one.cpu.taken_shares(one.window, false).1);
        let quotas = || repeats.iter().filter_map(|one| one.cpu.quota());
        let periods: u32 = quotas().map(|one| one.periods).sum();
        let throttled: u32 = quotas().map(|one| one.throttled).sum();
        let quota = quotas()
            .next()
            .map(|one| (one.cores, f64::from(throttled) / f64::from(periods.max(1))))
            .filter(|(_, share)| *share > 0.0);
        Some(Self {
            engine: (engine_s / possible).min(1.0),
            others: others / window,
            host: host / window,
            quota,
        })
    }

    /// Whether others took so much that what the engine used says little of its settings.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.others > SMALL || self.host > SMALL
    }

    /// Whether a quota was the limit.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.quota.is_some_and(|(_, share)| share > HELD)
    }

    /// Others, such as `other programs used 58 %`; none where they took little.
    #[must_use]
    pub fn takers(&self) -> Option<String> {
        let others =
            (self.others > SMALL).then(|| format!("other programs used {}", percent(self.others)));
        let host = (self.host > SMALL).then(|| {
            format!(
                "the host of this virtual machine took {} away",
                percent(self.host)
            )
        });
        let both: Vec<String> = others.into_iter().chain(host).collect();
        (!both.is_empty()).then(|| both.join(" and "))
    }

    /// What follows for the number of threads, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let share = percent(self.engine);
        if let Some((cores, held)) = self.quota.filter(|_| self.is_held()) {
            return format!(
                "A quota of {} of CPU time was used up in {} of its periods: more \
                 threads cannot help.",
                cores_in_words(cores),
                percent(held)
            );
        }
        let Some(takers) = self.takers() else {
            return if self.engine > BUSY {
                format!("All cores were busy ({share}): more threads cannot help.")
            } else if self.engine < ROOM {
                format!(
                    "The cores were busy only {share} of the time: there is room for more threads \
                     or more requests at once, unless memory is the limit."
                )
            } else {
                format!("The cores were busy {share} of the time.")
            };
        };
        let all = self.engine + self.others + self.host;
        if all > BUSY {
            format!(
                "It kept the cores busy {share} of the time, and {takers}: no core was left for more \
                 threads, so what more of them bring shows on a quiet machine only."
            )
        } else if all < ROOM {
            format!(
                "It kept the cores busy only {share} of the time, and {takers}: there was room for \
                 more threads or more requests at once, unless memory is the limit."
            )
        } else {
            format!("It kept the cores busy {share} of the time, and {takers}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{Allowance, QuotaUse, Seconds};
    use wattsmith_testkit::fixtures::{Fixture, Shown};

    fn said(engine: f64, others: f64, host: f64, quota: Option<(f64, f64)>) -> String {
        CoreUse {
            engine,
            others,
            host,
            quota,
        }
        .sentence()
    }

    #[test]
    fn cores_that_others_took_are_no_room_for_threads() {
        let all = [
            said(0.98, 0.01, 0.0, None),
            said(0.49, 0.02, 0.0, None),
            said(0.75, 0.0, 0.04, None),
            said(0.37, 0.58, 0.0, None),
            said(0.37, 0.0, 0.6, None),
            said(0.4, 0.3, 0.28, None),
            said(0.2, 0.1, 0.0, None),
            said(0.5, 0.2, 0.0, None),
            said(0.97, 0.0, 0.0, Some((0.5, 0.93))),
            said(0.99, 0.3, 0.0, Some((1.5, 0.02))),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }

    fn repeat() -> Repeat {
        let mut repeat = Fixture::without_sensors().repeat(1, Shown(100.0, 20.0));
        repeat.window = Seconds(10.0);
        repeat.cpu.engine_s = 7.4;
        repeat.cpu.cores = 2;
        repeat
    }

    #[test]
    fn shares_are_those_of_what_the_engine_may_use() {
        let mut one = repeat();
        (one.cpu.other_s, one.cpu.stolen_s) = (11.6, 0.4);
        let seen = CoreUse::of(&[one.clone()]).unwrap();
        assert_eq!((seen.engine, seen.quota), (0.37, None));
        assert!((seen.others - 0.58).abs() < 1e-9 && (seen.host - 0.02).abs() < 1e-9);
        // One core of a large machine, others elsewhere.
        one.cpu.cores = 64;
        one.cpu.other_s = 400.0;
        one.cpu.allowed = Some(Allowance {
            cores: 1.0,
            places: 1,
            other_s: 2.5,
            ..Allowance::default()
        });
        let seen = CoreUse::of(&[one.clone()]).unwrap();
        assert_eq!((seen.engine, seen.others), (0.74, 0.25));
        // A quota of half a core.
        one.cpu.engine_s = 4.9;
        one.cpu.allowed = one.cpu.allowed.map(|allowed| Allowance {
            cores: 0.5,
            quota: Some(QuotaUse {
                cores: 0.5,
                periods: 100,
                throttled: 93,
                throttled_s: 5.0,
            }),
            ..allowed
        });
        let seen = CoreUse::of(&[one]).unwrap();
        assert!((seen.engine - 0.98).abs() < 1e-9, "{seen:?}");
        assert_eq!(seen.quota, Some((0.5, 0.93)));
        assert!(seen.is_held());
    }

    #[test]
    fn windows_that_do_not_tell_say_nothing() {
        let mut one = repeat();
        one.cpu = wattsmith_domain::CpuUse::default();
        assert_eq!(CoreUse::of(&[one]), None);
        assert_eq!(CoreUse::of(&[]), None);
    }
}
