//! The local advisor: a GGUF on this machine, run for one turn and ended before anything is measured;
//! or for as long as a study asks it.

use crate::error::TunerError;
use crate::event::PhaseKind;
use crate::job::Job;
use crate::lock::MachineLock;
use crate::tuner::Tuner;
use crate::turn::{ADVISOR_CONTEXT, Errand};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{Chat, ChatClient, ChatError, Secret, Timeouts};
use wattsmith_domain::{Clock as _, Connection, Machine, Provider, SessionRecord, SystemClock};
use wattsmith_engine::{EngineError, LaunchOptions, RunningEngine};

/// Longest wait until the advisor's model is loaded.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

/// Longest wait until the model on this machine has read a prompt: two cores that are busy otherwise
/// take minutes for one, and in a study a second one waits for the first. The engine is ours, so one
/// that has died is seen at once, whatever is waited for; the person can cancel.
const FIRST_TIMEOUT: Duration = Duration::from_secs(900);

/// A chat that stays open for longer than a turn, with the engine behind it where it is a local one.
pub struct OpenChat {
    /// Carries prompts.
    pub chat: Arc<dyn Chat>,
    engine: Option<RunningEngine>,
    _lock: Option<MachineLock>,
}

impl OpenChat {
    /// Ends the engine, where there is one, and then leaves the machine to others.
    pub async fn close(self) {
        if let Some(engine) = self.engine {
            engine.stop().await;
        }
    }
}

impl Tuner {
    /// Opens a chat for longer than a turn. A local model keeps running until it is closed, so
    /// nothing can be measured meanwhile.
    ///
    /// # Errors
    /// Something is measured, the local model does not start, or the connection cannot carry
    /// prompts by itself.
    pub async fn open_chat(
        &self,
        connection: &Connection,
        cancel: &CancellationToken,
    ) -> Result<OpenChat, TunerError> {
        let lock = match connection {
            Connection::Local { .. } => Some(self.claim_machine()?),
            _ => None,
        };
        let (chat, engine) = match connection {
            Connection::Paste => {
                return Err(TunerError::Invalid(
                    "Nobody can carry this many prompts by hand; choose another connection."
                        .to_owned(),
                ));
            }
            Connection::Local { model } => {
                let binary = self.paths.llama_server().map_err(TunerError::NotFound)?;
                let machine = self.machine();
                let binary = binary.display().to_string();
                let engine = self.launch_local(&binary, &machine, model, cancel).await?;
                match client_of(&engine, &connection.label()) {
                    Ok(chat) => (chat, Some(engine)),
                    Err(error) => {
                        engine.stop().await;
                        return Err(error.into());
                    }
                }
            }
            server => (self.client(server).await?, None),
        };
        Ok(OpenChat {
            chat: Arc::new(chat),
            engine,
            _lock: lock,
        })
    }

    async fn launch_local(
        &self,
        binary: &str,
        machine: &Machine,
        model: &str,
        cancel: &CancellationToken,
    ) -> Result<RunningEngine, EngineError> {
        let mut options = LaunchOptions::chat_server(
            binary,
            model,
            machine,
            ADVISOR_CONTEXT,
            self.paths.engines_state(),
        );
        options.ready_timeout = READY_TIMEOUT;
        wattsmith_engine::launch(options, cancel).await
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
        let launched =
            self.launch_local(&session.engine.path, &session.machine, model, &job.cancel);
        let engine = match launched.await {
            Ok(engine) => engine,
            Err(EngineError::Cancelled) => return Err(TunerError::Cancelled),
            Err(error) => {
                return self
                    .unanswered(job, &label, errand, error.to_string())
                    .await;
            }
        };
        let recording = self.meter().record(Some(engine.pid()), |_| {});
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
        let recorded = crate::models::blocking(move || recording.finish()).await?;
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
        },
    )
}
