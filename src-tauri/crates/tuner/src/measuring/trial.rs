//! Trials: the default and proposals. A finished repeat is on disk before anything is told about it.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::job::Job;
use crate::machine::lock::MachineLock;
use crate::measuring::measure::{Measured, Window, least_units, least_window};
use crate::measuring::pictures::too_unlike;
use crate::measuring::spoiled::{reference, reruns_allowed, spoiled};
use crate::session::forecast::trial_forecast;
use crate::session::next::tried;
use crate::tuner::{Tuner, fresh_id, now};
use crate::turn::feedback;
use std::time::Duration;
use wattsmith_domain::{
    DiscardedRepeat, FailureCause, Feedback, Joules, Kind, Launch, Machine, Proposal, ProposalId,
    ProposalStatus, Purpose, Repeat, Session, SessionId, SessionRecord, Tell, Trial, TrialId,
    TrialState, WarningKind, Watts, WindowOf, Workload,
};
use wattsmith_engine::{ATTACHED, EngineError};
use wattsmith_fail_points::fail_point;
use wattsmith_stats::{Analysis, Basis, Enough, MOST_EXTRA_REPEATS, enough};
use wattsmith_store::Owner;

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
        self.check_files(&record.session).await?;
        let lock = self.claim_machine()?;
        let begun = record
            .default_trial()
            .is_some_and(|one| !one.repeats.is_empty());
        if !begun && !self.settled(job).await? {
            return Ok(());
        }
        let record = self.record(&job.session).await?;
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
            discarded: earlier
                .map(|trial| trial.discarded.clone())
                .unwrap_or_default(),
            answers: earlier.and_then(|trial| trial.answers.clone()),
            note: None,
            forecast: None,
            created_at: now(),
        };
        self.run_trial(job, record, trial, None, &lock).await
    }

    /// Runs a proposal.
    pub(crate) async fn run_proposal(&self, job: &Job, id: &ProposalId) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let proposal = find_proposal(&record, id)?.clone();
        if proposal.status != ProposalStatus::Offered {
            return Err(TunerError::Invalid(
                "This proposal was already run or dismissed.".to_owned(),
            ));
        }
        if tried(&record).contains(&proposal.configuration.key()) {
            return Err(TunerError::Invalid(
                "These settings were measured already in this session; change one, or dismiss the \
                 proposal."
                    .to_owned(),
            ));
        }
        let trial = trial_of(&record, &proposal);
        // All that can refuse comes before the proposal is used up.
        self.check_scope(&record)?;
        self.check_files(&record.session).await?;
        self.keep_readers(&record).await?;
        let lock = self.claim_machine()?;
        let number = trial.number;
        self.run_trial(job, record, trial, Some(proposal), &lock)
            .await?;
        // A server that is set by hand is not set back and forth for that; a confirmation does it.
        let by_hand = self.record(&job.session).await?.session.engine.name == ATTACHED;
        if number.is_multiple_of(DRIFT_EVERY) && !by_hand {
            self.measure_drift(job, &lock).await?;
        }
        Ok(())
    }

    /// Runs the windows that a trial still lacks, and drafts the feedback on it. Its proposal is used up
    /// while it runs, and offered again where it ends by something that says nothing about the settings.
    pub(crate) async fn run_trial(
        &self,
        job: &Job,
        record: SessionRecord,
        mut trial: Trial,
        mut proposal: Option<Proposal>,
        _machine: &MachineLock,
    ) -> Result<(), TunerError> {
        fail_point!("tuner::trial::begun", TunerError::at_fail_point());
        if let Some(proposal) = &mut proposal {
            proposal.status = ProposalStatus::Taken;
        }
        // What it has already was forecast when it began.
        if trial.repeats.is_empty() {
            trial.forecast = trial_forecast(&record);
        }
        self.put_run(&trial, proposal.as_ref()).await?;
        job.emit(EventKind::Changed);
        let ran = self.repeats(job, record, &mut trial).await;
        let loaded_before = !trial.repeats.is_empty();
        // The default's own trial keeps its fault: nothing else tells what to do, and it costs no trial.
        let ran = ran.map_err(|error| match &proposal {
            Some(_) => error.of_the_surroundings(loaded_before),
            None => error,
        });
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
            Err(TunerError::TooBusy { cause, windows }) => {
                // It says nothing about these settings.
                trial.state = TrialState::Discarded {
                    cause: cause.clone(),
                };
                Err(TunerError::TooBusy { cause, windows })
            }
            // Nor does this.
            Err(error @ TunerError::Surroundings { .. }) => {
                trial.state = TrialState::Discarded {
                    cause: cause_label(error.failure_cause()).to_owned(),
                };
                Err(error)
            }
            Err(error) => {
                trial.state = TrialState::Failed {
                    cause: error.failure_cause(),
                    message: error.to_string(),
                    fault: error.fault(),
                };
                // A fault of the engine is a finding about these settings, not of the program; and
                // where the GPU may not be set, the other settings are left.
                match error {
                    TunerError::Engine(_)
                    | TunerError::Meter(_)
                    | TunerError::PicturesDiffer(_)
                    | TunerError::AnswersDiffer(_) => Ok(()),
                    TunerError::GpuControl(_) => {
                        self.without_gpu_knobs(&job.session).await?;
                        Ok(())
                    }
                    other => Err(other),
                }
            }
        };
        let taken_back = matches!(trial.state, TrialState::Discarded { .. });
        if taken_back && let Some(proposal) = &mut proposal {
            proposal.status = ProposalStatus::Offered;
        }
        fail_point!("tuner::trial::ended", TunerError::at_fail_point());
        let stored = self.put_run(&trial, proposal.as_ref()).await;
        // Where nothing can be stored any more, the first word of it is what tells why.
        result?;
        stored?;
        if !taken_back {
            self.draft_feedback(&trial.id, job).await?;
        }
        Ok(())
    }

    async fn put_run(&self, trial: &Trial, proposal: Option<&Proposal>) -> Result<(), TunerError> {
        match proposal {
            Some(proposal) => self.store.put_run(trial, proposal).await?,
            None => self.store.put_trial(trial).await?,
        }
        Ok(())
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
        let mut record = record;
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
        // Windows that were too busy belong to a try that ended.
        let of_this_try = |one: &&DiscardedRepeat| one.cause.kind != WarningKind::TooBusy;
        let discarded = trial.discarded.iter().filter(of_this_try).count();
        let mut reruns = reruns_allowed(&record).saturating_sub(discarded as u32);
        let owner = Owner::Trial(trial.id.clone());
        let meter = self.meter_of(&record.session).await?;
        let least = least_window(&record.session, &meter);
        if trial.answers.is_none() {
            trial.answers = self.check_answers(job, &record, trial).await?;
            if trial.answers.is_some() {
                self.store.put_trial(trial).await?;
            }
        }
        record.trials.retain(|one| one.id != trial.id);
        record.trials.push(trial.clone());
        loop {
            if let Some(enough) = enough(&record, &trial.id) {
                trial.note = note(enough, trial.repeats.len(), record.session.repeats);
                return Ok(());
            }
            let session = &record.session;
            let index = trial.repeats.len() as u32 + 1;
            let calibrates = |repeat: &Repeat| match trial.purpose {
                Purpose::Default if index == 1 && session.workload.may_be_repeated() => {
                    more_passes(repeat, &session.workload, session.quick, least)
                }
                _ => None,
            };
            let reference = reference(&record);
            let measured = self
                .undisturbed(
                    job,
                    &Window {
                        session,
                        configuration: &trial.configuration,
                        index,
                        label: format!("{name} · repeat {index} of {}", planned(session, index)),
                        idle,
                        expected_s,
                        reference,
                        album: self.album(&record, trial),
                    },
                    &owner,
                    &mut reruns,
                    |repeat| match calibrates(repeat) {
                        Some(_) => None,
                        None => spoiled(repeat, reference),
                    },
                )
                .await?;
            let Measured {
                mut repeat,
                samples,
                readings,
                launch,
            } = measured;
            unasked(&record, trial, &launch)?;
            expected_s = Some(repeat.window.0);
            idle = repeat.idle;
            if trial.launch.is_none() {
                trial.launch = Some(launch);
                self.store.put_trial(trial).await?;
            }
            if let Some(passes) = calibrates(&repeat) {
                // Too short to measure well: this window only told how much work is needed.
                calibration = calibration + repeat.energy.gross + repeat.overhead;
                let workload = wattsmith_engine::with_passes(&session.workload, passes);
                record.session.workload = workload.clone();
                self.change(&job.session, |stored| stored.workload = workload)
                    .await?;
                expected_s = None;
                continue;
            }
            self.count_prompts(&job.session, &mut record, &repeat)
                .await?;
            repeat.overhead = repeat.overhead + calibration;
            calibration = Joules(0.0);
            self.store.add_repeat(&trial.id, &repeat, &samples).await?;
            let of = WindowOf::Trial(trial.id.clone(), repeat.index);
            self.store
                .put_readings(&job.session, &of, &readings)
                .await?;
            fail_point!("tuner::trial::repeat_stored", TunerError::Cancelled);
            if trial.purpose == Purpose::Default && index == 1 {
                self.note_load(&job.session, &repeat).await?;
            }
            let constraints = &record.session.objective.constraints;
            let unlike = too_unlike(constraints, &repeat, &trial.configuration);
            trial.repeats.push(repeat.clone());
            if let Some(own) = record.trials.iter_mut().find(|one| one.id == trial.id) {
                own.repeats.push(repeat);
            }
            job.emit(EventKind::Changed);
            if let Some(why) = unlike {
                return Err(TunerError::PicturesDiffer(why));
            }
        }
    }

    /// Writes down how many tokens the prompts of the person's own work have, once the engine counted them.
    async fn count_prompts(
        &self,
        session: &SessionId,
        record: &mut SessionRecord,
        repeat: &Repeat,
    ) -> Result<(), TunerError> {
        let workload = &mut record.session.workload;
        let passes = u64::from(workload.passes.max(1));
        let Some(own) = workload
            .own
            .as_mut()
            .filter(|own| own.prompt_tokens.is_none())
        else {
            return Ok(());
        };
        own.prompt_tokens = Some(repeat.performance.prompt_tokens.0 / passes);
        let workload = workload.clone();
        self.change(session, |stored| stored.workload = workload)
            .await
    }

    async fn draft_feedback(&self, trial: &TrialId, job: &Job) -> Result<(), TunerError> {
        fail_point!("tuner::feedback::drafted", TunerError::at_fail_point());
        let record = self.record(&job.session).await?;
        let analysis = Analysis::of(&record);
        if let Some(trial) = record.trial(trial) {
            let feedback = Feedback {
                trial: trial.id.clone(),
                draft: feedback::draft(&record, &analysis, trial),
                edit: None,
                sent: false,
                sent_text: None,
                sent_in: None,
            };
            self.store.put_feedback(&job.session, &feedback).await?;
        }
        Ok(())
    }

    /// Figures of one session must cover the same part of the machine, on the same cores.
    pub(crate) fn check_scope(&self, record: &SessionRecord) -> Result<(), TunerError> {
        // On another machine the window itself looks whether its meters cover what they did.
        if record.session.engine.machine.is_some() {
            return Ok(());
        }
        self.check_readers(record)?;
        check_cores(record, &self.machine())?;
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

/// The trial that carries out a proposal: a new one, or the one that was broken off, with the windows that
/// it has. Windows of a machine that changed since are left behind.
fn trial_of(record: &SessionRecord, proposal: &Proposal) -> Trial {
    let basis = Basis::of(record);
    let begun = record.trials.iter().rfind(|trial| {
        trial.proposal.as_ref() == Some(&proposal.id)
            && trial.configuration == proposal.configuration
            && matches!(trial.state, TrialState::Discarded { .. })
            && !basis.is_stale(trial)
    });
    if let Some(begun) = begun {
        return Trial {
            state: TrialState::Running,
            note: None,
            ..begun.clone()
        };
    }
    let last = record.trials.iter().map(|trial| trial.number).max();
    Trial {
        id: TrialId(fresh_id()),
        session: record.session.id.clone(),
        number: last.unwrap_or(0) + 1,
        purpose: Purpose::Proposal,
        configuration: proposal.configuration.clone(),
        proposal: Some(proposal.id.clone()),
        state: TrialState::Running,
        launch: None,
        repeats: Vec::new(),
        discarded: Vec::new(),
        answers: None,
        note: None,
        forecast: None,
        created_at: now(),
    }
}

/// Numbers of threads that a session offers are those of the cores that could be used when it began.
fn check_cores(record: &SessionRecord, now: &Machine) -> Result<(), TunerError> {
    let (Some(then), Some(now)) = (&record.session.machine.usable, &now.usable) else {
        return Ok(());
    };
    let measured = record.trials.iter().any(|trial| !trial.repeats.is_empty());
    let same = (then.logical, then.physical, then.quota_cores)
        == (now.logical, now.physical, now.quota_cores);
    if !measured || same {
        return Ok(());
    }
    Err(TunerError::Invalid(format!(
        "This session's figures are those of {then}; today the engine may use {now}. The two cannot \
         be compared: start a new session, or start Wattsmith as it was then (taskset, container, \
         quota)."
    )))
}

/// How many passes the default needs so that a configuration twice as fast still fills the shortest
/// window that the sensors measure well, and holds enough work; none when it does already. Quick
/// windows may be half as long.
pub(crate) fn more_passes(
    repeat: &Repeat,
    workload: &Workload,
    quick: bool,
    least: Duration,
) -> Option<u32> {
    let (passes, least_units) = (workload.passes, least_units(workload.unit));
    let least_s = least.as_secs_f64();
    let wanted_s = if quick { least_s } else { 2.0 * least_s };
    let enough_units = quick || repeat.units.0 >= least_units;
    if (repeat.window.0 >= wanted_s / 2.0 && enough_units) || passes >= MOST_PASSES {
        return None;
    }
    let for_time = wanted_s / repeat.window.0.max(0.001);
    let for_units = match enough_units {
        true => 0.0,
        false => least_units as f64 / repeat.units.0.max(1) as f64,
    };
    let needed = (f64::from(passes) * for_time.max(for_units)).ceil();
    Some((needed as u32).clamp(passes + 1, MOST_PASSES))
}

/// The number of windows that a trial will have, as far as that is known at the `index`-th.
fn planned(session: &Session, index: u32) -> String {
    match index > session.repeats {
        true => format!("at most {}", session.repeats + MOST_EXTRA_REPEATS),
        false => session.repeats.to_string(),
    }
}

/// Why a trial has another number of windows than planned, in words.
fn note(enough: Enough, have: usize, planned: u32) -> Option<String> {
    if have as u32 == planned {
        return None;
    }
    let why = match enough {
        Enough::Planned | Enough::NotWorthMore => "close to the best, so that more were worth it",
        Enough::WorseThanDefault => "clearly worse than the default",
        Enough::WorseThanBest => "clearly behind the best",
        Enough::BelowThreshold => "clearly below the goal, which fresh repeats decide",
    };
    let windows = if have == 1 { "window" } else { "windows" };
    Some(format!("{have} {windows} instead of {planned}: {why}"))
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
        FailureCause::ModelUnfit => "not a model for this engine",
        FailureCause::EngineNotFound => "engine not found",
        FailureCause::OutOfMemory => "out of memory",
        FailureCause::UnknownFlag => "setting not known to the engine",
        FailureCause::PortTaken => "port taken",
        FailureCause::LoadTimeout => "loading took too long",
        FailureCause::Hang => "engine hung",
        FailureCause::Crash => "engine crashed",
        FailureCause::RequestFailed => "request failed",
        FailureCause::WrongWork => "wrong work done",
        FailureCause::PicturesDiffer => "pictures differ",
        FailureCause::AnswersDiffer => "answers differ",
        FailureCause::GpuControlRefused => "GPU setting refused",
        FailureCause::SensorLost => "sensor lost",
        FailureCause::StorageFailed => "could not be stored",
        FailureCause::FileChanged => "file changed since the session began",
    }
}

