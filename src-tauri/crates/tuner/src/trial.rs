//! Trials: the default and proposals. A finished repeat is on disk before anything is told about it.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::feedback;
use crate::job::Job;
use crate::lock::MachineLock;
use crate::measure::{Measured, SHORTEST_S, Window};
use crate::plan::WorkSize;
use crate::tuner::{Tuner, fresh_id, now};
use wattsmith_domain::{
    FailureCause, Feedback, Joules, Kind, Proposal, ProposalId, ProposalStatus, Purpose, Repeat,
    SessionId, SessionRecord, Tell, Trial, TrialId, TrialState, Watts,
};
use wattsmith_stats::Analysis;

/// The default is measured again after every fourth trial, to see drift.
const DRIFT_EVERY: u32 = 4;
/// Most passes over the workload in one window.
const MOST_PASSES: u32 = 1000;

impl Tuner {
    /// Measures the default configuration.
    pub(crate) async fn measure_default(&self, job: &Job) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        if record.default_trial().is_some_and(Trial::is_complete) {
            return Ok(());
        }
        self.check_scope(&record)?;
        // A default that failed or was interrupted is tried again under its own number.
        let earlier = record.default_trial();
        let trial = Trial {
            id: earlier.map_or_else(|| TrialId(fresh_id()), |trial| trial.id.clone()),
            session: job.session.clone(),
            number: 1,
            purpose: Purpose::Default,
            configuration: record.session.space.default_configuration(),
            proposal: None,
            state: TrialState::Running,
            launch: None,
            repeats: earlier
                .map(|trial| trial.repeats.clone())
                .unwrap_or_default(),
            created_at: now(),
        };
        self.run_trial(job, record, trial, &self.claim_machine()?)
            .await
    }

    /// Runs a proposal.
    pub(crate) async fn run_proposal(&self, job: &Job, id: &ProposalId) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let mut proposal = find_proposal(&record, id)?.clone();
        if proposal.status != ProposalStatus::Offered {
            return Err(TunerError::Invalid(
                "This proposal was already run or dismissed.".to_owned(),
            ));
        }
        if record.tried().contains(&proposal.configuration.key()) {
            return Err(TunerError::Invalid(
                "These settings were measured already in this session; change one, or dismiss the \
                 proposal."
                    .to_owned(),
            ));
        }
        let last = record.trials.iter().map(|trial| trial.number).max();
        let trial = Trial {
            id: TrialId(fresh_id()),
            session: job.session.clone(),
            number: last.unwrap_or(0) + 1,
            purpose: Purpose::Proposal,
            configuration: proposal.configuration.clone(),
            proposal: Some(id.clone()),
            state: TrialState::Running,
            launch: None,
            repeats: Vec::new(),
            created_at: now(),
        };
        // All that can refuse comes before the proposal is used up.
        self.check_scope(&record)?;
        let lock = self.claim_machine()?;
        proposal.status = ProposalStatus::Taken;
        self.store.put_proposal(&proposal).await?;
        let number = trial.number;
        let ran = self.run_trial(job, record, trial, &lock).await;
        if matches!(ran, Err(TunerError::Cancelled)) {
            proposal.status = ProposalStatus::Offered;
            self.store.put_proposal(&proposal).await?;
        }
        ran?;
        if number.is_multiple_of(DRIFT_EVERY) {
            self.measure_drift(job, &lock).await?;
        }
        Ok(())
    }

    /// Runs the windows that a trial still lacks, and drafts the feedback on it.
    async fn run_trial(
        &self,
        job: &Job,
        record: SessionRecord,
        mut trial: Trial,
        _machine: &MachineLock,
    ) -> Result<(), TunerError> {
        self.store.put_trial(&trial).await?;
        job.emit(EventKind::Changed);
        let ran = self.repeats(job, record, &mut trial).await;
        let result = match ran {
            Ok(()) => {
                trial.state = TrialState::Complete;
                Ok(())
            }
            Err(TunerError::Cancelled) => {
                trial.state = TrialState::Discarded {
                    cause: "cancelled".to_owned(),
                };
                Err(TunerError::Cancelled)
            }
            Err(error) => {
                trial.state = TrialState::Failed {
                    cause: error.failure_cause(),
                    message: error.to_string(),
                };
                // A fault of the engine is a finding about these settings, not of the program; and
                // where the GPU may not be set, the other settings are left.
                match error {
                    TunerError::Engine(_) => Ok(()),
                    TunerError::GpuControl(_) => {
                        self.without_gpu_knobs(&job.session).await?;
                        Ok(())
                    }
                    other => Err(other),
                }
            }
        };
        self.store.put_trial(&trial).await?;
        if !matches!(trial.state, TrialState::Discarded { .. }) {
            self.draft_feedback(&trial.id, job).await?;
        }
        result
    }

    /// Holds the knobs of the boards at their defaults from now on: they were refused, and would be
    /// again.
    async fn without_gpu_knobs(&self, session: &SessionId) -> Result<(), TunerError> {
        self.change(session, |session| {
            for knob in &mut session.space.parameters {
                if knob.told == Tell::Device {
                    knob.kind = Kind::only(knob.default.clone());
                }
            }
        })
        .await
    }

    async fn repeats(
        &self,
        job: &Job,
        record: SessionRecord,
        trial: &mut Trial,
    ) -> Result<(), TunerError> {
        let mut session = record.session;
        let name = match trial.purpose {
            Purpose::Default => "the default".to_owned(),
            Purpose::Proposal => format!("trial {}", trial.number),
        };
        let mut expected_s = record
            .trials
            .iter()
            .flat_map(|trial| &trial.repeats)
            .map(|repeat| repeat.window.0)
            .reduce(f64::max);
        let mut idle: Option<Watts> = None;
        let mut calibration = Joules(0.0);
        while trial.repeats.len() < session.repeats as usize {
            let index = trial.repeats.len() as u32 + 1;
            let measured = self
                .window(
                    job,
                    &Window {
                        session: &session,
                        configuration: &trial.configuration,
                        index,
                        label: format!("{name} · repeat {index} of {}", session.repeats),
                        idle,
                        expected_s,
                    },
                )
                .await?;
            let Measured {
                mut repeat,
                samples,
                launch,
            } = measured;
            expected_s = Some(repeat.window.0);
            idle = repeat.idle;
            if trial.launch.is_none() {
                trial.launch = Some(launch);
                self.store.put_trial(trial).await?;
            }
            if trial.purpose == Purpose::Default
                && index == 1
                && session.workload.name != WorkSize::NAME
                && let Some(passes) = more_passes(&repeat, session.workload.passes, session.quick)
            {
                // Too short to measure well: this window only told how much work is needed.
                calibration = calibration + repeat.energy.gross + repeat.overhead;
                session.workload = wattsmith_engine::with_passes(&session.workload, passes);
                let workload = session.workload.clone();
                self.change(&session.id, |stored| stored.workload = workload)
                    .await?;
                expected_s = None;
                continue;
            }
            repeat.overhead = repeat.overhead + calibration;
            calibration = Joules(0.0);
            self.store.add_repeat(&trial.id, &repeat, &samples).await?;
            trial.repeats.push(repeat);
            job.emit(EventKind::Changed);
        }
        Ok(())
    }

    /// One more window of the default.
    async fn measure_drift(&self, job: &Job, _machine: &MachineLock) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let Some(default) = record.default_trial() else {
            return Ok(());
        };
        let measured = self
            .window(
                job,
                &Window {
                    session: &record.session,
                    configuration: &default.configuration,
                    index: default.repeats.len() as u32 + 1,
                    label: "the default again, to see drift".to_owned(),
                    idle: None,
                    expected_s: default.repeats.last().map(|repeat| repeat.window.0),
                },
            )
            .await?;
        self.store
            .add_repeat(&default.id, &measured.repeat, &measured.samples)
            .await?;
        Ok(())
    }

    async fn draft_feedback(&self, trial: &TrialId, job: &Job) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let analysis = Analysis::of(&record);
        if let Some(trial) = record.trial(trial) {
            let feedback = Feedback {
                trial: trial.id.clone(),
                draft: feedback::draft(&record, &analysis, trial),
                edit: None,
                sent: false,
            };
            self.store.put_feedback(&job.session, &feedback).await?;
        }
        Ok(())
    }

    /// Figures of one session must cover the same part of the machine.
    pub(crate) fn check_scope(&self, record: &SessionRecord) -> Result<(), TunerError> {
        let earlier = record
            .trials
            .iter()
            .flat_map(|trial| &trial.repeats)
            .map(|repeat| &repeat.energy)
            .next();
        let now = self.meter().scope();
        let priced = self.meter().pricing().basis;
        let priced_before = earlier
            .filter(|energy| energy.estimate.is_some())
            .and_then(|energy| energy.devices.first())
            .map(|device| device.device.as_str())
            // Other names are not the meter's own.
            .filter(|basis| basis.starts_with("CPU time"));
        match earlier.map(|energy| energy.scope) {
            Some(scope) if scope == now && priced_before.is_some_and(|basis| basis != priced) => {
                Err(TunerError::Invalid(format!(
                    "This session's estimates rest on {}, but today's would rest on {priced}. The \
                     two cannot be compared: start a new session.",
                    priced_before.unwrap_or_default()
                )))
            }
            Some(scope) if scope != now => Err(TunerError::Invalid(format!(
                "This session's figures cover the {}, but today the sensors give the {}. The two \
                 cannot be compared: start a new session, or bring the sensor back (see Machine).",
                scope.label(),
                now.label()
            ))),
            _ => Ok(()),
        }
    }
}

