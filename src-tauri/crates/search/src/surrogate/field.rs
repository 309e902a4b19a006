//! The model behind the surrogate: what is known about each knob as the mean, an effect per knob and
//! per pair of knobs around it, learned by Gaussian process regression.
//!
//! With every knob i comes an effect fᵢ that is 0 at the default, with standard deviation sᵢ at its
//! farthest level; with every pair an interaction that is 0 unless both are turned (a second-order
//! additive kernel: Duvenaud, Nickisch & Rasmussen, 2011). Few trials then already say much about
//! single knobs, where a kernel over all knobs at once would have to see every combination. How much
//! each knob matters here is fitted around what is usual for it.

use crate::climb::climb;
use crate::features::{Features, Knob};
use crate::gaussian::{Belief, Gram, Posterior, matern};
use crate::knowledge::{Response, expected, reach, stretch};
use crate::model::{Predict, seen};
use crate::observation::{Context, History};
use wattsmith_domain::{Configuration, ParameterSpace};

/// Standard deviation of the level of the default, which only this session tells.
const OFFSET: f64 = 1.0;
/// Length scale of one knob's effect, its levels lying between 0 and 1.
const LENGTH: f64 = 0.8;
/// Two knobs of this reach are thought to interact as strongly as each acts alone; beyond it no more
/// than that, or the corners of the space would promise wonders.
const FULL_INTERACTION: f64 = 0.2;
/// Spread of what an earlier session says about this one, on the log scale.
const BETWEEN_SESSIONS: f64 = 0.1;
/// How freely a knob's reach moves from the usual, as a standard deviation of its logarithm.
const FREEDOM: f64 = 0.7;

#[derive(Debug, Clone)]
pub(super) struct Field {
    features: Features,
    space: ParameterSpace,
    context: Context,
    response: Response,
    reference: Configuration,
    origin: Vec<f64>,
    level: f64,
    reaches: Vec<f64>,
    points: Vec<Vec<f64>>,
    /// 1 for what this session measured, 0 for what earlier ones said about ratios.
    here: Vec<f64>,
    posterior: Posterior,
    /// How well it explains what was seen, for a comparison with other models.
    pub evidence: f64,
}

impl Field {
    pub(super) fn fit(
        history: &History,
        features: &Features,
        space: &ParameterSpace,
        context: &Context,
        response: Response,
    ) -> Option<Self> {
        let reference = space.default_configuration();
        let origin = features.encode(&reference);
        let prior_mean = |one: &Configuration| expected(one, &reference, space, context, response);
        let known: Vec<_> = history
            .points
            .iter()
            .filter_map(|point| Some((point, seen(point, response)?)))
            .collect();
        // Only a place to measure from; the offset's variance lets it be wrong.
        let (first, value) = known.first()?;
        let level = value - prior_mean(&first.configuration);
        let (mut points, mut here, mut residuals, mut noise) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (point, value) in &known {
            points.push(features.encode(&point.configuration));
            here.push(1.0);
            residuals.push(value - level - prior_mean(&point.configuration));
            noise.push(context.noise(point.repeats));
        }
        if response == Response::Energy {
            for one in &context.prior {
                points.push(features.encode(&one.configuration));
                here.push(0.0);
                residuals.push(one.relative.ln() - prior_mean(&one.configuration));
                noise.push(BETWEEN_SESSIONS.powi(2) / one.weight.clamp(0.01, 1.0));
            }
        }
        let usual: Vec<f64> = features
            .knobs
            .iter()
            .map(|knob| reach(&knob.name) * stretch(response))
            .collect();
        let n = points.len();
        let knobs = features.knobs.len();
        let mut alike = Vec::with_capacity(n * (n + 1) / 2 * knobs);
        for (i, one) in points.iter().enumerate() {
            for other in &points[..=i] {
                alike.extend(similarities(features, one, other, &origin));
            }
        }
        let gram = |reaches: &[f64]| {
            Gram::of(n, |i, j| {
                let at = (i * (i + 1) / 2 + j) * knobs;
                OFFSET * OFFSET * here[i] * here[j] + covariance(reaches, &alike[at..at + knobs])
            })
        };
        let scaled = |at: &[f64]| -> Vec<f64> {
            let factors = usual.iter().zip(at);
            factors
                .map(|(usual, at)| usual * (FREEDOM * at).exp())
                .collect()
        };
        let sweeps = match n {
            0..=2 => 0,
            3..=40 => 3,
            _ => 2,
        };
        let at = climb(vec![0.0; knobs], 1.0, sweeps, |at| {
            let fit = Posterior::fit(gram(&scaled(at)), &noise, &residuals);
            let prior: f64 = at.iter().map(|one| -0.5 * one * one).sum();
            fit.map_or(f64::NEG_INFINITY, |fit| fit.log_evidence + prior)
        });
        let reaches = scaled(&at);
        let posterior = Posterior::fit(gram(&reaches), &noise, &residuals)?;
        Some(Self {
            evidence: posterior.log_evidence + at.iter().map(|one| -0.5 * one * one).sum::<f64>(),
            posterior,
            features: features.clone(),
            space: space.clone(),
            context: context.clone(),
            response,
            reference,
            origin,
            level,
            reaches,
            points,
            here,
        })
    }

