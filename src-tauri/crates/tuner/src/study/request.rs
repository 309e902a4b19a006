//! What a person chooses for a study, and the plan that comes of it.

use super::arm::{WITH_MEMORY, can_remember};
use super::kept::{EXCHANGES, LANDSCAPE};
use super::{LivePlan, StudyPlan};
use crate::error::TunerError;
use crate::landscape::LandscapeWork;
use crate::session::next::provider;
use crate::session::work::{PictureChoice, WorkSize};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use wattsmith_domain::{Configuration, Connection, Constraints};
use wattsmith_search::Landscape;

/// Fresh repeats that fix the truth of what was recommended on an engine.
pub const FRESH: u32 = 4;

/// What is measured in a study on the engine itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveRequest {
    /// Model file.
    pub model: PathBuf,
    /// Workload by name.
    pub workload: String,
}

/// What the person chose for a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyRequest {
    /// One of [`crate::Tuner::landscapes`], by its id; not looked at where `live` is said.
    pub landscape: String,
    /// The engine itself in place of a landscape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveRequest>,
    /// The arms by name; the first is the one that the others are held against.
    pub arms: Vec<String>,
    /// Independent runs of each.
    pub seeds: u64,
    /// Trials after the default.
    pub budget: u32,
    /// Windows per trial.
    pub repeats: u32,
    /// Goal in per cent below the default.
    pub below_percent: f64,
    /// Least tokens/s, instead of the landscape's own limit.
    pub min_tokens_per_second: Option<f64>,
    /// Longest time to the first token (95th percentile) in seconds, instead of the landscape's own.
    pub max_time_to_first_token_s: Option<f64>,
    /// Whether each arm that can learn from earlier sessions runs a second time, with every other
    /// landscape at hand as one.
    pub remember: bool,
    /// How the arms that ask an LLM reach it.
    pub connection: Option<Connection>,
    /// Whether the person agrees that prompts go to its server.
    pub agreed: bool,
}

impl StudyRequest {
    /// On a landscape whose own limits are these.
    pub(super) fn plan(&self, limits: Constraints, memory_from: Vec<Landscape>) -> StudyPlan {
        let with_memory = self
            .arms
            .iter()
            .filter(|arm| self.remember && can_remember(arm));
        StudyPlan {
            arms: self
                .arms
                .iter()
                .cloned()
                .chain(with_memory.map(|arm| format!("{arm}{WITH_MEMORY}")))
                .collect(),
            seeds: self.seeds,
            budget: self.budget,
            repeats: self.repeats,
            below_percent: self.below_percent,
            constraints: limits
                .with_limits(self.min_tokens_per_second, self.max_time_to_first_token_s),
            memory_from,
            notes: Vec::new(),
        }
    }

    /// On the engine, with everything in `folder`.
    pub(super) fn live_plan(
        &self,
        live: &LiveRequest,
        memory_from: Vec<Landscape>,
        folder: &Path,
    ) -> LivePlan {
        let study = self.plan(
            Constraints {
                quality_lock: true,
                ..Constraints::default()
            },
            memory_from,
        );
        LivePlan {
            work: LandscapeWork {
                name: String::new(),
                engine: String::new(),
                pictures: PictureChoice::default(),
                model: Some(live.model.clone()),
                workload: live.workload.clone(),
                work_file: None,
                size: WorkSize::default(),
                quick: false,
                tuned: Vec::new(),
                start: Configuration::default(),
                constraints: study.constraints,
                seed: 1,
            },
            study,
            fresh: FRESH,
            connection: self.connection.clone(),
            exchanges: folder.join(EXCHANGES),
            landscape: folder.join(LANDSCAPE),
        }
    }

    pub(super) fn check(&self) -> Result<(), TunerError> {
        let limits = [self.min_tokens_per_second, self.max_time_to_first_token_s];
        let sizes = (2..=100_000).contains(&self.seeds)
            && (2..=500).contains(&self.budget)
            && (1..=20).contains(&self.repeats)
            && self.below_percent > 0.0
            && self.below_percent < 100.0
            && limits.into_iter().flatten().all(|limit| limit > 0.0);
        if !sizes {
            return Err(TunerError::Invalid(
                "A study has 2 to 100000 seeds, 2 to 500 trials, 1 to 20 windows per trial, a goal \
                 between 0 and 100 % below the default, and limits above 0."
                    .to_owned(),
            ));
        }
        if self.remember && !self.arms.iter().any(|arm| can_remember(arm)) {
            return Err(TunerError::Invalid(
                "None of the methods that were chosen can learn from earlier sessions: choose \
                 surrogate, gp or tpe, or leave memory off."
                    .to_owned(),
            ));
        }
        match &self.connection {
            Some(remote) if remote.is_remote() && !self.agreed => Err(TunerError::ConsentNeeded {
                provider: provider(remote),
            }),
            _ => Ok(()),
        }
    }
}
