//! Studies on the engine itself. What one arm of a seed measures is shown to every other that asks
//! for it; afterwards fresh repeats of all that was recommended fix its truth. The figures make a
//! landscape that grows as the arms ask, kept beside the study: an interrupted study goes on from it,
//! and a finished one replays from it without an engine.

use super::bench::{Bench, Footing, Shown, shown};
use super::perform::study_job;
use super::turns::{self, Course};
use super::{Judged, StudyChat, StudyPlan, StudyResult, asks_a_chat, verdict};
use crate::error::TunerError;
use crate::event::PhaseKind;
use crate::job::Job;
use crate::landscape::{LandscapeWork, Pace, Recording, lacks, read_landscape, seen};
use crate::tuner::Tuner;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use wattsmith_domain::{Configuration, Connection};
use wattsmith_search::{Landscape, Pool, recommendations};
use wattsmith_stats::pooled_log_sd;

/// Degrees of freedom from which on the noise that was seen is better than the usual one.
const ENOUGH: f64 = 4.0;

/// What the person chose for a study on the engine.
#[derive(Debug, Clone, PartialEq)]
pub struct LivePlan {
    /// What is measured.
    pub work: LandscapeWork,
    /// Who is compared, and how often.
    pub study: StudyPlan,
    /// Fresh repeats of the default and of everything that was recommended.
    pub fresh: u32,
    /// How the arms that ask an LLM reach it; what lies in `exchanges` is replayed where none.
    pub connection: Option<Connection>,
    /// What the LLM says.
    pub exchanges: PathBuf,
    /// Where the landscape goes that comes of it. One that is there already is replayed.
    pub landscape: PathBuf,
}

impl LivePlan {
    /// Most windows that it can take.
    #[must_use]
    pub fn most_windows(&self) -> usize {
        let study = &self.study;
        let proposals = study.seeds as usize * study.arms.len() * study.budget as usize;
        let trials = study.seeds as usize + proposals;
        trials * study.repeats as usize + (proposals + 1) * self.fresh as usize
    }
}

/// The engine, and all that it has shown.
struct Engine<'a> {
    tuner: &'a Tuner,
    job: &'a Job,
    chat: Option<&'a StudyChat>,
    recording: Recording,
    pace: Pace,
}

/// Where figures come from.
enum Figures<'a> {
    /// From the engine, as far as they are not there yet.
    Measured(Box<Engine<'a>>),
    /// From a study that is finished.
    Finished(Box<Landscape>),
}

/// Measures on the engine, or shows what was measured before.
struct Live<'a> {
    figures: Figures<'a>,
    plan: &'a StudyPlan,
    /// J/unit of windows by trial, in the order in which they were shown.
    noise: Vec<Vec<f64>>,
}

impl Figures<'_> {
    fn landscape(&self) -> &Landscape {
        match self {
            Self::Measured(engine) => engine.recording.landscape(),
            Self::Finished(landscape) => landscape,
        }
    }
}

impl Engine<'_> {
    /// Leaves the machine to what is measured.
    async fn quiet(&self) {
        if let Some(chat) = self.chat {
            chat.exchanges.rest().await;
        }
    }
}

impl Live<'_> {
    /// The passes of a seed: a window each.
    fn passes(&self, seed: u64) -> RangeInclusive<u32> {
        let repeats = self.plan.repeats;
        let before = u32::try_from(seed)
            .unwrap_or(u32::MAX)
            .saturating_mul(repeats);
        before.saturating_add(1)..=before.saturating_add(repeats)
    }

    /// Measures what is not there yet.
    async fn fill(
        &mut self,
        seed: u64,
        trial: u32,
        configurations: &[Configuration],
    ) -> Result<(), TunerError> {
        let passes = self.passes(seed);
        if !lacks(self.figures.landscape(), configurations, &passes) {
            return Ok(());
        }
        let (seeds, budget) = (self.plan.seeds, self.plan.budget);
        let part = match trial {
            0 => format!("seed {} of {seeds} · default", seed + 1),
            _ => format!("seed {} of {seeds} · trial {trial} of {budget}", seed + 1),
        };
        let Figures::Measured(engine) = &mut self.figures else {
            return Err(TunerError::Invalid(format!(
                "What was measured holds no figures for {part}: the study, its chat model or this \
                 program differ from then. Replay it as it was, or name another folder to measure \
                 anew."
            )));
        };
        engine.quiet().await;
        let (recording, pace) = (&mut engine.recording, &mut engine.pace);
        engine
            .tuner
            .measure_asked(engine.job, recording, pace, configurations, passes, &part)
            .await?;
        engine.job.phase(PhaseKind::Studying, &part, None);
        Ok(())
    }

    /// What a trial showed.
    fn show(
        &mut self,
        seed: u64,
        trial: u32,
        configuration: &Configuration,
    ) -> Result<Shown, TunerError> {
        let seen = seen(self.figures.landscape(), configuration, &self.passes(seed));
        let windows = seen.ok_or_else(|| {
            TunerError::Busy(
                "A trial gave no window that can be used, since something else disturbs this \
                 machine. What is done is kept: go on with the same command when it is quiet."
                    .to_owned(),
            )
        })?;
        match &windows {
            Ok(windows) => {
                let joules = windows.iter().map(|one| one.joules_per_unit);
                self.noise.push(joules.collect());
            }
            Err(failure) if trial == 0 => {
                return Err(TunerError::Invalid(format!(
                    "The default itself does not work here: {}",
                    failure.message
                )));
            }
            Err(_) => {}
        }
        Ok(shown(configuration, windows))
    }

    /// Fixes the truth of the default and of everything that was recommended at any time.
    async fn confirm(&mut self, courses: &[Course]) -> Result<(), TunerError> {
        let Figures::Measured(engine) = &mut self.figures else {
            return Ok(());
        };
        engine.quiet().await;
        let mut keys = BTreeSet::new();
        let landscape = engine.recording.landscape();
        let noise = landscape.pooled().map(|pooled| pooled.sd);
        for course in courses {
            let (space, limits) = (&landscape.space, &self.plan.constraints);
            let all = recommendations(space, limits, noise, &course.told);
            keys.extend(all.into_iter().map(|one| one.key));
        }
        keys.insert(landscape.space.default_configuration().key());
        let entries = landscape.entries.iter();
        let chosen = entries
            .map(|entry| entry.configuration.clone())
            .filter(|one| keys.contains(&one.key()))
            .collect();
        let (recording, pace) = (&mut engine.recording, &mut engine.pace);
        engine
            .tuner
            .confirm_asked(engine.job, recording, pace, chosen)
            .await
    }

    fn finish(self) -> Result<Landscape, TunerError> {
        match self.figures {
            Figures::Measured(engine) => engine.recording.finish(),
            Figures::Finished(landscape) => Ok(*landscape),
        }
    }
}

