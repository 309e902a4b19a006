//! What advisors are told, and what they know before they are told anything.

use std::collections::BTreeMap;
use wattsmith_domain::{Configuration, Constraints};
use wattsmith_stats::USUAL_LOG_SD;

/// What one trial taught.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What was run.
    pub configuration: Configuration,
    /// What was seen; none when the trial failed.
    pub outcome: Option<Outcome>,
}

/// The figures of a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Geometric mean of gross J/unit, above 0.
    pub joules_per_unit: f64,
    /// Windows behind that mean, at least 1.
    pub repeats: u32,
    /// Output tokens per second, where known.
    pub tokens_per_second: Option<f64>,
    /// 95th percentile of the time to first token in seconds, where known.
    pub time_to_first_token_s: Option<f64>,
}

impl Outcome {
    /// Whether speed and latency keep to `constraints`. What is not known is not held against it.
    #[must_use]
    pub fn keeps(&self, constraints: &Constraints) -> bool {
        let fast = constraints
            .min_tokens_per_second
            .zip(self.tokens_per_second)
            .is_none_or(|(least, seen)| seen >= least);
        let prompt = constraints
            .max_time_to_first_token_s
            .zip(self.time_to_first_token_s)
            .is_none_or(|(most, seen)| seen <= most);
        fast && prompt
    }
}

/// A configuration that an earlier session measured, as a share of that session's default.
#[derive(Debug, Clone, PartialEq)]
pub struct PriorPoint {
    /// What was run.
    pub configuration: Configuration,
    /// Its J/unit over that of the earlier session's default.
    pub relative: f64,
    /// How much it counts, above 0 to 1: 1 for the same engine, model and machine.
    pub weight: f64,
}

/// What is known before the first trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// Threads that the machine can run at full speed: its physical cores, as far as they may be used.
    pub physical_cores: u32,
    /// Clients that send requests at the same time.
    pub concurrency: u32,
    /// What must hold.
    pub constraints: Constraints,
    /// Pooled standard deviation of ln J/unit of one window, once known.
    pub log_sd: Option<f64>,
    /// Earlier sessions; empty with memory switched off.
    pub prior: Vec<PriorPoint>,
}

impl Context {
    /// Variance of the mean of ln J/unit over `repeats` windows.
    pub(crate) fn noise(&self, repeats: u32) -> f64 {
        let sd = self
            .log_sd
            .filter(|sd| sd.is_finite() && *sd > 0.0)
            .unwrap_or(USUAL_LOG_SD);
        // Never quite 0, or one lucky pair of equal repeats would be taken for certainty.
        sd.max(0.002).powi(2) / f64::from(repeats.max(1))
    }
}

/// One configuration with all that was told about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub configuration: Configuration,
    pub log_joules: f64,
    pub repeats: u32,
    pub log_speed: Option<f64>,
    pub log_first_token: Option<f64>,
    pub keeps: bool,
}

/// All that was told: one point per configuration, in the order in which they were first told.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub points: Vec<Point>,
    /// Configurations that failed and never worked.
    pub failed: Vec<Configuration>,
}

impl History {
    pub(crate) fn of(told: &[Observation], constraints: &Constraints) -> Self {
        let mut order: Vec<&Configuration> = Vec::new();
        let mut seen: BTreeMap<String, Vec<Outcome>> = BTreeMap::new();
        for one in told {
            let outcomes = seen.entry(one.configuration.key()).or_insert_with(|| {
                order.push(&one.configuration);
                Vec::new()
            });
            outcomes.extend(one.outcome.filter(|outcome| {
                outcome.joules_per_unit.is_finite() && outcome.joules_per_unit > 0.0
            }));
        }
        let mut history = Self::default();
        for configuration in order {
            let outcomes = &seen[&configuration.key()];
            match merged(outcomes) {
                Some(all) => history.points.push(Point {
                    configuration: configuration.clone(),
                    log_joules: all.joules_per_unit.ln(),
                    repeats: all.repeats,
                    log_speed: all.tokens_per_second.map(f64::ln),
                    log_first_token: all.time_to_first_token_s.map(f64::ln),
                    keeps: all.keeps(constraints),
                }),
                None => history.failed.push(configuration.clone()),
            }
        }
        history
    }

    /// The lowest figure that keeps the constraints.
    pub(crate) fn best(&self) -> Option<&Point> {
        self.points
            .iter()
            .filter(|point| point.keeps)
            .min_by(|one, other| one.log_joules.total_cmp(&other.log_joules))
    }
}

/// Several outcomes of one configuration as one: geometric means, weighted by their windows.
fn merged(outcomes: &[Outcome]) -> Option<Outcome> {
    let repeats: u32 = outcomes.iter().map(|one| one.repeats.max(1)).sum();
    (repeats > 0).then_some(())?;
    let mean = |of: &dyn Fn(&Outcome) -> Option<f64>| {
        let (sum, weight) = outcomes
            .iter()
            .filter_map(|one| {
                let value = of(one).filter(|value| value.is_finite() && *value > 0.0)?;
                Some((value.ln(), f64::from(one.repeats.max(1))))
            })
            .fold((0.0, 0.0), |(sum, all), (log, weight)| {
                (sum + log * weight, all + weight)
            });
        (weight > 0.0).then(|| (sum / weight).exp())
    };
    Some(Outcome {
        joules_per_unit: mean(&|one| Some(one.joules_per_unit))?,
        repeats,
        tokens_per_second: mean(&|one| one.tokens_per_second),
        time_to_first_token_s: mean(&|one| one.time_to_first_token_s),
    })
}
