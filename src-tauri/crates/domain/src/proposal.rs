//! Who proposes, what was said to them and what they answered.

use crate::configuration::Configuration;
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
    pub const CHOICES: [Self; 8] = [
        Self::Enhanced,
        Self::Baseline,
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

/// How a chat LLM is reached. Never holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "connection", rename_all = "kebab-case")]
pub enum Connection {
    /// A GGUF file through llama-server, on this machine.
    Local {
        /// The model file.
        model: String,
    },
    /// Any server that speaks OpenAI's chat completions.
    OpenAi {
        /// Such as `https://host/v1`.
        base_url: String,
        /// The model's name there.
        model: String,
    },
    /// The person carries prompt and reply to and from any chat.
    Paste,
}

impl Connection {
    /// Whether what is sent leaves this machine by Wattsmith's own hand.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        match self {
            Self::OpenAi { base_url, .. } => {
                let host = base_url
                    .split_once("://")
                    .map_or(base_url.as_str(), |(_, rest)| rest);
                let host = host.split('/').next().unwrap_or_default();
                let host = host.rsplit('@').next().unwrap_or_default();
                !(host == "localhost"
                    || host.starts_with("localhost:")
                    || host == "127.0.0.1"
                    || host.starts_with("127.0.0.1:")
                    || host == "[::1]"
                    || host.starts_with("[::1]:"))
            }
            Self::Local { .. } | Self::Paste => false,
        }
    }

    /// Short name for the screen.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Local { model } => {
                let name = model.rsplit(['/', '\\']).next().unwrap_or(model);
                format!("local · {}", name.trim_end_matches(".gguf"))
            }
            Self::OpenAi { model, .. } => model.clone(),
            Self::Paste => "copy and paste".to_owned(),
        }
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
    /// A reply came, but no usable proposal.
    Refused {
        /// Why, as the LLM is told.
        reason: String,
    },
    /// No reply came.
    Failed {
        /// What, and what to do.
        error: String,
    },
}

/// One prompt and one reply, verbatim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Identity.
    pub id: ExchangeId,
    /// Where it belongs.
    pub session: SessionId,
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
    /// Time from sending to the last byte, seconds.
    pub duration_s: f64,
    /// Joules that this exchange cost on this machine (the `local` connection), estimated or
    /// measured like the trials.
    pub joules: Option<f64>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: ExchangeOutcome,
    /// RFC 3339, UTC.
    pub created_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_servers_count_as_this_machine() {
        let remote = |url: &str| {
            Connection::OpenAi {
                base_url: url.to_owned(),
                model: "m".to_owned(),
            }
            .is_remote()
        };
        assert!(!remote("http://127.0.0.1:8080/v1"));
        assert!(!remote("http://localhost/v1"));
        assert!(!remote("http://[::1]:9/v1"));
        assert!(remote("https://example.com/v1"));
        assert!(remote("http://127.0.0.1.example.com/v1"));
        assert!(remote("http://127.0.0.1:80@example.com/v1"));
    }
}
