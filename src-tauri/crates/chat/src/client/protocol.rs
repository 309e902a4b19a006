//! What differs between providers: how a request and the pieces of a reply look.

use crate::client::{anthropic::Anthropic, gemini::Gemini, ollama::Ollama, openai::OpenAi};
use crate::connection::ChatRequest;
use serde_json::Value;
use wattsmith_domain::Provider;

/// The protocol of a provider.
pub(super) fn of(provider: Provider) -> &'static dyn Protocol {
    match provider {
        Provider::OpenAi => &OpenAi,
        Provider::Anthropic => &Anthropic,
        Provider::Gemini => &Gemini,
        Provider::Ollama => &Ollama,
    }
}

/// Where a request goes.
pub(super) struct Target<'a> {
    /// The model's name on the server.
    pub model: &'a str,
    /// Whether the server is on this machine.
    pub here: bool,
}

/// A field that a request can do without.
pub(super) struct Optional {
    /// JSON pointers to all that goes with it.
    pub pointers: &'static [&'static str],
    /// Words in a refusal that mean it.
    pub words: &'static [&'static str],
    /// The same field's name for other models; its value moves there (top level only).
    pub otherwise: Option<&'static str>,
}

/// How the pieces of a stream are kept apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON object a line.
    Lines,
}

/// One provider's way of speaking.
pub(super) trait Protocol: Send + Sync {
    /// Path of a prompt, below the base URL.
    fn prompt_path(&self, model: &str) -> String;
    /// Path of the list of models.
    fn models_path(&self) -> &'static str;
    /// Header of the key, and what stands before the key in it.
    fn key_header(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }
    /// Headers of every request.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
    /// The body of a prompt.
    fn body(&self, request: &ChatRequest, target: &Target) -> Value;
    /// What can be taken out of it when the server refuses it.
    fn optional(&self) -> &'static [Optional];
    /// How a stream is framed.
    fn framing(&self) -> Framing {
        Framing::Events
    }
    /// Takes in one piece of a stream, or the whole object of a server that does not stream.
    fn take(&self, chunk: &Value, reply: &mut Partial);
    /// The names in a list of models; none when it is no such list.
    fn model_names(&self, list: &Value) -> Option<Vec<String>>;
}

/// What has come of a reply so far.
#[derive(Debug, Default)]
pub(super) struct Partial {
    /// Text so far.
    pub text: String,
    /// Whether the server said that this is all.
    pub ended: bool,
    /// Whether it ended at the limit of tokens.
    pub cut_off: bool,
    /// Whether reasoning came.
    pub thought: bool,
    /// Why the provider held the reply back, in its word.
    pub withheld: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the reply, reasoning included.
    pub reply_tokens: Option<u64>,
    /// Those of them that were reasoning.
    pub reasoning_tokens: Option<u64>,
}

impl Partial {
    /// Takes in a figure where it is given; a later one replaces an earlier one.
    pub fn count(into: &mut Option<u64>, chunk: &Value, pointer: &str) {
        *into = chunk.pointer(pointer).and_then(Value::as_u64).or(*into);
    }

    /// Adds text, where `value` is one.
    pub fn say(&mut self, value: Option<&Value>) {
        if let Some(text) = value.and_then(Value::as_str) {
            self.text.push_str(text);
        }
    }
}

/// The texts under `field` in a list.
pub(super) fn names(list: Option<&Value>, field: &str) -> Option<Vec<String>> {
    let entries = list?.as_array()?.iter();
    Some(
        entries
            .filter_map(|entry| entry.get(field)?.as_str())
            .map(str::to_owned)
            .collect(),
    )
}
