//! The rule of thumb: as many threads as physical cores that may be used, as many requests at once as
//! there are clients. Then the neighbours of the best so far, nearest first.

use crate::NumericAdvisor;
use crate::features::Features;
use crate::model::all_tried;
use crate::observation::{Context, History, Observation};
use crate::pool::Pool;
use std::collections::BTreeSet;
use wattsmith_domain::{Configuration, Kind, ParameterSpace, Value};

/// The rule advisor.
#[derive(Debug, Clone)]
pub struct RuleOfThumb {
    pool: Pool,
    context: Context,
    seed: u64,
    told: Vec<Observation>,
}

impl RuleOfThumb {
    /// Over a space or a pool; the seed orders what is equally near.
    #[must_use]
    pub fn new(pool: impl Into<Pool>, context: Context, seed: u64) -> Self {
        Self {
            pool: pool.into(),
            context,
            seed,
            told: Vec::new(),
        }
    }
}

impl NumericAdvisor for RuleOfThumb {
    fn tell(&mut self, observation: Observation) {
        self.told.push(observation);
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        let history = History::of(&self.told, &self.context.constraints);
        let tried = all_tried(&self.told, tried);
        let target = target(self.pool.space(), &self.context);
        let is_first = history.points.len() + history.failed.len() <= 1;
        // What stands in for the rule's own point is worth a trial at first only.
        if (is_first || self.pool.holds(&target.key()))
            && let Some(one) = nearest(&self.pool, &self.context, &tried, self.seed)
        {
            return Some(one);
        }
        let base = match history.best() {
            Some(best) => best.configuration.clone(),
            None => target,
        };
        beside(&self.pool, &base, &tried, self.seed)
    }
}

/// The rule's own point, or what comes nearest to it in a pool that lacks it; none where that was
/// tried and nothing is left.
pub(crate) fn nearest(
    pool: &Pool,
    context: &Context,
    tried: &BTreeSet<String>,
    seed: u64,
) -> Option<Configuration> {
    let target = target(pool.space(), context);
    match pool.holds(&target.key()) {
        true => pool.fresh(&target, tried),
        false => beside(pool, &target, tried, seed),
    }
}

/// The untried configuration nearest to `base`; the seed orders what is equally near.
fn beside(
    pool: &Pool,
    base: &Configuration,
    tried: &BTreeSet<String>,
    seed: u64,
) -> Option<Configuration> {
    let features = Features::of(pool.space());
    let here = features.encode(base);
    let distance = |one: &Configuration| -> f64 {
        let there = features.encode(one);
        let knobs = features.knobs.iter().zip(here.iter().zip(&there));
        // A knob turned at all counts for more than how far.
        knobs
            .map(|(knob, (a, b))| knob.distance(*a, *b))
            .map(|gap| if gap > 0.0 { 0.5 + gap } else { 0.0 })
            .sum()
    };
    let mut near = pool.candidates(tried, std::slice::from_ref(base), seed);
    crate::shuffle::SplitMix(seed).shuffle(&mut near);
    near.into_iter()
        .map(|one| (distance(&one), one))
        .min_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, one)| one)
}

/// The rule's own point: the default with threads and requests at once set by it.
#[must_use]
pub fn target(space: &ParameterSpace, context: &Context) -> Configuration {
    let mut target = space.default_configuration();
    let wanted = [
        ("threads", context.physical_cores),
        ("threads-batch", context.physical_cores),
        ("parallel", context.concurrency),
        ("num-thread", context.physical_cores),
        ("num-parallel", context.concurrency),
    ];
    for (name, wanted) in wanted {
        let nearest = space
            .get(name)
            .and_then(|parameter| nearest_level(&parameter.kind, wanted));
        if let Some(level) = nearest {
            target.set(name, level);
        }
    }
    space.check(&target).unwrap_or(target)
}

/// The level nearest to `wanted`, the greater one of two.
fn nearest_level(kind: &Kind, wanted: u32) -> Option<Value> {
    let wanted = i64::from(wanted.max(1));
    let Kind::Int { levels, .. } = kind else {
        return None;
    };
    levels
        .iter()
        .rev()
        .min_by_key(|level| level.abs_diff(wanted))
        .map(|level| Value::Int(*level))
}
