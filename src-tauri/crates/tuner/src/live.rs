//! Small live things for the window: watts now, jobs that nobody waits for, a test of a connection.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::tuner::{Step, Tuner};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{OpenAiCompatible, Timeouts};
use wattsmith_domain::{Clock as _, Connection, SessionId, SystemClock};

/// Long enough for every sensor to have changed its value a few times.
const LOOK: Duration = Duration::from_millis(1500);

impl Tuner {
    /// Watts of the machine now; none where no sensor answers.
    pub async fn watts_now(&self) -> Option<f64> {
        if !self.meter().is_measured() {
            return None;
        }
        let recording = self.meter().record(None, |_| {});
        let from = SystemClock.now();
        tokio::time::sleep(LOOK).await;
        let to = SystemClock.now();
        let recorded = crate::models::blocking(move || recording.finish())
            .await
            .ok()?;
        recorded.mean_power(from, to).map(|power| power.0)
    }

    /// Starts a step and returns at once; watch it with [`Tuner::watch`].
    ///
    /// # Errors
    /// The session is busy.
    pub fn start(self: &Arc<Self>, session: &SessionId, step: Step) -> Result<(), TunerError> {
        let job = self.jobs.begin(session, step == Step::Autopilot)?;
        let tuner = Arc::clone(self);
        tokio::spawn(async move {
            let session = job.session.clone();
            let done = tuner.perform_as(job, step).await;
            match done {
                Ok(()) | Err(TunerError::Cancelled) => {}
                Err(error) => tuner
                    .jobs
                    .emit(&session, EventKind::Failed(error.to_string())),
            }
        });
        Ok(())
    }

    /// Whether a chat LLM can be reached; gives what to tell the person.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub async fn test_connection(
        &self,
        connection: Option<&Connection>,
    ) -> Result<String, TunerError> {
        match connection {
            None => Ok("No chat is needed: Sobol points propose.".to_owned()),
            Some(Connection::Paste) => {
                Ok("Nothing to test: you carry prompt and reply yourself.".to_owned())
            }
            Some(Connection::Local { model }) => {
                let model = self.model(model.as_ref()).await?;
                Ok(format!("{} is there and readable.", model.name))
            }
            Some(Connection::OpenAi { base_url, model }) => {
                let key = self.keys.get(base_url).await.map(|(key, _)| key);
                let chat = OpenAiCompatible::new(base_url, model, key, Timeouts::default())?;
                chat.test(&CancellationToken::new()).await?;
                Ok(format!("{model} answered."))
            }
        }
    }
}
