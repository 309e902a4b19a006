//! Owen-scrambled Sobol points over the grid of levels: even coverage of every knob from the first
//! few points on, in any order of magnitude, without a model of what is measured.
//!
//! Some knobs of few levels are tied nevertheless. Through the first 2ⁿ points a dimension's halves
//! follow the parity of some of the index's n lowest bits, and there are 2ⁿ⁻¹ such parities: eight
//! points tell four two-level knobs apart, sixteen eight. Scrambling does not untie the others, it
//! only says which of their levels go together. Which knobs are tied is therefore drawn anew with each
//! seed; in one order for all seeds it would be the same ones in every run of a study.

use crate::NumericAdvisor;
use crate::grid::Grid;
use crate::observation::Observation;
use crate::pool::Pool;
use crate::shuffle::SplitMix;
use std::collections::BTreeSet;
use wattsmith_domain::Configuration;

/// Points of the sequence looked at, at most, before the grid is walked instead. A sequence keeps
/// hitting cells it has been in, so the last cells of a small grid would take it forever.
const POINTS: u64 = 4096;
/// The same per cell of the grid.
const POINTS_PER_CELL: u64 = 4;

/// Which dimension of the sequence a knob takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sequence {
    /// Drawn by the seed, so that no two knobs are tied under every seed.
    #[default]
    Permuted,
    /// The first knob the first dimension and so on, as it was once: invented landscapes and recorded
    /// prompts hold such points.
    InOrder,
}

/// The Sobol advisor. Holds no position: the next point is the first of the sequence that is valid
/// and untried.
#[derive(Debug, Clone)]
pub struct Sobol {
    pool: Pool,
    seed: u64,
    told: BTreeSet<String>,
}

impl Sobol {
    /// A sequence over a space or a pool; different seeds give independent scramblings and, unless the
    /// pool asks for the old ones, dimensions in another order.
    #[must_use]
    pub fn new(pool: impl Into<Pool>, seed: u64) -> Self {
        Self {
            pool: pool.into(),
            seed,
            told: BTreeSet::new(),
        }
    }

    /// The next configuration whose key is not in `tried`; `None` when the grid holds no more. (Of
    /// a grid so full of broken rules that a million points in a row are invalid, it gives up.)
    #[must_use]
    pub fn next(&self, tried: &BTreeSet<String>) -> Option<Configuration> {
        let grid = Grid::of(&self.pool);
        let cells = self.pool.space().grid_size();
        let points = cells.saturating_mul(POINTS_PER_CELL).min(POINTS) as u32;
        (0..points)
            .find_map(|point| grid.fresh(&self.indices(&grid, point), tried))
            .or_else(|| grid.walk(SplitMix(self.seed).next(), tried))
    }

    /// The first `count` points of the sequence on the grid, valid or not, with their repetitions.
    pub(crate) fn points(&self, count: usize) -> Vec<Configuration> {
        let grid = Grid::of(&self.pool);
        (0..count as u32)
            .map(|point| grid.at(&self.indices(&grid, point)))
            .collect()
    }

    fn indices(&self, grid: &Grid, point: u32) -> Vec<usize> {
        let seed = (self.seed ^ (self.seed >> 32)) as u32;
        grid.levels()
            .iter()
            .zip(self.dimensions(grid.levels().len() as u32))
            .map(|(levels, dimension)| {
                // Past the last dimension the same ones serve again under another scrambling.
                let block = dimension / sobol_burley::NUM_DIMENSIONS;
                let x = sobol_burley::sample(
                    point,
                    dimension % sobol_burley::NUM_DIMENSIONS,
                    seed.wrapping_add(block.wrapping_mul(0x9e37_79b9)),
                );
                ((x * levels.len() as f32) as usize).min(levels.len() - 1)
            })
            .collect()
    }

    /// Per knob its dimension.
    fn dimensions(&self, knobs: u32) -> Vec<u32> {
        let mut dimensions: Vec<u32> = (0..knobs).collect();
        if self.pool.sequence() == Sequence::Permuted {
            SplitMix(self.seed).shuffle(&mut dimensions);
        }
        dimensions
    }
}

impl NumericAdvisor for Sobol {
    fn tell(&mut self, observation: Observation) {
        self.told.insert(observation.configuration.key());
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        self.next(&(&self.told | tried))
    }
}
