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
const TRUST: f64 = 0.7;
/// Weight below which a model changes no figure that anybody reads, so that it is not asked.
const NOTHING: f64 = 1e-4;

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
        let trust = match odds / (1.0 + odds) {
            little if little < NOTHING => 0.0,
            some if some < 1.0 - NOTHING => some,
            // Infinite odds give no number.
            _ => 1.0,
        };
        Some(Self {
            field,
            process,
            trust,
        })
    }

    /// What each of the two believes, with its weight.
    fn beliefs(
        &self,
        configuration: &Configuration,
    ) -> impl Iterator<Item = (f64, Belief)> + Clone {
        let models: [(f64, &dyn Predict); 2] =
            [(self.trust, &self.field), (1.0 - self.trust, &self.process)];
        let beliefs = models
            .map(|(weight, model)| (weight > 0.0).then(|| (weight, model.predict(configuration))));
        beliefs.into_iter().flatten()
    }
}

/// One belief in place of several: mean and variance of the mixture.
fn mixed(beliefs: impl Iterator<Item = (f64, Belief)> + Clone) -> Belief {
    let mean: f64 = beliefs.clone().map(|(weight, one)| weight * one.mean).sum();
    let around = |one: Belief| one.sd.powi(2) + (one.mean - mean).powi(2);
    let variance: f64 = beliefs.map(|(weight, one)| weight * around(one)).sum();
    Belief {
        mean,
        sd: variance.sqrt(),
    }
}

impl Predict for Mixture {
    fn predict(&self, configuration: &Configuration) -> Belief {
        mixed(self.beliefs(configuration))
    }

    /// What each of the two expects, by weight; one wide bell in place of two would promise more.
    fn weigh(&self, configuration: &Configuration, best: f64) -> (Belief, f64) {
        let beliefs = self.beliefs(configuration);
        let gains = beliefs
            .clone()
            .map(|(weight, belief)| weight * belief.improvement(best));
        (mixed(beliefs), gains.sum())
    }
}
