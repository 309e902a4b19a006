//! Studies as a use case: on a landscape at hand, as a job that can be watched and cancelled, its
//! files kept in the data folder. One at a time. What an LLM has said outlives a study that was
//! cancelled, so that it can go on.

use super::arm::asks_a_chat;
use super::kept::{EXCHANGES, REQUEST, figures, replies};
use super::{Exchanges, StudyChat, StudyPlan, StudyRequest, StudyResult, run_study, write_study};
use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::{Job, JobState};
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::macros::format_description;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Connection, SessionId};
use wattsmith_search::Landscape;

/// Between two events about progress.
const BETWEEN_EVENTS: Duration = Duration::from_millis(200);

/// The place that a study takes among the jobs.
#[must_use]
pub fn study_job() -> SessionId {
    SessionId::from("study")
}

impl Tuner {
    /// What the study that runs is doing.
    #[must_use]
    pub fn studying(&self) -> JobState {
        self.jobs.state(&study_job())
    }

    /// Ends the study that runs, and its engine. Whether there was one.
    #[must_use]
    pub fn cancel_study(&self) -> bool {
        self.jobs.cancel(&study_job())
    }

    /// Starts a study and returns at once; watch it with [`Tuner::watch`].
    ///
    /// # Errors
    /// A study runs already, what was chosen cannot be, or the person has not agreed.
    pub fn start_study(self: &Arc<Self>, request: StudyRequest) -> Result<(), TunerError> {
        let id = folder_name(&request);
        self.start_study_as(id, request)
    }

    /// Goes on with a study that was interrupted: nothing is asked twice. Returns at once.
    ///
    /// # Errors
    /// There is none of that id, or as for [`Tuner::start_study`].
    pub async fn resume_study(self: &Arc<Self>, id: &str) -> Result<(), TunerError> {
        let begun = self.begun_studies().await?;
        let one = begun
            .into_iter()
            .find(|one| one.id == id)
            .ok_or_else(|| TunerError::NotFound("This study is not there any more.".to_owned()))?;
        self.start_study_as(one.id, one.request)
    }

