//! What happens while a job runs, for whoever watches: the window, the terminal. Watching is
//! optional and lossy; what counts is in the store.

use crate::turn::fallback::Fallback;
use wattsmith_domain::{ExchangeId, PowerSample, SessionId};

/// What a job is doing. Each has a name and a clock on the screen, so that slow and stuck never look
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PhaseKind {
    /// Nothing runs.
    #[default]
    Idle,
    /// Something else is measured on this machine, and what is to be done waits for its end.
    WaitingForLock,
    /// Other programs keep the machine busy; the first window waits for quiet.
    WaitingForQuiet,
    /// A server that Wattsmith did not start is to be set by the person.
    WaitingForHand,
    /// The GPU is being set; the person may be asked for permission.
    SettingGpu,
    /// The engine loads the model.
    LoadingEngine,
    /// Warm-up requests.
    WarmingUp,
    /// Idle power with the model loaded.
    MeasuringIdle,
    /// A warm device cools down to where the session began.
    CoolingDown,
    /// A measuring window is open.
    Measuring,
    /// The engine is being ended.
    StoppingEngine,
    /// The local advisor's model loads.
    LoadingAdvisor,
    /// The chat LLM writes.
    Asking,
    /// A study runs.
    Studying,
    /// A model is fetched.
    Downloading,
}

impl PhaseKind {
    /// Name for the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::WaitingForLock => "Waiting until nothing else is measured",
            Self::WaitingForQuiet => "Waiting for a quiet machine",
            Self::WaitingForHand => "Waiting for you to set the server",
            Self::SettingGpu => "Setting the GPU",
            Self::LoadingEngine => "Loading the model",
            Self::WarmingUp => "Warming up",
            Self::MeasuringIdle => "Measuring idle power",
            Self::CoolingDown => "Waiting for the device to cool",
            Self::Measuring => "Measuring",
            Self::StoppingEngine => "Stopping the engine",
            Self::LoadingAdvisor => "Loading the advisor",
            Self::Asking => "The advisor is writing",
            Self::Studying => "Comparing advisors",
            Self::Downloading => "Fetching a model",
        }
    }
}

/// A phase with its clock.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phase {
    /// Which.
    pub kind: PhaseKind,
    /// Such as `trial 5 · repeat 2 of 3`.
    pub detail: String,
    /// Unix time in milliseconds when it began.
    pub started_at_ms: f64,
    /// Seconds it is expected to take, from earlier ones in the session.
    pub expected_s: Option<f64>,
    /// Part of the work done, 0 to 1.
    pub progress: Option<f64>,
}

/// Something to watch.
#[derive(Debug, Clone)]
pub struct Event {
    /// In which session.
    pub session: SessionId,
    /// What.
    pub kind: EventKind,
}

/// Kinds of events.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// The phase changed, or went on.
    Phase(Phase),
    /// Power since the last such event.
    Power(Vec<PowerSample>),
    /// More of the LLM's reply with a proposal.
    Reply(String),
    /// More of the answer to a question of the person.
    Answer {
        /// Which question.
        question: ExchangeId,
        /// What has come since the last such event.
        text: String,
    },
    /// The chat LLM gave nothing that can be used, and something else is taken.
    Fallback(Fallback),
    /// The record changed: read it again.
    Changed,
    /// The default showed that the machine changed: what was measured before is not compared any
    /// more. In whole sentences.
    MachineChanged(String),
    /// Something that is worth a line, such as that what was measured waits to be stored.
    Note(String),
    /// A job ended with an error.
    Failed(String),
}
