//! Before a session's first window: is the machine quiet? The default is the yardstick of all that
//! follows, and beside other load it is a wrong one. What is done about it is the person's choice.

use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::Job;
use crate::machine::models::blocking;
use crate::measuring::spoiled::MOST_OTHER_LOAD;
use crate::tuner::Tuner;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use wattsmith_domain::{
    Busy, Clock as _, CpuUse, Repeat, Seconds, SessionId, StartLoad, SystemClock, WarningKind,
};
use wattsmith_fail_points::fail_point;

/// Share of the machine's CPU time that others may use; above it a window would be warned about.
pub const QUIET: f64 = MOST_OTHER_LOAD / 2.0;
/// How long one look takes.
const LOOK: Duration = Duration::from_secs(2);
/// Longest wait that the window offers.
pub const PATIENT_WAIT_S: u32 = 600;

/// How the machine's load is looked at.
#[derive(Debug, Clone, Default)]
pub enum LoadLook {
    /// By its CPU time, for two seconds.
    #[default]
    Machine,
    /// By a list of shares, one for each look, for tests; quiet once it is used up.
    Scripted(Arc<Mutex<VecDeque<f64>>>),
}

impl LoadLook {
    /// A list of shares from 0 to 1.
    #[must_use]
    pub fn scripted(shares: &[f64]) -> Self {
        Self::Scripted(Arc::new(Mutex::new(shares.iter().copied().collect())))
    }
}

/// What one look found.
struct Seen {
    share: f64,
    /// Who used a GPU; empty where nobody did.
    gpu: String,
}

impl Seen {
    fn is_quiet(&self) -> bool {
        self.share <= QUIET && self.gpu.is_empty()
    }
}

/// The greater of the shares that other programs and a virtual machine's host took.
fn taken(cpu: &CpuUse, window: Seconds) -> f64 {
    let (others, host) = cpu.taken_shares(window, true);
    others.max(host)
}

impl Tuner {
    /// Looks at the load before the session's first window and does as was chosen. Whether the window
    /// may be opened now; otherwise the person is to be asked first.
    ///
    /// # Errors
    /// [`TunerError::Busy`] where a busy machine is to end the session; cancelled while waiting.
    pub(crate) async fn settled(&self, job: &Job) -> Result<bool, TunerError> {
        let session = self.record(&job.session).await?.session;
        let choice = match &session.load {
            Some(load) => match load.choice {
                Some(choice) => choice,
                None => return Ok(false),
            },
            None => session.busy,
        };
        // What this machine does says nothing of work on another.
        if choice == Busy::Measure || session.engine.machine.is_some() {
            return Ok(true);
        }
        job.phase(
            PhaseKind::WaitingForQuiet,
            "looking at the load of other programs",
            Some(LOOK.as_secs_f64()),
        );
        let looked = self.look_at_load(job).await;
        if looked.is_err() && session.busy == Busy::Ask {
            // Who takes the wait back is asked again.
            self.change(&job.session, |session| {
                if let Some(load) = &mut session.load {
                    load.choice = None;
                }
            })
            .await?;
        }
        let seen = looked?;
        let earlier = session.load.map(|load| (load.share, load.waited_s));
        let found = |choice, waited_s, quiet_at_last| StartLoad {
            share: earlier.map_or(seen.share, |(share, _)| share.max(seen.share)),
            gpu: seen.gpu.clone(),
            choice,
            waited_s: earlier.map_or(0.0, |(_, before)| before) + waited_s,
            quiet_at_last,
        };
        if seen.is_quiet() {
            if earlier.is_some() {
                self.set_load(&job.session, found(Some(choice), 0.0, true))
                    .await?;
            }
            return Ok(true);
        }
        match choice {
            Busy::Measure => Ok(true),
            Busy::Ask => {
                self.set_load(&job.session, found(None, 0.0, false)).await?;
                Ok(false)
            }
            Busy::Fail => {
                let load = found(Some(choice), 0.0, false);
                let text = format!(
                    "Nothing was measured, since {}. Let the machine be quiet, or choose to wait or \
                     to measure all the same.",
                    load.found()
                );
                self.set_load(&job.session, load).await?;
                Err(TunerError::Busy(text))
            }
            Busy::Wait { at_most_s } => {
                self.set_load(&job.session, found(Some(choice), 0.0, false))
                    .await?;
                let (quiet, waited_s) = self.wait_for_quiet(job, at_most_s, &seen).await;
                let asked = session.busy == Busy::Ask;
                let still = match &quiet {
                    Err(_) if asked => None,
                    _ => Some(choice),
                };
                let quiet_at_last = matches!(quiet, Ok(true));
                self.set_load(&job.session, found(still, waited_s, quiet_at_last))
                    .await?;
                quiet.map(|_| true)
            }
        }
    }

