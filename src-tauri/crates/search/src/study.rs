//! One run of an advisor on a landscape, judged by the truth.
//!
//! The advisor sees noisy figures only, and after every trial recommends what a model of all of them
//! expects to be the lowest that keeps the limits ([`Expected`]), as a session does: the same rule for
//! every arm. What counts is the truth of that configuration. Where
//! nothing that was seen keeps the limits, the default is recommended; and what breaks a limit by
//! its truth counts as the worst that keeps them, so that cheating does not pay.

use crate::landscape::{Figures, GOOD, Landscape, Summary};
use crate::observation::{Observation, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wattsmith_domain::{Constraints, ParameterSpace};
use wattsmith_stats::{Expected, Seen};

/// One run: the default, then up to a budget of proposals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Which advisor.
    pub arm: String,
    /// Seed of noise and advisor.
    pub seed: u64,
    /// After the default, then after each proposal.
    pub standings: Vec<Standing>,
    /// Prompts of each turn, retries among them; empty for numeric arms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<u32>,
}

impl Run {
    /// What it took to get to a trial (from 0, the default): prompts with their retries where an
    /// LLM was asked, else trials.
    #[must_use]
    pub fn asks(&self, trial: usize) -> u32 {
        match self.prompts.is_empty() {
            true => u32::try_from(trial).unwrap_or(u32::MAX),
            false => self.prompts.iter().take(trial).sum(),
        }
    }
}

/// Where a run stands after a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// What was tried, by its key.
    pub tried: String,
    /// J/unit as it was seen; none where it failed.
    pub seen: Option<f64>,
    /// True J/unit of what was tried; none where it fails.
    pub tried_truth: Option<f64>,
    /// What would be recommended now.
    pub recommended: String,
    /// J/unit of that as it was seen.
    pub observed: Option<f64>,
    /// J/unit that is expected of it over what is expected of the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_ratio: Option<f64>,
    /// True J/unit of the best of what was tried: no rule could recommend better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<f64>,
    /// True J/unit of that; of the worst that keeps the limits where it breaks one.
    pub truth: f64,
    /// Whether that keeps the limits by its truth.
    pub keeps: bool,
}

/// The landscape's side of a judgement.
#[derive(Debug, Clone)]
pub struct Verdict {
    figures: BTreeMap<String, Figures>,
    space: ParameterSpace,
    constraints: Constraints,
    worst: f64,
    /// The landscape in a few figures.
    pub summary: Summary,
}

impl Verdict {
    /// `None` where nothing keeps the limits, or the default fails.
    #[must_use]
    pub fn of(landscape: &Landscape, constraints: &Constraints) -> Option<Self> {
        let figures = landscape.figures();
        let summary = landscape.summary(constraints)?;
        let worst = figures
            .values()
            .filter(|one| one.keeps(constraints))
            .map(|one| one.joules_per_unit)
            .fold(0.0, f64::max);
        Some(Self {
            figures,
            space: landscape.space.clone(),
            constraints: *constraints,
            worst,
            summary,
        })
    }

    /// What a recommendation counts as, and whether it keeps the limits by its truth: what breaks one
    /// counts as the worst that keeps them.
    fn truth(&self, key: &str) -> (f64, bool) {
        match self.figures.get(key) {
            Some(own) if own.keeps(&self.constraints) => (own.joules_per_unit, true),
            _ => (self.worst, false),
        }
    }

    /// Regret of a true figure as a share of the default's J/unit.
    #[must_use]
    pub fn regret(&self, truth: f64) -> f64 {
        (truth - self.summary.best_joules_per_unit) / self.summary.default_joules_per_unit
    }

    /// Whether a standing's recommendation is within 5 % of the best.
    #[must_use]
    pub fn is_good(&self, standing: &Standing) -> bool {
        standing.keeps && standing.truth <= self.summary.best_joules_per_unit * (1.0 + GOOD)
    }

