//! More windows of what was measured already: of the default, to see whether it moved, and of a trial that the
//! person wants to know better.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::job::Job;
use crate::machine::lock::MachineLock;
use crate::measuring::measure::Window;
use crate::measuring::spoiled::{RERUNS_PER_REPEAT, reference, reruns_allowed, spoiled};
use crate::tuner::Tuner;
use wattsmith_domain::{SessionRecord, Trial, TrialId, Verdict, Warning, WarningKind, WindowOf};
use wattsmith_stats::{Analysis, Basis};
use wattsmith_store::Owner;

/// Most windows that one wish for more adds to a trial.
const MOST_MORE: u32 = 5;

impl Tuner {
    /// One more window of the default, where the record asks for it.
    pub(crate) async fn check_default(&self, job: &Job) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        if Basis::of(&record).check().is_none() {
            return Err(TunerError::Invalid(
                "The default is not in doubt, so it need not be measured again.".to_owned(),
            ));
        }
        self.check_scope(&record)?;
        self.check_files(&record.session).await?;
        let lock = self.claim_machine()?;
        self.default_again(job, "the default again, since it moved", &lock)
            .await
            .map_err(|error| error.of_the_surroundings(true))
    }

    /// One more window of the default. The trial before it is complete, so that a fault here is a
    /// warning of the session and no more.
    pub(super) async fn measure_drift(
        &self,
        job: &Job,
        machine: &MachineLock,
    ) -> Result<(), TunerError> {
        let measured = self
            .default_again(job, "the default again, to see drift", machine)
            .await;
        let error = match measured.map_err(|error| error.of_the_surroundings(true)) {
            Err(error @ (TunerError::Cancelled | TunerError::Surroundings { .. })) => {
                return Err(error);
            }
            Err(error) => error,
            Ok(()) => return Ok(()),
        };
        let trials = self.record(&job.session).await?.trials.len();
        let warning = Warning {
            fault: None,
            kind: WarningKind::Drift,
            text: format!(
                "The default could not be measured again after trial {trials}, so drift since then \
                 is not seen: {error}"
            ),
        };
        self.change(&job.session, |session| session.warnings.push(warning))
            .await
    }

    /// Adds a window to the default.
    async fn default_again(
        &self,
        job: &Job,
        label: &str,
        _machine: &MachineLock,
    ) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        match record.default_trial() {
            Some(default) => self.again(job, &record, default, label).await,
            None => Ok(()),
        }
    }

    /// More windows of a trial by the person's wish, until it is decided whether it differs from the
    /// default, and [`MOST_MORE`] at most. Who looks until something is seen sees something more often than
    /// the verdict's 5 %: a saving is stated from a confirmation alone, as before.
    ///
    /// # Errors
    /// There is no such complete trial, or the session has ended; as a trial's besides.
    pub(crate) async fn more_repeats(&self, job: &Job, id: &TrialId) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        if record.session.ending.is_some() {
            return Err(TunerError::Invalid(
                "This session has ended. Take it up again, then measure more of its trials."
                    .to_owned(),
            ));
        }
        if !record.trial(id).is_some_and(Trial::is_complete) {
            return Err(TunerError::NotFound(
                "Only a trial that was measured to its end can have more repeats.".to_owned(),
            ));
        }
        self.check_scope(&record)?;
        self.check_files(&record.session).await?;
        let _lock = self.claim_machine()?;
        for more in 1..=MOST_MORE {
            let record = self.record(&job.session).await?;
            let Some(trial) = record.trial(id) else {
                return Ok(());
            };
            if more > 1 && is_decided(&Analysis::of(&record), id) {
                return Ok(());
            }
            let label = format!(
                "trial {} · one more repeat, {more} of at most {MOST_MORE}",
                trial.number
            );
            self.again(job, &record, trial, &label).await?;
            job.emit(EventKind::Changed);
        }
        Ok(())
    }

    /// Adds a window to a complete trial. The caller holds the machine.
    async fn again(
        &self,
        job: &Job,
        record: &SessionRecord,
        trial: &Trial,
        label: &str,
    ) -> Result<(), TunerError> {
        let reference = reference(record);
        let window = Window {
            session: &record.session,
            configuration: &trial.configuration,
            index: trial.repeats.len() as u32 + 1,
            label: label.to_owned(),
            idle: None,
            expected_s: trial.repeats.last().map(|repeat| repeat.window.0),
            reference,
            album: None,
        };
        let owner = Owner::Trial(trial.id.clone());
        let mut reruns = reruns_allowed(record).min(RERUNS_PER_REPEAT);
        let measured = self
            .undisturbed(job, &window, &owner, &mut reruns, |repeat| {
                spoiled(repeat, reference)
            })
            .await?;
        self.store
            .add_repeat(&trial.id, &measured.repeat, &measured.samples)
            .await?;
        let of = WindowOf::Trial(trial.id.clone(), measured.repeat.index);
        Ok(self
            .store
            .put_readings(&record.session.id, &of, &measured.readings)
            .await?)
    }
}

/// Whether more windows of a trial would tell nothing that is not known.
fn is_decided(analysis: &Analysis, id: &TrialId) -> bool {
    let comparison = analysis.trial(id).and_then(|one| one.comparison.as_ref());
    comparison.is_some_and(|one| !matches!(one.verdict, Verdict::NotDecided { .. }))
}