impl Bench for Live<'_> {
    async fn measure(
        &mut self,
        seed: u64,
        trial: u32,
        configurations: &[Configuration],
    ) -> Result<Vec<Shown>, TunerError> {
        self.fill(seed, trial, configurations).await?;
        let configurations = configurations.iter();
        configurations
            .map(|one| self.show(seed, trial, one))
            .collect()
    }

    fn footing(&self) -> Footing {
        let landscape = self.figures.landscape();
        let pooled = pooled_log_sd(&self.noise).filter(|one| one.df >= ENOUGH);
        Footing {
            pool: Pool::from(&landscape.space),
            landscape: landscape.clone(),
            log_sd: pooled.map(|one| one.sd),
        }
    }
}

impl Tuner {
    /// Compares advisors on the engine itself. One job, [`study_job`]: watch it with
    /// [`Tuner::watch`], end it with [`Tuner::cancel_study`]; what is done stays.
    ///
    /// # Errors
    /// What in the plan cannot be used, another process measures, the LLM cannot be asked, a file
    /// cannot be written, or it was cancelled.
    pub async fn study_live(&self, plan: LivePlan) -> Result<StudyResult, TunerError> {
        let job = self.jobs.begin(&study_job(), false)?;
        self.live_study(&job, &plan).await
    }

    /// The same as a job that is begun.
    pub(super) async fn live_study(
        &self,
        job: &Job,
        plan: &LivePlan,
    ) -> Result<StudyResult, TunerError> {
        plan.study.check()?;
        // A finished one is only read.
        let local = matches!(plan.connection, Some(Connection::Local { .. }));
        let _machine = match local || !plan.landscape.exists() {
            true => Some(self.claim_machine()?),
            false => None,
        };
        let chat = match plan.study.arms.iter().any(|arm| asks_a_chat(arm)) {
            true => {
                let connection = plan.connection.clone();
                self.study_chat(connection, &plan.exchanges, &job.cancel)
                    .await?
            }
            false => None,
        };
        let study = self.compare_live(job, plan, chat.as_ref()).await;
        if let Some(chat) = &chat {
            chat.exchanges.rest().await;
        }
        study
    }

    async fn compare_live(
        &self,
        job: &Job,
        plan: &LivePlan,
        chat: Option<&StudyChat>,
    ) -> Result<StudyResult, TunerError> {
        let mut live = self.live(job, plan, chat).await?;
        let memory = plan.study.memory(live.figures.landscape())?;
        let courses = turns::take(&mut live, &plan.study, &memory, chat, |_, _| {}).await?;
        live.confirm(&courses).await?;
        let landscape = live.finish()?;
        let judged = Judged {
            verdict: verdict(&landscape, &plan.study)?,
            landscape,
            plan: plan.study.clone(),
            memory,
            llm: chat.map(StudyChat::label),
            said: chat.map(|chat| chat.exchanges.words()),
            live: true,
        };
        judged.result(courses).await
    }

    /// The engine, or what was measured on it before.
    async fn live<'a>(
        &'a self,
        job: &'a Job,
        plan: &'a LivePlan,
        chat: Option<&'a StudyChat>,
    ) -> Result<Live<'a>, TunerError> {
        let figures = if plan.landscape.exists() {
            Figures::Finished(Box::new(read_landscape(&plan.landscape)?))
        } else {
            let (repeats, most) = (plan.study.repeats, plan.most_windows());
            let out = plan.landscape.clone();
            let asked = self.plan_asked(&plan.work, repeats, plan.fresh, most, out);
            Figures::Measured(Box::new(Engine {
                tuner: self,
                job,
                chat,
                recording: asked.await?,
                pace: Pace::new(),
            }))
        };
        Ok(Live {
            figures,
            plan: &plan.study,
            noise: Vec::new(),
        })
    }
}
