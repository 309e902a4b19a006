//! Studies: several advisors on one landscape, or on the engine itself, on equal terms. The same
//! default first, the same budget, the same figures for the same configuration of a seed, no memory;
//! every arm is judged by the truth of what it would recommend from its own noisy figures.

mod arm;
mod bench;
mod chatting;
mod exchanges;
mod kept;
mod known;
mod live;
mod mixed;
mod notes;
mod page;
mod perform;
mod played;
mod request;
mod result;
mod turns;

pub use arm::{WITH_MEMORY, arm_names, asks_a_chat, can_remember};
pub use chatting::StudyChat;
pub use exchanges::{Exchanges, SaidWords};
pub use kept::{ArmHead, BegunStudy, KeptStudy, StudyHead};
pub use known::WORDS;
pub use live::LivePlan;
pub use mixed::shared as llm_share;
use notes::WITH_NOTES;
pub use notes::{Note, read_notes};
pub use perform::study_job;
pub use request::{FRESH, LiveRequest, StudyRequest};
pub use result::{ArmResult, Comparison as StudyComparison, StudyResult, Time as StudyWait};

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::session::memory;
use bench::{Footing, Playback};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use turns::Course;
use wattsmith_domain::{Constraints, Memory};
use wattsmith_search::{Context, Landscape, Run, Verdict, standings};

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
    /// What a person says between the trials of arms called `…+notes`.
    pub notes: Vec<Note>,
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

/// Runs a study on a landscape; `chat` serves the arms that ask an LLM; `tell` hears how many trials
/// are done and how many there are.
///
/// # Errors
/// An arm that is not known, an LLM that cannot be asked, or a landscape under whose limits nothing
/// can be recommended.
pub async fn run_study(
    landscape: &Landscape,
    plan: &StudyPlan,
    chat: Option<&StudyChat>,
    tell: impl FnMut(u64, u64),
) -> Result<StudyResult, TunerError> {
    let verdict = verdict(landscape, plan)?;
    let memory = plan.memory(landscape)?;
    plan.check()?;
    let mut bench = Playback::new(landscape, plan);
    let courses = turns::take(&mut bench, plan, &memory, chat, tell).await?;
    let judged = Judged {
        landscape: landscape.clone(),
        plan: plan.clone(),
        verdict,
        memory,
        llm: chat.map(StudyChat::label),
        said: chat.map(|chat| chat.exchanges.words()),
        live: false,
    };
    judged.result(courses).await
}

/// What every recommendation is held against.
fn verdict(landscape: &Landscape, plan: &StudyPlan) -> Result<Verdict, TunerError> {
    Verdict::of(landscape, &plan.constraints).ok_or_else(|| {
        TunerError::Invalid(
            "In this landscape no configuration that works keeps the limits, or the default fails. \
             Loosen the limits."
                .to_owned(),
        )
    })
}

impl StudyPlan {
    fn check(&self) -> Result<(), TunerError> {
        let names: BTreeSet<&String> = self.arms.iter().collect();
        if names.len() != self.arms.len() || self.arms.is_empty() || self.seeds < 2 {
            return Err(TunerError::Invalid(
                "A study needs at least one arm, each named once, and at least two seeds."
                    .to_owned(),
            ));
        }
        let noted = self.arms.iter().any(|name| name.ends_with(WITH_NOTES));
        if noted == self.notes.is_empty() {
            return Err(TunerError::Invalid(
                "Arms called NAME+notes need notes (--notes FILE), and notes need such an arm."
                    .to_owned(),
            ));
        }
        self.arms.iter().try_for_each(|name| arm::known(name))
    }

    /// What the arms with memory know.
    fn memory(&self, landscape: &Landscape) -> Result<Memory, TunerError> {
        if !self.arms.iter().any(|arm| arm.ends_with(WITH_MEMORY)) {
            return Ok(Memory::default());
        }
        let memory = memory::of_landscapes(landscape, &self.memory_from);
        if memory.is_empty() {
            return Err(TunerError::Invalid(
                "There is nothing that the arms with memory could remember: name other landscapes \
                 of the same engine, scope and default, and of a model of similar size. Another \
                 landscape of the same model at the same work does not count: it would give the \
                 answer away."
                    .to_owned(),
            ));
        }
        Ok(memory)
    }
}

/// What runs are judged by.
struct Judged {
    landscape: Landscape,
    plan: StudyPlan,
    verdict: Verdict,
    memory: Memory,
    /// Who answered the arms that ask.
    llm: Option<String>,
    /// In whose words they were asked.
    said: Option<SaidWords>,
    /// Whether the engine itself was searched, and not a landscape.
    live: bool,
}

impl Judged {
    async fn result(self, courses: Vec<Course>) -> Result<StudyResult, TunerError> {
        blocking(move || {
            let run = |course: Course| Run {
                standings: standings(
                    &self.verdict,
                    Some(self.landscape.noise.log_sd),
                    &course.told,
                ),
                arm: course.arm,
                seed: course.seed,
                prompts: course.prompts,
            };
            let runs = courses.into_iter().map(run).collect();
            StudyResult::of(&self, runs)
        })
        .await
    }
}

fn context(footing: &Footing, plan: &StudyPlan, memory: &Memory) -> Context {
    Context {
        physical_cores: footing.landscape.machine.steady_threads(),
        concurrency: footing.landscape.workload.concurrency,
        constraints: plan.constraints,
        log_sd: footing.log_sd,
        prior: memory::prior(memory),
    }
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
        wattsmith_files::keep(path, text.as_bytes()).map_err(fail(path))?;
    }
    Ok(files)
}
