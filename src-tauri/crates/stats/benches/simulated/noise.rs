//! What shakes a window's figure: white noise, drift, what a launch brings. Drift follows the clock, so that
//! windows near each other share it; the rest belongs to the n-th window of a configuration, so that rules
//! that are compared see the same luck.

use super::random::Random;
use wattsmith_stats::noise::WorkSlice;

/// How much of what, as standard deviations of ln J/unit.
#[derive(Debug, Clone, Copy)]
pub struct Shaken {
    /// White noise of a window of one second; it falls with the root of the length.
    pub white: f64,
    /// Slow drift over a long time.
    pub drift: f64,
    /// Seconds after which drift has forgotten where it was.
    pub memory_s: f64,
    /// What each launch brings.
    pub launch: f64,
    /// By how much the machine grows dearer over its first hundred windows, as it warms up.
    pub warming: f64,
}

impl Shaken {
    /// Windows of ten seconds vary by so much, and nothing but warming is shared by neighbours.
    pub fn white(noise: f64) -> Self {
        Self {
            white: noise * 10.0_f64.sqrt(),
            drift: 0.0,
            memory_s: 1.0,
            launch: 0.0,
            warming: 0.02,
        }
    }
}

/// The level of a machine over time, one step a second or as it was recorded.
pub struct Path {
    step_s: f64,
    /// Joules and units up to each step.
    sums: Vec<(f64, f64)>,
}

impl Path {
    fn of(step_s: f64, steps: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut sums = vec![(0.0, 0.0)];
        let mut so_far = (0.0, 0.0);
        for (joules, units) in steps {
            so_far = (so_far.0 + joules, so_far.1 + units);
            sums.push(so_far);
        }
        Self { step_s, sums }
    }

    /// A drift that forgets (an Ornstein-Uhlenbeck process), for so many seconds.
    pub fn drifting(shaken: &Shaken, seconds: usize, random: &mut Random) -> Self {
        let keeps = (-1.0 / shaken.memory_s).exp();
        let fresh = shaken.drift * (1.0 - keeps * keeps).sqrt();
        let mut level = shaken.drift * random.normal();
        let steps = (0..seconds).map(|_| {
            level = keeps * level + fresh * random.normal();
            (level.exp(), 1.0)
        });
        Self::of(1.0, steps.collect::<Vec<_>>().into_iter())
    }

    /// Blocks of a recording in any order (circular block bootstrap; Politis & Romano 1992), for so many seconds.
    pub fn resampled(
        slices: &[WorkSlice],
        block_s: f64,
        seconds: f64,
        random: &mut Random,
    ) -> Self {
        let step_s = slices[0].seconds;
        let joules: f64 = slices.iter().map(|one| one.joules).sum();
        let units: f64 = slices.iter().map(|one| one.units).sum();
        let block = ((block_s / step_s) as usize).max(1);
        let mut steps = Vec::new();
        while steps.len() as f64 * step_s < seconds {
            let from = (random.uniform() * slices.len() as f64) as usize;
            steps.extend((0..block).map(|at| {
                let slice = &slices[(from + at) % slices.len()];
                (slice.joules / joules, slice.units / units)
            }));
        }
        Self::of(step_s, steps.into_iter())
    }

    /// ln J/unit over a window, 0 being usual; time beyond the end begins anew.
    pub fn level(&self, from_s: f64, length_s: f64) -> f64 {
        let last = self.sums.len() - 1;
        let many = ((length_s / self.step_s).round() as usize).clamp(1, last);
        let from = (from_s / self.step_s) as usize % (last - many + 1);
        let ((had, did), (has, does)) = (self.sums[from], self.sums[from + many]);
        ((has - had) / (does - did)).ln()
    }
}
