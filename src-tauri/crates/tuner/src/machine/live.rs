//! Small live things for the window: watts now, and jobs that nobody waits for.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::tuner::{Step, Tuner};
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Clock as _, SessionId, SystemClock};

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
        let recorded = crate::machine::models::blocking(move || recording.finish())
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
            // What was asked meanwhile, and did not fit between two steps.
            if tuner.questions.wait(&session) {
                let _ = tuner.start(&session, Step::Answers);
            }
        });
        Ok(())
    }
}
