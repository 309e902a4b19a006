//! How a machine's noise is made up, from one continuous run of work and a few launches.
//!
//! Three things make repeats of one setting differ: *white* noise, which longer windows average out;
//! *slow drift*, which they do not but taking turns does; and what *each launch* of the engine brings and
//! keeps until it ends. The Allan deviation over slice lengths tells the first two apart
//! ([`allan`]), a one-way analysis of a few launches the third ([`LaunchEffect`]), and from them follows
//! how long a window must be to pay ([`Noise::plan`]).
//!
//! Everything is in ln J/unit, so that 0.02 is 2 %, and the same whatever the unit.

mod allan;
mod fit;
mod launch;
mod pairs;
mod plan;
mod prior;

pub use allan::{AllanPoint, allan};
pub use fit::Components;
pub use launch::{LaunchEffect, launch_effect};
pub(crate) use pairs::known_spread;
pub use pairs::{adjacent_spread, pair_spread};
pub use plan::{LONGEST_WINDOW_S, NoisePlan, Question, SHORTEST_WINDOW_S, wald_pairs};
pub use prior::{MOST_PRIOR_WINDOWS, Repeatability, SHIPPED_PRIOR, prior_of, repeatability};

use crate::interval::Logs;
use serde::{Deserialize, Serialize};

/// The length of slices whose spread is split into its parts, seconds: that of a usual window.
const USUAL_S: f64 = 10.0;
/// Slices of that length that a spread needs; a run that has fewer is split at a shorter length.
const LEAST_SLICES: usize = 6;
/// Seconds after a start that may be unlike the rest; later ones tell what the rest is.
const LONGEST_SETTLING_S: f64 = 30.0;
/// A slice that long is held against the rest, seconds.
const SETTLING_SLICE_S: f64 = 4.0;

/// A stretch of continuous work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkSlice {
    /// Its length, seconds.
    pub seconds: f64,
    /// Gross joules.
    pub joules: f64,
    /// Units of work that came.
    pub units: f64,
}

/// What a recording showed of a machine's noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Deviation over slice length, shortest first.
    pub curve: Vec<AllanPoint>,
    /// What the curve is made of.
    pub components: Components,
    /// The spread of slices over the whole run, split.
    pub split: Split,
    /// What differs between launches; none where there were no launches to tell.
    pub launch: Option<LaunchEffect>,
    /// Seconds after a start that cost other joules than the rest.
    pub settling_s: f64,
    /// Length of the run, seconds, without those that were dropped.
    pub seconds: f64,
}

/// The variance of ln J/unit among slices of one length over a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// That length, seconds.
    pub slice_s: f64,
    /// All of it.
    pub total: f64,
    /// What is independent from slice to slice.
    pub white: f64,
    /// What is slower than a slice, and would be the same in two that follow each other.
    pub drift: f64,
}

impl Noise {
    /// Works it out from the steady slices of a continuous run, all of one length, and from J/unit of the
    /// windows of each launch. `start` are the slices before the steady ones.
    ///
    /// `None` where the run is too short for a curve of three lengths, or a figure in it is no positive
    /// number.
    #[must_use]
    pub fn of(start: &[WorkSlice], steady: &[WorkSlice], launches: &[Vec<f64>]) -> Option<Self> {
        let curve = allan(steady);
        if curve.len() < 3 {
            return None;
        }
        let components = Components::fit(&curve);
        let split = split(steady, &components)?;
        let all: Vec<WorkSlice> = start.iter().chain(steady).copied().collect();
        Some(Self {
            settling_s: settling(&all),
            seconds: steady.iter().map(|one| one.seconds).sum(),
            launch: launch_effect(launches),
            curve,
            components,
            split,
        })
    }

    /// Standard deviation of ln J/unit among windows of that length which each have a launch of their own
    /// and are spread over a session: what repeats of one setting are expected to vary by.
    #[must_use]
    pub fn repeat_sd(&self, window_s: f64) -> f64 {
        let launch = self.launch.as_ref().map_or(0.0, |one| one.variance);
        let white = self.components.white / window_s.max(f64::MIN_POSITIVE);
        (white + self.split.drift + launch).sqrt()
    }

