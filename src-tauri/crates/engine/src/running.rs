//! A server that is ready for work.

use crate::error::EngineError;
use crate::server::Server;
use crate::supervise::failure::{Ended, Exit};
use crate::supervise::process::Process;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wattsmith_domain::{Launch, Seconds};

/// An engine that is ready. Ends with [`RunningEngine::stop`], or at once when dropped.
#[derive(Debug)]
pub struct RunningEngine {
    pub(crate) process: Process,
    pub(crate) client: reqwest::Client,
    pub(crate) server: Arc<dyn Server>,
    pub(crate) binary: PathBuf,
    pub(crate) model: PathBuf,
    pub(crate) base_url: String,
    pub(crate) api_key: String,
    pub(crate) launch: Launch,
    pub(crate) load: Seconds,
}

impl RunningEngine {
    /// The engine's process, which is also its process group.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid().unsigned_abs()
    }

    /// Such as `http://127.0.0.1:40123`; OpenAI's API lies under `/v1`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key that this engine asks for, made for it alone.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// How it was started, for the record.
    #[must_use]
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// From spawn to ready.
    #[must_use]
    pub fn load(&self) -> Seconds {
        self.load
    }

    /// The file that holds what it prints.
    #[must_use]
    pub fn log_path(&self) -> &Path {
        self.process.log().path()
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.exited().is_none()
    }

    /// Ends the whole process group and waits until it is gone; takes at most about 2 s when the
    /// engine is busy.
    pub async fn stop(self) {
        self.process.stop().await;
    }

    /// Why it ended in the middle of its work.
    pub(crate) async fn why_ended(&self, exit: Exit) -> EngineError {
        let log = self.process.log();
        self.server.ended_while_working(&Ended {
            exit,
            log: &log.tail().await,
            log_path: log.path(),
            program: &self.binary,
            model: &self.model,
        })
    }
}
