//! The local advisor: a GGUF on this machine, run for one turn and ended before anything is measured;
//! or for as long as a study asks it.

use crate::error::TunerError;
use crate::event::PhaseKind;
use crate::job::Job;
use crate::tuner::Tuner;
use crate::turn::{ADVISOR_CONTEXT, Errand};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{Chat, ChatClient, ChatError, Secret, Timeouts};
use wattsmith_domain::{
    Clock as _, Connection, Engine, Machine, Provider, SessionRecord, SystemClock,
};
use wattsmith_engine::{EngineError, LaunchOptions, RunningEngine, shipped};

/// Longest wait until the advisor's model is loaded.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

/// Longest wait until the model on this machine has read a prompt: two cores that are busy otherwise
/// take minutes for one, and in a study a second one waits for the first. The engine is ours, so one
/// that has died is seen at once, whatever is waited for; the person can cancel.
const FIRST_TIMEOUT: Duration = Duration::from_secs(900);

/// The LLM of a study. One on this machine is loaded when it is asked something, and stays until it
/// has to rest.
pub struct OpenChat(Voice);

enum Voice {
    Server(Arc<dyn Chat>),
    Local(Box<Sleeper>),
}

/// A model on this machine, awake or not.
struct Sleeper {
    options: LaunchOptions,
    label: String,
    awake: Mutex<Option<(RunningEngine, Arc<dyn Chat>)>>,
}

impl Sleeper {
    async fn wake(&self, cancel: &CancellationToken) -> Result<Arc<dyn Chat>, TunerError> {
        let mut awake = self.awake.lock().await;
        if let Some((_, chat)) = &*awake {
            return Ok(Arc::clone(chat));
        }
        let engine = wattsmith_engine::launch(self.options.clone(), cancel).await?;
        match client_of(&engine, &self.label) {
            Ok(client) => {
                let chat: Arc<dyn Chat> = Arc::new(client);
                *awake = Some((engine, Arc::clone(&chat)));
                Ok(chat)
            }
            Err(error) => {
                engine.stop().await;
                Err(error.into())
            }
        }
    }
}

impl OpenChat {
    /// One that a server runs.
    #[must_use]
    pub fn served(chat: Arc<dyn Chat>) -> Self {
        Self(Voice::Server(chat))
    }

    /// What carries prompts; loads the local model where it rests.
    pub(crate) async fn awake(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Arc<dyn Chat>, TunerError> {
        match &self.0 {
            Voice::Server(chat) => Ok(Arc::clone(chat)),
            Voice::Local(sleeper) => sleeper.wake(cancel).await,
        }
    }

    /// Ends the local model, so that something can be measured.
    pub(crate) async fn rest(&self) {
        if let Voice::Local(sleeper) = &self.0
            && let Some((engine, _)) = sleeper.awake.lock().await.take()
        {
            engine.stop().await;
        }
    }
}

impl Tuner {
    /// The LLM behind a connection, for longer than a turn. The caller holds the machine lock while a
    /// local one may be awake.
    ///
    /// # Errors
    /// There is no engine for a local model, or the connection cannot carry prompts by itself.
    pub(crate) async fn open_chat(&self, connection: &Connection) -> Result<OpenChat, TunerError> {
        match connection {
            Connection::Paste => Err(TunerError::Invalid(
                "Nobody can carry this many prompts by hand; choose another connection.".to_owned(),
            )),
            Connection::Local { model } => {
                self.check_advisor(Some(connection)).await?;
                let options = self.local_options(None, &self.machine(), model)?;
                Ok(OpenChat(Voice::Local(Box::new(Sleeper {
                    options,
                    label: connection.label(),
                    awake: Mutex::new(None),
                }))))
            }
            server => Ok(OpenChat::served(Arc::new(self.client(server).await?))),
        }
    }

    /// The advisor's model in the server that Wattsmith brings: in the program of a session where that
    /// has one of this kind.
    fn local_options(
        &self,
        engine: Option<&Engine>,
        machine: &Machine,
        model: &str,
    ) -> Result<LaunchOptions, TunerError> {
        let server = shipped();
        let program = match engine.filter(|engine| engine.name == server.name()) {
            Some(engine) => engine.path.clone().into(),
            None => server
                .find(&self.paths.assets)
                .map_err(TunerError::NotFound)?,
        };
        let state = self.paths.engines_state();
        let name = server.name().to_owned();
        let options =
            LaunchOptions::chat_server(server, program, model, machine, ADVISOR_CONTEXT, state);
        let mut options = options.ok_or_else(|| {
            TunerError::Invalid(format!(
                "{name} is not made for a chat; choose another connection."
            ))
        })?;
        options.ready_timeout = READY_TIMEOUT;
        Ok(options)
    }

    /// Runs the local advisor, asks it, and ends it before anything is measured.
    pub(crate) async fn ask_locally(
        &self,
        job: &Job,
        record: &SessionRecord,
        model: &str,
        errand: &Errand,
    ) -> Result<(), TunerError> {
        let _lock = self.claim_machine()?;
        let label = Connection::Local {
            model: model.to_owned(),
        }
        .label();
        job.phase(PhaseKind::LoadingAdvisor, &label, None);
        let session = &record.session;
        let options = self.local_options(Some(&session.engine), &session.machine, model)?;
        let engine = match wattsmith_engine::launch(options, &job.cancel).await {
            Ok(engine) => engine,
            Err(EngineError::Cancelled) => return Err(TunerError::Cancelled),
            Err(error) => {
                return self
                    .unanswered(job, &label, errand, error.to_string())
                    .await;
            }
        };
        let recording = self.meter().record(engine.pid(), |_| {});
        let from = SystemClock.now();
        job.phase(PhaseKind::Asking, &label, None);
        let asked = match client_of(&engine, &label) {
            Ok(chat) => self.converse(job, &chat, &label, errand).await,
            Err(error) => Err(error.into()),
        };
        let to = SystemClock.now();
        let load = engine.load();
        job.phase(PhaseKind::StoppingEngine, &label, None);
        engine.stop().await;
        let recorded = crate::machine::models::blocking(move || recording.finish()).await?;
        let exchanges = asked?;
        // Loading is priced at the power of what followed; the last exchange carries the whole turn.
        if let (Some(power), Some(last)) = (recorded.mean_power(from, to), exchanges.last()) {
            let joules = power.0 * (to.since(from).0 + load.0);
            let record = self.record(&job.session).await?;
            if let Some(exchange) = record.exchanges.iter().find(|one| one.id == *last) {
                let mut exchange = exchange.clone();
                exchange.joules = Some(joules);
                self.store.put_exchange(&exchange).await?;
            }
        }
        Ok(())
    }
}

/// A client for a local advisor that runs.
fn client_of(engine: &RunningEngine, label: &str) -> Result<ChatClient, ChatError> {
    ChatClient::new(
        Provider::OpenAi,
        &format!("{}/v1", engine.base_url()),
        label,
        Some(Secret::new(engine.api_key())),
        Timeouts {
            first: FIRST_TIMEOUT,
            ..Timeouts::default()
        }
        .or_from_environment(),
    )
}
