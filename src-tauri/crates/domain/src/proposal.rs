//! Who proposes, what was said to them and what they answered.

use crate::claim::Claim;
use crate::configuration::Configuration;
use crate::connection::Cost;
use crate::id::{ExchangeId, ProposalId, SessionId, TrialId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Whoever proposes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advisor {
    /// A chat LLM with the enhanced template.
    Enhanced,
    /// A chat LLM with the baseline template.
    Baseline,
    /// The surrogate's short list, from which a chat LLM chooses and explains.
    Guided,
    /// That list's first entry, without an LLM.
    Surrogate,
    /// The rule of thumb: threads = physical cores, requests at once = clients; then neighbours.
    Rule,
    /// Owen-scrambled Sobol points.
    Sobol,
    /// Uniform random points.
    Random,
    /// The tree-structured Parzen estimator.
    Tpe,
    /// A Gaussian process with expected improvement.
    Gp,
    /// The person, by hand.
    Person,
}

impl Advisor {
    /// Those that can be chosen for a session.
    pub const CHOICES: [Self; 9] = [
        Self::Enhanced,
        Self::Baseline,
        Self::Guided,
        Self::Surrogate,
        Self::Rule,
        Self::Sobol,
        Self::Random,
        Self::Tpe,
        Self::Gp,
    ];

    /// The word used on the command line.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Enhanced => "enhanced",
            Self::Baseline => "baseline",
            Self::Guided => "guided",
            Self::Surrogate => "surrogate",
            Self::Rule => "rule",
            Self::Sobol => "sobol",
            Self::Random => "random",
            Self::Tpe => "tpe",
            Self::Gp => "gp",
            Self::Person => "person",
        }
    }

    /// Whether earlier sessions can teach it something.
    #[must_use]
    pub fn uses_memory(self) -> bool {
        matches!(
            self,
            Self::Enhanced | Self::Guided | Self::Surrogate | Self::Tpe | Self::Gp
        )
    }

    /// Whether it needs a chat LLM.
    #[must_use]
    pub fn needs_connection(self) -> bool {
        matches!(self, Self::Enhanced | Self::Baseline | Self::Guided)
    }
}

impl fmt::Display for Advisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Advisor {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::CHOICES
            .into_iter()
            .find(|advisor| advisor.label() == word)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::CHOICES.iter().map(|one| one.label()).collect();
                format!(
                    "there is no advisor called {word}; choose one of {}",
                    names.join(", ")
                )
            })
    }
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProposalStatus {
    /// Waiting for the person, or for autopilot.
    Offered,
    /// A trial was started for it.
    Taken,
    /// Taken back.
    Dismissed,
}

/// A configuration and the reasons for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Identity.
    pub id: ProposalId,
    /// Where it belongs.
    pub session: SessionId,
    /// Who made it.
    pub advisor: Advisor,
    /// Checked and canonical.
    pub configuration: Configuration,
    /// The configuration as proposed, where the person changed it since.
    pub proposed: Option<Configuration>,
    /// Why, in the advisor's words.
    pub reason: String,
    /// What in the reason the record contradicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// One sentence per knob, where the advisor gave them.
    pub knob_reasons: BTreeMap<String, String>,
    /// J/unit that the advisor expects.
    pub predicted_joules_per_unit: Option<f64>,
    /// The reply it came from.
    pub exchange: Option<ExchangeId>,
    /// What became of it.
    pub status: ProposalStatus,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl Proposal {
    /// The reason as a person reads it: what is not so is said beside it.
    #[must_use]
    pub fn marked_reason(&self) -> String {
        Claim::mark(&self.reason, &self.claims)
    }
}

/// What the next prompt says about a trial: the draft and the person's edit, both kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// About which trial.
    pub trial: TrialId,
    /// Drafted from the measurement.
    pub draft: String,
    /// The person's text, where they changed it.
    pub edit: Option<String>,
    /// Whether it has been part of a prompt.
    pub sent: bool,
    /// What was sent, as it was then: an edit afterwards does not change it.
    #[serde(default)]
    pub sent_text: Option<String>,
    /// The prompt that it was first part of.
    #[serde(default)]
    pub sent_in: Option<ExchangeId>,
}

impl Feedback {
    /// What goes into the prompt.
    #[must_use]
    pub fn text(&self) -> &str {
        self.edit.as_deref().unwrap_or(&self.draft)
    }
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ExchangeOutcome {
    /// The reply is not there yet (a paste waits for it).
    Waiting,
    /// A proposal came of it.
    Accepted,
    /// A question was answered, and no proposal came of it.
    Answered {
        /// Why a proposal in it cannot be run; empty when it holds none.
        note: String,
    },
    /// A reply came, but no usable proposal.
    Refused {
        /// Why, as the LLM is told.
        reason: String,
    },
    /// Taken back by the person before the reply was whole.
    Cancelled,
    /// No reply came.
    Failed {
        /// What, and what to do.
        error: String,
    },
}

/// What an exchange was for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExchangeKind {
    /// To get the next proposal.
    #[default]
    Proposal,
    /// The person asked something.
    Talk,
}

/// One prompt and one reply, verbatim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Identity.
    pub id: ExchangeId,
    /// Where it belongs.
    pub session: SessionId,
    /// What it was for.
    #[serde(default)]
    pub kind: ExchangeKind,
    /// What the person asked; empty where the loop did.
    #[serde(default)]
    pub question: String,
    /// Template name.
    pub template: String,
    /// SHA-256 of the template's text, hex.
    pub template_hash: String,
    /// Connection, in words.
    pub connection: String,
    /// The prompt as sent.
    pub prompt: String,
    /// The reply as it came.
    pub reply: String,
    /// Tokens of the prompt, where the server counts them.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the reply, where the server counts them.
    pub reply_tokens: Option<u64>,
    /// Tokens of the reply that were reasoning, where the server counts them apart.
    #[serde(default)]
    pub reasoning_tokens: Option<u64>,
    /// What it cost, where the person entered a price.
    #[serde(default)]
    pub cost: Option<Cost>,
    /// Whether the server spent more tokens than it was allowed, and showed too few of them to be
    /// stopped in time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbounded: bool,
    /// Time from sending to the last byte, seconds.
    pub duration_s: f64,
    /// Joules that this exchange cost on this machine (the `local` connection), estimated or
    /// measured like the trials.
    pub joules: Option<f64>,
    /// What in an answer the record contradicts; a proposal has its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: ExchangeOutcome,
    /// RFC 3339, UTC.
    pub created_at: String,
}

impl Exchange {
    /// The reply as a person reads it: what is not so is said beside it.
    #[must_use]
    pub fn marked_reply(&self) -> String {
        Claim::mark(&self.reply, &self.claims)
    }
}
