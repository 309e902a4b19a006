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
    /// Whether anything came that a reply of this provider has, be it empty.
    pub known: bool,
    /// Whether the server said that this is all.
    pub ended: bool,
    /// Whether it ended at the limit of tokens.
    pub cut_off: bool,
    /// Whether reasoning came.
    pub thought: bool,
    /// Reasoning that has not been passed on.
    pub fresh_thoughts: String,
    /// Tools that were called.
    pub tools: Vec<ToolCall>,
    /// Why the provider held the reply back, in its word.
    pub withheld: Option<String>,
    /// Why the server could not finish the reply, in its word.
    pub failed: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the reply, reasoning included.
    pub reply_tokens: Option<u64>,
    /// Those of them that were reasoning.
    pub reasoning_tokens: Option<u64>,
}

/// A tool that the model called, as far as that has come.
#[derive(Debug, Default)]
pub(super) struct ToolCall {
    /// Its place among the calls, where that was told.
    index: Option<u64>,
    pub name: String,
    /// JSON.
    pub arguments: String,
}

impl Partial {
    /// Takes in reasoning.
    pub fn think(&mut self, words: &str) {
        self.known = true;
        self.thought = true;
        self.fresh_thoughts.push_str(words);
    }

    /// Takes in a refusal, or a piece of its words.
    pub fn withhold(&mut self, words: &Value) {
        let words = words.as_str().unwrap_or("refusal");
        self.withheld.get_or_insert_default().push_str(words);
    }

    /// Takes in a call, or a piece of one: a name begins the next, arguments without one go on with
    /// the call of that place, or with the last.
    pub fn call(&mut self, index: Option<u64>, name: &str, arguments: &str) {
        let same = match index {
            Some(_) => self.tools.iter().position(|tool| tool.index == index),
            None if name.is_empty() => self.tools.len().checked_sub(1),
            None => None,
        };
        let at = same.unwrap_or_else(|| {
            self.tools.push(ToolCall {
                index,
                ..ToolCall::default()
            });
            self.tools.len() - 1
        });
        if let Some(tool) = self.tools.get_mut(at) {
            if tool.name.is_empty() {
                name.clone_into(&mut tool.name);
            }
            tool.arguments.push_str(arguments);
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
