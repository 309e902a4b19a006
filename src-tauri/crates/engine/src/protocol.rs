//! How servers are driven: what a request says, and what the events of its answer mean. One file for
//! each protocol; reading a stream is common to all.

mod completion;
mod stream;

pub(crate) use stream::{Event, Events, said};

use wattsmith_domain::Workload;

/// A way to drive a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// llama.cpp's own.
    Completion,
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
    pub prefill_ms: f64,
    pub decode_ms: f64,
    /// Draft tokens proposed by speculation.
    pub draft_tokens: u64,
    pub draft_accepted: u64,
}

impl Protocol {
    /// Where requests go.
    pub(crate) fn route(self) -> &'static str {
        match self {
            Self::Completion => completion::ROUTE,
        }
    }

    /// A request for one prompt of the work.
    pub(crate) fn body(self, prompt: &str, workload: &Workload) -> String {
        match self {
            Self::Completion => completion::body(prompt, workload),
        }
    }

    /// A reader of one answer.
    pub(crate) fn events(self) -> Events {
        Events::new(match self {
            Self::Completion => completion::generated,
        })
    }
}
