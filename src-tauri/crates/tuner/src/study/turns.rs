//! The runs of a study: all arms of a seed take their turns together, so that what is measured for
//! them lies side by side in time.

use super::arm::{Arm, ArmTurn, arm};
use super::bench::{Bench, Shown};
use super::{StudyChat, StudyPlan};
use crate::error::TunerError;
use tokio::task::JoinSet;
use wattsmith_domain::{Configuration, Memory};
use wattsmith_search::Observation;

/// One run, not yet held against the truth.
pub(super) struct Course {
    pub arm: String,
    pub seed: u64,
    /// What it saw, the default first.
    pub told: Vec<Observation>,
    /// Prompts of each turn.
    pub prompts: Vec<u32>,
}

/// One run while it goes on.
struct Running {
    arm: Arm,
    shown: Vec<Shown>,
    prompts: Vec<u32>,
    /// Whether nothing is left to propose.
    ended: bool,
}

impl Running {
    /// Takes one turn.
    async fn propose(mut self) -> Result<(Self, Option<Configuration>), TunerError> {
        if self.ended {
            return Ok((self, None));
        }
        let turn: ArmTurn;
        (self.arm, turn) = self.arm.propose(&self.shown).await?;
        self.prompts.extend(turn.prompts);
        self.ended = turn.configuration.is_none();
        Ok((self, turn.configuration))
    }
}

/// Runs every arm on every seed; `tell` hears how many trials are done and how many there are.
pub(super) async fn take(
    bench: &mut impl Bench,
    plan: &StudyPlan,
    memory: &Memory,
    chat: Option<&StudyChat>,
    mut tell: impl FnMut(u64, u64),
) -> Result<Vec<Course>, TunerError> {
    let arms = plan.arms.len() as u64;
    let all = plan.seeds * u64::from(plan.budget) * arms;
    let mut finished = Vec::new();
    for seed in 0..plan.seeds {
        let default = bench.footing().landscape.space.default_configuration();
        let first = bench.measure(seed, 0, &[default]).await?;
        let footing = bench.footing();
        let mut running = Vec::new();
        for name in &plan.arms {
            running.push(Running {
                arm: arm(name, &footing, plan, memory, chat, seed)?,
                shown: first.clone(),
                prompts: Vec::new(),
                ended: false,
            });
        }
        for trial in 1..=plan.budget {
            let (next, proposals) = turn(running).await?;
            running = next;
            let mut wanted: Vec<Configuration> = Vec::new();
            for one in proposals.iter().flatten() {
                if !wanted.contains(one) {
                    wanted.push(one.clone());
                }
            }
            let shown = bench.measure(seed, trial, &wanted).await?;
            for (one, proposal) in running.iter_mut().zip(proposals) {
                let own = |one: &&Shown| Some(&one.observation.configuration) == proposal.as_ref();
                one.shown.extend(shown.iter().find(own).cloned());
            }
            let before = seed * u64::from(plan.budget);
            tell((before + u64::from(trial)) * arms, all);
        }
        for (arm, one) in plan.arms.iter().zip(running) {
            finished.push(Course {
                arm: arm.clone(),
                seed,
                told: one.shown.into_iter().map(|one| one.observation).collect(),
                prompts: one.prompts,
            });
        }
    }
    Ok(finished)
}

/// One turn of all arms at once, on as many threads as there are.
async fn turn(
    running: Vec<Running>,
) -> Result<(Vec<Running>, Vec<Option<Configuration>>), TunerError> {
    let mut together = JoinSet::new();
    for (place, one) in running.into_iter().enumerate() {
        together.spawn(async move { (place, one.propose().await) });
    }
    let mut done = Vec::new();
    while let Some(taken) = together.join_next().await {
        let (place, turn) = taken.map_err(|error| {
            TunerError::Invalid(format!("a run of the study ended early: {error}"))
        })?;
        let (one, proposal) = turn?;
        done.push((place, one, proposal));
    }
    done.sort_by_key(|(place, ..)| *place);
    Ok(done
        .into_iter()
        .map(|(_, one, proposal)| (one, proposal))
        .unzip())
}