    fn start_study_as(
        self: &Arc<Self>,
        id: String,
        request: StudyRequest,
    ) -> Result<(), TunerError> {
        let job = self.begin_study(&request)?;
        let tuner = Arc::clone(self);
        tokio::spawn(async move {
            match tuner.study_as(job, id, request).await {
                Ok(_) | Err(TunerError::Cancelled) => {}
                Err(error) => tuner
                    .jobs
                    .emit(&study_job(), EventKind::Failed(error.to_string())),
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
        let id = folder_name(&request);
        self.study_as(job, id, request).await
    }

    fn begin_study(&self, request: &StudyRequest) -> Result<Job, TunerError> {
        request.check()?;
        if self.studying().running {
            return Err(TunerError::Busy(
                "A study runs already. Wait for it, or cancel it first.".to_owned(),
            ));
        }
        self.jobs.begin(&study_job(), false)
    }

    async fn study_as(
        &self,
        job: Job,
        id: String,
        mut request: StudyRequest,
    ) -> Result<String, TunerError> {
        // It ends when everything is written.
        let job = Arc::new(job);
        if !request.arms.iter().any(|arm| asks_a_chat(arm)) {
            request.connection = None;
        }
        let memory_from = match request.remember {
            true => self.landscapes().await?,
            false => Vec::new(),
        };
        let memory_from = memory_from
            .into_iter()
            .filter_map(|one| Some(one.found.ok()?.0))
            .collect();
        let folder = self.paths.studies().join(&id);
        let studied = match request.live.clone() {
            Some(live) => {
                let (at, chosen) = (folder.clone(), request.clone());
                blocking(move || keep_request(&at, &chosen)).await??;
                let plan = request.live_plan(&live, memory_from, &folder);
                self.live_study(&job, &plan).await
            }
            None => self.study_on(&job, request, memory_from, &folder).await,
        };
        if studied.is_err() && replies(&folder.join(EXCHANGES)) == 0 && !figures(&folder) {
            // What was said and measured stays, to go on from; numbers are quickly made again.
            let _ = std::fs::remove_dir_all(&folder);
        }
        let study = studied?;
        blocking(move || write_study(&folder, &study)).await??;
        Ok(id)
    }

    async fn study_on(
        &self,
        job: &Arc<Job>,
        request: StudyRequest,
        memory_from: Vec<Landscape>,
        folder: &Path,
    ) -> Result<StudyResult, TunerError> {
        let landscape = self.landscape(&request.landscape).await?;
        let _lock = match &request.connection {
            // It claims the machine by itself.
            Some(Connection::Local { .. }) => None,
            _ => Some(self.claim_machine()?),
        };
        job.phase(PhaseKind::Studying, &landscape.name, None);
        let plan = request.plan(landscape.constraints, memory_from);
        let kept = folder.join(EXCHANGES);
        let (at, chosen) = (folder.to_owned(), request.clone());
        blocking(move || keep_request(&at, &chosen)).await??;
        let tell = progress(Arc::clone(job));
        let (connection, cancel) = (request.connection, &job.cancel);
        self.compare(landscape, plan, connection, &kept, cancel, tell)
            .await
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
        let _machine = match &connection {
            Some(Connection::Local { .. }) => Some(self.claim_machine()?),
            _ => None,
        };
        let chat = match asks {
            true => self.study_chat(connection, kept, cancel).await?,
            false => None,
        };
        let study = tokio::select! {
            study = run_study(&landscape, &plan, chat.as_ref(), tell) => study,
            () = cancel.cancelled() => Err(TunerError::Cancelled),
        };
        if let Some(chat) = chat {
            chat.exchanges.rest().await;
        }
        study
    }

    /// Replays a recording and writes it again with what each of its prompts was made of and how its
    /// reply was read, so that it can be replayed when prompts are worded otherwise. Says how many
    /// of its exchanges know that now.
    ///
    /// # Errors
    /// As for [`Tuner::compare`], or the recording cannot be written.
    pub async fn complete_recording(
        &self,
        landscape: &Landscape,
        plan: &StudyPlan,
        recording: &Path,
        cancel: &CancellationToken,
        tell: impl FnMut(u64, u64) + Send + 'static,
    ) -> Result<(StudyResult, usize), TunerError> {
        let chat = self.study_chat(None, recording, cancel).await?;
        let study = tokio::select! {
            study = run_study(landscape, plan, chat.as_ref(), tell) => study?,
            () = cancel.cancelled() => return Err(TunerError::Cancelled),
        };
        let complete = match chat {
            Some(chat) => blocking(move || chat.exchanges.complete()).await??,
            None => 0,
        };
        Ok((study, complete))
    }

    /// Who answers the arms that ask: the LLM, or what it said before; nobody where there is neither.
    pub(super) async fn study_chat(
        &self,
        connection: Option<Connection>,
        kept: &Path,
        cancel: &CancellationToken,
    ) -> Result<Option<StudyChat>, TunerError> {
        let asked = match connection {
            Some(connection) => {
                let open = self.open_chat(&connection).await?;
                Some((connection, Arc::new(open)))
            }
            None if !kept.is_file() => return Ok(None),
            None => None,
        };
        Ok(Some(StudyChat {
            exchanges: Arc::new(Exchanges::open(kept, asked, cancel.clone())?),
            templates: self.templates.clone(),
        }))
    }
}

/// Makes the study's folder, and keeps in it what was chosen.
fn keep_request(folder: &Path, request: &StudyRequest) -> Result<(), TunerError> {
    let path = folder.join(REQUEST);
    let text = serde_json::to_string_pretty(request)
        .map_err(|error| TunerError::Invalid(format!("cannot keep the study: {error}")))?;
    wattsmith_files::keep(&path, text.as_bytes())
        .map_err(|source| TunerError::io(format!("cannot write {}", path.display()), source))
}

/// Tells how far the study is, a few times a second.
fn progress(job: Arc<Job>) -> impl FnMut(u64, u64) + Send + 'static {
    let mut told: Option<Instant> = None;
    move |done, all| {
        if told.is_none_or(|at| at.elapsed() >= BETWEEN_EVENTS) || done == all {
            told = Some(Instant::now());
            job.done_of(done, all, "trials");
        }
    }
}

/// Such as `2026-01-15-090000-123-smollm2-chat`: later ones sort after earlier ones.
fn folder_name(request: &StudyRequest) -> String {
    let landscape = match &request.live {
        Some(live) => format!("live-{}", live.workload),
        None => request.landscape.clone(),
    };
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
