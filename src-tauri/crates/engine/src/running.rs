//! A server that is ready for work.

use crate::attached::Watched;
use crate::error::EngineError;
use crate::place::Place;
use crate::server::{Server, Told};
use crate::supervise::failure::{Ended, Exit};
use crate::supervise::log::EngineLog;
use crate::supervise::process::Process;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wattsmith_domain::{Configuration, Launch, ParameterSpace, Seconds, Value};

/// The process behind an engine: one that was started here, or one that ran before.
#[derive(Debug)]
pub(crate) enum Body {
    Started(Process),
    Attached(Watched),
}

impl Body {
    pub(crate) fn exited(&self) -> Option<Exit> {
        match self {
            Self::Started(process) => process.exited(),
            Self::Attached(watched) => watched.exited(),
        }
    }

    /// Resolves when it has ended.
    pub(crate) async fn wait(&self) -> Exit {
        match self {
            Self::Started(process) => process.wait().await,
            Self::Attached(watched) => watched.wait().await,
        }
    }

    /// What it prints, where that comes to us.
    pub(crate) fn log(&self) -> Option<&EngineLog> {
        match self {
            Self::Started(process) => Some(process.log()),
            Self::Attached(_) => None,
        }
    }
}

/// An engine that is ready. Ends with [`RunningEngine::stop`], or at once when dropped.
#[derive(Debug)]
pub struct RunningEngine {
    pub(crate) body: Body,
    pub(crate) client: reqwest::Client,
    pub(crate) server: Arc<dyn Server>,
    pub(crate) binary: PathBuf,
    pub(crate) model: PathBuf,
    pub(crate) base_url: String,
    pub(crate) api_key: String,
    pub(crate) launch: Launch,
    pub(crate) load: Seconds,
    /// How long loading the model took, by the server's own clock.
    pub(crate) told_load: Option<Seconds>,
    /// The model by the name that requests have to say; empty where they say none.
    pub(crate) served: String,
    /// Settings that go with every request.
    pub(crate) fields: Vec<(String, Value)>,
    /// What was asked for and what it told, where it was started here.
    pub(crate) asked: Option<AskedAndTold>,
}

/// What a server was asked for, and what it told of itself when it was ready.
#[derive(Debug)]
pub(crate) struct AskedAndTold {
    pub(crate) space: ParameterSpace,
    pub(crate) configuration: Configuration,
    pub(crate) told: Told,
}

impl RunningEngine {
    /// The process at the top of the engine's tree; none where it is not on this machine, or nobody
    /// knows.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match &self.body {
            Body::Started(process) => Some(process.pid().unsigned_abs()),
            Body::Attached(watched) => watched.pid(),
        }
    }

    /// Where an attached server does its work; none for one that was started here.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match &self.body {
            Body::Started(_) => None,
            Body::Attached(watched) => Some(watched.place()),
        }
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

    /// The same after work: some settings, such as on which cores it computes, take hold with the first
    /// request only, and then the kernel tells them.
    pub async fn launch_at_work(&self) -> Launch {
        let mut launch = self.launch.clone();
        if let (Some(asked), Some(pid), Some(log)) = (&self.asked, self.pid(), self.body.log()) {
            let mut told = asked.told.clone();
            told.pages.push(crate::proc::page(pid));
            let used = self.server.used(&asked.space, &told, &log.head().await);
            launch.differences = self
                .server
                .differences(&asked.space, &asked.configuration, &used);
            launch.used = used;
        }
        launch
    }

    /// From spawn to ready.
    #[must_use]
    pub fn load(&self) -> Seconds {
        self.load
    }

    /// The file that holds what it prints; none where that does not come to us.
    #[must_use]
    pub fn log_path(&self) -> Option<&Path> {
        self.body.log().map(EngineLog::path)
    }

    /// Where to look on, as a sentence.
    pub(crate) fn where_to_look(&self) -> String {
        match self.log_path() {
            Some(path) => format!("The log is {}.", path.display()),
            None => "Its own log says more.".to_owned(),
        }
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.body.exited().is_none()
    }

    /// Ends the whole process group and waits until it is gone; takes at most [`Server::grace`] when the
    /// engine is busy. An attached server is left as it is.
    pub async fn stop(self) {
        match self.body {
            Body::Started(process) => process.stop().await,
            Body::Attached(_) => {}
        }
    }

    /// Why it ended in the middle of its work.
    pub(crate) async fn why_ended(&self, exit: Exit) -> EngineError {
        let log = self.body.log();
        let tail = match log {
            Some(log) => log.tail().await,
            None => String::new(),
        };
        self.server.ended_while_working(&Ended {
            exit,
            log: &tail,
            log_path: log.map_or(Path::new(""), EngineLog::path),
            program: &self.binary,
            model: &self.model,
        })
    }
}
