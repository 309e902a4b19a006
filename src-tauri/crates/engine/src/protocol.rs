//! How servers are driven: what a request says, and what the events of its answer mean. One file for
//! each protocol; reading a stream is common to all.

pub(crate) mod chat_template;
mod completion;
pub(crate) mod images;
mod ollama;
mod openai;
mod stream;

pub use images::ImageForm;
pub use ollama::Stay;
pub(crate) use ollama::load_body;
pub use openai::{Length, OpenAi, OpenAiRoute};
pub(crate) use stream::{Event, Events, said};

use std::borrow::Cow;
use std::sync::Arc;
use wattsmith_domain::{Given, Value, Workload};

/// A way to drive a server.
#[derive(Debug, Clone, PartialEq)]
pub enum Protocol {
    /// llama.cpp's own.
    Completion,
    /// One of OpenAI's two streams.
    OpenAi(Arc<OpenAi>),
    /// Ollama's own, which keeps the model loaded for so long.
    Ollama(Stay),
    /// Pictures, which come whole.
    Images(ImageForm),
}

/// What the server says at the end of an answer: its own counts and times.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Final {
    pub output_tokens: u64,
    /// Prompt tokens processed.
    pub prompt_tokens: u64,
    /// Prompt tokens taken from a cache.
    pub cached_tokens: u64,
    /// Whether the context was too small.
    pub truncated: bool,
    /// Whether the piece that told this held a part of the answer, too.
    pub with_token: bool,
    /// Prefill and decode, milliseconds; none where the server does not tell.
    pub times_ms: Option<(f64, f64)>,
    /// Draft tokens proposed by speculation.
    pub draft_tokens: u64,
    pub draft_accepted: u64,
}

impl Protocol {
    /// Where requests go.
    pub(crate) fn route(&self) -> &'static str {
        match self {
            Self::Completion => completion::ROUTE,
            Self::OpenAi(openai) => openai.route.path(),
            Self::Ollama(_) => ollama::ROUTE,
            Self::Images(form) => form.route(),
        }
    }

    /// A request for one prompt of the work, to the model `served`, with settings as `fields`; one for
    /// pictures is made by its form.
    pub(crate) fn body(
        &self,
        prompt: &str,
        workload: &Workload,
        served: &str,
        fields: &[(String, Value)],
    ) -> String {
        match self {
            Self::Completion => completion::body(prompt, workload, fields),
            Self::OpenAi(openai) => openai.body(prompt, workload, served, fields),
            Self::Ollama(stay) => ollama::body(*stay, prompt, workload, served, fields),
            Self::Images(_) => String::new(),
        }
    }

    /// The same for a chat, where the server takes one.
    pub(crate) fn chat_body(
        &self,
        messages: &serde_json::Value,
        workload: &Workload,
        served: &str,
        fields: &[(String, Value)],
    ) -> Option<String> {
        match self {
            Self::OpenAi(openai) => openai.chat_body(messages, workload, served, fields),
            Self::Ollama(stay) => {
                Some(ollama::chat_body(*stay, messages, workload, served, fields))
            }
            Self::Completion | Self::Images(_) => None,
        }
    }

    /// A request as it is sent inside a window. Where a server answers from a cache that no request can switch
    /// off, and does not say so, each is made to begin as none did before.
    pub(crate) fn sent<'a>(&self, body: &'a str) -> Cow<'a, str> {
        match self {
            Self::Ollama(_) => Cow::Owned(ollama::begun_anew(body)),
            Self::Completion | Self::OpenAi(_) | Self::Images(_) => Cow::Borrowed(body),
        }
    }

    /// A reader of one answer; that with pictures is no stream and has no events.
    pub(crate) fn events(&self) -> Events {
        match self {
            Self::Completion => Events::new(completion::generated),
            Self::OpenAi(_) => Events::new(openai::generated),
            Self::Ollama(_) => Events::of_lines(ollama::generated),
            Self::Images(_) => Events::new(|_| None),
        }
    }

    /// The same request, which asks for the log-probability of each token as well; none where no field does. A
    /// server may refuse it.
    pub(crate) fn with_logs(&self, body: &str) -> Option<String> {
        let fields = match self {
            Self::Completion => serde_json::json!({ "n_probs": 1 }),
            Self::OpenAi(openai) => openai.route.log_fields(),
            Self::Ollama(_) => OpenAiRoute::Chat.log_fields(),
            Self::Images(_) => return None,
        };
        let mut body: serde_json::Map<_, _> = serde_json::from_str(body).ok()?;
        body.extend(fields.as_object()?.clone());
        Some(serde_json::Value::Object(body).to_string())
    }

    /// The pieces of text in a whole answer, with their log-probabilities where they are told.
    ///
    /// # Errors
    /// The server's own words, where the stream tells a fault.
    pub(crate) fn given(&self, stream: &[u8]) -> Result<Given, String> {
        stream::given(
            stream,
            &[
                "/content",
                "/choices/0/text",
                "/choices/0/delta/content",
                "/message/thinking",
                "/message/content",
            ],
        )
    }

    /// How many events an answer has that comes in these pieces, and whether it tells no fault: for tests that
    /// feed it anything.
    #[doc(hidden)]
    #[must_use]
    pub fn looked_over(&self, pieces: &[&[u8]]) -> (usize, bool) {
        let mut events = self.events();
        let (mut count, mut sound) = (0, true);
        for piece in pieces {
            events.push(piece, |event| {
                count += 1;
                sound &= !matches!(event, Event::Error(_));
            });
        }
        let _ = (events.done(), events.last_words());
        let told = self.given(&pieces.concat());
        (count, sound && told.is_ok())
    }

    /// How many tokens each answer has.
    pub(crate) fn length(&self) -> Length {
        match self {
            Self::OpenAi(openai) => openai.length,
            Self::Ollama(_) => Length::AtMost,
            Self::Completion | Self::Images(_) => Length::Exact,
        }
    }

    /// What it means when an answer came to its end without its counts, where that can happen.
    pub(crate) fn without_count(&self) -> Option<&'static str> {
        match self {
            Self::OpenAi(_) => Some(openai::WITHOUT_USAGE),
            Self::Completion | Self::Ollama(_) | Self::Images(_) => None,
        }
    }

    /// Why an answer may have ended before its end, beside a connection that broke; a clause.
    pub(crate) fn cut_short(&self) -> Option<&'static str> {
        match self {
            Self::Ollama(_) => Some(ollama::CUT_SHORT),
            Self::Completion | Self::OpenAi(_) | Self::Images(_) => None,
        }
    }
}
