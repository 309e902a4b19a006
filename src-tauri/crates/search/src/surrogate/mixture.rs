//! Two models, weighted by how well each explains the trials: the one that starts from what is known
//! about servers, and one that knows nothing. Where the knowledge is wrong, a handful of trials move
//! the weight (Bayesian model averaging: Hoeting et al., 1999).

use super::field::Field;
use crate::features::Features;
use crate::gaussian::Belief;
use crate::gp::Process;
use crate::knowledge::Response;
use crate::model::Predict;
use crate::observation::{Context, History};
use wattsmith_domain::{Configuration, ParameterSpace};

/// Weight of the model that knows servers, before any trial.
const TRUST: f64 = 0.8;

pub(super) struct Mixture {
    pub field: Field,
    process: Process,
    /// Weight of the field, 0 to 1.
    trust: f64,
}

impl Mixture {
    pub(super) fn fit(
        history: &History,
        features: &Features,
        space: &ParameterSpace,
        context: &Context,
        response: Response,
    ) -> Option<Self> {
        let field = Field::fit(history, features, space, context, response)?;
        let process = Process::fit(history, features, context, response)?;
        let odds = (field.evidence - process.evidence).exp() * TRUST / (1.0 - TRUST);
        let trust = if odds.is_finite() {
            odds / (1.0 + odds)
        } else {
            1.0
        };
        Some(Self {
            field,
            process,
            trust,
        })
    }
}

impl Mixture {
    fn mix(&self, one: Belief, other: Belief) -> Belief {
        let (a, b) = (self.trust, 1.0 - self.trust);
        let mean = a * one.mean + b * other.mean;
        let variance = a * (one.sd.powi(2) + (one.mean - mean).powi(2))
            + b * (other.sd.powi(2) + (other.mean - mean).powi(2));
        Belief {
            mean,
            sd: variance.sqrt(),
        }
    }
}

impl Predict for Mixture {
    fn predict(&self, configuration: &Configuration) -> Belief {
        self.mix(
            self.field.predict(configuration),
            self.process.predict(configuration),
        )
    }

    /// What each of the two expects, by weight; one wide bell in place of two would promise more.
    fn weigh(&self, configuration: &Configuration, best: f64) -> (Belief, f64) {
        let (one, one_gain) = self.field.weigh(configuration, best);
        let (other, other_gain) = self.process.weigh(configuration, best);
        let gain = self.trust * one_gain + (1.0 - self.trust) * other_gain;
        (self.mix(one, other), gain)
    }
}