    /// Looks again and again. Whether the machine became quiet in time, and the seconds that the looks
    /// took.
    async fn wait_for_quiet(
        &self,
        job: &Job,
        at_most_s: u32,
        first: &Seen,
    ) -> (Result<bool, TunerError>, f64) {
        let longest = f64::from(at_most_s);
        let mut waited_s = 0.0;
        let tell = |seen: &Seen| {
            let load = match seen.gpu.as_str() {
                "" => format!("other programs use {:.0} % of the CPU", seen.share * 100.0),
                gpu => format!("a GPU is used by {gpu}"),
            };
            format!("{load}; then it is measured all the same")
        };
        job.phase(PhaseKind::WaitingForQuiet, &tell(first), Some(longest));
        while waited_s < longest {
            match self.look_at_load(job).await {
                Err(stop) => return (Err(stop), waited_s),
                Ok(seen) => {
                    waited_s += LOOK.as_secs_f64();
                    if seen.is_quiet() {
                        return (Ok(true), waited_s);
                    }
                    job.detail(&tell(&seen));
                }
            }
        }
        (Ok(false), waited_s)
    }

    async fn look_at_load(&self, job: &Job) -> Result<Seen, TunerError> {
        job.check()?;
        fail_point!("tuner::quiet::looked", TunerError::at_fail_point());
        if let LoadLook::Scripted(shares) = &self.load_look {
            // A wait without a clock: the list is the time.
            tokio::task::yield_now().await;
            let mut shares = shares.lock().unwrap_or_else(PoisonError::into_inner);
            let share = shares.pop_front().unwrap_or(0.0);
            return Ok(Seen {
                share,
                gpu: String::new(),
            });
        }
        let meter = self.meter();
        let recording = blocking(move || meter.record(None, |_| {})).await?;
        let from = SystemClock.now();
        let looked = tokio::select! {
            () = tokio::time::sleep(LOOK) => Ok(()),
            () = job.cancel.cancelled() => Err(TunerError::Cancelled),
        };
        let to = SystemClock.now();
        let recorded = blocking(move || recording.finish()).await?;
        looked?;
        let used = recorded.cpu(from, to).unwrap_or_default();
        let shared = recorded
            .warnings(from, to)
            .iter()
            .any(|one| one.kind == WarningKind::GpuShared);
        let others = recorded.conditions(from, to).into_iter();
        let others: Vec<String> = others.flat_map(|one| one.other_processes).collect();
        Ok(Seen {
            share: taken(&used, to.since(from)),
            gpu: if shared {
                others.join(", ")
            } else {
                String::new()
            },
        })
    }

    /// Writes down that the person chose to measure on a busy machine, once its first window shows
    /// that it was one.
    pub(crate) async fn note_load(&self, id: &SessionId, first: &Repeat) -> Result<(), TunerError> {
        let session = self.record(id).await?.session;
        let share = taken(&first.cpu, first.window);
        if session.load.is_some() || session.busy != Busy::Measure || share <= QUIET {
            return Ok(());
        }
        let load = StartLoad {
            share,
            gpu: String::new(),
            choice: Some(Busy::Measure),
            waited_s: 0.0,
            quiet_at_last: false,
        };
        self.set_load(id, load).await
    }

    async fn set_load(&self, id: &SessionId, load: StartLoad) -> Result<(), TunerError> {
        self.change(id, |session| session.load = Some(load)).await
    }

    /// Takes the person's answer to a busy machine: the next step does by it.
    ///
    /// # Errors
    /// Nothing is to be chosen in this session, or it cannot be stored.
    pub async fn answer_busy(&self, id: &SessionId, choice: Busy) -> Result<(), TunerError> {
        let session = self.record(id).await?.session;
        if session.busy_question().is_none() || choice == Busy::Ask {
            return Err(TunerError::Invalid(
                "There is nothing to choose about the machine's load in this session.".to_owned(),
            ));
        }
        self.change(id, |session| {
            if let Some(load) = &mut session.load {
                load.choice = Some(choice);
            }
        })
        .await?;
        self.jobs.emit(id, EventKind::Changed);
        Ok(())
    }
}
