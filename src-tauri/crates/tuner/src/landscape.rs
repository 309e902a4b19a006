//! Recording landscapes: an engine swept over many configurations, so that advisors can be compared
//! without it. Passes over all of them in a shuffled order, then fresh repeats of the best and of
//! the default, which fix their truth. Every finished window is on disk before the next begins, in a
//! file beside the one that is asked for; started again with the same words, recording goes on.

mod file;
mod shelf;
mod shipped;
mod sweep;

pub use file::read_landscape;
pub use shelf::ListedLandscape;

use crate::error::TunerError;
use crate::plan::{SessionPlan, WorkSize};
use crate::tuner::Tuner;
use file::{partial_path, read_partial};
use std::path::{Path, PathBuf};
use wattsmith_domain::{
    Advisor, Configuration, Constraints, Engine, Model, Parameter, Session, SessionId, Threshold,
};
use wattsmith_search::{Context, Entry, LANDSCAPE_FORMAT, Landscape, Noise, Pool, rule_of_thumb};

/// What the person chose for a landscape.
#[derive(Debug, Clone, PartialEq)]
pub struct LandscapePlan {
    /// Name; made from model and workload when empty.
    pub name: String,
    /// Model file; the smallest one at hand when none.
    pub model: Option<PathBuf>,
    /// Workload by name.
    pub workload: String,
    /// Another size of that work.
    pub size: WorkSize,
    /// Shorter windows.
    pub quick: bool,
    /// Parameters that vary, by name; the usual ones when empty.
    pub tuned: Vec<String>,
    /// Values to start from instead of the engine's own defaults.
    pub start: Configuration,
    /// What must hold; kept in the file and used to choose the best.
    pub constraints: Constraints,
    /// Configurations, the default among them; the whole grid where it holds no more.
    pub points: usize,
    /// Sweeps over all of them, at least 1.
    pub passes: u32,
    /// How many of the best get fresh repeats.
    pub top: usize,
    /// Fresh repeats of each of those and of the default.
    pub fresh: u32,
    /// Seed of the choice and of the orders.
    pub seed: u64,
    /// A finished landscape of the same work whose sweep is taken over: under other limits other
    /// configurations are the best, and only their fresh repeats have to be measured.
    pub sweep_from: Option<PathBuf>,
    /// Where to.
    pub out: PathBuf,
}

impl Default for LandscapePlan {
    /// 48 configurations in 4 passes, then 8 fresh repeats of the 10 best and of the default.
    fn default() -> Self {
        Self {
            name: String::new(),
            model: None,
            workload: "chat".to_owned(),
            size: WorkSize::default(),
            quick: false,
            tuned: Vec::new(),
            start: Configuration::default(),
            constraints: Constraints {
                quality_lock: true,
                ..Constraints::default()
            },
            points: 48,
            passes: 4,
            top: 10,
            fresh: 8,
            seed: 1,
            sweep_from: None,
            out: PathBuf::from("landscape.json"),
        }
    }
}

/// A landscape that is being recorded: what is done so far, and how to go on.
#[derive(Debug, Clone)]
pub struct Recording {
    pub(crate) session: Session,
    pub(crate) landscape: Landscape,
    top: usize,
    fresh: u32,
    out: PathBuf,
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
        let session = self
            .session(SessionPlan {
                name: plan.name.clone(),
                model: plan.model.clone(),
                workload: plan.workload.clone(),
                size: plan.size,
                advisor: Advisor::Sobol,
                threshold: Threshold::PercentBelowDefault { percent: 10.0 },
                constraints: plan.constraints,
                tuned: plan.tuned.clone(),
                start: plan.start.clone(),
                budget: 0,
                repeats: 1,
                quick: plan.quick,
                seed: plan.seed,
                ..SessionPlan::default()
            })
            .await?;
        let mut planned = self.blank(&session, &plan);
        if let Some(from) = &plan.sweep_from {
            planned = swept(planned, from)?;
        }
        let (top, fresh, out) = (plan.top, plan.fresh, plan.out);
        let landscape = match read_partial(&partial_path(&out))? {
            None => planned,
            Some(begun) => match difference(&begun, &planned) {
                None => {
                    let mut begun = begun;
                    sweep::forget_spoiled(&mut begun);
                    begun
                }
                Some(what) => {
                    return Err(TunerError::Invalid(format!(
                        "{} was begun with another {what}. Go on with the same words as then, or \
                         move the file away.",
                        partial_path(&out).display()
                    )));
                }
            },
        };
        let session = Session {
            workload: landscape.workload.clone(),
            ..session
        };
        Ok(Recording {
            session,
            landscape,
            top,
            fresh,
            out,
        })
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

