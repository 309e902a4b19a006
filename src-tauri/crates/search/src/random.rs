//! Uniform random points without repetition: the arm whose expectation is known exactly, so that a
//! study can check its own machinery by it.

use crate::NumericAdvisor;
use crate::grid::Grid;
use crate::observation::Observation;
use crate::pool::Pool;
use crate::shuffle::SplitMix;
use std::collections::BTreeSet;
use wattsmith_domain::Configuration;

/// Draws from a grid that is too large to be shuffled, before it is walked instead.
const DRAWS: u32 = 20_000;

/// The random advisor: the next of a shuffled list that is untried.
#[derive(Debug, Clone)]
pub struct Random {
    pool: Pool,
    seed: u64,
    told: BTreeSet<String>,
}

impl Random {
    /// Over a space or a pool.
    #[must_use]
    pub fn new(pool: impl Into<Pool>, seed: u64) -> Self {
        Self {
            pool: pool.into(),
            seed,
            told: BTreeSet::new(),
        }
    }
}

impl NumericAdvisor for Random {
    fn tell(&mut self, observation: Observation) {
        self.told.insert(observation.configuration.key());
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        let tried = &self.told | tried;
        let mut dice = SplitMix(self.seed);
        if let Some(mut all) = self.pool.whole(&BTreeSet::new()) {
            dice.shuffle(&mut all);
            return all.into_iter().find(|one| !tried.contains(&one.key()));
        }
        let grid = Grid::of(&self.pool);
        (0..DRAWS)
            .find_map(|_| {
                let indices: Vec<usize> = grid
                    .levels()
                    .iter()
                    .map(|levels| (dice.next() % levels.len() as u64) as usize)
                    .collect();
                grid.fresh(&indices, &tried)
            })
            .or_else(|| grid.walk(self.seed, &tried))
    }
}
