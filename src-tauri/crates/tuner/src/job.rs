//! Jobs: at most one per session, each with a phase, a clock and a way to cancel it. A job's place
//! is freed when it is dropped, whatever ended it.

use crate::error::TunerError;
use crate::event::{Event, EventKind, Phase, PhaseKind};
use crate::machine::awake::Awake;
use crate::turn::questions::Question;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{PowerSample, SessionId};

/// Events kept for a slow watcher; when it falls further behind it loses the oldest.
const EVENTS: usize = 1024;

/// What is said while nothing can be stored.
const HELD: &str = "Another program is writing to the database and keeps it locked. What was measured \
                    is held and stored as soon as it is free; close that program.";
/// The same behind a phase.
const HELD_DETAIL: &str = " · waiting for another program that keeps the database locked";

#[derive(Clone)]
struct Entry {
    cancel: CancellationToken,
    phase: Phase,
    autopilot: bool,
    pausing: bool,
    /// Told when the person has set by hand what the job waits for.
    by_hand: Arc<Notify>,
}

/// All running jobs, and the stream of what happens in them.
#[derive(Clone)]
pub(crate) struct Jobs {
    entries: Arc<Mutex<HashMap<SessionId, Entry>>>,
    events: broadcast::Sender<Event>,
}

/// What a session's job is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobState {
    /// Whether one runs.
    pub running: bool,
    /// What it does.
    pub phase: Phase,
    /// Whether it goes on by itself.
    pub autopilot: bool,
    /// Whether it will pause after the current step.
    pub pausing: bool,
    /// Questions of the person that have no answer yet, whether it runs or not.
    pub questions: Vec<Question>,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        Self {
            entries: Arc::default(),
            events: broadcast::channel(EVENTS).0,
        }
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    pub(crate) fn emit(&self, session: &SessionId, kind: EventKind) {
        wattsmith_fail_points::fail_point!("tuner::event::sent", return);
        // Nobody watching is no error.
        let _ = self.events.send(Event {
            session: session.clone(),
            kind,
        });
    }

    /// Claims the session.
    pub(crate) fn begin(&self, session: &SessionId, autopilot: bool) -> Result<Job, TunerError> {
        let mut entries = self.lock();
        if let Some(entry) = entries.get(session) {
            let doing = entry.phase.kind.label().to_lowercase();
            return Err(TunerError::Busy(format!(
                "This session is busy ({doing}). Wait for it, or cancel it first."
            )));
        }
        let cancel = CancellationToken::new();
        entries.insert(
            session.clone(),
            Entry {
                cancel: cancel.clone(),
                phase: Phase::default(),
                autopilot,
                pausing: false,
                by_hand: Arc::new(Notify::new()),
            },
        );
        Ok(Job {
            jobs: self.clone(),
            session: session.clone(),
            cancel,
            beside: false,
            _awake: Some(Awake::hold()),
        })
    }

    /// A job beside the session's own: it has no phase, and nobody waits for its place.
    pub(crate) fn beside(&self, session: &SessionId, cancel: CancellationToken) -> Job {
        Job {
            jobs: self.clone(),
            session: session.clone(),
            cancel,
            beside: true,
            _awake: None,
        }
    }

    pub(crate) fn state(&self, session: &SessionId) -> JobState {
        self.lock()
            .get(session)
            .map_or_else(JobState::default, |entry| JobState {
                running: true,
                phase: entry.phase.clone(),
                autopilot: entry.autopilot,
                pausing: entry.pausing,
                questions: Vec::new(),
            })
    }

    /// The person has set what a job waits for. Whether one waits.
    pub(crate) fn set_by_hand(&self, session: &SessionId) -> bool {
        let entries = self.lock();
        let waiting = entries
            .get(session)
            .filter(|entry| entry.phase.kind == PhaseKind::WaitingForHand);
        waiting.map(|entry| entry.by_hand.notify_one()).is_some()
    }

    /// Asks the job to end now. Whether there was one.
    pub(crate) fn cancel(&self, session: &SessionId) -> bool {
        self.lock()
            .get(session)
            .map(|entry| entry.cancel.cancel())
            .is_some()
    }

    pub(crate) fn cancel_all(&self) {
        for entry in self.lock().values() {
            entry.cancel.cancel();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Asks autopilot to pause after the current step, or to go on after all.
    pub(crate) fn set_pausing(&self, session: &SessionId, pausing: bool) {
        if let Some(entry) = self.lock().get_mut(session) {
            entry.pausing = pausing;
        }
        self.emit(session, EventKind::Changed);
    }

    /// Tells every job that runs, from now on, when what it has to store is held because another program
    /// keeps the database to itself, and when it is stored.
    pub(crate) fn tell_when_held(&self, mut held: watch::Receiver<bool>) {
        let jobs = self.clone();
        tokio::spawn(async move {
            while held.changed().await.is_ok() {
                let words = match *held.borrow_and_update() {
                    true => HELD,
                    false => "The database is free again; what was held is stored.",
                };
                tracing::info!("{words}");
                let sessions: Vec<SessionId> = jobs.lock().keys().cloned().collect();
                for session in sessions {
                    jobs.emit(&session, EventKind::Note(words.to_owned()));
                    let Some(phase) = jobs.set_held(&session, *held.borrow()) else {
                        continue;
                    };
                    jobs.emit(&session, EventKind::Phase(phase));
                }
            }
        });
    }

    fn set_held(&self, session: &SessionId, held: bool) -> Option<Phase> {
        let mut entries = self.lock();
        let phase = &mut entries.get_mut(session)?.phase;
        phase.detail = match (held, phase.detail.strip_suffix(HELD_DETAIL)) {
            (true, None) => format!("{}{HELD_DETAIL}", phase.detail),
            (false, Some(before)) => before.to_owned(),
            _ => return None,
        };
        Some(phase.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One running job.
pub(crate) struct Job {
    jobs: Jobs,
    pub(crate) session: SessionId,
    pub(crate) cancel: CancellationToken,
    /// Whether it runs beside the session's own job.
    beside: bool,
    /// The machine does not sleep meanwhile.
    _awake: Option<Awake>,
}

impl Job {
    /// Enters a phase; its clock starts now.
    pub(crate) fn phase(&self, kind: PhaseKind, detail: &str, expected_s: Option<f64>) {
        self.set(Phase {
            kind,
            detail: detail.to_owned(),
            started_at_ms: unix_ms(),
            expected_s,
            progress: None,
        });
    }

    /// Says something new of the phase, whose clock goes on.
    pub(crate) fn detail(&self, detail: &str) {
        let mut phase = self.jobs.state(&self.session).phase;
        phase.detail = detail.to_owned();
        self.set(phase);
    }

    /// Tells how far the phase has come, 0 to 1.
    pub(crate) fn progress(&self, part: f64) {
        let mut phase = self.jobs.state(&self.session).phase;
        phase.progress = Some(part.clamp(0.0, 1.0));
        self.set(phase);
    }

    /// Tells how many parts of the phase's work are done, such as `12 of 700 runs`.
    pub(crate) fn done_of(&self, done: u64, all: u64, parts: &str) {
        let mut phase = self.jobs.state(&self.session).phase;
        phase.detail = format!("{done} of {all} {parts}");
        phase.progress = Some(done as f64 / all.max(1) as f64);
        self.set(phase);
    }

    /// Says something new of the phase, and how far it has come, 0 to 1, where that is known.
    pub(crate) fn tell(&self, detail: &str, part: Option<f64>) {
        let mut phase = self.jobs.state(&self.session).phase;
        phase.detail = detail.to_owned();
        phase.progress = part.map(|part| part.clamp(0.0, 1.0));
        self.set(phase);
    }

    fn set(&self, phase: Phase) {
        if self.beside {
            return;
        }
        if let Some(entry) = self.jobs.lock().get_mut(&self.session) {
            entry.phase = phase.clone();
        }
        self.emit(EventKind::Phase(phase));
    }

    pub(crate) fn emit(&self, kind: EventKind) {
        self.jobs.emit(&self.session, kind);
    }

    /// Waits until the person says that the settings in `detail` are set.
    pub(crate) async fn until_set_by_hand(&self, detail: &str) -> Result<(), TunerError> {
        self.phase(PhaseKind::WaitingForHand, detail, None);
        let by_hand = self
            .jobs
            .lock()
            .get(&self.session)
            .map(|entry| Arc::clone(&entry.by_hand));
        let Some(by_hand) = by_hand else {
            return Err(TunerError::Cancelled);
        };
        tokio::select! {
            () = by_hand.notified() => Ok(()),
            () = self.cancel.cancelled() => Err(TunerError::Cancelled),
        }
    }

    /// Whether a window is open in the session.
    pub(crate) fn is_measuring(&self) -> bool {
        self.jobs.state(&self.session).phase.kind == PhaseKind::Measuring
    }

    pub(crate) fn pausing(&self) -> bool {
        self.jobs.state(&self.session).pausing
    }

    /// Fails once the job was cancelled.
    pub(crate) fn check(&self) -> Result<(), TunerError> {
        if self.cancel.is_cancelled() {
            Err(TunerError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// A sink for live power: at most 10 events a second, 1 while a window is open.
    pub(crate) fn power_feed(&self) -> impl Fn(PowerSample) + Send + Sync + 'static {
        let jobs = self.jobs.clone();
        let session = self.session.clone();
        let pending = Mutex::new((Vec::new(), Instant::now()));
        move |sample| {
            let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.0.push(sample);
            let measuring = jobs.state(&session).phase.kind == PhaseKind::Measuring;
            let every = Duration::from_millis(if measuring { 1000 } else { 100 });
            if pending.1.elapsed() >= every {
                pending.1 = Instant::now();
                let batch = std::mem::take(&mut pending.0);
                jobs.emit(&session, EventKind::Power(batch));
            }
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.beside {
            return;
        }
        self.jobs.lock().remove(&self.session);
        self.emit(EventKind::Phase(Phase::default()));
        self.emit(EventKind::Changed);
    }
}

pub(crate) fn unix_ms() -> f64 {
    time::OffsetDateTime::now_utc().unix_timestamp_nanos() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_one_job_at_a_time_and_is_free_again_when_it_is_dropped() {
        let jobs = Jobs::new();
        let session = SessionId::from("s");
        let job = jobs.begin(&session, false).unwrap();
        assert!(matches!(
            jobs.begin(&session, false),
            Err(TunerError::Busy(_))
        ));
        assert!(jobs.cancel(&session));
        assert!(matches!(job.check(), Err(TunerError::Cancelled)));
        drop(job);
        assert!(!jobs.cancel(&session));
        assert!(jobs.begin(&session, false).is_ok());
    }
}
