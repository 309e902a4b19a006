//! Our own advisor: a model that starts from what is known about inference servers, learns from a
//! handful of trials, and gives a short list with expectations and reasons.
//!
//! Where nothing but the default is known, the first entry is the rule of thumb's: it is what an engineer
//! would try, and a model of one point can only guess boldly. From then on it is what promises most.
//!
//! `surrogate` takes the first entry. `guided` lets a chat LLM choose from the list, or argue for
//! something else; only entries whose expected improvement is at least [`OFFERED_SHARE`] of the
//! first one's are on the list, and what the LLM brings instead is held to the same measure by
//! [`Surrogate::judge`]. So the choice can cost at most that share of one turn's expected gain.

mod field;
mod mixture;
mod reason;
mod strength;

use crate::NumericAdvisor;
use crate::features::Features;
use crate::gaussian::Belief;
use crate::model::{Models, Scored, all_tried, greatest};
use crate::observation::{Context, History, Observation};
use crate::pool::Pool;
use crate::rule;
use mixture::Mixture;
pub use reason::LEAST_RISK;
use std::collections::BTreeSet;
use wattsmith_domain::Configuration;

/// Least expected improvement of an entry of the short list, as a share of the first one's.
pub const OFFERED_SHARE: f64 = 0.7;
/// Most entries of a short list.
pub const MOST_ENTRIES: usize = 8;
/// How far above the best so far an entry's expected J/unit may lie, as a factor: what is expected
/// to be much worse is no advice, however little is known about it.
const NEAR_BEST: f64 = 1.15;
/// Standard deviations on each side of a 95 % interval.
const TWO_SIDED_95: f64 = 1.96;
/// From this correlation on, two entries would teach the same.
const ALIKE: f64 = 0.95;

/// One entry of a short list.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Valid, canonical and untried.
    pub configuration: Configuration,
    /// Expected J/unit.
    pub expected: f64,
    /// Lower end of the 95 % interval of the true J/unit.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Expected improvement as a share of the best entry's, 0 to 1.
    pub promise: f64,
    /// Probability that it breaks a limit of the session, 0 to 1.
    pub risk: f64,
    /// What speaks for it beside the figures; may be empty.
    pub because: String,
    /// Why, in one sentence, with the figures.
    pub reason: String,
}

/// The surrogate advisor.
#[derive(Debug, Clone)]
pub struct Surrogate {
    pool: Pool,
    context: Context,
    seed: u64,
    told: Vec<Observation>,
}

/// Everything that one turn's judgement stands on.
struct Turn {
    history: History,
    models: Models<Mixture>,
    scored: Vec<Scored>,
    first: Scored,
    /// Lowest expected ln J/unit so far.
    best: f64,
}

impl Surrogate {
    /// Over a space or a pool. The seed only draws candidates from grids that are too large to be
    /// looked at as a whole.
    #[must_use]
    pub fn new(pool: impl Into<Pool>, context: Context, seed: u64) -> Self {
        Self {
            pool: pool.into(),
            context,
            seed,
            told: Vec::new(),
        }
    }

    /// Up to `n` (at most [`MOST_ENTRIES`]) entries, the one to take first: what is expected to be
    /// best, what is least known, and what lies between. Empty before anything worked, and when
    /// nothing is left.
    #[must_use]
    pub fn shortlist(&self, tried: &BTreeSet<String>, n: usize) -> Vec<Candidate> {
        let Some(turn) = self.turn(tried) else {
            return Vec::new();
        };
        let least = OFFERED_SHARE * turn.first.improvement;
        let mut left: Vec<&Scored> = turn
            .scored
            .iter()
            .filter(|one| one.improvement >= least && one.energy.mean <= turn.best + NEAR_BEST.ln())
            .collect();
        left.sort_by(|one, other| other.improvement.total_cmp(&one.improvement));
        let wanted = [
            |one: &Scored| one.energy.mean,
            |one: &Scored| -one.energy.sd,
            |one: &Scored| -one.improvement,
        ];
        let mut chosen: Vec<&Scored> = Vec::new();
        let mut next = Some(&turn.first);
        while let Some(one) = next.filter(|_| chosen.len() < n.min(MOST_ENTRIES)) {
            let wish = wanted[chosen.len() % wanted.len()];
            chosen.push(one);
            let field = &turn.models.energy.field;
            left.retain(|other| {
                field.correlation(&one.configuration, &other.configuration) < ALIKE
            });
            next = left
                .iter()
                .copied()
                .min_by(|one, other| wish(one).total_cmp(&wish(other)));
        }
        chosen
            .into_iter()
            .map(|one| self.candidate(one, &turn))
            .collect()
    }