/// How many passes the default needs so that a configuration twice as fast still fills the shortest
/// window; none when it does already.
pub(crate) fn more_passes(repeat: &Repeat, passes: u32, quick: bool) -> Option<u32> {
    let wanted_s = if quick { SHORTEST_S } else { 2.0 * SHORTEST_S };
    if repeat.window.0 >= wanted_s / 2.0 || passes >= MOST_PASSES {
        return None;
    }
    let factor = wanted_s / repeat.window.0.max(0.001);
    let needed = (f64::from(passes) * factor).ceil();
    Some((needed as u32).clamp(passes + 1, MOST_PASSES))
}

pub(crate) fn find_proposal<'a>(
    record: &'a SessionRecord,
    id: &ProposalId,
) -> Result<&'a Proposal, TunerError> {
    record
        .proposals
        .iter()
        .find(|proposal| proposal.id == *id)
        .ok_or_else(|| {
            TunerError::NotFound("There is no such proposal in this session.".to_owned())
        })
}

/// The cause of a failed trial in words, for the screen.
#[must_use]
pub fn cause_label(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::ModelNotFound => "model not found",
        FailureCause::ModelCorrupt => "model damaged",
        FailureCause::EngineNotFound => "engine not found",
        FailureCause::OutOfMemory => "out of memory",
        FailureCause::UnknownFlag => "setting not known to the engine",
        FailureCause::PortTaken => "port taken",
        FailureCause::LoadTimeout => "loading took too long",
        FailureCause::Hang => "engine hung",
        FailureCause::Crash => "engine crashed",
        FailureCause::RequestFailed => "request failed",
        FailureCause::WrongWork => "wrong work done",
        FailureCause::GpuControlRefused => "GPU setting refused",
        FailureCause::SensorLost => "sensor lost",
        FailureCause::StorageFailed => "could not be stored",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::Seconds;
    use wattsmith_testkit::fixtures::{Fixture, Shown};

    #[test]
    fn a_short_default_gets_as_many_passes_as_twice_the_speed_still_needs() {
        let mut repeat = Fixture::without_sensors().repeat(1, Shown(100.0, 20.0));
        let mut passes = |seconds: f64, before: u32, quick: bool| {
            repeat.window = Seconds(seconds);
            more_passes(&repeat, before, quick)
        };
        assert_eq!(passes(12.0, 1, false), None);
        assert_eq!(passes(9.9, 1, false), Some(3));
        assert_eq!(passes(5.0, 1, true), None);
        assert_eq!(passes(2.0, 2, true), Some(10));
        assert_eq!(passes(0.0, 1, false), Some(MOST_PASSES));
        assert_eq!(passes(0.1, MOST_PASSES, false), None);
    }
}
