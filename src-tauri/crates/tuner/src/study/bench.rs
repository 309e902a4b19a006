//! Where a study's proposals are measured: on a landscape that is played back, or on the engine.

use super::StudyPlan;
use crate::error::TunerError;
use std::collections::BTreeMap;
use std::future::Future;
use wattsmith_domain::{Configuration, FailureCause};
use wattsmith_search::{Entry, Failure, Landscape, Observation, Outcome, Pool, Replay, Window};
use wattsmith_stats::geometric_mean;

/// What a trial showed: the same to every arm of the seed.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub observation: Observation,
    /// Its windows, or why there are none.
    pub windows: Result<Vec<Window>, Failure>,
}

/// What all arms of a seed begin with.
#[derive(Debug, Clone)]
pub(super) struct Footing {
    /// Engine, model, work and sensors; nobody looks at its figures.
    pub landscape: Landscape,
    /// What may be proposed.
    pub pool: Pool,
    /// Standard deviation of ln J/unit between windows, as far as it is known.
    pub log_sd: Option<f64>,
}

/// Where proposals are measured.
pub(super) trait Bench {
    /// Measures configurations for all arms of a seed, after so many of its trials.
    ///
    /// # Errors
    /// Nothing can be measured any more; that a configuration does not work is a figure, too.
    fn measure(
        &mut self,
        seed: u64,
        trial: u32,
        configurations: &[Configuration],
    ) -> impl Future<Output = Result<Vec<Shown>, TunerError>> + Send;

    /// What arms begin with, once the default is measured.
    fn footing(&self) -> Footing;
}

/// A landscape that is played back.
pub(super) struct Playback<'a> {
    landscape: &'a Landscape,
    replay: Replay,
    repeats: u32,
    /// What the ends of an estimate's coefficients make of each configuration, by key: factors on its
    /// J/unit.
    ends: BTreeMap<String, (f64, f64)>,
}

impl<'a> Playback<'a> {
    pub fn new(landscape: &'a Landscape, plan: &StudyPlan) -> Self {
        let ends = |entry: &Entry| {
            let window = entry.windows.iter().find(|one| one.spoiled.is_none())?;
            let (low, high) = window.ends?;
            let own = window.joules_per_unit;
            Some((entry.configuration.key(), (low / own, high / own)))
        };
        Self {
            landscape,
            replay: Replay::new(landscape, 0),
            repeats: plan.repeats,
            ends: landscape.entries.iter().filter_map(ends).collect(),
        }
    }

    /// The first visit: nothing is proposed twice.
    fn show(&self, configuration: &Configuration) -> Shown {
        let observation = Observation {
            configuration: configuration.clone(),
            outcome: self.replay.measure(configuration, 0, self.repeats),
        };
        let Some(truth) = self.replay.truth().get(&configuration.key()) else {
            return Shown {
                observation,
                windows: Err(Failure {
                    cause: FailureCause::Crash,
                    message: "it did not work when the landscape was recorded".to_owned(),
                }),
            };
        };
        let ends = self.ends.get(&configuration.key());
        let window = |(pass, factor): (u32, &f64)| {
            let one = truth.outcome(*factor, 1);
            // A landscape keeps no more of it than this.
            let first_token_s = one.time_to_first_token_s.unwrap_or_default();
            Window {
                pass,
                started_at: self.landscape.recorded_at.clone(),
                joules_per_unit: one.joules_per_unit,
                tokens_per_second: one.tokens_per_second.unwrap_or_default(),
                first_token_p50_s: first_token_s,
                first_token_p95_s: first_token_s,
                window_s: 0.0,
                ends: ends
                    .map(|(low, high)| (one.joules_per_unit * low, one.joules_per_unit * high)),
                spoiled: None,
            }
        };
        let factors = self.replay.factors(configuration, 0, self.repeats);
        Shown {
            observation,
            windows: Ok((1..).zip(&factors).map(window).collect()),
        }
    }
}

impl Bench for Playback<'_> {
    async fn measure(
        &mut self,
        seed: u64,
        _trial: u32,
        configurations: &[Configuration],
    ) -> Result<Vec<Shown>, TunerError> {
        self.replay.reseed(seed);
        Ok(configurations.iter().map(|one| self.show(one)).collect())
    }

    fn footing(&self) -> Footing {
        Footing {
            landscape: self.landscape.clone(),
            pool: Pool::listed(&self.landscape.space, &self.landscape.configurations()),
            // What a session on this machine would know of its noise.
            log_sd: Some(self.landscape.noise.log_sd),
        }
    }
}

/// What measured windows show of a trial.
pub(super) fn shown(configuration: &Configuration, windows: Result<Vec<Window>, Failure>) -> Shown {
    let outcome = windows.as_ref().ok().and_then(|windows| {
        let mean = |of: fn(&Window) -> f64| {
            let values: Vec<f64> = windows.iter().map(of).collect();
            geometric_mean(&values)
        };
        Some(Outcome {
            joules_per_unit: mean(|one| one.joules_per_unit)?,
            repeats: u32::try_from(windows.len()).unwrap_or(u32::MAX),
            tokens_per_second: mean(|one| one.tokens_per_second),
            time_to_first_token_s: mean(|one| one.first_token_p95_s),
        })
    });
    Shown {
        observation: Observation {
            configuration: configuration.clone(),
            outcome,
        },
        windows,
    }
}
