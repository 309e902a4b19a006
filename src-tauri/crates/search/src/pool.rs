//! What may be proposed: the whole grid of a space, or a list of its configurations (a landscape
//! that was recorded in part).

use crate::grid::Grid;
use crate::shuffle::SplitMix;
use crate::sobol::{Sequence, Sobol};
use std::collections::{BTreeMap, BTreeSet};
use wattsmith_domain::{Configuration, ParameterSpace};

/// Grids up to this size are looked at as a whole.
const WHOLE: u64 = 2048;
/// Points drawn from a larger one.
const DRAWN: usize = 512;
/// Neighbours looked at beside them.
const NEAR: usize = 512;

/// What an advisor may propose.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    space: ParameterSpace,
    /// By key, where not the whole grid is open.
    listed: Option<BTreeMap<String, Configuration>>,
    sequence: Sequence,
}

impl From<&ParameterSpace> for Pool {
    fn from(space: &ParameterSpace) -> Self {
        Self {
            space: space.clone(),
            listed: None,
            sequence: Sequence::default(),
        }
    }
}

impl From<&Pool> for Pool {
    fn from(pool: &Pool) -> Self {
        pool.clone()
    }
}

impl Pool {
    /// Only these configurations of `space`; those that it does not allow are left out.
    #[must_use]
    pub fn listed(space: &ParameterSpace, configurations: &[Configuration]) -> Self {
        let listed = configurations
            .iter()
            .filter_map(|one| space.check(one).ok())
            .map(|one| (one.key(), one))
            .collect();
        Self {
            space: space.clone(),
            listed: Some(listed),
            sequence: Sequence::default(),
        }
    }

    /// The same with Sobol points of another kind.
    #[must_use]
    pub fn with_sequence(self, sequence: Sequence) -> Self {
        Self { sequence, ..self }
    }

    /// Which Sobol points it gives.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    /// The space that they belong to.
    #[must_use]
    pub fn space(&self) -> &ParameterSpace {
        &self.space
    }

    /// Up to `points` configurations that cover the space evenly: the default, then `first`, then
    /// Sobol points. The whole grid where it holds no more than that.
    #[must_use]
    pub fn spread(&self, points: usize, first: &[Configuration], seed: u64) -> Vec<Configuration> {
        let default = self.space.default_configuration();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let sobol = Sobol::new(self, seed);
        for asked in std::iter::once(&default).chain(first) {
            if let Some(one) = self.fresh(asked, &seen) {
                seen.insert(one.key());
                found.push(one);
            }
        }
        found.truncate(points.max(1));
        while found.len() < points {
            let Some(next) = sobol.next(&seen) else { break };
            seen.insert(next.key());
            found.push(next);
        }
        found
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.listed.is_some()
    }

    /// Whether `key` may be proposed, as far as the list goes.
    #[must_use]
    pub fn holds(&self, key: &str) -> bool {
        self.listed
            .as_ref()
            .is_none_or(|listed| listed.contains_key(key))
    }

    /// Every untried configuration of a list, in an order that says nothing; `None` where the whole
    /// grid is open.
    #[must_use]
    pub fn left(&self, tried: &BTreeSet<String>, seed: u64) -> Option<Vec<Configuration>> {
        self.listed.as_ref()?;
        let mut left = self.whole(tried)?;
        SplitMix(seed).shuffle(&mut left);
        Some(left)
    }

    /// `asked` in canonical form, where it is valid, may be proposed and is not tried.
    pub(crate) fn fresh(
        &self,
        asked: &Configuration,
        tried: &BTreeSet<String>,
    ) -> Option<Configuration> {
        let canonical = self.space.check(asked).ok()?;
        let key = canonical.key();
        (self.holds(&key) && !tried.contains(&key)).then_some(canonical)
    }

    /// Every untried configuration, in an order that never changes; `None` where the grid is too
    /// large to be looked at as a whole.
    pub(crate) fn whole(&self, tried: &BTreeSet<String>) -> Option<Vec<Configuration>> {
        if let Some(listed) = &self.listed {
            let left = listed.iter().filter(|(key, _)| !tried.contains(*key));
            return Some(left.map(|(_, one)| one.clone()).collect());
        }
        let size = self.space.grid_size();
        (size <= WHOLE).then(|| {
            let grid = Grid::of(self);
            (0..size)
                .filter_map(|point| grid.fresh(&grid.indices(point), tried))
                .collect()
        })
    }

    /// Untried configurations among which a model looks for the next one: all of them, or, of a
    /// large grid, Sobol points and everything one or two knobs away from each of `around`.
    pub(crate) fn candidates(
        &self,
        tried: &BTreeSet<String>,
        around: &[Configuration],
        seed: u64,
    ) -> Vec<Configuration> {
        if let Some(whole) = self.whole(tried) {
            return whole;
        }
        let mut seen = tried.clone();
        let mut found = Vec::new();
        let default = self.space.default_configuration();
        let grid = Grid::of(self);
        let near = around
            .iter()
            .chain(std::iter::once(&default))
            .flat_map(|base| std::iter::once(base.clone()).chain(grid.neighbours(base)));
        for asked in near {
            if found.len() >= NEAR {
                break;
            }
            if let Some(one) = self.fresh(&asked, &seen) {
                seen.insert(one.key());
                found.push(one);
            }
        }
        // One pass over the sequence: asking for the next point anew each time would be quadratic.
        for asked in Sobol::new(self, seed).points(DRAWN) {
            if let Some(one) = self.fresh(&asked, &seen) {
                seen.insert(one.key());
                found.push(one);
            }
        }
        if found.is_empty() {
            found.extend(grid.walk(SplitMix(seed).next(), tried));
        }
        found
    }
}
