//! The runs of a study: all arms of a seed take their turns together, so that what is measured for
//! them lies side by side in time.

use super::arm::{Arm, ArmTurn, arm};
use super::bench::{Bench, Shown};
use super::{StudyChat, StudyPlan};
use crate::error::TunerError;
use tokio::task::JoinSet;
use wattsmith_domain::{Configuration, Memory};
use wattsmith_search::Observation;

/// One run: an arm on a seed.
pub(super) struct Course {
    pub name: String,
    pub seed: u64,
    arm: Arm,
    shown: Vec<Shown>,
    /// Prompts of each turn.
    pub prompts: Vec<u32>,
    /// Whether nothing is left to propose.
    ended: bool,
}

impl Course {
    /// What it saw, the default first.
    pub fn told(&self) -> Vec<Observation> {
        let shown = self.shown.iter();
        shown.map(|one| one.observation.clone()).collect()
    }

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
        let mut courses = Vec::new();
        for name in &plan.arms {
            courses.push(Course {
                name: name.clone(),
                seed,
                arm: arm(name, &footing, plan, memory, chat, seed)?,
                shown: first.clone(),
                prompts: Vec::new(),
                ended: false,
            });
        }
        for trial in 1..=plan.budget {
            let (next, proposals) = turn(courses).await?;
            courses = next;
            let mut wanted: Vec<Configuration> = Vec::new();
            for one in proposals.iter().flatten() {
                if !wanted.contains(one) {
                    wanted.push(one.clone());
                }
            }
            let shown = bench.measure(seed, trial, &wanted).await?;
            for (course, proposal) in courses.iter_mut().zip(proposals) {
                let own = |one: &&Shown| Some(&one.observation.configuration) == proposal.as_ref();
                course.shown.extend(shown.iter().find(own).cloned());
            }
            let before = seed * u64::from(plan.budget);
            tell((before + u64::from(trial)) * arms, all);
        }
        finished.extend(courses);
    }
    Ok(finished)
}

/// One turn of all arms at once, on as many threads as there are.
async fn turn(
    courses: Vec<Course>,
) -> Result<(Vec<Course>, Vec<Option<Configuration>>), TunerError> {
    let mut together = JoinSet::new();
    for (place, course) in courses.into_iter().enumerate() {
        together.spawn(async move { (place, course.propose().await) });
    }
    let mut done = Vec::new();
    while let Some(one) = together.join_next().await {
        let (place, turn) = one.map_err(|error| {
            TunerError::Invalid(format!("a run of the study ended early: {error}"))
        })?;
        let (course, proposal) = turn?;
        done.push((place, course, proposal));
    }
    done.sort_by_key(|(place, ..)| *place);
    Ok(done
        .into_iter()
        .map(|(_, course, proposal)| (course, proposal))
        .unzip())
}
