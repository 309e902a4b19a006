//! One session's truth: its proposals, and what shakes their figures.

use super::noise::{Path, Shaken};
use super::random::Random;
use super::{BUDGET, CONTENDERS, DEFAULT, FRESH, REFERENCE};

/// One session's truth.
pub struct World {
    seed: u64,
    shaken: Shaken,
    path: Path,
    ratios: Vec<f64>,
    /// Below the default by so many per cent is the goal.
    pub percent: f64,
}

impl World {
    /// A session whose best settings need `best` times the default, in whose windows only white noise and warming
    /// show (0.06 is 6 %).
    pub fn new(seed: u64, noise: f64, best: f64) -> Self {
        let shaken = Shaken::white(noise);
        let still = Path::drifting(&shaken, 60, &mut Random(seed));
        Self::on(seed, shaken, still, best)
    }

    /// The same on a path of drift.
    pub fn on(seed: u64, shaken: Shaken, path: Path, best: f64) -> Self {
        let mut drawn = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut ratios: Vec<f64> = (0..BUDGET)
            .map(|index| match index < CONTENDERS {
                true => best,
                false => best * (1.0 + 0.3 * drawn.uniform()),
            })
            .collect();
        for last in (1..ratios.len()).rev() {
            let other = (drawn.uniform() * (last + 1) as f64) as usize;
            ratios.swap(last, other.min(last));
        }
        Self {
            seed,
            shaken,
            path,
            ratios,
            percent: 10.0,
        }
    }

    /// The first proposal, counted from 1, that needs no more than the others.
    pub fn contender(&self) -> usize {
        let least = self.ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let first = self.ratios.iter().position(|ratio| *ratio <= least);
        first.map_or(1, |index| index + 1)
    }

    fn ratio(&self, stream: u64) -> f64 {
        match stream % FRESH {
            REFERENCE => 1.0,
            trial => self.ratios[trial as usize - 1],
        }
    }

    /// J/unit of the n-th window of a stream, as the `at`-th of the session, `length_s` from `from_s` on.
    pub fn joules(&self, stream: u64, nth: usize, at: usize, from_s: f64, length_s: f64) -> f64 {
        let shaken = &self.shaken;
        let mut random = Random::at(self.seed, stream, nth as u64);
        let white = shaken.white / length_s.sqrt() * random.normal();
        let launch = shaken.launch * random.normal();
        let warming = shaken.warming * (at as f64 / 100.0).min(1.0);
        let drift = self.path.level(from_s, length_s);
        DEFAULT * self.ratio(stream) * (white + launch + warming + drift).exp()
    }

    /// Whether a proposal, counted from 1, misses the goal or only just reaches it.
    pub fn misses(&self, trial: usize) -> bool {
        // On the line is no success: nothing may be claimed of it.
        self.ratios[trial - 1] > (1.0 - self.percent / 100.0) * (1.0 - 1e-9)
    }
}
