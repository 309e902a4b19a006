//! Recording landscapes: an engine swept over many configurations, so that advisors can be compared
//! without it. Passes over all of them in a shuffled order, then fresh repeats of the best and of
//! the default, which fix their truth. Every finished window is on disk before the next begins, in a
//! file beside the one that is asked for; started again with the same words, recording goes on.

mod asked;
mod begin;
mod file;
mod shelf;
mod shipped;
mod sweep;

pub(crate) use asked::{lacks, seen};
pub(crate) use file::partial_path;
pub use file::read_landscape;
pub use shelf::ListedLandscape;
#[cfg(test)]
pub(crate) use shelf::shipped_noise;
pub(crate) use sweep::Pace;

use crate::error::TunerError;
use crate::session::work::{PictureChoice, WorkSize};
use crate::tuner::Tuner;
use std::path::PathBuf;
use wattsmith_domain::{Configuration, Constraints, Session, SessionId};
use wattsmith_search::{Context, Landscape, Pool, rule_of_thumb};

/// What is measured, whoever decides on the configurations.
#[derive(Debug, Clone, PartialEq)]
pub struct LandscapeWork {
    /// Name; made from model and workload when empty.
    pub name: String,
    /// Inference server by name; as in a session's plan when empty.
    pub engine: String,
    /// Model file; as in a session's plan when none.
    pub model: Option<PathBuf>,
    /// Workload by name.
    pub workload: String,
    /// A file of the person's own prompts or chats in place of that workload.
    pub work_file: Option<PathBuf>,
    /// Another size of that work.
    pub size: WorkSize,
    /// Other pictures, where it is pictures.
    pub pictures: PictureChoice,
    /// Shorter windows.
    pub quick: bool,
    /// Parameters that vary, by name; the usual ones when empty.
    pub tuned: Vec<String>,
    /// Values to start from instead of the engine's own defaults.
    pub start: Configuration,
    /// What must hold; kept in the file and used to choose the best.
    pub constraints: Constraints,
    /// Seed of the choice and of the orders.
    pub seed: u64,
}

/// What the person chose for a landscape.
#[derive(Debug, Clone, PartialEq)]
pub struct LandscapePlan {
    /// What is measured.
    pub work: LandscapeWork,
    /// Configurations, the default among them; the whole grid where it holds no more.
    pub points: usize,
    /// Sweeps over all of them, at least 1.
    pub passes: u32,
    /// How many of the best get fresh repeats.
    pub top: usize,
    /// Fresh repeats of each of those and of the default.
    pub fresh: u32,
    /// A finished landscape of the same work whose sweep is taken over: under other limits other
    /// configurations are the best, and only their fresh repeats have to be measured.
    pub sweep_from: Option<PathBuf>,
    /// Where to.
    pub out: PathBuf,
}

/// A landscape that is being recorded: what is done so far, and how to go on.
#[derive(Debug, Clone)]
pub struct Recording {
    session: Session,
    pub(crate) landscape: Landscape,
    extent: Extent,
    fresh: u32,
    out: PathBuf,
}

/// How much is measured before the fresh repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Extent {
    /// Every configuration in every pass; so many of the best, and the default, get fresh repeats.
    Sweep { top: usize },
    /// What advisors ask for: at most so many windows, fresh repeats among them.
    Asked { most: usize },
}

impl Recording {
    /// The job's name, for [`Tuner::watch`] and [`Tuner::cancel`].
    #[must_use]
    pub fn session(&self) -> &SessionId {
        &self.session.id
    }

    /// What is done so far.
    #[must_use]
    pub fn landscape(&self) -> &Landscape {
        &self.landscape
    }

    /// Where the state lies until everything is done.
    #[must_use]
    pub fn partial(&self) -> PathBuf {
        partial_path(&self.out)
    }

    /// Windows that are done, and all that are planned, without those that have to be repeated.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        sweep::progress(self)
    }
}

impl Tuner {
    /// Plans a landscape, or takes up one that was begun under the same words. Nothing is run yet.
    ///
    /// # Errors
    /// What in the plan cannot be used; a landscape is there already; or what was begun is another.
    pub async fn plan_landscape(&self, plan: LandscapePlan) -> Result<Recording, TunerError> {
        if plan.out.exists() {
            return Err(TunerError::Invalid(format!(
                "{} is there already. Name another file, or move it away.",
                plan.out.display()
            )));
        }
        if plan.points < 2 || plan.passes < 1 {
            return Err(TunerError::Invalid(
                "A landscape needs at least two configurations and one pass.".to_owned(),
            ));
        }
        let session = self.landscape_session(&plan.work).await?;
        let context = Context {
            physical_cores: session.machine.steady_threads(),
            concurrency: session.workload.concurrency,
            constraints: plan.work.constraints,
            log_sd: None,
            prior: Vec::new(),
        };
        let rule = rule_of_thumb(&session.space, &context);
        let pool = Pool::from(&session.space);
        let chosen = pool.spread(plan.points, &[rule], plan.work.seed);
        let mut planned = self.blank(&session, chosen, plan.passes);
        if let Some(from) = &plan.sweep_from {
            planned = begin::swept(planned, from)?;
        }
        let extent = Extent::Sweep { top: plan.top };
        begin::take_up(session, planned, extent, plan.fresh, plan.out)
    }

    /// Records until everything is there; gives the finished landscape, which lies at the plan's
    /// place then. One job: watch it with [`Tuner::watch`], end it with [`Tuner::cancel`]; what is
    /// done stays.
    ///
    /// # Errors
    /// Another process measures, the sensors changed, a file cannot be written, or it was cancelled.
    pub async fn record_landscape(
        &self,
        mut recording: Recording,
    ) -> Result<Landscape, TunerError> {
        let job = self.jobs.begin(&recording.session.id, false)?;
        let _machine = self.claim_machine()?;
        self.sweep(&job, &mut recording).await?;
        recording.finish()
    }
}