    /// How much two configurations would teach about each other, −1 to 1.
    pub(super) fn correlation(&self, one: &Configuration, other: &Configuration) -> f64 {
        let (one, other) = (self.features.encode(one), self.features.encode(other));
        let between = |a: &[f64], b: &[f64]| {
            let alike: Vec<f64> = similarities(&self.features, a, b, &self.origin).collect();
            covariance(&self.reaches, &alike)
        };
        let scale = (between(&one, &one) * between(&other, &other)).sqrt();
        if scale > 0.0 {
            between(&one, &other) / scale
        } else {
            1.0
        }
    }
}

impl Predict for Field {
    fn predict(&self, configuration: &Configuration) -> Belief {
        let point = self.features.encode(configuration);
        let between = |other: &[f64]| {
            let alike: Vec<f64> =
                similarities(&self.features, &point, other, &self.origin).collect();
            covariance(&self.reaches, &alike)
        };
        let cross = self
            .points
            .iter()
            .zip(&self.here)
            .map(|(other, here)| OFFSET * OFFSET * here + between(other))
            .collect();
        let belief = self.posterior.at(cross, OFFSET * OFFSET + between(&point));
        let mean = expected(
            configuration,
            &self.reference,
            &self.space,
            &self.context,
            self.response,
        );
        Belief {
            mean: self.level + mean + belief.mean,
            sd: belief.sd,
        }
    }
}

/// Per knob how alike two settings act, in units of the reach squared: a kernel that is 0 wherever
/// one of the two is at the default.
fn similarities(
    features: &Features,
    one: &[f64],
    other: &[f64],
    origin: &[f64],
) -> impl Iterator<Item = f64> {
    let places = one.iter().zip(other).zip(origin);
    features
        .knobs
        .iter()
        .zip(places)
        .map(|(knob, ((a, b), o))| {
            if a == o || b == o {
                return 0.0;
            }
            kernel(knob, *a, *b) - kernel(knob, *a, *o) - kernel(knob, *o, *b) + 1.0
        })
}

fn kernel(knob: &Knob, one: f64, other: f64) -> f64 {
    let distance = knob.distance(one, other);
    if knob.words() > 0 {
        // Two other words share half of what sets them apart from the default.
        1.0 - 0.5 * distance
    } else {
        matern(distance / LENGTH)
    }
}

fn covariance(reaches: &[f64], alike: &[f64]) -> f64 {
    let (mut single, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (reach, alike) in reaches.iter().zip(alike) {
        single += reach * reach * alike;
        let effect = reach.min(FULL_INTERACTION).powi(2) * alike;
        sum += effect;
        squares += effect * effect;
    }
    let pairs = (sum * sum - squares) / 2.0;
    single + pairs / (FULL_INTERACTION * FULL_INTERACTION)
}
