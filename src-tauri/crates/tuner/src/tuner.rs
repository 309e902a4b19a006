//! The one way in to the core: opens the store, the meter and the folders, and offers the use cases.

use crate::error::TunerError;
use crate::event::{Event, EventKind};
use crate::job::{Job, JobState, Jobs};
use crate::machine::downloads::Downloads;
use crate::machine::gpu::{GpuAccess, GpuControl, StillChanged};
use crate::machine::lock::MachineLock;
use crate::machine::models::blocking;
use crate::machine::places::ModelFolders;
use crate::machine::sensing::Sensing;
use crate::measuring::by_hand::ByHand;
use crate::measuring::quiet::LoadLook;
use crate::measuring::too_busy::BusyLimit;
use crate::paths::Paths;
use crate::session::example::is_of_here;
use crate::session::next::Next;
use crate::turn::questions::Questions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, broadcast};
use wattsmith_chat::{Keys, Templates};
use wattsmith_domain::{
    Busy, Ending, PowerSample, ProposalId, Session, SessionId, SessionRecord, TrialId,
};
use wattsmith_engine::Architectures;
use wattsmith_stats::{Analysis, Basis};
use wattsmith_store::{Store, StoreError, StoreOptions};

/// How long a window that is measured is held while another program keeps the database to itself.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What can be chosen at start.
#[derive(Debug, Clone, Default)]
pub struct TunerOptions {
    /// Data folder; the person's own when none.
    pub data_dir: Option<PathBuf>,
    /// Where `/sys` and `/proc` are looked for; `/` when none.
    pub sensor_root: Option<PathBuf>,
    /// An NVML library to load instead of the driver's.
    pub nvml_library: Option<PathBuf>,
    /// Whether what was seen of the sensors at earlier starts is forgotten; none of it is kept yet.
    pub fresh_probe: bool,
    /// How the GPU's own settings are set, where a session tunes them.
    pub gpu: GpuAccess,
    /// How the machine's load is looked at before a session's first window.
    pub load: LoadLook,
    /// Another file than the machine-wide measuring lock, for tests and stand-ins: every figure says so.
    pub lock_file: Option<PathBuf>,
    /// What the core is opened for.
    pub access: Access,
    /// How the database is opened.
    pub store: StoreOptions,
    /// Above which load of others an estimate is refused; that of the environment variable
    /// `WATTSMITH_BUSY_LIMIT`, else the usual one, when none.
    pub busy_limit: Option<BusyLimit>,
    /// Folders of models beside Wattsmith's own; those of other programs, and of `WATTSMITH_MODELS`, when
    /// none.
    pub model_folders: Option<ModelFolders>,
    /// Address of the model hub; that of the environment variable `HF_ENDPOINT`, else the official one, when none.
    pub hub: Option<String>,
}

/// What the core is opened for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    #[default]
    Full,
    /// To look at the machine and at what is stored. No lock is taken, no file made or written, no trial
    /// marked, no engine ended.
    Look,
    /// To look at what is stored alone: the sensors are not even probed, unless somebody asks.
    Records,
}

/// The core. Cheap to share; every use case can be called from any task.
pub struct Tuner {
    pub(crate) paths: Paths,
    pub(crate) store: Store,
    pub(crate) sensing: Sensing,
    pub(crate) keys: Keys,
    pub(crate) templates: Templates,
    pub(crate) jobs: Jobs,
    pub(crate) questions: Questions,
    pub(crate) gpu: GpuControl,
    pub(crate) load_look: LoadLook,
    /// What the engine knows, once it was looked up; none where that cannot be told.
    pub(crate) architectures: OnceCell<Option<Arc<Architectures>>>,
    pub(crate) busy_limit: BusyLimit,
    pub(crate) by_hand: ByHand,
    pub(crate) downloads: Downloads,
    pub(crate) hub: Option<String>,
    pub(crate) model_folders: ModelFolders,
}

/// Characters of a note.
const MOST_NOTE: usize = 2000;

/// One step of the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Measure the default configuration.
    MeasureDefault,
    /// One more window of the default, where it is in doubt.
    CheckDefault,
    /// Ask the advisor for a proposal.
    Ask,
    /// Run a proposal.
    Run(ProposalId),
    /// More windows of a trial, until it is decided or enough.
    MoreRepeats(TrialId),
    /// Fresh repeats of the best and the default.
    Confirm,
    /// Each change of the confirmed winner undone by itself, for so many minutes.
    UndoEach(u32),
    /// A proposal by numbers alone.
    Numeric,
    /// Ask the LLM a question of the person.
    Talk(String),
    /// Ask the LLM those questions that wait.
    Answers,
    /// Step after step until the session ends, waits for the person or is paused.
    Autopilot,
}

