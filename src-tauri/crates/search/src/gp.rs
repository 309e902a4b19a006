//! Bayesian optimisation as textbooks have it: a Gaussian process with a Matérn 5/2 kernel, a length
//! scale per knob, and expected improvement over all that may be proposed. It knows nothing of
//! inference servers: that is what it is compared for.
//!
//! Ours and not `egobox-ego`'s: that would bring 190 crates (among them a command-line parser, a
//! signal handler and a logger), works on a continuous relaxation that it rounds, so that it repeats
//! itself on grids of few levels, and takes no noise per observation.

use crate::NumericAdvisor;
use crate::climb::climb;
use crate::features::{Features, Places};
use crate::gaussian::{Belief, Gram, Posterior, matern};
use crate::knowledge::Response;
use crate::model::{Models, Predict, all_tried, greatest, seen};
use crate::observation::{Context, History, Observation};
use crate::pool::Pool;
use crate::sobol::Sobol;
use std::collections::BTreeSet;
use wattsmith_domain::Configuration;

/// Trials before the model is asked, the default among them; the others are Sobol points.
const START: usize = 4;
/// Standard deviation of the unknown mean level.
const OFFSET: f64 = 1.0;
/// Spread of what an earlier session says about this one, on the log scale.
const BETWEEN_SESSIONS: f64 = 0.1;

/// Least variance that knobs are thought to bring about.
const LEAST_SPREAD: f64 = 0.01;

/// The GP advisor.
#[derive(Debug, Clone)]
pub struct Gp {
    pool: Pool,
    context: Context,
    seed: u64,
    told: Vec<Observation>,
}

impl Gp {
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
}

impl NumericAdvisor for Gp {
    fn tell(&mut self, observation: Observation) {
        self.told.push(observation);
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        let history = History::of(&self.told, &self.context.constraints);
        let tried = all_tried(&self.told, tried);
        let known = history.points.len() + history.failed.len() + self.context.prior.len();
        let by_sequence = || Sobol::new(&self.pool, self.seed).next(&tried);
        if known < START {
            return by_sequence();
        }
        let features = Features::of(self.pool.space());
        let models = Models::fit(&self.context, |response| {
            Process::fit(&history, &features, &self.context, response)
        });
        let Some(models) = models else {
            return by_sequence();
        };
        let around: Vec<Configuration> = history
            .best()
            .map(|best| best.configuration.clone())
            .into_iter()
            .collect();
        let candidates = self.pool.candidates(&tried, &around, self.seed);
        let scored = models.score(candidates, &history, &features);
        greatest(&scored).map(|one| one.configuration.clone())
    }
}

/// A Gaussian process over the knobs of one response.
pub(crate) struct Process {
    features: Features,
    places: Places,
    mean: f64,
    variance: f64,
    /// One over each length scale.
    inverse: Vec<f64>,
    posterior: Posterior,
    /// How well it explains what was seen, for a comparison with other models.
    pub evidence: f64,
}

impl Process {
    pub(crate) fn fit(
        history: &History,
        features: &Features,
        context: &Context,
        response: Response,
    ) -> Option<Self> {
        let mut points = Vec::new();
        let mut values = Vec::new();
        let mut noise = Vec::new();
        for point in &history.points {
            if let Some(value) = seen(point, response) {
                points.push(features.encode(&point.configuration));
                values.push(value);
                noise.push(context.noise(point.repeats));
            }
        }
        let reference = *values.first()?;
        if response == Response::Energy {
            for one in &context.prior {
                points.push(features.encode(&one.configuration));
                values.push(reference + one.relative.ln());
                noise.push(context.noise(1) + BETWEEN_SESSIONS.powi(2) / one.weight.max(0.01));
            }
        }
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let residuals: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let spread = residuals.iter().map(|one| one * one).sum::<f64>() / n as f64;
        let spread = spread.max(LEAST_SPREAD);
        let knobs = features.knobs.len();
        let places = Places::of(&points);
        let gaps = places.pairs(|knob, a, b| features.knobs[knob].distance(a, b).powi(2));
        let gram = |variance: f64, inverse: &[f64]| {
            Gram::of(n, |i, j| {
                let gap: f64 = places
                    .meeting(i, j)
                    .zip(inverse)
                    .map(|(at, inverse)| gaps[at] * inverse * inverse)
                    .sum();
                OFFSET * OFFSET + variance * matern(gap.sqrt())
            })
        };
        // Coordinates: ln of each inverse length scale, then ln of the variance, both about what
        // is usual. The longer the more knobs there are (Hvarfner et al., 2024).
        let usual_length = 0.5 * (knobs.max(1) as f64).sqrt();
        let unpack = |at: &[f64]| -> (f64, Vec<f64>) {
            let inverse = at[..knobs]
                .iter()
                .map(|one| one.exp() / usual_length)
                .collect();
            (spread * at[knobs].exp(), inverse)
        };
        let sweeps = if n > 40 { 2 } else { 4 };
        let at = climb(vec![0.0; knobs + 1], 1.0, sweeps, |at| {
            let (variance, inverse) = unpack(at);
            let fit = Posterior::fit(gram(variance, &inverse), &noise, &residuals);
            let prior: f64 = at.iter().map(|one| -0.5 * one * one).sum();
            fit.map_or(f64::NEG_INFINITY, |fit| fit.log_evidence + prior)
        });
        let (variance, inverse) = unpack(&at);
        let posterior = Posterior::fit(gram(variance, &inverse), &noise, &residuals)?;
        Some(Self {
            evidence: posterior.log_evidence + at.iter().map(|one| -0.5 * one * one).sum::<f64>(),
            posterior,
            features: features.clone(),
            places,
            mean,
            variance,
            inverse,
        })
    }
}

impl Predict for Process {
    fn predict(&self, configuration: &Configuration) -> Belief {
        let here = self.features.encode(configuration);
        let gaps = self.places.against(&here, |knob, a, b| {
            (self.features.knobs[knob].distance(a, b) * self.inverse[knob]).powi(2)
        });
        let cross = self
            .places
            .points()
            .map(|point| {
                let gap: f64 = point.iter().map(|at| gaps[*at]).sum();
                OFFSET * OFFSET + self.variance * matern(gap.sqrt())
            })
            .collect();
        let belief = self.posterior.at(cross, OFFSET * OFFSET + self.variance);
        Belief {
            mean: self.mean + belief.mean,
            sd: belief.sd,
        }
    }
}
