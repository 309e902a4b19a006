//! A tuner on scripted boards, with folders of its own, a pretended pkexec, and an engine that never
//! gets ready where none is needed.

use crate::stand::{Stand, program};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use wattsmith_domain::{
    Advisor, Configuration, SessionId, SessionRecord, Threshold, Trial, TrialState, Value,
};
use wattsmith_store::Store;
use wattsmith_tuner::{GpuAccess, GpuPermission, SessionPlan, Tuner, TunerOptions, WorkSize};

pub struct Bench {
    pub tuner: Arc<Tuner>,
    data: PathBuf,
    _root: TempDir,
}

impl Bench {
    pub async fn new(stand: &Stand, permission: GpuPermission) -> Self {
        Self::with(stand, permission, program()).await
    }

    pub async fn with(stand: &Stand, permission: GpuPermission, program: PathBuf) -> Self {
        // CPU time is real; sensors are not.
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/proc", root.path().join("proc")).unwrap();
        let data = stand.folder().join("data");
        let options = TunerOptions {
            data_dir: Some(data.clone()),
            sensor_root: Some(root.path().to_path_buf()),
            nvml_library: Some(stand.library().to_path_buf()),
            lock_file: Some(stand.folder().join("lock")),
            gpu: GpuAccess {
                program: Some(program),
                permission,
                state_folder: Some(stand.state()),
            },
            ..TunerOptions::default()
        };
        Self {
            tuner: Tuner::open(options).await.unwrap(),
            data,
            _root: root,
        }
    }

    pub async fn session(&self, plan: SessionPlan) -> SessionId {
        self.tuner.create_session(plan).await.unwrap()
    }

    /// A session whose engine starts and never gets ready.
    pub async fn session_without_engine(&self, plan: SessionPlan) -> SessionId {
        let id = self.session(plan).await;
        let engine = self.data.join("never-ready.sh");
        let store = Store::open(&self.data.join("wattsmith.db")).unwrap();
        let mut session = store.record(&id).await.unwrap().session;
        // It says that it is the engine of the session, since another one would not be started.
        let version = &session.engine.version;
        let tells = format!("[ \"$1\" = --version ] && {{ echo 'version: {version}'; exit; }}");
        script(&engine, &format!("{tells}\nexec sleep 300"));
        session.engine.path = engine.display().to_string();
        store.put_session(&session).await.unwrap();
        store.close().await.unwrap();
        id
    }

    pub async fn record(&self, session: &SessionId) -> SessionRecord {
        self.tuner.record(session).await.unwrap()
    }

    pub async fn last_trial(&self, session: &SessionId) -> Trial {
        self.record(session).await.trials.last().unwrap().clone()
    }
}

/// The message of a trial that failed because the GPU could not be set.
pub fn refusal(trial: &Trial) -> &str {
    match &trial.state {
        TrialState::Failed {
            cause: wattsmith_domain::FailureCause::GpuControlRefused,
            message,
            ..
        } => message,
        other => panic!("{other:?}"),
    }
}

/// Writes a shell script that may be executed.
pub fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A pkexec that does this; each call leaves a line in the file beside it.
pub fn pkexec(stand: &Stand, text: &str) -> GpuPermission {
    let path = stand.folder().join("pkexec");
    script(&path, &format!("echo \"$@\" >>\"$0.calls\"\n{text}"));
    GpuPermission::AskBy(path)
}

/// How often permission was asked for.
pub fn asked(stand: &Stand) -> usize {
    let calls = std::fs::read_to_string(stand.folder().join("pkexec.calls"));
    calls.unwrap_or_default().lines().count()
}

pub fn settings(values: &[(&str, i64)]) -> Configuration {
    values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::Int(*value)))
        .collect()
}

/// The least work there is, with these settings of the GPU to start from.
pub fn tiny(gpu: &[(&str, i64)]) -> SessionPlan {
    let mut start = settings(&[
        ("threads", 1),
        ("threads-batch", 1),
        ("parallel", 2),
        ("context-per-slot", 512),
    ]);
    for (name, value) in gpu {
        start.set(name, Value::Int(*value));
    }
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
        tuned: vec!["parallel".to_owned()],
        start,
        tune_gpu: true,
        repeats: 1,
        ..SessionPlan::default()
    }
}

fn small_model() -> PathBuf {
    let home = || std::env::home_dir().unwrap().join(".local/share");
    let share = || std::env::var_os("XDG_DATA_HOME").map_or_else(home, PathBuf::from);
    let assets = std::env::var_os("WATTSMITH_ASSETS")
        .map_or_else(|| share().join("wattsmith/assets"), PathBuf::from);
    let file = assets.join("models/SmolLM2-135M-Instruct-Q4_1.gguf");
    assert!(
        file.is_file(),
        "{} is missing; run `make setup`",
        file.display()
    );
    file
}
