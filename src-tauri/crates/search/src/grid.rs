//! The grid of levels as coordinates: one index per parameter.

use crate::pool::Pool;
use std::collections::BTreeSet;
use wattsmith_domain::{Configuration, Value};

/// Points visited before a walk over a huge grid gives up.
const MOST_VISITED: u64 = 1 << 20;

pub(crate) struct Grid<'a> {
    pool: &'a Pool,
    /// Per parameter: its levels, or its default alone where it has none.
    levels: Vec<Vec<Value>>,
}

impl<'a> Grid<'a> {
    pub(crate) fn of(pool: &'a Pool) -> Self {
        let levels = pool
            .space()
            .parameters
            .iter()
            .map(|parameter| {
                let levels = parameter.kind.levels();
                if levels.is_empty() {
                    vec![parameter.default.clone()]
                } else {
                    levels
                }
            })
            .collect();
        Self { pool, levels }
    }

    /// Levels per parameter, in the space's order.
    pub(crate) fn levels(&self) -> &[Vec<Value>] {
        &self.levels
    }

    /// The point at these level indices, where it is valid and not tried.
    pub(crate) fn fresh(
        &self,
        indices: &[usize],
        tried: &BTreeSet<String>,
    ) -> Option<Configuration> {
        self.pool.fresh(&self.at(indices), tried)
    }

    /// The point at these level indices, as it is.
    pub(crate) fn at(&self, indices: &[usize]) -> Configuration {
        let parameters = &self.pool.space().parameters;
        parameters
            .iter()
            .zip(&self.levels)
            .zip(indices)
            .map(|((parameter, levels), index)| (parameter.name.clone(), levels[*index].clone()))
            .collect()
    }

    /// `base` with one knob turned, then with two; every level of each.
    pub(crate) fn neighbours(&self, base: &Configuration) -> Vec<Configuration> {
        let single = |base: &Configuration, from: usize| {
            let mut turned = Vec::new();
            let knobs = self.pool.space().parameters.iter().zip(&self.levels);
            for (index, (parameter, levels)) in knobs.enumerate().skip(from) {
                for level in levels {
                    if base.get(&parameter.name) != Some(level) {
                        let mut one = base.clone();
                        one.set(&parameter.name, level.clone());
                        turned.push((index, one));
                    }
                }
            }
            turned
        };
        let once = single(base, 0);
        let twice: Vec<Configuration> = once
            .iter()
            .flat_map(|(index, one)| single(one, index + 1))
            .map(|(_, one)| one)
            .collect();
        once.into_iter().map(|(_, one)| one).chain(twice).collect()
    }

    /// The first fresh point of a walk over the whole grid that begins at the `start`-th point and
    /// wraps around.
    pub(crate) fn walk(&self, start: u64, tried: &BTreeSet<String>) -> Option<Configuration> {
        let size = self.pool.space().grid_size();
        let start = start % size.max(1);
        (0..size.min(MOST_VISITED)).find_map(|step| {
            // Cannot overflow in a way that matters: a saturated size is never walked to its end.
            let point = (start.wrapping_add(step)) % size;
            self.fresh(&self.indices(point), tried)
        })
    }

    /// Level indices of the `point`-th point.
    pub(crate) fn indices(&self, mut point: u64) -> Vec<usize> {
        self.levels
            .iter()
            .map(|levels| {
                let radix = levels.len() as u64;
                let index = (point % radix) as usize;
                point /= radix;
                index
            })
            .collect()
    }
}
