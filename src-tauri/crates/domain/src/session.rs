//! One tuning effort: what is tuned, on what, towards what.

use crate::busy::{Busy, StartLoad};
use crate::connection::{Connection, Price};
use crate::forecast::{EarlierCosts, Forecast};
use crate::id::SessionId;
use crate::machine::Machine;
use crate::measurement::Warning;
use crate::memory::Memory;
use crate::model::Model;
use crate::noise::SessionNoise;
use crate::parameter::ParameterSpace;
use crate::proposal::Advisor;
use crate::reader::Reader;
use crate::workload::Workload;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// When the goal is reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "threshold", rename_all = "kebab-case")]
pub enum Threshold {
    /// At or below this many joules per unit.
    Joules {
        /// J/unit.
        joules: f64,
    },
    /// At least this many per cent below the default.
    PercentBelowDefault {
        /// Per cent, above 0 and below 100.
        percent: f64,
    },
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joules { joules } => write!(f, "{joules} J"),
            Self::PercentBelowDefault { percent } => write!(f, "{percent} % below default"),
        }
    }
}

impl FromStr for Threshold {
    type Err = String;
    /// Reads `10%` or `0.25J`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fail = || {
            format!(
                "{text:?} is no threshold; write 10% (below the default) or 0.25J (per token or image)"
            )
        };
        let number = |digits: &str| {
            digits
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite() && *number > 0.0)
                .ok_or_else(fail)
        };
        if let Some(digits) = text.strip_suffix('%') {
            let percent = number(digits)?;
            if percent >= 100.0 {
                return Err(fail());
            }
            Ok(Self::PercentBelowDefault { percent })
        } else if let Some(digits) = text.strip_suffix(['J', 'j']) {
            Ok(Self::Joules {
                joules: number(digits)?,
            })
        } else {
            Err(fail())
        }
    }
}

/// What a configuration must keep to, besides its energy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Constraints {
    /// Least units of work (output tokens, images) per second.
    pub min_tokens_per_second: Option<f64>,
    /// Greatest 95th percentile of the time to the first token, or to a request's pictures, seconds.
    pub max_time_to_first_token_s: Option<f64>,
    /// Whether settings that can change the answers or pictures are locked.
    pub quality_lock: bool,
    /// Least likeness of every picture to the default's of the same seed, PSNR in decibels. A trial
    /// below it is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_picture_likeness_db: Option<f64>,
    /// Least share of the first tokens of greedy answers that are the same as the default's, above 0, at most
    /// 1. A trial below it is given up, unless it agrees with the default as much as the default with itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_same_tokens: Option<f64>,
}

impl Constraints {
    /// The same with other limits where they are given.
    #[must_use]
    pub fn with_limits(
        self,
        min_tokens_per_second: Option<f64>,
        max_time_to_first_token_s: Option<f64>,
    ) -> Self {
        Self {
            min_tokens_per_second: min_tokens_per_second.or(self.min_tokens_per_second),
            max_time_to_first_token_s: max_time_to_first_token_s.or(self.max_time_to_first_token_s),
            ..self
        }
    }
}

/// Least energy per unit, under constraints.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Ends the session when certainly reached.
    pub threshold: Threshold,
    /// What must hold.
    pub constraints: Constraints,
}

/// An inference server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// Such as `llama-server`.
    pub name: String,
    /// Its own version line.
    pub version: String,
    /// The binary; of one that ran already its address.
    pub path: String,
    /// The text that describes it, where a file does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The machine on which it runs, as the person calls it, where that is not this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "kebab-case")]
pub enum Ending {
    /// Confirmed below the threshold.
    ThresholdReached,
    /// All trials used.
    BudgetSpent,
    /// The person stopped it.
    Stopped,
    /// Nothing untried is left.
    SpaceExhausted,
}

impl Session {
    /// The load that waits for the person's choice; none where nothing is to be chosen.
    #[must_use]
    pub fn busy_question(&self) -> Option<&StartLoad> {
        self.load.as_ref().filter(|load| load.choice.is_none())
    }
}

