//! One request of the person's own: what it says, how long its answer is, when it comes.

use super::fault::WorkFaultKind as Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest prompt, bytes: more fits no model's context.
const MOST_PROMPT: usize = 4 << 20;
/// Tokens of an answer: two or more, so that there is a time between them.
const ANSWER: std::ops::RangeInclusive<u64> = 2..=131_072;
/// Latest arrival, seconds: as times since 1970 may be written, too.
const LATEST: f64 = 1e11;

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it begins in the file, from 1.
    pub line: u64,
    /// What is sent.
    pub content: Content,
    /// Tokens of the answer, where the file says so.
    pub output_tokens: Option<u32>,
    /// When it is sent, seconds from any moment that is the same for the whole file.
    pub arrival_s: Option<f64>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text as it stands.
    Prompt(String),
    /// Messages, which go through the model's chat template.
    Chat(Vec<Message>),
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who.
    pub role: Role,
    /// What.
    pub content: String,
}

/// Who says something in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The model, earlier.
    Assistant,
}

impl Content {
    /// Characters in all.
    #[must_use]
    pub fn characters(&self) -> usize {
        let count = |text: &str| text.chars().count();
        match self {
            Self::Prompt(text) => count(text),
            Self::Chat(messages) => messages.iter().map(|one| count(&one.content)).sum(),
        }
    }

    /// What the person says last, for a look at it.
    #[must_use]
    pub fn last_said(&self) -> &str {
        match self {
            Self::Prompt(text) => text,
            Self::Chat(messages) => messages.last().map_or("", |one| one.content.as_str()),
        }
    }
}

/// A text under this name, as a prompt.
pub(super) fn prompt(name: &'static str, text: &str) -> Result<Content, Kind> {
    if text.trim().is_empty() {
        return Err(Kind::Empty(name));
    }
    if text.len() > MOST_PROMPT {
        return Err(Kind::TooLong {
            bytes: text.len(),
            most: MOST_PROMPT,
        });
    }
    Ok(Content::Prompt(text.to_owned()))
}

/// A list of messages, as a chat.
pub(super) fn chat(messages: &Value) -> Result<Content, Kind> {
    let list = messages.as_array().ok_or(Kind::NoList)?;
    let mut chat = Vec::with_capacity(list.len());
    for (number, one) in (1..).zip(list) {
        let role = match one.get("role").and_then(Value::as_str) {
            Some("system" | "developer") => Role::System,
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            other => {
                return Err(Kind::Role {
                    number,
                    role: other.map(|role| role.chars().take(40).collect()),
                });
            }
        };
        let Some(content) = one.get("content").and_then(Value::as_str) else {
            return Err(Kind::NoContentText { number });
        };
        chat.push(Message {
            role,
            content: content.to_owned(),
        });
    }
    let bytes = chat.iter().map(|one| one.content.len()).sum();
    match chat.last() {
        None => Err(Kind::Empty("messages")),
        Some(last) if last.role != Role::User => Err(Kind::LastNotUser),
        Some(last) if last.content.trim().is_empty() => Err(Kind::Empty("the last message")),
        Some(_) if bytes > MOST_PROMPT => Err(Kind::TooLong {
            bytes,
            most: MOST_PROMPT,
        }),
        Some(_) => Ok(Content::Chat(chat)),
    }
}

/// A number of tokens.
pub(super) fn output_tokens(number: Option<u64>, written: &str) -> Result<u32, Kind> {
    let number = number.filter(|number| ANSWER.contains(number));
    number
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| Kind::OutputTokens(shown(written)))
}

/// A moment in seconds.
pub(super) fn arrival_s(number: Option<f64>, written: &str) -> Result<f64, Kind> {
    number
        .filter(|seconds| (0.0..=LATEST).contains(seconds))
        .ok_or_else(|| Kind::Arrival(shown(written)))
}

/// What somebody wrote, short enough for a sentence.
fn shown(written: &str) -> String {
    wattsmith_domain::one_line(written, 40)
}
