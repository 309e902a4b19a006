//! What the tests stand on: a tuner with folders of its own, tiny work, records that are seeded
//! through the store, and ways to watch an engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard, broadcast::error::RecvError};
use wattsmith_domain::{
    Advisor, Configuration, Connection, ProposalId, Purpose, SessionId, SessionRecord, Threshold,
    Trial, TrialId, TrialState, Value,
};
use wattsmith_store::{Store, StoreOptions};
use wattsmith_testkit::fixtures::{Fixture, Shown};
use wattsmith_tuner::{
    BusyLimit, EventKind, LoadLook, ModelFolders, PhaseKind, SessionPlan, Step, Tuner,
    TunerOptions, WorkSize,
};

/// Engines share two cores with everything else, so they run one after the other.
static MACHINE: Mutex<()> = Mutex::const_new(());

/// Holds the machine for one test.
pub async fn machine() -> MutexGuard<'static, ()> {
    MACHINE.lock().await
}

/// An asset, or a panic that tells how to get it.
pub fn asset(name: &str) -> PathBuf {
    let data = || {
        let home = || std::env::home_dir().unwrap().join(".local/share");
        let share = std::env::var_os("XDG_DATA_HOME").map_or_else(home, PathBuf::from);
        share.join("wattsmith/assets")
    };
    let assets = std::env::var_os("WATTSMITH_ASSETS").map_or_else(data, PathBuf::from);
    let file = assets.join(name);
    assert!(
        file.is_file(),
        "{} is missing; run `make setup` first",
        file.display()
    );
    file
}

pub fn small_model() -> PathBuf {
    asset("models/SmolLM2-135M-Instruct-Q4_1.gguf")
}

pub fn configuration(values: &[(&str, i64)]) -> Configuration {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::Int(*value)))
        .collect()
}

