//! How a prompt is carried to a chat LLM and its reply back, whoever the provider is.

use async_trait::async_trait;
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One prompt, and how the reply should be.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The prompt, sent as the only message of the user.
    pub prompt: String,
    /// JSON schema for the reply (see [`crate::reply_schema`]); left out by servers that know none.
    pub schema: Option<Value>,
    /// Most tokens of the reply.
    pub max_tokens: u32,
    /// Sampling temperature, 0 to 2; the server's own when none.
    pub temperature: Option<f32>,
    /// Sampling seed, for servers that have one.
    pub seed: Option<u64>,
}

impl ChatRequest {
    /// A prompt with a limit of 1,024 tokens for the reply, and all else left to the server.
    #[must_use]
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            prompt: prompt.into(),
            schema: None,
            max_tokens: 1024,
            temperature: None,
            seed: None,
        }
    }
}

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatReply {
    /// The text, as it came.
    pub text: String,
    /// Tokens of the prompt, where the server counts them.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the reply, reasoning included, where the server counts them.
    pub reply_tokens: Option<u64>,
    /// Those of them that were reasoning, where the server counts them apart.
    pub reasoning_tokens: Option<u64>,
    /// Whether the reply ended at `max_tokens`.
    pub cut_off: bool,
}

/// A piece of a reply while it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta<'a> {
    /// More of the text.
    Text(&'a str),
    /// More of the reasoning: no part of the reply, and paid all the same.
    Thought(&'a str),
    /// The server's own counts so far; they may be told at any time, or never.
    Counted {
        /// Tokens of the prompt.
        prompt_tokens: Option<u64>,
        /// Tokens of the reply, reasoning included.
        reply_tokens: Option<u64>,
    },
}

impl<'a> Delta<'a> {
    /// The text in it; empty where it is something else.
    #[must_use]
    pub fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Thought(_) | Self::Counted { .. } => "",
        }
    }
}

/// A way to reach a chat LLM.
#[async_trait]
pub trait Chat: Send + Sync {
    /// Sends a prompt; `on_delta` gets every piece of the reply as it comes. Dropping the future or
    /// cancelling ends the request, and the server notices by the closed connection.
    ///
    /// # Errors
    /// [`ChatError`]; [`ChatError::Cancelled`] once `cancel` is.
    async fn complete(
        &self,
        request: ChatRequest,
        on_delta: &mut (dyn for<'t> FnMut(Delta<'t>) + Send),
        cancel: &CancellationToken,
    ) -> Result<ChatReply, ChatError>;
}

/// Why no reply came: what, where and what to do. `server` is the base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// The address cannot be used as it is.
    #[error("{url:?} is no address of a server: {what}; write it like https://host/v1")]
    BadAddress {
        /// As given, without a password.
        url: String,
        /// What is wrong.
        what: String,
    },
    /// The key is missing or not accepted.
    #[error("{server} does not accept the API key: {message}; enter a valid key for it")]
    Unauthorized {
        /// Where.
        server: String,
        /// What the server said.
        message: String,
    },
    /// No such model or path.
    #[error(
        "{server} does not know the model {model:?}: {message}; choose one of its list, and check that the address ends as the provider says (often /v1)"
    )]
    NotFound {
        /// Where.
        server: String,
        /// The model asked for.
        model: String,
        /// What the server said.
        message: String,
    },
    /// Too many requests, or no credit left.
    #[error("{server} limits the requests: {message}; {}, or use another connection", wait(*.retry_after))]
    RateLimited {
        /// Where.
        server: String,
        /// What the server said.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// No connection.
    #[error(
        "{server} cannot be reached: {message}; check the address, the network, and that the server runs"
    )]
    Unreachable {
        /// Where.
        server: String,
        /// What the system said.
        message: String,
    },
    /// The server fell silent.
    #[error("{server} sent nothing for {} s while {during}; try again, or use a smaller model", after.as_secs_f32())]
    Timeout {
        /// Where.
        server: String,
        /// What was waited for.
        during: &'static str,
        /// How long.
        after: Duration,
    },
    /// What came is no reply of a chat server.
    #[error(
        "{server} sent no usable reply: {what}; check that the address is that of the chosen kind of provider, or try again"
    )]
    BadReply {
        /// Where.
        server: String,
        /// What was wrong with it.
        what: String,
    },
    /// The connection ended before the reply did.
    #[error(
        "{server} did not finish its reply: the connection ended in the middle; nothing is taken from half a reply, so try again, or use another connection"
    )]
    Cut {
        /// Where.
        server: String,
    },
    /// The provider refused to say what the model would have said.
    #[error("{server} held it back ({reason}); ask again, or use another model")]
    Withheld {
        /// Where.
        server: String,
        /// Its word for it.
        reason: String,
    },
    /// It spoke as it should, and there is no answer in it.
    #[error(
        "{server} gave no answer: {what}; ask again, or use another model or one that is allowed more tokens"
    )]
    NoAnswer {
        /// Where.
        server: String,
        /// What came instead.
        what: String,
    },
    /// Taken back by the person or by the end of the program.
    #[error("the request was cancelled")]
    Cancelled,
    /// Any other refusal or failure of the server.
    #[error("{server} {}: {message}; {}", answered(*.status), advice(*.status))]
    Server {
        /// Where.
        server: String,
        /// HTTP status; 200 when the failure came in the middle of a stream.
        status: u16,
        /// What the server said.
        message: String,
    },
}

fn wait(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(span) => format!("wait {} s", span.as_secs()),
        None => "wait a minute, check the account's credit".to_owned(),
    }
}

/// A fault in the place of a reply has no status of its own.
fn answered(status: u16) -> String {
    match status {
        ..=299 => "reports a fault instead of a whole reply".to_owned(),
        status => format!("answered with status {status}"),
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        ..=299 => "try again, or use another connection",
        300..=399 => "the server has moved: enter its new address",
        400..=499 => "it does not accept the request: check the model and its limits",
        _ => "the fault is on its side: try again later",
    }
}
