//! Work from a file of the person's own: what it held when the session began.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// Work from a file of the person's own. Its prompts stay in the file; a file with another hash is other
/// work and is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnWork {
    /// The file; its name alone in what leaves this machine.
    pub path: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Prompts and chats in the file; [`crate::Workload::requests`] of them, from the first, are sent.
    pub entries: u32,
    /// How many of those that are sent are chats, which go through the model's chat template.
    pub chats: u32,
    /// How long the answers are.
    pub lengths: AnswerLengths,
    /// The shortest answer of those that are asked for, tokens; the workload's own number is the longest.
    pub shortest_answer: u32,
    /// Tokens of all answers of one pass.
    pub output_tokens: u64,
    /// Tokens of all prompts of one pass, as the engine counted them in the first window; none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
}

/// How long the answers to work of one's own are. Each is exactly so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lengths", rename_all = "kebab-case")]
pub enum AnswerLengths {
    /// The same for all: the workload's number of tokens.
    Fixed,
    /// As the file says.
    FromData {
        /// Tokens, where it does not say.
        otherwise: u32,
    },
}

impl OwnWork {
    /// The file's name without its folder.
    #[must_use]
    pub fn file_name(&self) -> String {
        let name = Path::new(&self.path).file_name();
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The same without the folder in which the file lies: for what leaves this machine.
    #[must_use]
    pub fn without_folder(&self) -> Self {
        Self {
            path: self.file_name(),
            ..self.clone()
        }
    }
}
