//! What the two models of this room share: a prediction of every response that matters, and the
//! expected improvement that follows, for all that may be proposed.

use crate::features::Features;
use crate::gaussian::Belief;
use crate::knowledge::Response;
use crate::observation::{Context, History, Point};
use std::collections::BTreeSet;
use wattsmith_domain::Configuration;

/// A level that failed so often and never worked is left for when nothing else is.
const GIVEN_UP: f64 = 3.0;
/// Its chance to work, then.
const HARDLY: f64 = 1e-9;

/// Predicts one response.
pub(crate) trait Predict {
    /// The belief about ln of the response, without a window's noise.
    fn predict(&self, configuration: &Configuration) -> Belief;

    /// The belief, and by how much ln of the response is expected to fall below `best`.
    fn weigh(&self, configuration: &Configuration, best: f64) -> (Belief, f64) {
        let belief = self.predict(configuration);
        (belief, belief.improvement(best))
    }
}

/// One configuration that may be proposed.
#[derive(Debug, Clone)]
pub(crate) struct Scored {
    pub configuration: Configuration,
    pub energy: Belief,
    /// Expected improvement in ln J/unit × chance that it runs and keeps the constraints.
    pub improvement: f64,
}

/// A response's value at a point, where it was seen.
pub(crate) fn seen(point: &Point, response: Response) -> Option<f64> {
    match response {
        Response::Energy => Some(point.log_joules),
        Response::Speed => point.log_speed,
        Response::FirstToken => point.log_first_token,
    }
}

/// A model of every response that the objective speaks of.
pub(crate) struct Models<M> {
    pub energy: M,
    speed: Option<(M, f64)>,
    first_token: Option<(M, f64)>,
}

impl<M: Predict> Models<M> {
    /// `fit` makes a model of one response; `None` where there is nothing to learn from.
    pub(crate) fn fit(context: &Context, fit: impl Fn(Response) -> Option<M>) -> Option<Self> {
        let constraints = &context.constraints;
        // Only what is limited is worth a model.
        let limit = |limit: Option<f64>, response| {
            let limit = limit?.ln();
            Some((fit(response)?, limit))
        };
        Some(Self {
            energy: fit(Response::Energy)?,
            speed: limit(constraints.min_tokens_per_second, Response::Speed),
            first_token: limit(constraints.max_time_to_first_token_s, Response::FirstToken),
        })
    }

    /// Scores each candidate.
    pub(crate) fn score(
        &self,
        candidates: Vec<Configuration>,
        history: &History,
        features: &Features,
    ) -> Vec<Scored> {
        let best = self.best(history);
        let failures = Failures::of(history, features);
        candidates
            .into_iter()
            .map(|configuration| {
                let (energy, improvement) = self.energy.weigh(&configuration, best);
                let chance = self.keeps(&configuration) * failures.works(&configuration, features);
                Scored {
                    improvement: improvement * chance,
                    energy,
                    configuration,
                }
            })
            .collect()
    }

    /// What has to be beaten: the lowest expectation among what was measured and keeps the
    /// constraints. An expectation, since the lowest figure alone is low by luck as well. While
    /// nothing keeps them, anything that does is worth having.
    pub(crate) fn best(&self, history: &History) -> f64 {
        let expectations = |points: &mut dyn Iterator<Item = &Point>| -> Option<f64> {
            points
                .map(|point| self.energy.predict(&point.configuration).mean)
                .reduce(f64::min)
        };
        let worst = history
            .points
            .iter()
            .map(|point| point.log_joules)
            .fold(f64::NEG_INFINITY, f64::max);
        expectations(&mut history.points.iter().filter(|point| point.keeps))
            .unwrap_or(if worst.is_finite() { worst + 1.0 } else { 0.0 })
    }

    /// Chance that the constraints are kept.
    pub(crate) fn keeps(&self, configuration: &Configuration) -> f64 {
        let speed = self.speed.as_ref().map_or(1.0, |(model, least)| {
            1.0 - model.predict(configuration).at_most(*least)
        });
        let prompt = self.first_token.as_ref().map_or(1.0, |(model, most)| {
            model.predict(configuration).at_most(*most)
        });
        speed * prompt
    }
}

/// Where trials failed: what is like them may fail, too.
struct Failures {
    worked: Vec<Vec<f64>>,
    failed: Vec<Vec<f64>>,
}

impl Failures {
    fn of(history: &History, features: &Features) -> Self {
        Self {
            worked: history
                .points
                .iter()
                .map(|point| features.encode(&point.configuration))
                .collect(),
            failed: history
                .failed
                .iter()
                .map(|one| features.encode(one))
                .collect(),
        }
    }

    /// The worst record among its levels: the share of trials with that level that worked, with one
    /// vote for working and two for each failure, which cost a trial and teach nothing. A fault mostly comes from one knob (too little memory, an unknown flag).
    fn works(&self, configuration: &Configuration, features: &Features) -> f64 {
        if self.failed.is_empty() {
            return 1.0;
        }
        let here = features.encode(configuration);
        let with = |tried: &[Vec<f64>], knob: usize| {
            tried.iter().filter(|one| one[knob] == here[knob]).count() as f64
        };
        (0..features.knobs.len())
            .map(|knob| {
                let (worked, failed) = (with(&self.worked, knob), with(&self.failed, knob));
                if worked == 0.0 && failed >= GIVEN_UP {
                    HARDLY
                } else {
                    (1.0 + worked) / (1.0 + worked + 2.0 * failed)
                }
            })
            .fold(1.0, f64::min)
    }
}

/// The entry with the greatest expected improvement; the first of equals.
pub(crate) fn greatest(scored: &[Scored]) -> Option<&Scored> {
    scored.iter().reduce(|best, one| {
        if one.improvement > best.improvement {
            one
        } else {
            best
        }
    })
}

/// Keys of what was told, and of what else was tried.
pub(crate) fn all_tried(
    told: &[crate::observation::Observation],
    tried: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut all = tried.clone();
    all.extend(told.iter().map(|one| one.configuration.key()));
    all
}