    /// Whether what was tried is itself within 5 % of the best and keeps the limits.
    #[must_use]
    pub fn tried_is_good(&self, standing: &Standing) -> bool {
        let own = self.figures.get(&standing.tried);
        own.is_some_and(|own| {
            own.keeps(&self.constraints)
                && own.joules_per_unit <= self.summary.best_joules_per_unit * (1.0 + GOOD)
        })
    }
}

/// What an advisor recommends after a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// Its key.
    pub key: String,
    /// J/unit as it was seen; none where nothing that was seen keeps the limits.
    pub observed: Option<f64>,
    /// J/unit that is expected of it over what is expected of the default; none where one of the two
    /// never worked.
    pub expected_ratio: Option<f64>,
}

/// What is recommended after each trial, from noisy figures alone: what keeps the limits and is
/// expected to be the lowest, else the default, which comes first. `log_sd` is the noise of a window,
/// where it is known.
#[must_use]
pub fn recommendations(
    space: &ParameterSpace,
    constraints: &Constraints,
    log_sd: Option<f64>,
    told: &[Observation],
) -> Vec<Recommendation> {
    let after = |trials| recommendation(space, constraints, log_sd, &told[..trials]);
    (1..=told.len()).map(after).collect()
}

fn recommendation(
    space: &ParameterSpace,
    constraints: &Constraints,
    log_sd: Option<f64>,
    told: &[Observation],
) -> Recommendation {
    let default = told[0].configuration.key();
    let worked: Vec<(&Observation, Outcome)> = told
        .iter()
        .filter_map(|one| Some((one, one.outcome?)))
        .collect();
    let seen: Vec<Seen> = worked
        .iter()
        .map(|(one, outcome)| Seen {
            configuration: &one.configuration,
            joules_per_unit: outcome.joules_per_unit,
            windows: outcome.repeats,
        })
        .collect();
    let expected = Expected::of(space, &seen, log_sd);
    let expected: Vec<f64> = (0..worked.len())
        .filter_map(|at| Some(expected.as_ref()?.joules_per_unit(at)))
        .collect();
    let of = |key: &str| {
        worked
            .iter()
            .position(|(one, _)| one.configuration.key() == key)
    };
    let best = (expected.iter().enumerate())
        .filter(|(at, _)| worked[*at].1.keeps(constraints))
        .min_by(|(_, one), (_, other)| one.total_cmp(other));
    let (key, observed) = match best {
        Some((at, _)) => {
            let (one, outcome) = &worked[at];
            (one.configuration.key(), Some(outcome.joules_per_unit))
        }
        None => (default.clone(), None),
    };
    let own = |key: &str| expected.get(of(key)?).copied();
    Recommendation {
        expected_ratio: own(&key).zip(own(&default)).map(|(one, other)| one / other),
        key,
        observed,
    }
}

/// Where a run stood after each of its trials; `log_sd` is the noise of a window, where it is known.
#[must_use]
pub fn standings(verdict: &Verdict, log_sd: Option<f64>, told: &[Observation]) -> Vec<Standing> {
    let recommended = recommendations(&verdict.space, &verdict.constraints, log_sd, told);
    let mut ceiling: Option<f64> = None;
    told.iter()
        .zip(recommended)
        .map(|(one, recommendation)| {
            let tried = one.configuration.key();
            if one
                .outcome
                .is_some_and(|seen| seen.keeps(&verdict.constraints))
            {
                let truth = verdict.truth(&tried).0;
                ceiling = Some(ceiling.map_or(truth, |best| best.min(truth)));
            }
            let (truth, keeps) = verdict.truth(&recommendation.key);
            Standing {
                tried_truth: verdict.figures.get(&tried).map(|own| own.joules_per_unit),
                tried,
                seen: one.outcome.map(|outcome| outcome.joules_per_unit),
                recommended: recommendation.key,
                observed: recommendation.observed,
                expected_ratio: recommendation.expected_ratio,
                // Where nothing keeps the limits the default is all that can be recommended.
                ceiling: Some(ceiling.unwrap_or(truth)),
                truth,
                keeps,
            }
        })
        .collect()
}
