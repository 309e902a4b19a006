//! OpenAI's two streams, `/v1/completions` and `/v1/chat/completions`, which most servers speak. Tokens
//! are those of the server's own `usage`, never pieces of the stream: a piece may hold several tokens or
//! none. Where `timings` stand beside it, as llama-server has them, they are taken, too.

use super::Final;
use super::completion::Timings;
use super::stream::{Event, contains};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use wattsmith_domain::{Value, Workload};

/// An answer that ends without `usage`.
pub(super) const WITHOUT_USAGE: &str = "an answer ended without the server's own count of its tokens \
                                        (usage), and pieces of a stream are not counted here";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenAiRoute {
    /// A text is continued.
    Completions,
    /// A question is answered, through the model's own template.
    Chat,
}

/// How many tokens each answer has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Length {
    /// As many as were asked for.
    #[default]
    Exact,
    /// As many as the model gives, at most those: the server has no way to fix it.
    AtMost,
}

/// A server that speaks like OpenAI.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAi {
    /// Where requests go.
    pub route: OpenAiRoute,
    /// What makes answers of a length, and whatever else goes with every request; a text `{tokens}` in
    /// it stands for the number of tokens, alone as a number.
    pub fields: Map<String, Json>,
    /// Whether that fixes it.
    pub length: Length,
}

impl Default for OpenAi {
    /// The chat route, with the field by which llama.cpp, vLLM and SGLang write on to the end.
    fn default() -> Self {
        Self {
            route: OpenAiRoute::Chat,
            fields: Map::from_iter([("ignore_eos".to_owned(), json!(true))]),
            length: Length::Exact,
        }
    }
}

impl OpenAiRoute {
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Completions => "/v1/completions",
            Self::Chat => "/v1/chat/completions",
        }
    }

    /// What asks for the log-probability of each token, and of the best one beside it.
    pub(super) fn log_fields(self) -> Json {
        match self {
            Self::Completions => json!({ "logprobs": 1 }),
            Self::Chat => json!({ "logprobs": true, "top_logprobs": 1 }),
        }
    }
}

impl OpenAi {
    pub(super) fn body(
        &self,
        prompt: &str,
        workload: &Workload,
        served: &str,
        knobs: &[(String, Value)],
    ) -> String {
        let said = match self.route {
            OpenAiRoute::Completions => ("prompt", json!(prompt)),
            OpenAiRoute::Chat => ("messages", json!([{ "role": "user", "content": prompt }])),
        };
        self.request(said, workload, served, knobs)
    }

    /// A chat; none where texts are continued.
    pub(super) fn chat_body(
        &self,
        messages: &Json,
        workload: &Workload,
        served: &str,
        knobs: &[(String, Value)],
    ) -> Option<String> {
        let said = ("messages", messages.clone());
        (self.route == OpenAiRoute::Chat).then(|| self.request(said, workload, served, knobs))
    }

