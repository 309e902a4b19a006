//! A few sensible untried configurations, for an advisor who chooses better than it invents.
//!
//! Small language models repeat themselves on an empty page but can weigh a handful of options. The
//! list mixes what a careful person would try: one knob turned away from the best so far, two knobs
//! at once, one knob turned away from the default, and a point from somewhere else altogether.

use crate::grid::Grid;
use crate::pool::Pool;
use crate::shuffle::SplitMix;
use crate::sobol::Sobol;
use std::collections::BTreeSet;
use wattsmith_domain::{Configuration, Value};

/// Up to `n` different configurations that are valid, canonical and not in `tried`, drawn in turn
/// from four sources: `base` with one knob turned, `base` with two, the default with one, and a
/// Sobol point. `base` is the best configuration so far, or the default. A source that has run dry
/// is passed over; fewer than `n` come back only when all four have. Nearer levels and different
/// knobs come first. The same arguments give the same list.
#[must_use]
pub fn shortlist(
    pool: impl Into<Pool>,
    base: &Configuration,
    tried: &BTreeSet<String>,
    n: usize,
    seed: u64,
) -> Vec<Configuration> {
    let pool = pool.into();
    let default = pool.space().default_configuration();
    let knobs = Knobs::of(&pool, seed);
    let sobol = Sobol::new(&pool, seed);
    let mut seen = tried.clone();
    let mut one_from_base = knobs.single(base);
    let mut two_from_base = knobs.double(base);
    let mut one_from_default = knobs.single(&default);
    let mut list = Vec::new();
    let mut dry = 0;
    for turn in 0.. {
        if list.len() >= n || dry == 4 {
            break;
        }
        let first_fresh = |source: &mut Options| source.find_map(|asked| pool.fresh(&asked, &seen));
        let found = match turn % 4 {
            0 => first_fresh(&mut one_from_base),
            1 => first_fresh(&mut two_from_base),
            2 => first_fresh(&mut one_from_default),
            _ => sobol.next(&seen),
        };
        match found {
            Some(configuration) => {
                dry = 0;
                seen.insert(configuration.key());
                list.push(configuration);
            }
            None => dry += 1,
        }
    }
    list
}

type Options = Box<dyn Iterator<Item = Configuration>>;

/// Each parameter's levels, the parameters in shuffled order.
struct Knobs {
    levels: Vec<(String, Vec<Value>)>,
}

impl Knobs {
    fn of(pool: &Pool, seed: u64) -> Self {
        let grid = Grid::of(pool);
        let mut levels: Vec<(String, Vec<Value>)> = pool
            .space()
            .parameters
            .iter()
            .map(|parameter| parameter.name.clone())
            .zip(grid.levels().to_vec())
            .collect();
        SplitMix(seed).shuffle(&mut levels);
        Self { levels }
    }

    /// One knob turned: first every knob to its nearest other level, then to the next nearest…
    fn single(&self, base: &Configuration) -> Options {
        let base = base.clone();
        let others = self.others(&base);
        let rounds = others.iter().map(|(_, levels)| levels.len()).max();
        Box::new((0..rounds.unwrap_or(0)).flat_map(move |round| {
            let turned: Vec<Configuration> = others
                .iter()
                .filter_map(|(name, levels)| {
                    let mut turned = base.clone();
                    turned.set(name, levels.get(round)?.clone());
                    Some(turned)
                })
                .collect();
            turned
        }))
    }

    /// Two knobs turned: nearest levels of every pair first.
    fn double(&self, base: &Configuration) -> Options {
        let base = base.clone();
        let others = self.others(&base);
        let rounds = others.iter().map(|(_, levels)| levels.len()).max();
        let knobs = others.len();
        Box::new((0..2 * rounds.unwrap_or(0)).flat_map(move |distance| {
            let mut turned = Vec::new();
            // Pairs by the gap between the two, so that neighbouring entries share no knob.
            for gap in 1..knobs {
                for first in 0..knobs - gap {
                    let ((one, one_levels), (two, two_levels)) =
                        (&others[first], &others[first + gap]);
                    for step in 0..=distance {
                        if let (Some(a), Some(b)) =
                            (one_levels.get(step), two_levels.get(distance - step))
                        {
                            let mut both = base.clone();
                            both.set(one, a.clone());
                            both.set(two, b.clone());
                            turned.push(both);
                        }
                    }
                }
            }
            turned
        }))
    }

    /// Per knob, the levels that `base` does not have, nearest first.
    fn others(&self, base: &Configuration) -> Vec<(String, Vec<Value>)> {
        self.levels
            .iter()
            .map(|(name, levels)| {
                let here = base.get(name).map_or(0, |value| position(levels, value));
                let mut others: Vec<(usize, &Value)> = levels
                    .iter()
                    .enumerate()
                    .filter(|(_, level)| base.get(name) != Some(*level))
                    .collect();
                others.sort_by_key(|(index, _)| index.abs_diff(here));
                let others = others.into_iter().map(|(_, level)| level.clone()).collect();
                (name.clone(), others)
            })
            .collect()
    }
}

/// Index of the level that is nearest to `value`, which need not be one of them.
fn position(levels: &[Value], value: &Value) -> usize {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(_) | Value::Choice(_) => None,
    };
    levels
        .iter()
        .position(|level| level == value)
        .or_else(|| {
            let wanted = number(value)?;
            levels
                .iter()
                .enumerate()
                .filter_map(|(index, level)| Some((index, (number(level)? - wanted).abs())))
                .min_by(|(_, one), (_, other)| one.total_cmp(other))
                .map(|(index, _)| index)
        })
        .unwrap_or(0)
}
