//! The tree-structured Parzen estimator (Bergstra et al., 2011) with the densities of the `tpe`
//! crate: one per knob over the levels' positions, Parzen windows for numbers and histograms for
//! words. It starts with a few Sobol points, as every such search does.
//!
//! The crate's own `ask` draws each knob apart, so most draws would be against the rules, tried, or
//! not in the pool. Here the draws are made among what may be proposed, in proportion to the density
//! of the good trials, and the best ratio of good to bad wins as in the crate.

use crate::NumericAdvisor;
use crate::features::number;
use crate::grid::Grid;
use crate::model::all_tried;
use crate::observation::{Context, History, Observation};
use crate::pool::Pool;
use crate::shuffle::SplitMix;
use crate::sobol::Sobol;
use std::collections::BTreeSet;
use tpe::density_estimation::{
    BuildDensityEstimator as _, DefaultEstimator, DensityEstimator as _,
};
use wattsmith_domain::{Configuration, Value};

/// Trials before the estimators are asked, the default among them.
const START: usize = 4;
/// Part of the trials that counts as good.
const GOOD: f64 = 0.25;
/// Draws among which the best ratio wins, as in the crate.
const DRAWS: usize = 24;
/// By how much ln J/unit of what failed or broke a constraint lies above the worst.
const PENALTY: f64 = 0.5;
/// Most trials that count as good.
const MOST_GOOD: usize = 25;

/// Settings and their ln J/unit, lower is better.
type Lesson = (Configuration, f64);

/// The TPE advisor.
#[derive(Debug, Clone)]
pub struct Tpe {
    pool: Pool,
    context: Context,
    seed: u64,
    told: Vec<Observation>,
}

impl Tpe {
    /// Over a space or a pool.
    #[must_use]
    pub fn new(pool: impl Into<Pool>, context: Context, seed: u64) -> Self {
        Self {
            pool: pool.into(),
            context,
            seed,
            told: Vec::new(),
        }
    }

    /// What the estimators learn from.
    fn lessons(&self, history: &History) -> Vec<Lesson> {
        let default = self.pool.space().default_configuration();
        let reference = history
            .points
            .iter()
            .find(|point| point.configuration == default)
            .or(history.points.first())
            .map_or(0.0, |point| point.log_joules);
        let worst = history
            .points
            .iter()
            .map(|point| point.log_joules)
            .fold(reference, f64::max);
        let bad = worst + PENALTY;
        history
            .points
            .iter()
            .map(|point| {
                let value = if point.keeps { point.log_joules } else { bad };
                (point.configuration.clone(), value)
            })
            .chain(
                history
                    .failed
                    .iter()
                    .map(|one| (one.clone(), bad + PENALTY)),
            )
            .chain(
                self.context
                    .prior
                    .iter()
                    .map(|one| (one.configuration.clone(), reference + one.relative.ln())),
            )
            .collect()
    }
}

impl NumericAdvisor for Tpe {
    fn tell(&mut self, observation: Observation) {
        self.told.push(observation);
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        let history = History::of(&self.told, &self.context.constraints);
        let tried = all_tried(&self.told, tried);
        let mut lessons = self.lessons(&history);
        if lessons.len() < START {
            return Sobol::new(&self.pool, self.seed).next(&tried);
        }
        lessons.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        let good = ((lessons.len() as f64 * GOOD).ceil() as usize).min(MOST_GOOD);
        let (good, bad) = lessons.split_at(good);
        let knobs = Densities::of(&self.pool, good, bad)?;
        let candidates = self.pool.candidates(&tried, &[], self.seed);
        let scored: Vec<(f64, f64)> = candidates.iter().map(|one| knobs.at(one)).collect();
        // Weights of the good density, as running sums to draw from.
        let top = scored
            .iter()
            .map(|one| one.0)
            .fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        let sums: Vec<f64> = scored
            .iter()
            .map(|(good, _)| {
                sum += (good - top).exp();
                sum
            })
            .collect();
        let mut dice = SplitMix(self.seed ^ (self.told.len() as u64).wrapping_mul(0x9e37_79b9));
        (0..DRAWS)
            .map(|_| {
                let wanted = dice.unit() * sum;
                sums.partition_point(|sum| *sum < wanted)
            })
            .filter(|index| *index < candidates.len())
            .max_by(|one, other| {
                let ratio = |index: usize| scored[index].0 - scored[index].1;
                ratio(*one).total_cmp(&ratio(*other))
            })
            .map(|index| candidates[index].clone())
    }
}

/// Per knob with more than one level: where its levels lie, and how dense good and bad trials are.
struct Densities {
    knobs: Vec<(String, Vec<Value>, DefaultEstimator, DefaultEstimator)>,
}

impl Densities {
    fn of(pool: &Pool, good: &[Lesson], bad: &[Lesson]) -> Option<Self> {
        let grid = Grid::of(pool);
        let knobs = pool.space().parameters.iter().zip(grid.levels());
        let knobs: Option<Vec<_>> = knobs
            .filter(|(_, levels)| levels.len() > 1)
            .map(|(parameter, levels)| {
                let (builder, range) = if levels.iter().all(|level| number(level).is_some()) {
                    (
                        tpe::parzen_estimator(),
                        tpe::range(0.0, levels.len() as f64),
                    )
                } else {
                    let range = tpe::categorical_range(levels.len());
                    (tpe::histogram_estimator(), range)
                };
                let range = range.ok()?;
                let density = |lessons: &[Lesson]| {
                    let places: Vec<f64> = lessons
                        .iter()
                        .filter_map(|(one, _)| one.get(&parameter.name))
                        .map(|value| middle(levels, value))
                        .collect();
                    builder
                        .build_density_estimator(places.iter().copied(), range)
                        .ok()
                };
                let (good, bad) = (density(good)?, density(bad)?);
                Some((parameter.name.clone(), levels.clone(), good, bad))
            })
            .collect();
        Some(Self { knobs: knobs? })
    }

    /// ln of the good and of the bad density.
    fn at(&self, configuration: &Configuration) -> (f64, f64) {
        self.knobs
            .iter()
            .filter_map(|(name, levels, good, bad)| {
                let place = middle(levels, configuration.get(name)?);
                Some((good.log_pdf(place), bad.log_pdf(place)))
            })
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

/// The middle of the cell of the level nearest to `value`, which need not be one of them.
fn middle(levels: &[Value], value: &Value) -> f64 {
    let gap = |level: &Value| match (number(level), number(value)) {
        (Some(level), Some(value)) => (level - value).abs(),
        _ => f64::from(u8::from(level != value)),
    };
    let nearest = levels
        .iter()
        .enumerate()
        .min_by(|(_, one), (_, other)| gap(one).total_cmp(&gap(other)))
        .map_or(0, |(index, _)| index);
    nearest as f64 + 0.5
}
