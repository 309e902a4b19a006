//! OpenAI's chat completions, as llama-server, vLLM, SGLang, TGI, TensorRT-LLM, Ollama and LM Studio
//! answer them.

use super::stream::{Event, holds_text};
use super::usage::piece;
use serde_json::Value;
use wattsmith_domain::Workload;

pub(super) const ROUTE: &str = "/v1/chat/completions";

/// Keys of what a model writes: the answer, and how servers call what it thinks before it. The first
/// token is the first of any of these.
const WRITTEN: [&[u8]; 4] = [
    b"\"content\"",
    b"\"reasoning_content\"",
    b"\"reasoning\"",
    b"\"thinking\"",
];

/// The same work for everybody: greedy, of one length, and counted by the server.
pub(super) fn body(prompt: &str, workload: &Workload, model: &str) -> Value {
    serde_json::json!({
        "model": model,
        "messages": [{ "role": "user", "content": prompt }],
        "max_tokens": workload.output_tokens,
        "temperature": 0,
        "seed": workload.seed,
        "stream": true,
        "stream_options": { "include_usage": true },
    })
}

/// What the data of one event are. A piece that only says who speaks is no token.
pub(super) fn generated(data: &[u8]) -> Option<Event> {
    piece(data, WRITTEN.iter().any(|key| holds_text(data, key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Counts, Events};

    fn seen(stream: &str) -> Vec<Event> {
        let mut events = Events::new(generated);
        let mut seen = Vec::new();
        events.push(stream.as_bytes(), |event| seen.push(event));
        seen
    }

    fn counted(output: u64, prompt: u64, cached: u64) -> Option<Box<Counts>> {
        Some(Box::new(Counts {
            output_tokens: output,
            prompt_tokens: prompt,
            cached_tokens: cached,
            ..Counts::default()
        }))
    }

    /// llama-server, vLLM, SGLang: the count comes in a piece of its own, without choices.
    #[test]
    fn the_first_token_is_generated_and_the_count_is_the_servers() {
        let stream = r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"usage":null}

data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm"},"finish_reason":null}]}

data: {"choices": [{"index": 0, "delta": {"content": "\"content\":"}, "finish_reason": null}]}

data: {"choices":[{"index":0,"delta":{"content":"!"},"finish_reason":"length"}]}

data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":4}}}

data: [DONE]

"#;
        let finished = Event::Piece {
            token: true,
            finished: true,
            counts: None,
        };
        let count = Event::Piece {
            token: false,
            finished: false,
            counts: counted(7, 6, 4),
        };
        assert_eq!(seen(stream), [Event::TOKEN, Event::TOKEN, finished, count]);
    }

    /// Transformers: the count comes with the end, and nothing after it.
    #[test]
    fn a_count_may_come_with_the_end() {
        let stream = r#"data: {"choices":[{"delta":{"content":""},"finish_reason":"stop"}],"usage":{"completion_tokens":3,"prompt_tokens":5}}

"#;
        let end = Event::Piece {
            token: false,
            finished: true,
            counts: counted(3, 5, 0),
        };
        assert_eq!(seen(stream), [end]);
    }

    #[test]
    fn a_count_that_cannot_be_read_is_a_fault() {
        let stream = "data: {\"choices\":[],\"usage\":{\"tokens\":3}}\n\n";
        assert!(matches!(&seen(stream)[..], [Event::Error(what)] if what.contains("count")));
    }
}
