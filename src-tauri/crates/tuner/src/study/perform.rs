//! Studies as a use case: on a landscape at hand, as a job that can be watched and cancelled, its
//! files kept in the data folder. One at a time.

use super::arm::asks_a_chat;
use super::{Exchanges, StudyChat, StudyPlan, StudyResult, run_study, write_study};
use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::{Job, JobState};
use crate::local::OpenChat;
use crate::models::blocking;
use crate::next::provider;
use crate::tuner::Tuner;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::macros::format_description;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Connection, SessionId};
use wattsmith_search::Landscape;

/// Between two events about progress.
const BETWEEN_EVENTS: Duration = Duration::from_millis(200);

/// What the person chose for a study.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyRequest {
    /// One of [`Tuner::landscapes`], by its id. Its own limits hold.
    pub landscape: String,
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
    /// How the arms that ask an LLM reach it.
    pub connection: Option<Connection>,
    /// Whether the person agrees that prompts go to its server.
    pub agreed: bool,
}

impl StudyRequest {
    fn plan(&self, landscape: &Landscape) -> StudyPlan {
        StudyPlan {
            arms: self.arms.clone(),
            seeds: self.seeds,
            budget: self.budget,
            repeats: self.repeats,
            below_percent: self.below_percent,
            constraints: landscape.constraints,
            memory_from: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), TunerError> {
        let sizes = (2..=100_000).contains(&self.seeds)
            && (2..=500).contains(&self.budget)
            && (1..=20).contains(&self.repeats)
            && self.below_percent > 0.0
            && self.below_percent < 100.0;
        if !sizes {
            return Err(TunerError::Invalid(
                "A study has 2 to 100000 seeds, 2 to 500 trials, 1 to 20 windows per trial, and a \
                 goal between 0 and 100 % below the default."
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

/// The place that a study takes among the jobs.
fn place() -> SessionId {
    SessionId::from("study")
}

impl Tuner {
    /// What the study that runs is doing.
    #[must_use]
    pub fn studying(&self) -> JobState {
        self.jobs.state(&place())
    }

    /// Ends the study that runs, and its engine. Whether there was one.
    #[must_use]
    pub fn cancel_study(&self) -> bool {
        self.jobs.cancel(&place())
    }

    /// Starts a study and returns at once; watch it with [`Tuner::watch`].
    ///
    /// # Errors
    /// A study runs already, what was chosen cannot be, or the person has not agreed.
    pub fn start_study(self: &Arc<Self>, request: StudyRequest) -> Result<(), TunerError> {
        let job = self.begin_study(&request)?;
        let tuner = Arc::clone(self);
        tokio::spawn(async move {
            match tuner.study_as(job, request).await {
                Ok(_) | Err(TunerError::Cancelled) => {}
                Err(error) => tuner
                    .jobs
                    .emit(&place(), EventKind::Failed(error.to_string())),
            }
        });
        Ok(())
    }

    /// Runs a study and keeps it; gives its id. A local model keeps the machine for the length of
    /// the study, and any other study does, too: its search keeps the cores busy.
    ///
    /// # Errors
    /// A study runs already, something is measured, what was chosen cannot be, the person has not
    /// agreed, or the LLM cannot be asked.
    pub async fn study(&self, request: StudyRequest) -> Result<String, TunerError> {
        let job = self.begin_study(&request)?;
        self.study_as(job, request).await
    }

    fn begin_study(&self, request: &StudyRequest) -> Result<Job, TunerError> {
        request.check()?;
        if self.studying().running {
            return Err(TunerError::Busy(
                "A study runs already. Wait for it, or cancel it first.".to_owned(),
            ));
        }
        self.jobs.begin(&place(), false)
    }

    async fn study_as(&self, job: Job, mut request: StudyRequest) -> Result<String, TunerError> {
        let landscape = self.landscape(&request.landscape).await?;
        if !request.arms.iter().any(|arm| asks_a_chat(arm)) {
            request.connection = None;
        }
        let _lock = match &request.connection {
            // It claims the machine by itself.
            Some(Connection::Local { .. }) => None,
            _ => Some(self.claim_machine()?),
        };
        job.phase(PhaseKind::Studying, &landscape.name, None);
        let id = folder_name(&request.landscape);
        let folder = self.paths.studies().join(&id);
        std::fs::create_dir_all(&folder).map_err(|source| {
            TunerError::io(format!("cannot make {}", folder.display()), source)
        })?;
        let plan = request.plan(&landscape);
        let kept = folder.join("exchanges.jsonl");
        let job = Arc::new(job);
        let tell = progress(Arc::clone(&job));
        let studied = self
            .compare(
                landscape,
                plan,
                request.connection,
                &kept,
                &job.cancel,
                tell,
            )
            .await;
        if studied.is_err() {
            // What an LLM has said stays; an empty folder does not.
            let _ = std::fs::remove_dir(&folder);
        }
        let study = studied?;
        blocking(move || write_study(&folder, &study)).await??;
        Ok(id)
    }

    /// Runs a study, with an LLM where an arm asks one. What it says is added to the file `kept`;
    /// without a connection, what lies there is replayed. A local model is ended in any case.
    ///
    /// # Errors
    /// The LLM cannot be asked, or the study cannot be run as it is planned.
    pub async fn compare(
        &self,
        landscape: Landscape,
        plan: StudyPlan,
        connection: Option<Connection>,
        kept: &Path,
        cancel: &CancellationToken,
        tell: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<StudyResult, TunerError> {
        let asks = plan.arms.iter().any(|arm| asks_a_chat(arm));
        let connection = connection.filter(|_| asks);
        let open = match &connection {
            Some(connection) => Some(self.open_chat(connection, cancel).await?),
            None => None,
        };
        let chat = if asks {
            self.study_chat(connection, open.as_ref(), kept, cancel)
        } else {
            Ok(None)
        };
        let cancelled = cancel.clone();
        let study = match chat {
            Ok(chat) => {
                apart(async move {
                    tokio::select! {
                        study = run_study(&landscape, &plan, chat.as_ref(), tell) => study,
                        () = cancelled.cancelled() => Err(TunerError::Cancelled),
                    }
                })
                .await
            }
            Err(error) => Err(error),
        };
        if let Some(open) = open {
            open.close().await;
        }
        study
    }

    /// Who answers the arms that ask: the LLM, or what it said before; nobody where there is neither.
    fn study_chat(
        &self,
        connection: Option<Connection>,
        open: Option<&OpenChat>,
        kept: &Path,
        cancel: &CancellationToken,
    ) -> Result<Option<StudyChat>, TunerError> {
        let asked = connection.zip(open.map(|open| Arc::clone(&open.chat)));
        if asked.is_none() && !kept.is_file() {
            return Ok(None);
        }
        Ok(Some(StudyChat {
            exchanges: Arc::new(Exchanges::open(kept, asked, cancel.clone())?),
            templates: self.templates.clone(),
        }))
    }
}

/// Tells how far the study is, a few times a second.
fn progress(job: Arc<Job>) -> impl FnMut(u64, u64) + Send + 'static {
    let mut told: Option<Instant> = None;
    move |done, all| {
        if told.is_none_or(|at| at.elapsed() >= BETWEEN_EVENTS) || done == all {
            told = Some(Instant::now());
            job.done_of(done, all, "runs");
        }
    }
}

/// Such as `2026-01-15-090000-123-smollm2-chat`: later ones sort after earlier ones.
fn folder_name(landscape: &str) -> String {
    let format =
        format_description!("[year]-[month]-[day]-[hour][minute][second]-[subsecond digits:3]");
    let at = time::OffsetDateTime::now_utc()
        .format(format)
        .unwrap_or_default();
    let name = landscape.rsplit('/').next().unwrap_or_default();
    let plain = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '-',
    };
    format!("{at}-{}", name.chars().map(plain).collect::<String>())
}

/// Does work that keeps every core busy on threads of its own, so that whoever waits is answered.
async fn apart<T: Send + 'static>(
    work: impl Future<Output = Result<T, TunerError>> + Send + 'static,
) -> Result<T, TunerError> {
    blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|source| TunerError::io("cannot start threads for the study", source))?;
        runtime.block_on(work)
    })
    .await?
}
