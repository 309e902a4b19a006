//! The model behind the surrogate: what is known about each knob as the mean, an effect per knob and
//! per pair of knobs around it, learned by Gaussian process regression.
//!
//! With every knob i comes an effect fᵢ that is 0 at the default, with standard deviation sᵢ at its
//! farthest level; with every pair an interaction that is 0 unless both are turned (a second-order
//! additive kernel: Duvenaud, Nickisch & Rasmussen, 2011). Few trials then already say much about
//! single knobs, where a kernel over all knobs at once would have to see every combination. How much
//! each knob matters here is fitted around what is usual for it, and all of them together with it:
//! where one acts more strongly than was thought, the others may as well. And how much of what is
//! known holds here is learned with the rest, as the weight of one more basis function (Rasmussen &
//! Williams, 2006, § 2.7): where it is wrong of one knob, it counts for less of all.

use super::strength::{Share, Strength, alike, covariance};
use crate::climb::climb;
use crate::features::{Features, Places};
use crate::gaussian::{Belief, Gram, Posterior};
use crate::knowledge::{Response, expected, reach, stretch};
use crate::model::{Predict, seen};
use crate::observation::{Context, History};
use wattsmith_domain::{Configuration, ParameterSpace};

/// Standard deviation of the level of the default, which only this session tells.
const OFFSET: f64 = 1.0;
/// Variance of how much of what is known holds here, 1 being all of it.
const DOUBT: f64 = 0.1;
/// Least reach of a knob: however little it mattered elsewhere, here it may.
const LEAST_REACH: f64 = 0.11;
/// Spread of what an earlier session says about this one, on the log scale.
const BETWEEN_SESSIONS: f64 = 0.1;

#[derive(Debug, Clone)]
pub(super) struct Field {
    features: Features,
    space: ParameterSpace,
    context: Context,
    response: Response,
    reference: Configuration,
    origin: Vec<f64>,
    level: f64,
    strength: Strength,
    places: Places,
    /// 1 for what this session measured, 0 for what earlier ones said about ratios.
    here: Vec<f64>,
    /// What was expected of each point against the default.
    known: Vec<f64>,
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
        let told: Vec<_> = history
            .points
            .iter()
            .filter_map(|point| Some((point, seen(point, response)?)))
            .collect();
        // Only a place to measure from; the offset's variance lets it be wrong.
        let (first, value) = told.first()?;
        let level = value - prior_mean(&first.configuration);
        let (mut points, mut here, mut known) = (Vec::new(), Vec::new(), Vec::new());
        let (mut residuals, mut noise) = (Vec::new(), Vec::new());
        for (point, value) in &told {
            points.push(features.encode(&point.configuration));
            here.push(1.0);
            known.push(prior_mean(&point.configuration));
            residuals.push(value - level);
            noise.push(context.noise(point.repeats));
        }
        if response == Response::Energy {
            for one in &context.prior {
                points.push(features.encode(&one.configuration));
                here.push(0.0);
                known.push(prior_mean(&one.configuration));
                residuals.push(one.relative.ln());
                noise.push(BETWEEN_SESSIONS.powi(2) / one.weight.clamp(0.01, 1.0));
            }
        }
        let unexpected = residuals.iter().zip(&known);
        let residuals: Vec<f64> = unexpected.map(|(seen, known)| seen - known).collect();
        let usual: Vec<f64> = features
            .knobs
            .iter()
            .map(|knob| reach(&knob.name).max(LEAST_REACH) * stretch(response))
            .collect();
        let n = points.len();
        let places = Places::of(&points);
        let alike = places.pairs(|knob, a, b| {
            let alike = alike(&features.knobs[knob], a, b, origin[knob]);
            (knob, alike)
        });
        let fit = |strength: &Strength| {
            let shares: Vec<Share> = alike
                .iter()
                .map(|(knob, alike)| strength.share(*knob, *alike))
                .collect();
            let gram = Gram::of(n, |i, j| {
                OFFSET * OFFSET * here[i] * here[j]
                    + DOUBT * known[i] * known[j]
                    + covariance(places.meeting(i, j).map(|at| shares[at]))
            });
            Posterior::fit(gram, &noise, &residuals)
        };
        let prior = |at: &[f64]| -> f64 { at.iter().map(|one| -0.5 * one * one).sum() };
        let sweeps = match n {
            0..=2 => 0,
            3..=40 => 3,
            _ => 2,
        };
        let at = climb(vec![0.0; usual.len() + 1], 1.0, sweeps, |at| {
            let fit = fit(&Strength::of(&usual, at));
            fit.map_or(f64::NEG_INFINITY, |fit| fit.log_evidence + prior(at))
        });
        let strength = Strength::of(&usual, &at);
        let posterior = fit(&strength)?;
        Some(Self {
            evidence: posterior.log_evidence + prior(&at),
            posterior,
            features: features.clone(),
            space: space.clone(),
            context: context.clone(),
            response,
            reference,
            origin,
            level,
            strength,
            places,
            here,
            known,
        })
    }

    /// How much two configurations would teach about each other, −1 to 1.
    pub(super) fn correlation(&self, one: &Configuration, other: &Configuration) -> f64 {
        let (one, other) = (self.features.encode(one), self.features.encode(other));
        let scale = (self.between(&one, &one) * self.between(&other, &other)).sqrt();
        if scale > 0.0 {
            self.between(&one, &other) / scale
        } else {
            1.0
        }
    }

    fn share(&self, knob: usize, a: f64, b: f64) -> Share {
        let alike = alike(&self.features.knobs[knob], a, b, self.origin[knob]);
        self.strength.share(knob, alike)
    }

    fn between(&self, one: &[f64], other: &[f64]) -> f64 {
        let knobs = one.iter().zip(other).enumerate();
        covariance(knobs.map(|(knob, (a, b))| self.share(knob, *a, *b)))
    }
}

impl Predict for Field {
    fn predict(&self, configuration: &Configuration) -> Belief {
        let point = self.features.encode(configuration);
        let known = expected(
            configuration,
            &self.reference,
            &self.space,
            &self.context,
            self.response,
        );
        let shares = self
            .places
            .against(&point, |knob, a, b| self.share(knob, a, b));
        let session = self.here.iter().zip(&self.known);
        let cross = self
            .places
            .points()
            .zip(session)
            .map(|(there, (here, other))| {
                OFFSET * OFFSET * here
                    + DOUBT * known * other
                    + covariance(there.iter().map(|at| shares[*at]))
            })
            .collect();
        let own = OFFSET * OFFSET + DOUBT * known * known + self.between(&point, &point);
        let belief = self.posterior.at(cross, own);
        Belief {
            mean: self.level + known + belief.mean,
            sd: belief.sd,
        }
    }
}