    /// What the model thinks of a configuration that somebody else brings, and whether it may stand
    /// in for an entry of the list: `promise` is at least [`OFFERED_SHARE`] then. `None` before
    /// anything worked, where the configuration is not valid, or was tried.
    #[must_use]
    pub fn judge(&self, asked: &Configuration, tried: &BTreeSet<String>) -> Option<Candidate> {
        let turn = self.turn(tried)?;
        let canonical = self.pool.space().check(asked).ok()?;
        if all_tried(&self.told, tried).contains(&canonical.key()) {
            return None;
        }
        let features = Features::of(self.pool.space());
        let scored = turn
            .models
            .score(vec![canonical], &turn.history, &features)
            .pop()?;
        Some(self.candidate(&scored, &turn))
    }

    fn turn(&self, tried: &BTreeSet<String>) -> Option<Turn> {
        let history = History::of(&self.told, &self.context.constraints);
        (!history.points.is_empty()).then_some(())?;
        let tried = all_tried(&self.told, tried);
        let space = self.pool.space();
        let features = Features::of(space);
        let models = Models::fit(&self.context, |response| {
            Mixture::fit(&history, &features, space, &self.context, response)
        })?;
        let mut around: Vec<Configuration> = history
            .best()
            .map(|best| best.configuration.clone())
            .into_iter()
            .collect();
        around.push(rule::target(space, &self.context));
        let candidates = self.pool.candidates(&tried, &around, self.seed);
        let scored = models.score(candidates, &history, &features);
        let first = self
            .opening(&history, &tried)
            .and_then(|one| models.score(vec![one], &history, &features).pop());
        let first = match first {
            Some(first) => first,
            None => greatest(&scored)?.clone(),
        };
        Some(Turn {
            best: models.best(&history),
            history,
            models,
            scored,
            first,
        })
    }

    /// The rule of thumb's settings, while the default alone is known and no earlier session knows better.
    fn opening(&self, history: &History, tried: &BTreeSet<String>) -> Option<Configuration> {
        let known = history.points.len() + history.failed.len() + self.context.prior.len();
        (known <= 1).then(|| rule::nearest(&self.pool, &self.context, tried, self.seed))?
    }

    fn candidate(&self, scored: &Scored, turn: &Turn) -> Candidate {
        let Belief { mean, sd } = scored.energy;
        let best = turn.first.improvement;
        let promise = if best > 0.0 {
            (scored.improvement / best).min(1.0)
        } else {
            1.0
        };
        let risk = 1.0 - turn.models.keeps(&scored.configuration);
        let space = self.pool.space();
        let reason = reason::of(scored, risk, &turn.history, &turn.models, space);
        Candidate {
            expected: mean.exp(),
            low: (mean - TWO_SIDED_95 * sd).exp(),
            high: (mean + TWO_SIDED_95 * sd).exp(),
            promise,
            risk,
            because: reason.because,
            reason: reason.sentence,
            configuration: scored.configuration.clone(),
        }
    }
}

impl NumericAdvisor for Surrogate {
    fn tell(&mut self, observation: Observation) {
        self.told.push(observation);
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        if let Some(turn) = self.turn(tried) {
            return Some(turn.first.configuration);
        }
        // Nothing worked so far, or nothing is left.
        let tried = all_tried(&self.told, tried);
        let rule = rule::target(self.pool.space(), &self.context);
        self.pool
            .fresh(&rule, &tried)
            .or_else(|| crate::Sobol::new(&self.pool, self.seed).next(&tried))
    }
}
