//! One run of an advisor on a landscape, judged by the truth.
//!
//! The advisor sees noisy figures only, and after every trial recommends the lowest that keeps the
//! limits: the same rule for every arm. What counts is the truth of that configuration. Where
//! nothing that was seen keeps the limits, the default is recommended; and what breaks a limit by
//! its truth counts as the worst that keeps them, so that cheating does not pay.

use crate::landscape::{Figures, GOOD, Landscape, Summary};
use crate::observation::Observation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wattsmith_domain::Constraints;

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
    /// True J/unit of that; of the worst that keeps the limits where it breaks one.
    pub truth: f64,
    /// Whether that keeps the limits by its truth.
    pub keeps: bool,
}

/// The landscape's side of a judgement.
#[derive(Debug, Clone)]
pub struct Verdict {
    figures: BTreeMap<String, Figures>,
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
            constraints: *constraints,
            worst,
            summary,
        })
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
}

/// What is recommended after each trial, from noisy figures alone: the lowest that keeps the limits,
/// else the default, which comes first.
#[must_use]
pub fn recommendations(constraints: &Constraints, told: &[Observation]) -> Vec<Recommendation> {
    let Some(default) = told.first().map(|one| one.configuration.key()) else {
        return Vec::new();
    };
    let mut best = Recommendation {
        key: default,
        observed: None,
    };
    let after = |one: &Observation| {
        if let Some(outcome) = one.outcome.filter(|one| one.keeps(constraints))
            && best
                .observed
                .is_none_or(|lowest| outcome.joules_per_unit < lowest)
        {
            best = Recommendation {
                key: one.configuration.key(),
                observed: Some(outcome.joules_per_unit),
            };
        }
        best.clone()
    };
    told.iter().map(after).collect()
}

/// Where a run stood after each of its trials.
#[must_use]
pub fn standings(verdict: &Verdict, told: &[Observation]) -> Vec<Standing> {
    told.iter()
        .zip(recommendations(&verdict.constraints, told))
        .map(|(one, recommendation)| {
            let tried = one.configuration.key();
            let own = verdict.figures.get(&recommendation.key);
            let keeps = own.is_some_and(|own| own.keeps(&verdict.constraints));
            let truth = match own {
                Some(own) if keeps => own.joules_per_unit,
                _ => verdict.worst,
            };
            Standing {
                tried_truth: verdict.figures.get(&tried).map(|own| own.joules_per_unit),
                tried,
                seen: one.outcome.map(|outcome| outcome.joules_per_unit),
                recommended: recommendation.key,
                observed: recommendation.observed,
                truth,
                keeps,
            }
        })
        .collect()
}