    /// Standard deviation of the log ratio of two windows of that length that follow each other, each with a
    /// launch of its own and `between_s` seconds after the one before.
    #[must_use]
    pub fn pair_sd(&self, window_s: f64, between_s: f64) -> f64 {
        let launch = self.launch.as_ref().map_or(0.0, |one| one.variance);
        (2.0 * (self.components.of_window(window_s, between_s) + launch)).sqrt()
    }

    /// Shares of white noise, slow drift and launches in what repeats vary by at the split's length.
    #[must_use]
    pub fn shares(&self) -> [f64; 3] {
        let launch = self.launch.as_ref().map_or(0.0, |one| one.variance);
        let parts = [self.split.white, self.split.drift, launch];
        let all: f64 = parts.iter().sum();
        match all > 0.0 {
            true => parts.map(|part| part / all),
            false => [0.0; 3],
        }
    }
}

/// ln J/unit of neighbouring slices joined to such a length; none where one is no positive number.
fn joined(slices: &[WorkSlice], length_s: f64) -> Option<Vec<f64>> {
    let base = slices.first()?.seconds;
    let many = ((length_s / base).round() as usize).max(1);
    let logs = slices.chunks_exact(many).map(|chunk| {
        let joules: f64 = chunk.iter().map(|one| one.joules).sum();
        let units: f64 = chunk.iter().map(|one| one.units).sum();
        (joules > 0.0 && units > 0.0).then(|| (joules / units).ln())
    });
    logs.collect()
}

fn split(steady: &[WorkSlice], components: &Components) -> Option<Split> {
    let base = steady.first()?.seconds;
    let fits = steady.len() as f64 * base / LEAST_SLICES as f64;
    let slice_s = ((fits.min(USUAL_S) / base).floor() * base).max(base);
    let logs = joined(steady, slice_s)?;
    if logs.len() < 2 {
        return None;
    }
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let squares: f64 = logs.iter().map(|one| (one - mean).powi(2)).sum();
    let total = squares / (n - 1.0);
    let white = (components.white / slice_s).min(total);
    // What cutting by the clock adds is in no window, since a window is whole passes.
    let cut = (components.cut / slice_s.powi(2)).min(total - white);
    Some(Split {
        slice_s,
        total,
        white,
        drift: (total - white - cut).max(0.0),
    })
}

/// Seconds from the start after which a slice is like the rest of the run: within two standard deviations
/// of slices of its length.
fn settling(all: &[WorkSlice]) -> f64 {
    let Some(base) = all.first().map(|one| one.seconds) else {
        return 0.0;
    };
    let at = |seconds: f64| (seconds / base).round() as usize;
    let (late, many) = (at(LONGEST_SETTLING_S), at(SETTLING_SLICE_S).max(1));
    let Some(rest) = all.get(late..).filter(|rest| rest.len() >= 4 * many) else {
        return 0.0;
    };
    let Some(rest) = joined(rest, SETTLING_SLICE_S) else {
        return 0.0;
    };
    let n = rest.len() as f64;
    let mean = rest.iter().sum::<f64>() / n;
    let sd = (rest.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let like = |from: f64| {
        let first = at(from);
        let slice = all.get(first..first + many)?;
        let log = *joined(slice, SETTLING_SLICE_S)?.first()?;
        Some((log - mean).abs() <= 2.0 * sd)
    };
    [0.0, 1.0, 2.0, 4.0, 8.0, 16.0]
        .into_iter()
        .find(|from| like(*from) == Some(true))
        .unwrap_or(LONGEST_SETTLING_S)
}

/// Mean and squares of one group's logarithms, where all are positive numbers.
fn logs(values: &[f64]) -> Option<Logs> {
    Logs::of(values)
}
