//! What the engine is asked to do while it is measured: always the same work.

use serde::{Deserialize, Serialize};

/// What one unit of useful work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkUnit {
    /// A token that the model generated.
    OutputToken,
    /// An image that the model generated.
    Image,
}

impl WorkUnit {
    /// The word after "J/".
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::OutputToken => "token",
            Self::Image => "image",
        }
    }
}

/// A fixed piece of work. Client concurrency belongs here and is never tuned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Short name, such as `chat`.
    pub name: String,
    /// SHA-256 of the prompts and of every field below, in hex: equal hashes are equal work.
    pub hash: String,
    /// Requests in one pass.
    pub requests: u32,
    /// Clients that send requests at the same time.
    pub concurrency: u32,
    /// Tokens generated for each request, exactly (`ignore_eos`).
    pub output_tokens: u32,
    /// Whole passes over the requests in one measured window.
    pub passes: u32,
    /// Sampling seed of every request.
    pub seed: u32,
    /// What is counted.
    pub unit: WorkUnit,
}

impl Workload {
    /// Output tokens in one measured window.
    #[must_use]
    pub fn window_tokens(&self) -> u64 {
        u64::from(self.requests) * u64::from(self.output_tokens) * u64::from(self.passes)
    }
}
