//! The instants at which requests are sent where no client waits for its answer. They hang on the workload
//! alone, so that every configuration gets the same.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;
use wattsmith_domain::{Arrivals, Seconds, Workload};

/// The instants of all requests of a window, from its start and in order; none where requests do not come
/// by the clock. `stamps` are those of one pass in order, where the work has them.
pub(super) fn instants(workload: &Workload, stamps: &[f64]) -> Option<Vec<Seconds>> {
    let count = workload.requests.saturating_mul(workload.passes) as usize;
    match workload.arrivals {
        Arrivals::Clients | Arrivals::All => None,
        Arrivals::Poisson { per_second } => {
            let mut chance = Chance(u64::from(workload.seed));
            let mut at = 0.0;
            let instants = (0..count).map(|number| {
                if number > 0 {
                    at -= (1.0 - chance.next()).ln() / per_second;
                }
                Seconds(at)
            });
            Some(instants.collect())
        }
        Arrivals::Timestamps => {
            let first = stamps.first().copied().unwrap_or_default();
            let span = stamps.last().copied().unwrap_or_default() - first;
            // Between two passes as long as between two requests on average.
            let gap = match stamps.len() {
                0 | 1 => 1.0,
                several => span / (several - 1) as f64,
            };
            let passes = 0..workload.passes;
            let instants = passes.flat_map(|pass| {
                let start = f64::from(pass) * (span + gap);
                stamps
                    .iter()
                    .map(move |stamp| Seconds(start + stamp - first))
            });
            Some(instants.take(count).collect())
        }
    }
}

/// Requests that are not due yet, in order.
pub(super) struct Schedule {
    begun: Instant,
    due: VecDeque<(u32, Duration)>,
}

impl Schedule {
    /// Counted from now; empty where requests do not come by the clock.
    pub fn of(due: Option<Vec<Seconds>>) -> Self {
        let seconds = |at: Seconds| Duration::from_secs_f64(at.0.max(0.0));
        Self {
            begun: Instant::now(),
            due: (0..)
                .zip(due.unwrap_or_default().into_iter().map(seconds))
                .collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// Waits until the next one is due, and takes it out. May be dropped while it waits.
    pub async fn next(&mut self) -> u32 {
        match self.due.front().copied() {
            Some((index, at)) => {
                tokio::time::sleep_until(self.begun + at).await;
                self.due.pop_front();
                index
            }
            None => std::future::pending().await,
        }
    }
}

/// Numbers evenly spread from 0 to 1 (SplitMix64): the same for the same seed on every machine.
pub(super) struct Chance(pub u64);

impl Chance {
    /// A place in a list of `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.next() * count as f64) as usize
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::workload::{with_passes, workload};

    fn timed(requests: u32, passes: u32, arrivals: Arrivals) -> Workload {
        Workload {
            arrivals,
            ..workload("timed", requests, requests, 8, passes)
        }
    }

    fn gaps(instants: &[Seconds]) -> Vec<f64> {
        instants.windows(2).map(|two| two[1].0 - two[0].0).collect()
    }

    #[test]
    fn poisson_arrivals_are_the_same_for_the_same_seed() {
        let work = timed(200, 2, Arrivals::Poisson { per_second: 4.0 });
        let one = instants(&work, &[]).unwrap();
        assert_eq!(instants(&work, &[]).unwrap(), one);
        let mut other = work.clone();
        other.seed += 1;
        assert_ne!(instants(&other, &[]).unwrap(), one);
        // A longer window begins like a short one.
        let longer = instants(&with_passes(&work, 3), &[]).unwrap();
        assert_eq!(longer[..one.len()], one);
        assert_eq!((one.len(), one[0]), (400, Seconds(0.0)));
    }

    #[test]
    fn poisson_arrivals_have_the_rate_and_the_spread_of_chance() {
        let work = timed(10_000, 1, Arrivals::Poisson { per_second: 4.0 });
        let gaps = gaps(&instants(&work, &[]).unwrap());
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let square = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>();
        let spread = (square / gaps.len() as f64).sqrt();
        assert!((mean - 0.25).abs() < 0.01, "{mean}");
        // Of gaps by chance the spread is as large as the mean.
        assert!((spread / mean - 1.0).abs() < 0.05, "{spread}");
        assert!(gaps.iter().all(|gap| *gap >= 0.0 && gap.is_finite()));
    }

    #[test]
    fn stamps_are_counted_from_the_first_and_begin_anew_with_each_pass() {
        let work = timed(3, 2, Arrivals::Timestamps);
        let instants = instants(&work, &[100.0, 101.0, 104.0]).unwrap();
        let seconds: Vec<f64> = instants.iter().map(|one| one.0).collect();
        assert_eq!(seconds, [0.0, 1.0, 4.0, 6.0, 7.0, 10.0]);
    }

    #[test]
    fn clients_and_all_at_once_need_no_clock() {
        for arrivals in [Arrivals::Clients, Arrivals::All] {
            assert_eq!(instants(&timed(3, 2, arrivals), &[]), None);
        }
    }
}
