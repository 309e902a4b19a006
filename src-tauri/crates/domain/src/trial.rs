//! One configuration evaluated, and what may be said about it.

use crate::answers::Answers;
use crate::configuration::Configuration;
use crate::forecast::Forecast;
use crate::id::{ConfirmationId, ProposalId, SessionId, TrialId};
use crate::measurement::{DiscardedRepeat, Interval, Repeat};
use crate::noise::PairSpread;
use crate::sensor_fault::SensorFault;
use crate::units::Joules;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a trial is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The default configuration: what everything is compared with.
    Default,
    /// An advisor's or the person's proposal.
    Proposal,
}

/// Why a trial failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCause {
    /// The model file does not exist or cannot be read.
    ModelNotFound,
    /// The file is damaged, or nothing that is known here.
    ModelCorrupt,
    /// The file is sound, but not a model that this engine can run by itself.
    ModelUnfit,
    /// The engine's binary does not exist or cannot be started.
    EngineNotFound,
    /// Not enough memory, on the machine or the GPU.
    OutOfMemory,
    /// The engine does not know a flag or a value.
    UnknownFlag,
    /// Another program holds the port.
    PortTaken,
    /// The engine did not become ready in time.
    LoadTimeout,
    /// The engine stopped answering while it worked.
    Hang,
    /// The engine ended while it should have worked.
    Crash,
    /// The engine answered a request with an error.
    RequestFailed,
    /// The engine did not do the work it was asked for (too few tokens, say).
    WrongWork,
    /// The pictures are less like the default's than the session allows.
    PicturesDiffer,
    /// The answers are less like the default's than the session allows.
    AnswersDiffer,
    /// The GPU's power limit or clock could not be set.
    GpuControlRefused,
    /// A sensor that makes the figure stopped answering, or is not to be believed.
    SensorLost,
    /// Nothing more could be stored.
    StorageFailed,
    /// The model's file or the engine is another one than when the session began.
    FileChanged,
}

impl FailureCause {
    /// Whether such a fault says nothing about the settings: any others would have failed like them.
    #[must_use]
    pub fn is_of_the_surroundings(self) -> bool {
        matches!(
            self,
            Self::ModelNotFound
                | Self::ModelCorrupt
                | Self::ModelUnfit
                | Self::EngineNotFound
                | Self::PortTaken
                | Self::SensorLost
                | Self::StorageFailed
                | Self::FileChanged
        )
    }
}

/// Where a trial stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum TrialState {
    /// Not started.
    Pending,
    /// Being measured.
    Running,
    /// All its repeats are there.
    Complete,
    /// Ended early by a fault; the repeats that were finished stay.
    Failed {
        /// Kind of fault.
        cause: FailureCause,
        /// What, where and what to do.
        message: String,
        /// What is wrong with the sensor that made it fail, where one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<SensorFault>,
    },
    /// Taken back by the person, or interrupted.
    Discarded {
        /// In words.
        cause: String,
    },
}

/// A setting that the engine applied differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The parameter.
    pub name: String,
    /// What was asked for.
    pub asked: String,
    /// What the engine says it uses.
    pub used: String,
}

/// How the engine was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The full command line, the API key masked.
    pub argv: Vec<String>,
    /// Environment variables by which it was told settings; keys are not among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// The engine's own version line.
    pub engine_version: String,
    /// Settings that the engine changed.
    pub differences: Vec<Difference>,
    /// The settings that it told it uses, by knob.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used: BTreeMap<String, String>,
}

/// One configuration evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Identity.
    pub id: TrialId,
    /// Where it belongs.
    pub session: SessionId,
    /// From 1 within its session; 1 is the default.
    pub number: u32,
    /// Why it is run.
    pub purpose: Purpose,
    /// What is run.
    pub configuration: Configuration,
    /// The proposal it carries out.
    pub proposal: Option<ProposalId>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: TrialState,
    /// How the engine was started, once it was.
    pub launch: Option<Launch>,
    /// Its windows, oldest first. The default gains one more every fourth trial, to see drift.
    pub repeats: Vec<Repeat>,
    /// Windows that something disturbed, oldest first: kept for the record, used for no figure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discarded: Vec<DiscardedRepeat>,
    /// The beginnings of its answers beside the default's, where the session compares them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// Why it has fewer or more windows than planned, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it was expected to take before its first window, where anything was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl Trial {
    /// Whether its figure may be used.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == TrialState::Complete && !self.repeats.is_empty()
    }

    /// Joules spent on this trial: windows, discarded ones too, and everything around them.
    #[must_use]
    pub fn energy_spent(&self) -> Joules {
        energy_of(&self.repeats) + energy_of(self.discarded.iter().map(|one| &one.repeat))
    }
}

fn energy_of<'a>(repeats: impl IntoIterator<Item = &'a Repeat>) -> Joules {
    repeats
        .into_iter()
        .map(|repeat| repeat.energy.gross + repeat.overhead)
        .sum()
}

/// What may be said about a configuration against the default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It is the default.
    Reference,
    /// Certainly less energy.
    Better,
    /// Certainly more energy.
    Worse,
    /// The difference lies inside the noise.
    NotDecided {
        /// About how much more measuring would decide it, seconds; none when it never would.
        seconds_more: Option<f64>,
    },
    /// The estimate's answer changes with coefficients that nobody measured.
    DependsOnEstimate,
}

/// A configuration compared with the default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// J/unit over the default's J/unit: 0.8 is 20 % less.
    pub ratio: Interval,
    /// What follows.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Comparison {
    /// Per cent saved against the default; negative when it costs more.
    #[must_use]
    pub fn saving_percent(&self) -> f64 {
        (1.0 - self.ratio.mean) * 100.0
    }
}

/// What fresh repeats of the best and of the default decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Below the threshold; the session may stop.
    Below,
    /// The first crossing was noise, or cannot be told from it with the repeats spent.
    NotDecided,
    /// The estimate's answer changes with coefficients that nobody measured.
    DependsOnEstimate,
}

/// Fresh, interleaved repeats of the best and of the default after a first crossing of the
/// threshold. Only these decide, and only these give the saving that a report states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Identity.
    pub id: ConfirmationId,
    /// Where it belongs.
    pub session: SessionId,
    /// The trial that crossed.
    pub trial: TrialId,
    /// From 1: each later one gets a smaller share of the 5 % of false stops allowed.
    pub number: u32,
    /// Chance of a false stop allowed to this one.
    pub alpha: f64,
    /// Windows of the best.
    pub best: Vec<Repeat>,
    /// Windows of the default, interleaved with them.
    pub default: Vec<Repeat>,
    /// Windows of either side that something disturbed; used for no figure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discarded: Vec<DiscardedRepeat>,
    /// Ratio of best to default from these repeats alone, once there are enough.
    pub ratio: Option<Interval>,
    /// The outcome, once decided.
    pub decision: Option<Decision>,
    /// Chance, 0 to 1, that the pairs left in its budget would have confirmed it, as of its last
    /// look.
    #[serde(default)]
    pub chance: Option<f64>,
    /// How much the log ratio of a pair was expected to vary before the first of them; none in records of
    /// before, which are judged by their pairs' own spread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<PairSpread>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl Confirmation {
    /// Joules spent on it.
    #[must_use]
    pub fn energy_spent(&self) -> Joules {
        energy_of(&self.best)
            + energy_of(&self.default)
            + energy_of(self.discarded.iter().map(|one| &one.repeat))
    }
}