impl Tuner {
    /// Opens everything, ends engines that a killed Wattsmith left behind, puts GPUs back, and marks the trials that
    /// it was running as discarded.
    ///
    /// # Errors
    /// The data folder cannot be made, or the database not be opened.
    pub async fn open(options: TunerOptions) -> Result<Arc<Self>, TunerError> {
        let paths = Paths::new(options.data_dir).locked_by(options.lock_file);
        let access = options.access;
        let full = access == Access::Full;
        if full {
            wattsmith_files::make_folder(&paths.data).map_err(|source| {
                TunerError::io(
                    format!("cannot make the data folder {}", paths.data.display()),
                    source,
                )
            })?;
        }
        let library = options.nvml_library.clone();
        let gpu = GpuControl::new(options.gpu, library.clone());
        let root = options.sensor_root.unwrap_or_else(|| PathBuf::from("/"));
        let (database, folders) = (paths.database(), paths.clone());
        let (sensing, store) = blocking(move || {
            let sensing = Sensing::new(root, library, folders, options.fresh_probe, full);
            if access != Access::Records {
                sensing.probe();
            }
            let patience = options.store.patience.or(Some(PATIENCE));
            let store = match full {
                true => Store::open_with(
                    &database,
                    StoreOptions {
                        patience,
                        ..options.store
                    },
                ),
                false => Store::open_to_read(&database),
            };
            (sensing, store)
        })
        .await?;
        let store = store?;
        let jobs = Jobs::new();
        if full {
            Self::recover(&paths, &store, &gpu).await?;
            jobs.tell_when_held(store.held());
        }
        let tuner = Arc::new(Self {
            templates: Templates::open(paths.templates()),
            keys: Keys::new(),
            jobs,
            questions: Questions::default(),
            sensing,
            paths,
            store,
            gpu,
            load_look: options.load,
            architectures: OnceCell::new(),
            model_folders: options
                .model_folders
                .unwrap_or_else(ModelFolders::of_environment),
            busy_limit: options
                .busy_limit
                .unwrap_or_else(BusyLimit::from_environment),
            by_hand: ByHand::default(),
            downloads: Downloads::default(),
            hub: options.hub,
        });
        if full {
            tuner.refresh_digests().await;
        }
        Ok(tuner)
    }

    /// Clears up after a Wattsmith that was killed.
    async fn recover(paths: &Paths, store: &Store, gpu: &GpuControl) -> Result<(), TunerError> {
        for freed in wattsmith_engine::reap_orphans(&paths.engines_state()).await {
            tracing::info!("{freed}");
        }
        for board in gpu.recover().await {
            tracing::warn!("{board} Put it back with: {}", board.command);
        }
        // Whoever holds the lock may be running one of these trials at this moment.
        if let Ok(_lock) = MachineLock::acquire(&paths.lock) {
            store.interrupted().await?;
        }
        Ok(())
    }

    /// GPUs that a trial which was ended by force left changed, and that could not be put back
    /// without asking for a password.
    pub async fn gpus_still_changed(&self) -> Vec<StillChanged> {
        self.gpu.still_changed().await
    }