    fn request(
        &self,
        (field, said): (&str, Json),
        workload: &Workload,
        served: &str,
        knobs: &[(String, Value)],
    ) -> String {
        let mut body = json!({
            "model": served,
            "max_tokens": workload.output_tokens,
            "temperature": 0,
            "seed": workload.seed,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        body[field] = said;
        for (name, value) in &self.fields {
            body[name.as_str()] = with_tokens(value, workload.output_tokens);
        }
        for (name, value) in knobs {
            body[name.as_str()] = json!(value);
        }
        // Fields that are null are those that this server does not take.
        if let Json::Object(fields) = &mut body {
            fields.retain(|_, value| !value.is_null());
        }
        body.to_string()
    }
}

/// The value, with the number of tokens where it asks for it.
fn with_tokens(value: &Json, tokens: u32) -> Json {
    const MARK: &str = "{tokens}";
    match value {
        Json::String(text) if text == MARK => json!(tokens),
        Json::String(text) => json!(text.replace(MARK, &tokens.to_string())),
        Json::Array(list) => list.iter().map(|one| with_tokens(one, tokens)).collect(),
        Json::Object(fields) => {
            let filled = fields.iter();
            filled
                .map(|(name, value)| (name.clone(), with_tokens(value, tokens)))
                .collect::<Map<_, _>>()
                .into()
        }
        other => other.clone(),
    }
}

#[derive(Deserialize)]
struct Piece {
    usage: Usage,
    timings: Option<Timings>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    total_tokens: u64,
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

impl Piece {
    fn told(self, with_token: bool) -> Final {
        let Usage {
            prompt_tokens,
            completion_tokens,
            total_tokens,
            prompt_tokens_details,
        } = self.usage;
        let timings = self.timings;
        // Some count what a model thought in the total alone.
        let beside = total_tokens.saturating_sub(prompt_tokens);
        let cached = prompt_tokens_details.and_then(|details| details.cached_tokens);
        let cached = cached.or(timings.map(|told| told.cache_n)).unwrap_or(0);
        Final {
            output_tokens: completion_tokens.max(beside),
            prompt_tokens: prompt_tokens.saturating_sub(cached),
            cached_tokens: cached,
            truncated: false,
            with_token,
            times_ms: timings.map(|told| (told.prompt_ms, told.predicted_ms)),
            draft_tokens: timings.map_or(0, |told| told.draft_n),
            draft_accepted: timings.map_or(0, |told| told.draft_n_accepted),
        }
    }
}

/// Keys under which something generated stands: an answer's text, and what a model thinks before.
const GENERATED: [&[u8]; 4] = [
    b"\"content\":",
    b"\"text\":",
    b"\"reasoning_content\":",
    b"\"reasoning\":",
];

/// A part of the answer, or the server's counts.
pub(super) fn generated(data: &[u8]) -> Option<Event> {
    let token = GENERATED.iter().any(|key| has_text(data, key));
    // Servers that count along send it with every piece; the last one counts.
    if has_object(data, b"\"usage\":") {
        return match serde_json::from_slice::<Piece>(data) {
            Ok(piece) => Some(Event::Final(Box::new(piece.told(token)))),
            Err(error) => Some(Event::Error(format!("its usage cannot be read: {error}"))),
        };
    }
    // An error object is nothing that was generated, whatever it quotes.
    (token && !contains(data, b"\"error\":")).then_some(Event::Token)
}

/// Whether one of these keys has a text that is not empty. Inside a JSON string quotes are escaped, so
/// a key with its quotes is never part of an answer.
fn has_text(data: &[u8], key: &[u8]) -> bool {
    after(data, key).any(|rest| rest.starts_with(b"\"") && rest.get(1) != Some(&b'"'))
}

fn has_object(data: &[u8], key: &[u8]) -> bool {
    after(data, key).any(|rest| rest.starts_with(b"{"))
}

/// What follows a key each time it is there, without blanks.
fn after<'a>(data: &'a [u8], key: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let ends = data.windows(key.len()).enumerate();
    ends.filter(move |(_, window)| *window == key)
        .map(move |(at, _)| data[at + key.len()..].trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::stream::Events;
    use crate::work::workload;
    use proptest::prelude::*;

    fn seen(stream: &str) -> (Vec<Event>, Option<String>) {
        let mut events = Events::new(generated);
        let mut seen = Vec::new();
        events.push(stream.as_bytes(), |event| seen.push(event));
        (seen, events.last_words())
    }

    fn counts(stream: &str) -> (usize, Option<(u64, u64, u64)>) {
        let (events, _) = seen(stream);
        let mut tokens = 0;
        let mut last = None;
        for event in events {
            match event {
                Event::Token => tokens += 1,
                Event::Final(told) => {
                    tokens += usize::from(told.with_token);
                    last = Some((told.prompt_tokens, told.output_tokens, told.cached_tokens));
                }
                Event::Error(what) => panic!("{what}"),
            }
        }
        (tokens, last)
    }

    #[test]
    fn only_what_was_generated_is_a_first_token() {
        // The forms of llama-server, vLLM, transformers, a server that thinks aloud, and text completion.
        for (stream, tokens, last) in [
            (
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n\
                 data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n\
                 data: {\"choices\":[{\"finish_reason\":\"length\",\"delta\":{}}]}\n\n\
                 data: {\"choices\":[],\"usage\":{\"completion_tokens\":1,\"prompt_tokens\":9,\"total_tokens\":10,\"prompt_tokens_details\":{\"cached_tokens\":2}}}\n\n\
                 data: [DONE]\n\n",
                1,
                Some((7, 1, 2)),
            ),
            (
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\n\
                 data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"finish_reason\":\"length\"}],\"usage\":null}\n\n\
                 data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"total_tokens\":5,\"completion_tokens\":1}}\n\n",
                1,
                Some((4, 1, 0)),
            ),
            (
                "data: {\"choices\": [{\"delta\": {\"content\": \"c\"}}]}\n\n\
                 data: {\"choices\": [{\"delta\": {\"content\": \"d\"}}], \"usage\": {\"prompt_tokens\": 3, \"completion_tokens\": 2, \"total_tokens\": 5}}\n\n",
                2,
                Some((3, 2, 0)),
            ),
            (
                "data: {\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"hm\"}}]}\n\n\
                 data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":9}}\n\n",
                1,
                Some((3, 6, 0)),
            ),
            (
                "data: {\"choices\":[{\"text\":\"say \\\"usage\\\":{\"}]}\n\n\
                 data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\n",
                1,
                Some((3, 1, 0)),
            ),
        ] {
            assert_eq!(counts(stream), (tokens, last), "{stream}");
        }
    }

    #[test]
    fn a_stream_without_usage_has_no_figure_and_an_error_is_told() {
        let (events, words) =
            seen("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n");
        assert_eq!((events.as_slice(), words), (&[Event::Token][..], None));
        let (events, _) =
            seen("data: {\"error\":{\"message\":\"queue full\",\"content\":\"x\"}}\n\n");
        assert_eq!(events, [Event::Error("queue full".into())]);
        let (events, _) = seen("data: {\"usage\":{\"prompt\":1}}\n\n");
        assert!(matches!(&events[..], [Event::Error(what)] if what.contains("usage")));
    }

    #[test]
    fn a_request_says_length_model_and_settings() {
        let work = workload("any", 4, 2, 16, 1);
        let knobs = [("top_k".to_owned(), Value::Int(1))];
        let chat = OpenAi::default().body("Hi", &work, "a-model", &knobs);
        insta::assert_snapshot!(chat);
        let mut other = OpenAi {
            route: OpenAiRoute::Completions,
            ..OpenAi::default()
        };
        other.fields = serde_json::from_value(json!({
            "seed": null,
            "min_tokens": "{tokens}",
            "generation_config": "{\"max_new_tokens\":{tokens}}",
        }))
        .unwrap();
        insta::assert_snapshot!(other.body("Hi", &work, "a-model", &[]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            generated(&bytes);
        }

        #[test]
        fn a_text_that_was_generated_is_one_token_whatever_it_says(text in "\\PC{1,40}") {
            let piece = json!({ "choices": [{ "delta": { "content": text } }] }).to_string();
            prop_assert_eq!(generated(piece.as_bytes()), Some(Event::Token));
        }
    }
}