impl Ending {
    /// In words.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::ThresholdReached => "threshold reached",
            Self::BudgetSpent => "budget spent",
            Self::Stopped => "stopped",
            Self::SpaceExhausted => "nothing untried left",
        }
    }
}

/// One tuning effort.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Identity.
    pub id: SessionId,
    /// For people.
    pub name: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// The machine as it was when the session began.
    pub machine: Machine,
    /// The engine.
    pub engine: Engine,
    /// The model.
    pub model: Model,
    /// The work.
    pub workload: Workload,
    /// The goal.
    pub objective: Objective,
    /// The knobs.
    pub space: ParameterSpace,
    /// Who proposes.
    pub advisor: Advisor,
    /// How the LLM is reached, where the advisor needs one.
    pub connection: Option<Connection>,
    /// Trials after the default before the session ends.
    pub budget: u32,
    /// Windows per trial; with `adaptive` the usual number.
    pub repeats: u32,
    /// Whether a trial may end with fewer windows once its verdict is clear, or take a few more where
    /// they would decide which settings are best. Sessions of before have a fixed number.
    #[serde(default)]
    pub adaptive: bool,
    /// Whether a window that something disturbed is discarded and measured again.
    #[serde(default)]
    pub rerun: bool,
    /// What to do where the machine is busy before the first window. Sessions of before measured all
    /// the same.
    #[serde(default)]
    pub busy: Busy,
    /// The load that was found then, and what was done; none where the machine was quiet or nobody
    /// looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<StartLoad>,
    /// Whether windows are shortened; said on the face of every figure.
    pub quick: bool,
    /// Seed of every random choice.
    pub seed: u64,
    /// Whether the person has agreed that prompts go to the remote provider of `connection`.
    pub consent: bool,
    /// Providers (by their addresses) that the person has agreed to in this session.
    #[serde(default)]
    pub agreed: Vec<String>,
    /// What the tokens of `connection` cost, where the person said so.
    #[serde(default)]
    pub price: Option<Price>,
    /// Most that all exchanges of this session may cost together, in the currency of the price.
    #[serde(default)]
    pub spending_cap: Option<f64>,
    /// Identity made when the connection was last changed: exchanges before it belong to another
    /// turn. Empty while it never was.
    #[serde(default)]
    pub connected: String,
    /// What earlier sessions taught; empty with memory switched off.
    #[serde(default, skip_serializing_if = "Memory::is_empty")]
    pub memory: Memory,
    /// What was known of the machine's noise when it began; sessions of before know nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<SessionNoise>,
    /// What it was expected to take, where sessions like it had run to their end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// What its trials are forecast by until it has windows of its own, and how far such forecasts were off.
    #[serde(default, skip_serializing_if = "EarlierCosts::is_empty")]
    pub costs: EarlierCosts,
    /// Why it ended, once it has. A session can be taken up again.
    pub ending: Option<Ending>,
    /// What went wrong beside the trials, oldest first.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Which of a device's two readers stands for this session's figures, where they contradicted
    /// each other and the person said so afterwards.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub readers: BTreeMap<String, Reader>,
    /// What the person wants to remember of it. No advisor is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whether it is an example, measured on another machine: to look at alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub example: bool,
    /// When it was taken in from a file, RFC 3339, UTC; none for a session that began here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_in_per_cent_and_joules() {
        assert_eq!(
            "10%".parse(),
            Ok(Threshold::PercentBelowDefault { percent: 10.0 })
        );
        assert_eq!("0.25J".parse(), Ok(Threshold::Joules { joules: 0.25 }));
        for bad in ["", "10", "-3%", "100%", "nanJ", "infJ", "0%", "J", "ten%"] {
            let error = bad.parse::<Threshold>().unwrap_err();
            assert!(error.contains("10%"), "{bad}: {error}");
        }
    }
}