/// A tuner with folders and a lock of its own, on a machine without sensors.
pub struct Bench {
    pub tuner: Arc<Tuner>,
    options: TunerOptions,
    // The folders go last.
    data: TempDir,
    _root: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(None).await
    }

    /// The same with a machine whose load is looked at like this.
    pub async fn looking(load: LoadLook) -> Self {
        let bench = Self::new().await;
        let options = TunerOptions {
            load,
            ..bench.options.clone()
        };
        let tuner = Tuner::open(options.clone()).await.unwrap();
        Self {
            tuner,
            options,
            ..bench
        }
    }

    /// The same with a library that speaks NVML.
    pub async fn with(nvml_library: Option<PathBuf>) -> Self {
        // CPU time is real, so that there is something to estimate from; sensors are not.
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/proc", root.path().join("proc")).unwrap();
        let data = tempfile::tempdir().unwrap();
        let options = TunerOptions {
            data_dir: Some(data.path().join("data")),
            sensor_root: Some(root.path().to_path_buf()),
            nvml_library: Some(nvml_library.unwrap_or_else(|| root.path().join("no-driver.so"))),
            lock_file: Some(data.path().join("lock")),
            // Other tests run beside this one.
            busy_limit: Some(BusyLimit::NEVER),
            // What lies on this machine is no matter of a test.
            model_folders: Some(ModelFolders::default()),
            ..TunerOptions::default()
        };
        Self {
            tuner: Tuner::open(options.clone()).await.unwrap(),
            options,
            data,
            _root: root,
        }
    }

    pub fn lock_file(&self) -> &Path {
        self.options.lock_file.as_deref().unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.data.path()
    }

    /// The same folders opened anew, where an estimate is refused above such a load.
    pub async fn with_busy_limit(mut self, limit: BusyLimit) -> Self {
        self.options.busy_limit = Some(limit);
        self.reopened().await
    }

    /// The same folders opened anew, with the model hub at this address.
    pub async fn with_hub(mut self, address: &str) -> Self {
        self.options.hub = Some(address.to_owned());
        self.reopened().await
    }

    /// The same folders opened anew, as after a restart.
    pub async fn reopened(self) -> Self {
        self.reopened_with(StoreOptions::default()).await
    }

    pub async fn reopened_with(mut self, store: StoreOptions) -> Self {
        self.options.store = store;
        Self {
            tuner: Tuner::open(self.options.clone()).await.unwrap(),
            ..self
        }
    }

    pub async fn session(&self, plan: SessionPlan) -> SessionId {
        self.tuner.create_session(plan).await.unwrap()
    }

    pub async fn record(&self, session: &SessionId) -> SessionRecord {
        self.tuner.record(session).await.unwrap()
    }

    /// A second handle to the same database.
    pub fn store(&self) -> Store {
        Store::open(&self.tuner.paths().database()).unwrap()
    }

    /// Stores a complete trial without running it: the first one is the default.
    pub async fn seed(
        &self,
        session: &SessionId,
        changes: &[(&str, i64)],
        shown: &[Shown],
    ) -> Trial {
        let record = self.record(session).await;
        let number = record.trials.len() as u32 + 1;
        let mut settings = record.session.space.default_configuration();
        for (name, value) in changes {
            settings.set(name, Value::Int(*value));
        }
        let mut fixture = Fixture::without_sensors();
        let mut trial = Trial {
            id: TrialId(format!("{number:0>8}-{session}")),
            session: session.clone(),
            number,
            purpose: match number {
                1 => Purpose::Default,
                _ => Purpose::Proposal,
            },
            configuration: settings,
            proposal: None,
            state: TrialState::Complete,
            launch: None,
            repeats: Vec::new(),
            discarded: Vec::new(),
            answers: None,
            note: None,
            forecast: None,
            created_at: "2026-01-15T09:00:00Z".to_owned(),
        };
        let store = self.store();
        store.put_trial(&trial).await.unwrap();
        for (index, shown) in (1..).zip(shown) {
            let repeat = fixture.repeat(index, *shown);
            store.add_repeat(&trial.id, &repeat, &[]).await.unwrap();
            trial.repeats.push(repeat);
        }
        store.close().await.unwrap();
        trial
    }

    /// A session whose default counts as measured.
    pub async fn begun(&self, plan: SessionPlan) -> SessionId {
        let session = self.session(plan).await;
        self.seed(&session, &[], &DEFAULT).await;
        session
    }

    /// A session whose default was really measured, and its record.
    pub async fn measured(&self, plan: SessionPlan) -> (SessionId, SessionRecord) {
        let session = self.session(plan).await;
        let measured = self.tuner.perform(&session, Step::MeasureDefault).await;
        measured.unwrap();
        let record = self.record(&session).await;
        (session, record)
    }

    /// Asks the advisor and gives the proposal that came of it.
    pub async fn proposal(&self, session: &SessionId) -> ProposalId {
        self.tuner.perform(session, Step::Ask).await.unwrap();
        let record = self.record(session).await;
        record
            .proposals
            .last()
            .expect("no proposal came")
            .id
            .clone()
    }

    /// Pids of this tuner's engines.
    pub fn engines(&self) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(self.tuner.paths().engines_state()) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let pid = name.strip_prefix("engine-")?.strip_suffix(".json")?;
                pid.split('-').next()?.parse().ok()
            })
            .collect()
    }

    /// Starts a step and waits until its engine is in the middle of a window; gives the engine's pid
    /// and the step's end.
    pub async fn in_mid_run(
        &self,
        session: &SessionId,
        step: Step,
    ) -> (
        u32,
        tokio::task::JoinHandle<Result<(), wattsmith_tuner::TunerError>>,
    ) {
        let mut events = self.tuner.watch();
        let tuner = Arc::clone(&self.tuner);
        let own = session.clone();
        let running = tokio::spawn(async move { tuner.perform(&own, step).await });
        let begun = async {
            loop {
                match events.recv().await {
                    Ok(event) => {
                        if let EventKind::Phase(phase) = event.kind
                            && phase.kind == PhaseKind::Measuring
                            && phase.progress.is_some_and(|part| part > 0.0)
                        {
                            break;
                        }
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => panic!("the tuner is gone"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(120), begun)
            .await
            .expect("no window opened");
        let engines = self.engines();
        assert_eq!(engines.len(), 1, "one engine at a time");
        (engines[0], running)
    }
}

/// What seeded defaults show.
pub const DEFAULT: [Shown; 3] = [Shown(80.0, 26.0), Shown(82.0, 25.9), Shown(79.0, 26.0)];

/// Work of a second, one thread (two that wait for each other crawl on a busy machine), few knobs.
pub fn tiny() -> SessionPlan {
    SessionPlan {
        model: Some(small_model()),
        size: WorkSize {
            requests: Some(4),
            concurrency: Some(2),
            output_tokens: Some(4),
            arrivals: None,
        },
        advisor: Advisor::Sobol,
        threshold: Threshold::PercentBelowDefault { percent: 99.0 },
        tuned: ["parallel", "batch", "ubatch"].map(str::to_owned).into(),
        start: configuration(&[
            ("threads", 1),
            ("threads-batch", 1),
            ("parallel", 2),
            ("context-per-slot", 512),
            ("batch", 512),
        ]),
        budget: 3,
        repeats: 2,
        adaptive: false,
        // Other tests run beside this one.
        rerun: false,
        ..SessionPlan::default()
    }
}

/// Work that is not done before somebody disturbs it.
pub fn long() -> SessionPlan {
    SessionPlan {
        size: WorkSize {
            requests: Some(64),
            concurrency: Some(2),
            output_tokens: Some(400),
            arrivals: None,
        },
        repeats: 1,
        ..tiny()
    }
}

/// The same with a chat LLM on `base_url`.
pub fn chatting(base_url: &str) -> SessionPlan {
    SessionPlan {
        advisor: Advisor::Enhanced,
        connection: Some(Connection::OpenAi {
            base_url: base_url.to_owned(),
            model: "scripted".to_owned(),
        }),
        ..tiny()
    }
}

/// Whether a process runs; a zombie does not.
pub fn runs(pid: u32) -> bool {
    std::fs::read_link(format!("/proc/{pid}/exe")).is_ok()
}