    /// Folders in use.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// API keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Prompt templates.
    #[must_use]
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// Watches all jobs.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.jobs.watch()
    }

    /// What a session's job is doing.
    #[must_use]
    pub fn job(&self, session: &SessionId) -> JobState {
        JobState {
            questions: self.questions.of(session),
            ..self.jobs.state(session)
        }
    }

    /// The identities of all sessions, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn session_ids(&self) -> Result<Vec<SessionId>, TunerError> {
        let heads = self.store.heads("").await?;
        Ok(heads.into_iter().map(|head| head.id).collect())
    }

    /// All that happened in a session.
    ///
    /// # Errors
    /// There is no such session, or the database cannot be read.
    pub async fn record(&self, session: &SessionId) -> Result<SessionRecord, TunerError> {
        Ok(self.store.record(session).await?)
    }

    /// The power of one window, thinned to about `max_points` per device.
    ///
    /// # Errors
    /// There is no such window, or the database cannot be read.
    pub async fn samples(
        &self,
        trial: &TrialId,
        repeat: u32,
        max_points: usize,
    ) -> Result<Vec<(String, Vec<PowerSample>)>, TunerError> {
        Ok(self.store.samples(trial, repeat, max_points).await?)
    }

    /// Does one step and returns when it is done. One job per session; watch it with
    /// [`Tuner::watch`], end it with [`Tuner::cancel`].
    ///
    /// # Errors
    /// Why the step was not done. A trial that failed is no error: it is in the record.
    pub async fn perform(&self, session: &SessionId, step: Step) -> Result<(), TunerError> {
        let job = self.jobs.begin(session, step == Step::Autopilot)?;
        self.perform_as(job, step).await
    }

    pub(crate) async fn perform_as(&self, job: Job, step: Step) -> Result<(), TunerError> {
        job.emit(EventKind::Changed);
        let done = match step {
            Step::Autopilot => self.autopilot(&job).await,
            step => self.step(&job, step).await,
        };
        let done = match done {
            Ok(()) => self.end_if_over(&job.session).await,
            failed => failed,
        };
        // Worked out now, where there is time, and not when somebody waits for a list.
        self.refresh_digest(&job.session).await;
        done
    }

    pub(crate) async fn step(&self, job: &Job, step: Step) -> Result<(), TunerError> {
        if !matches!(step, Step::Talk(_) | Step::Answers) {
            is_of_here(&self.record(&job.session).await?)?;
        }
        let known = self.changes(&job.session).await?.len();
        let done = match step {
            Step::MeasureDefault => self.measure_default(job).await,
            Step::CheckDefault => self.check_default(job).await,
            Step::Ask => self.ask(job).await,
            Step::Run(proposal) => self.run_proposal(job, &proposal).await,
            Step::MoreRepeats(trial) => self.more_repeats(job, &trial).await,
            Step::Confirm => self.confirm(job).await,
            Step::UndoEach(minutes) => self.undo_each(job, minutes).await,
            Step::Numeric => {
                let record = self.record(&job.session).await?;
                let because = match Next::of(&record, &Analysis::of(&record)) {
                    Next::Stuck { reason } => reason,
                    _ => String::new(),
                };
                self.propose_numeric(&job.session, &because).await
            }
            Step::Talk(question) => self.say(job, &question).await,
            Step::Answers => self.answer_waiting(job).await,
            Step::Autopilot => Ok(()),
        };
        self.gpu.restore().await;
        for change in self.changes(&job.session).await?.into_iter().skip(known) {
            job.emit(EventKind::MachineChanged(change));
        }
        done
    }

    /// Changes of the machine so far, in words.
    async fn changes(&self, session: &SessionId) -> Result<Vec<String>, TunerError> {
        let record = self.record(session).await?;
        let unit = record.session.workload.unit.noun();
        let basis = Basis::of(&record);
        Ok(basis.changes().iter().map(|one| one.words(unit)).collect())
    }

    async fn autopilot(&self, job: &Job) -> Result<(), TunerError> {
        let mut tried_default = false;
        loop {
            job.check()?;
            self.end_if_over(&job.session).await?;
            let record = self.record(&job.session).await?;
            let step = match Next::of(&record, &Analysis::of(&record)) {
                Next::MeasureDefault => {
                    if tried_default && failed_default(&record) {
                        // Trying the same thing again would fail the same way.
                        return Ok(());
                    }
                    tried_default = true;
                    Step::MeasureDefault
                }
                Next::CheckDefault(_) => Step::CheckDefault,
                Next::Ask => Step::Ask,
                Next::Decide(proposal) => Step::Run(proposal),
                Next::Confirm(_) => Step::Confirm,
                Next::Stuck { reason } => {
                    self.propose_numeric(&job.session, &reason).await?;
                    continue;
                }
                Next::Busy(_) | Next::Paste(_) | Next::Consent { .. } | Next::Ended(_) => {
                    return Ok(());
                }
            };
            self.step(job, step).await?;
            job.emit(EventKind::Changed);
            self.answer_waiting(job).await?;
            if job.pausing() {
                return Ok(());
            }
        }
    }

    /// Writes down that a session is over once that follows from its record.
    async fn end_if_over(&self, session: &SessionId) -> Result<(), TunerError> {
        let mut record = self.record(session).await?;
        if record.session.ending.is_none()
            && let Next::Ended(ending) = Next::of(&record, &Analysis::of(&record))
        {
            record.session.ending = Some(ending);
            self.store.put_session(&record.session).await?;
        }
        Ok(())
    }

    /// Ends a session's job, and with it its engine. Whether there was one.
    #[must_use]
    pub fn cancel(&self, session: &SessionId) -> bool {
        self.jobs.cancel(session)
    }

    /// Pauses autopilot after the current step, or takes that back.
    pub fn pause(&self, session: &SessionId, pausing: bool) {
        self.jobs.set_pausing(session, pausing);
    }

    /// Ends every job and waits until their engines are gone; 15 s at most. Then the GPUs are as they
    /// were, and the database is closed: its file alone holds all that was stored.
    ///
    /// # Errors
    /// What was stored cannot be found again, or is not all in the file.
    pub async fn shut_down(&self) -> Result<(), TunerError> {
        self.questions.close();
        self.jobs.cancel_all();
        for _ in 0..150 {
            if self.jobs.is_empty() && self.questions.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.gpu.end().await;
        match self.store.clone().close().await {
            Err(StoreError::Closed) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Writes all that is stored into a new file, whole by itself, as of this moment.
    ///
    /// # Errors
    /// There is a file already, it cannot be written, or something that is stored cannot be read.
    pub async fn back_up(&self, to: &Path) -> Result<(), TunerError> {
        Ok(self.store.backup(to).await?)
    }

    /// Ends the session by the person's wish; a trial that runs is finished first.
    ///
    /// # Errors
    /// There is no such session, or it cannot be stored.
    pub async fn stop(&self, session: &SessionId) -> Result<(), TunerError> {
        self.change(session, |session| session.ending = Some(Ending::Stopped))
            .await
    }

    /// Takes an ended session up again, with at least `more` trials left.
    ///
    /// # Errors
    /// There is no such session, or it cannot be stored.
    pub async fn resume(&self, session: &SessionId, more: u32) -> Result<(), TunerError> {
        let record = self.record(session).await?;
        is_of_here(&record)?;
        let used = crate::session::next::trials_used(&record);
        self.change(session, |session| {
            session.ending = None;
            session.budget = session.budget.max(used + more);
        })
        .await
    }

    /// Gives the session another name.
    ///
    /// # Errors
    /// The name is empty, there is no such session, or it cannot be stored.
    pub async fn rename(&self, session: &SessionId, name: &str) -> Result<(), TunerError> {
        let name = name.trim().to_owned();
        if name.is_empty() {
            return Err(TunerError::Invalid(
                "A session needs a name; type one or press Escape.".to_owned(),
            ));
        }
        self.change(session, |session| session.name = name).await
    }

    /// Keeps what the person wants to remember of a session; empty takes it away.
    ///
    /// # Errors
    /// There is no such session, or the text is too long.
    pub async fn set_note(&self, session: &SessionId, note: &str) -> Result<(), TunerError> {
        let note = note.trim().to_owned();
        let length = note.chars().count();
        if length > MOST_NOTE {
            return Err(TunerError::Invalid(format!(
                "A note holds at most {MOST_NOTE} characters, and this one has {length}. Shorten it."
            )));
        }
        self.change(session, |session| session.note = note).await
    }

    /// Deletes a session in which nothing has happened yet: one that was made for a start that was then
    /// refused.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn drop_if_untouched(&self, session: &SessionId) -> Result<(), TunerError> {
        let record = match self.store.record(session).await {
            Err(StoreError::NotFound { .. }) => return Ok(()),
            other => other?,
        };
        let untouched = record.trials.is_empty()
            && record.exchanges.is_empty()
            && record.proposals.is_empty()
            && record
                .session
                .load
                .is_none_or(|load| load.choice == Some(Busy::Fail));
        match untouched {
            true => Ok(self.store.delete_session(session).await?),
            false => Ok(()),
        }
    }

    /// Deletes a session and all that belongs to it.
    ///
    /// # Errors
    /// A job runs in it, or the database cannot be written.
    pub async fn delete(&self, session: &SessionId) -> Result<(), TunerError> {
        let _claim = self.jobs.begin(session, false)?;
        self.questions.forget(session);
        Ok(self.store.delete_session(session).await?)
    }

    /// Whether somebody measures or fetches a model. Nothing is claimed.
    pub(crate) fn is_machine_taken(&self) -> bool {
        self.downloading().running || crate::machine::lock::held(&self.paths.lock).is_some()
    }

    /// Claims the machine for measuring.
    ///
    /// # Errors
    /// [`TunerError::Busy`] when another process measures, or a model is fetched here.
    pub(crate) fn claim_machine(&self) -> Result<MachineLock, TunerError> {
        if self.downloading().running {
            return Err(TunerError::Busy(
                "A model is being fetched, which would spoil figures. Wait until it is here, or cancel it: what \
                 has come is kept."
                    .to_owned(),
            ));
        }
        MachineLock::acquire(&self.paths.lock)
    }

    pub(crate) async fn change(
        &self,
        id: &SessionId,
        change: impl FnOnce(&mut Session),
    ) -> Result<(), TunerError> {
        let mut session = self.store.session(id).await?;
        change(&mut session);
        self.store.put_session(&session).await?;
        self.jobs.emit(id, EventKind::Changed);
        if !self.jobs.state(id).running {
            // What runs does it at its end.
            self.refresh_digest(id).await;
        }
        Ok(())
    }
}

fn failed_default(record: &SessionRecord) -> bool {
    record
        .default_trial()
        .is_some_and(|trial| matches!(trial.state, wattsmith_domain::TrialState::Failed { .. }))
}

/// Now, RFC 3339 in UTC.
pub(crate) fn now() -> String {
    time::OffsetDateTime::now_utc()
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}

/// A new identity; later ones sort after earlier ones.
pub(crate) fn fresh_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