/// Refuses a window in which the server used something else than for the default though nobody asked for
/// that: the two would be compared as if only what was asked differed.
fn unasked(record: &SessionRecord, trial: &Trial, launch: &Launch) -> Result<(), TunerError> {
    let Some((default, before)) = record
        .default_trial()
        .and_then(|one| Some((one, one.launch.as_ref()?)))
    else {
        return Ok(());
    };
    let server = wattsmith_engine::server_of(&record.session.engine)?;
    let found = server.catalogue().unasked(
        (&default.configuration, before),
        (&trial.configuration, launch),
    );
    match found.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(TunerError::Engine(EngineError::failed(
            FailureCause::WrongWork,
            format!(
                "The engine uses {} = {}, but {} for the default, and nobody asked for that: the two \
                 cannot be compared. See what else changed on this machine, and run the trial again.",
                first.name, first.used, first.asked
            ),
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::{Seconds, WorkUnit};
    use wattsmith_testkit::fixtures::{Fixture, Shown};

    fn work(passes: u32) -> Workload {
        let workload = Fixture::without_sensors().build().session.workload;
        Workload { passes, ..workload }
    }

    #[test]
    fn a_short_default_gets_as_many_passes_as_twice_the_speed_still_needs() {
        let mut repeat = Fixture::without_sensors().repeat(1, Shown(100.0, 20.0));
        let mut passes = |seconds: f64, before: u32, quick: bool| {
            repeat.window = Seconds(seconds);
            more_passes(&repeat, &work(before), quick, Duration::from_secs(10))
        };
        assert_eq!(passes(12.0, 1, false), None);
        assert_eq!(passes(9.9, 1, false), Some(3));
        assert_eq!(passes(5.0, 1, true), None);
        assert_eq!(passes(2.0, 2, true), Some(10));
        assert_eq!(passes(0.0, 1, false), Some(MOST_PASSES));
        assert_eq!(passes(0.1, MOST_PASSES, false), None);
    }

    #[test]
    fn a_slow_sensor_or_few_tokens_need_more_passes_too() {
        let mut repeat = Fixture::without_sensors().repeat(1, Shown(100.0, 20.0));
        repeat.window = Seconds(30.0);
        let averaged = Duration::from_secs(60);
        assert_eq!(more_passes(&repeat, &work(1), false, averaged), Some(4));
        assert_eq!(more_passes(&repeat, &work(1), true, averaged), None);
        repeat.units = wattsmith_domain::Tokens(least_units(WorkUnit::OutputToken) / 5);
        assert_eq!(
            more_passes(&repeat, &work(1), false, Duration::from_secs(10)),
            Some(5)
        );
        assert_eq!(
            more_passes(&repeat, &work(1), true, Duration::from_secs(10)),
            None
        );
    }

    #[test]
    fn a_session_goes_on_with_the_cores_that_it_began_with() {
        let mut record = Fixture::without_sensors()
            .trial(&[], &[Shown(80.0, 26.0)])
            .build();
        let usable = |logical: u32, quota: Option<f64>| wattsmith_domain::Usable {
            present: 2,
            logical,
            physical: logical,
            performance_cores: None,
            quota_cores: quota,
            cpus: "0-1".to_owned(),
            why: Vec::new(),
            sets: Vec::new(),
        };
        let mut today = record.session.machine.clone();
        today.usable = Some(usable(1, None));
        assert!(
            check_cores(&record, &today).is_ok(),
            "an older record does not tell"
        );
        record.session.machine.usable = Some(usable(2, None));
        let refused = check_cores(&record, &today).unwrap_err().to_string();
        assert!(
            refused.contains("2 of 2 cores; today the engine may use 1 of 2"),
            "{refused}"
        );
        today.usable = Some(usable(2, Some(1.5)));
        assert!(check_cores(&record, &today).is_err());
        today.usable = Some(usable(2, None));
        assert!(check_cores(&record, &today).is_ok());
        record.trials.clear();
        today.usable = Some(usable(1, None));
        assert!(
            check_cores(&record, &today).is_ok(),
            "nothing was measured yet"
        );
    }

    #[test]
    fn another_number_of_windows_than_planned_says_why() {
        assert_eq!(note(Enough::NotWorthMore, 3, 3), None);
        assert_eq!(
            note(Enough::WorseThanDefault, 1, 3).unwrap(),
            "1 window instead of 3: clearly worse than the default"
        );
        assert!(
            note(Enough::Planned, 5, 3)
                .unwrap()
                .starts_with("5 windows")
        );
    }
}
