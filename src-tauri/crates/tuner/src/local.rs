//! The local advisor: a GGUF on this machine, run for one turn and ended before anything is measured.

use crate::ask::{ADVISOR_CONTEXT, Errand};
use crate::error::TunerError;
use crate::event::PhaseKind;
use crate::job::Job;
use crate::tuner::Tuner;
use std::time::Duration;
use wattsmith_chat::{ChatClient, Secret, Timeouts};
use wattsmith_domain::{Clock as _, Connection, Provider, SessionRecord, SystemClock};
use wattsmith_engine::{EngineError, LaunchOptions};

/// Longest wait until the advisor's model is loaded.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

impl Tuner {
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
        let mut options = LaunchOptions::chat_server(
            &record.session.engine.path,
            model,
            &record.session.machine,
            ADVISOR_CONTEXT,
            self.paths.engines_state(),
        );
        options.ready_timeout = READY_TIMEOUT;
        let engine = match wattsmith_engine::launch(options, &job.cancel).await {
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
        let asked = match ChatClient::new(
            Provider::OpenAi,
            &format!("{}/v1", engine.base_url()),
            &label,
            Some(Secret::new(engine.api_key())),
            Timeouts::default(),
        ) {
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
