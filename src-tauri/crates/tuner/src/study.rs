//! Studies: several advisors on one landscape, on equal terms. The same default first, the same
//! budget, the same noise for the same visit, no memory; every arm is judged by the truth of what it
//! would recommend from its own noisy figures.

mod arm;
mod chatting;
mod exchanges;
mod kept;
mod page;
mod perform;
mod played;
mod request;
mod result;

pub use arm::{WITH_MEMORY, arm_names, asks_a_chat, can_remember};
pub use chatting::StudyChat;
pub use exchanges::Exchanges;
pub use kept::{ArmHead, BegunStudy, KeptStudy, StudyHead};
pub use request::StudyRequest;
pub use result::{ArmResult, Comparison as StudyComparison, StudyResult, Time as StudyWait};

use crate::error::TunerError;
use crate::memory;
use crate::paths::replace;
use arm::Arm;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wattsmith_domain::{Constraints, Memory};
use wattsmith_search::{Context, Landscape, Observation, Pool, Replay, Run, Verdict, standings};

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyPlan {
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
    /// What must hold, instead of what the landscape says.
    pub constraints: Constraints,
    /// Other landscapes, which arms called `…+memory` know from earlier sessions.
    pub memory_from: Vec<Landscape>,
}

/// Files of a finished study.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyFiles {
    /// Everything, with every run.
    pub json: PathBuf,
    /// One row for each run and trial.
    pub csv: PathBuf,
    /// The page.
    pub html: PathBuf,
}

/// Runs a study; `chat` serves the arms that ask an LLM; `tell` hears how many runs are done and how
/// many there are.
///
/// # Errors
/// An arm that is not known, an LLM that cannot be asked, or a landscape under whose limits nothing
/// can be recommended.
pub async fn run_study(
    landscape: &Landscape,
    plan: &StudyPlan,
    chat: Option<&StudyChat>,
    mut tell: impl FnMut(u64, u64),
) -> Result<StudyResult, TunerError> {
    let verdict = Verdict::of(landscape, &plan.constraints).ok_or_else(|| {
        TunerError::Invalid(
            "In this landscape no configuration that works keeps the limits, or the default fails. \
             Loosen the limits."
                .to_owned(),
        )
    })?;
    let remembers = plan.arms.iter().any(|arm| arm.ends_with(WITH_MEMORY));
    let memory = match remembers {
        true => memory::of_landscapes(landscape, &plan.memory_from),
        false => Memory::default(),
    };
    if remembers && memory.is_empty() {
        return Err(TunerError::Invalid(
            "There is nothing that the arms with memory could remember: name other landscapes of \
             the same engine, scope and default, and of a model of similar size. Another landscape \
             of the same model at the same work does not count: it would give the answer away."
                .to_owned(),
        ));
    }
    let names: BTreeSet<&String> = plan.arms.iter().collect();
    if names.len() != plan.arms.len() || plan.arms.is_empty() || plan.seeds < 2 {
        return Err(TunerError::Invalid(
            "A study needs at least one arm, each named once, and at least two seeds.".to_owned(),
        ));
    }
    let all = plan.seeds * plan.arms.len() as u64;
    let (verdict, shared) = (Arc::new(verdict), Arc::new(plan.clone()));
    let mut runs = Vec::new();
    for seed in 0..plan.seeds {
        let replay = Arc::new(Replay::new(landscape, seed));
        // All arms of a seed at once, on as many threads as there are.
        let mut together = tokio::task::JoinSet::new();
        for (index, name) in plan.arms.iter().enumerate() {
            let arm = arm::arm(name, landscape, plan, &memory, chat, seed)?;
            let (replay, verdict) = (Arc::clone(&replay), Arc::clone(&verdict));
            let (plan, name) = (Arc::clone(&shared), name.clone());
            let default = landscape.space.default_configuration();
            together.spawn(async move {
                let run = one_run(name, arm, &replay, &verdict, &plan, default, seed).await;
                (index, run)
            });
        }
        let mut of_seed = Vec::new();
        while let Some(done) = together.join_next().await {
            let (index, run) = done.map_err(|error| {
                TunerError::Invalid(format!("a run of the study ended early: {error}"))
            })?;
            of_seed.push((index, run?));
            tell(runs.len() as u64 + of_seed.len() as u64, all);
        }
        of_seed.sort_by_key(|(index, _)| *index);
        runs.extend(of_seed.into_iter().map(|(_, run)| run));
    }
    let llm = chat.map(|chat| chat.exchanges.connection().label());
    Ok(StudyResult::of(
        landscape, plan, &verdict, &memory, llm, runs,
    ))
}

async fn one_run(
    name: String,
    mut arm: Arm,
    replay: &Replay,
    verdict: &Verdict,
    plan: &StudyPlan,
    default: wattsmith_domain::Configuration,
    seed: u64,
) -> Result<Run, TunerError> {
    let mut told: Vec<Observation> = Vec::new();
    let mut prompts = Vec::new();
    let mut next = Some(default);
    while let Some(configuration) = next {
        let visit = told
            .iter()
            .filter(|one| one.configuration == configuration)
            .count();
        told.push(Observation {
            outcome: replay.measure(&configuration, visit as u32, plan.repeats),
            configuration,
        });
        if told.len() > plan.budget as usize {
            break;
        }
        let turn = arm.propose(&told).await?;
        prompts.extend(turn.prompts);
        next = turn.configuration;
    }
    Ok(Run {
        arm: name,
        seed,
        standings: standings(verdict, &told),
        prompts,
    })
}

fn context(landscape: &Landscape, plan: &StudyPlan, memory: &Memory) -> Context {
    Context {
        physical_cores: landscape.machine.physical_cores,
        concurrency: landscape.workload.concurrency,
        constraints: plan.constraints,
        // What a session on this machine would know of its noise.
        log_sd: Some(landscape.noise.log_sd),
        prior: memory::prior(memory),
    }
}

pub(crate) fn pool(landscape: &Landscape) -> Pool {
    Pool::listed(&landscape.space, &landscape.configurations())
}

/// Writes a study's data and its page into `folder`, which is made when missing.
///
/// # Errors
/// A file cannot be written.
pub fn write_study(folder: &Path, study: &StudyResult) -> Result<StudyFiles, TunerError> {
    let fail = |path: &Path| {
        let what = format!("cannot write {}", path.display());
        move |source| TunerError::io(what, source)
    };
    let json = serde_json::to_string_pretty(study)
        .map_err(|error| TunerError::Invalid(format!("cannot write the study: {error}")))?;
    let html = page::html(study)
        .map_err(|error| TunerError::Invalid(format!("cannot lay out the study: {error}")))?;
    let files = StudyFiles {
        json: folder.join("study.json"),
        csv: folder.join("study.csv"),
        html: folder.join("study.html"),
    };
    for (path, text) in [
        (&files.json, json),
        (&files.csv, study.csv()),
        (&files.html, html),
    ] {
        replace(path, text.as_bytes()).map_err(fail(path))?;
    }
    Ok(files)
}
