//! The grid of levels as coordinates: one index per parameter.

use std::collections::BTreeSet;
use wattsmith_domain::{Configuration, ParameterSpace, Value};

/// Points visited before a walk over a huge grid gives up.
const MOST_VISITED: u64 = 1 << 20;

pub(crate) struct Grid<'a> {
    space: &'a ParameterSpace,
    /// Per parameter: its levels, or its default alone where it has none.
    levels: Vec<Vec<Value>>,
}

impl<'a> Grid<'a> {
    pub(crate) fn of(space: &'a ParameterSpace) -> Self {
        let levels = space
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
        Self { space, levels }
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
        let asked = self
            .space
            .parameters
            .iter()
            .zip(&self.levels)
            .zip(indices)
            .map(|((parameter, levels), index)| (parameter.name.clone(), levels[*index].clone()))
            .collect();
        fresh(self.space, &asked, tried)
    }

    /// The first fresh point of a walk over the whole grid that begins at the `start`-th point and
    /// wraps around.
    pub(crate) fn walk(&self, start: u64, tried: &BTreeSet<String>) -> Option<Configuration> {
        let size = self.space.grid_size();
        let start = start % size.max(1);
        (0..size.min(MOST_VISITED)).find_map(|step| {
            // Cannot overflow in a way that matters: a saturated size is never walked to its end.
            let point = (start.wrapping_add(step)) % size;
            self.fresh(&self.indices(point), tried)
        })
    }

    fn indices(&self, mut point: u64) -> Vec<usize> {
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

/// `asked` in canonical form, where it is valid and not tried.
pub(crate) fn fresh(
    space: &ParameterSpace,
    asked: &Configuration,
    tried: &BTreeSet<String>,
) -> Option<Configuration> {
    let canonical = space.check(asked).ok()?;
    (!tried.contains(&canonical.key())).then_some(canonical)
}