    fn blank(&self, session: &Session, plan: &LandscapePlan) -> Landscape {
        let context = Context {
            physical_cores: session.machine.physical_cores,
            concurrency: session.workload.concurrency,
            constraints: plan.constraints,
            log_sd: None,
            prior: Vec::new(),
        };
        let pool = Pool::from(&session.space);
        let rule = rule_of_thumb(&session.space, &context);
        let entries = pool
            .spread(plan.points, &[rule], plan.seed)
            .into_iter()
            .map(|configuration| Entry {
                configuration,
                windows: Vec::new(),
                failure: None,
            })
            .collect();
        Landscape {
            format: LANDSCAPE_FORMAT,
            name: session.name.clone(),
            synthetic: false,
            recorded_at: session.created_at.clone(),
            recorded_by: env!("CARGO_PKG_VERSION").to_owned(),
            // Where things lie on this machine is nobody's business.
            engine: Engine {
                path: String::new(),
                ..session.engine.clone()
            },
            model: Model {
                path: file_name(&session.model.path),
                ..session.model.clone()
            },
            workload: session.workload.clone(),
            machine: session.machine.clone(),
            scope: self.meter().scope(),
            source: String::new(),
            measured: self.meter().is_measured(),
            sensor_error: 0.0,
            quick: session.quick,
            passes: plan.passes,
            seed: plan.seed,
            constraints: plan.constraints,
            space: session.space.clone(),
            entries,
            truth: Vec::new(),
            noise: Noise {
                log_sd: 0.0,
                df: 0.0,
            },
        }
    }
}

/// A planned landscape with the sweep of another one in it.
fn swept(planned: Landscape, from: &Path) -> Result<Landscape, TunerError> {
    let mut other = read_landscape(from)?;
    other.constraints = planned.constraints;
    if let Some(what) = difference(&other, &planned) {
        return Err(TunerError::Invalid(format!(
            "{} has another {what}, so its sweep cannot be taken over. Use the same words as then \
             but for the limits.",
            from.display()
        )));
    }
    Ok(Landscape {
        name: planned.name,
        truth: Vec::new(),
        ..other
    })
}

/// What sets a begun recording apart from the planned one; the number of whole passes over the work
/// in a window may differ, since the first window decides it.
fn difference(begun: &Landscape, planned: &Landscape) -> Option<&'static str> {
    let work = |one: &Landscape| {
        let work = &one.workload;
        let size = (
            work.requests,
            work.concurrency,
            work.output_tokens,
            work.seed,
        );
        (work.name.clone(), size)
    };
    let chosen = |one: &Landscape| -> Vec<String> {
        let entries = one.entries.iter();
        entries.map(|entry| entry.configuration.key()).collect()
    };
    let knobs = |one: &Landscape| -> Vec<Parameter> { one.space.parameters.clone() };
    let checks = [
        (begun.engine != planned.engine, "engine"),
        (begun.model.sha256 != planned.model.sha256, "model"),
        (work(begun) != work(planned), "workload"),
        (begun.machine.cpu != planned.machine.cpu, "machine"),
        (begun.scope != planned.scope, "set of sensors"),
        (begun.quick != planned.quick, "length of windows"),
        (begun.passes != planned.passes, "number of passes"),
        (begun.constraints != planned.constraints, "set of limits"),
        (knobs(begun) != knobs(planned), "set of parameters"),
        (chosen(begun) != chosen(planned), "choice of configurations"),
    ];
    checks
        .into_iter()
        .find(|(differs, _)| *differs)
        .map(|(_, what)| what)
}

fn file_name(path: &str) -> String {
    Path::new(path)
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
