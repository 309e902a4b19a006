//! The stream of one answer, read at next to no cost: token events are recognised but not parsed;
//! only the last event, which holds the engine's own counts and times, is. Which event is what, each
//! protocol says.

use super::Final;
use serde_json::Value;
use wattsmith_domain::Given;

/// An event longer than this is no event of ours.
const EVENT_LIMIT: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// Something was generated.
    Token,
    /// The answer is complete.
    Final(Box<Final>),
    /// The engine reports an error, in its words.
    Error(String),
}

/// What the data of an event are, for a protocol; none where they are nothing that it knows.
pub(crate) type Recognise = fn(&[u8]) -> Option<Event>;

/// Where events end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// At an empty line, as events of a browser do.
    Blank,
    /// At the end of each line, which is a piece of JSON.
    Line,
}

/// Cuts a byte stream into events. Chunks may end anywhere.
#[derive(Debug)]
pub(crate) struct Events {
    recognise: Recognise,
    framing: Framing,
    rest: Vec<u8>,
    /// Words that are no event of ours: the reason, where nothing else comes.
    words: Option<String>,
    /// Whether the mark came by which OpenAI's streams end.
    done: bool,
}

impl Events {
    pub(crate) fn new(recognise: Recognise) -> Self {
        Self {
            recognise,
            framing: Framing::Blank,
            rest: Vec::new(),
            words: None,
            done: false,
        }
    }

    /// The same for a stream in which each line is an event.
    pub(crate) fn of_lines(recognise: Recognise) -> Self {
        Self {
            framing: Framing::Line,
            ..Self::new(recognise)
        }
    }

    /// Whether the answer said that it is over.
    pub(crate) fn done(&self) -> bool {
        self.done
    }

    /// Takes one chunk and hands over every event that it completes.
    pub(crate) fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Event)) {
        self.rest.extend_from_slice(chunk);
        let mut start = 0;
        while let Some((length, gap)) = self.end_of_event(start) {
            if let Some(event) = self.read(start, length) {
                each(event);
            }
            start += length + gap;
        }
        self.rest.drain(..start);
        if self.rest.len() > EVENT_LIMIT {
            self.rest.clear();
            each(Event::Error("an event without an end".into()));
        }
    }

    /// What the answer has said when it ended without an end: an error that was no event, or its
    /// last words.
    pub(crate) fn last_words(&mut self) -> Option<String> {
        match self.read(0, self.rest.len()) {
            Some(Event::Error(what)) => Some(what),
            _ => self.words.take(),
        }
    }

    fn end_of_event(&self, start: usize) -> Option<(usize, usize)> {
        let rest = &self.rest[start..];
        match self.framing {
            Framing::Blank => end_of_event(rest),
            Framing::Line => Some((rest.iter().position(|byte| *byte == b'\n')?, 1)),
        }
    }

    fn read(&mut self, start: usize, length: usize) -> Option<Event> {
        let event = self.rest[start..start + length].trim_ascii();
        // Nearly all events are tokens, and their way is short.
        let data = match self.framing {
            Framing::Blank => event.strip_prefix(b"data:"),
            Framing::Line => Some(event),
        };
        if let Some(event) = data.and_then(self.recognise) {
            return Some(event);
        }
        let (mut data, mut is_error) = (Vec::new(), false);
        for line in event.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            match line.split(|byte| *byte == b':').next() {
                Some(b"event") => is_error = line.ends_with(b"error"),
                Some(b"error") => {
                    is_error = true;
                    data = line[b"error:".len().min(line.len())..].to_vec();
                }
                Some(b"data") => {
                    let one = &line[b"data:".len().min(line.len())..];
                    if let Some(event) = (self.recognise)(one) {
                        return Some(event);
                    }
                    data.extend_from_slice(one);
                }
                // A comment, or what an event has besides.
                Some(b"" | b"id" | b"retry") | None => {}
                Some(_) => data.extend_from_slice(line),
            }
        }
        let data = data.trim_ascii();
        let parsed: Option<Value> = serde_json::from_slice(data).ok();
        match parsed.as_ref().filter(|parsed| !parsed.is_null()) {
            Some(parsed) if is_error || is_fault(parsed) => Some(Event::Error(
                said(parsed).map_or_else(|| text(data), |said| text(said.as_bytes())),
            )),
            Some(parsed) => {
                self.words = said(parsed).map(str::to_owned).or(self.words.take());
                None
            }
            None if is_error => Some(Event::Error(text(data))),
            None => {
                match data {
                    b"[DONE]" => self.done = true,
                    b"" => {}
                    data => self.words = Some(text(data)),
                }
                None
            }
        }
    }
}

/// Where log-probabilities stand: entries of tokens, as most have them, or numbers alone.
const LOGS: [&str; 4] = [
    "/completion_probabilities",
    "/choices/0/logprobs/content",
    "/choices/0/logprobs/token_logprobs",
    "/logprobs",
];

/// The texts that stand in the events of a whole stream at the first of `places` that is there, with the
/// log-probability of each where all have one.
///
/// # Errors
/// The server's own words, where it tells a fault.
pub(super) fn given(stream: &[u8], places: &[&str]) -> Result<Given, String> {
    let mut given = Given::default();
    // Of tokens that gave no text yet, such as half a letter.
    let mut before = Some(0.0);
    for line in stream.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        let data = line.strip_prefix(b"data:").unwrap_or(line);
        let Ok(event) = serde_json::from_slice::<Value>(data) else {
            continue;
        };
        if is_fault(&event) {
            return Err(said(&event)
                .unwrap_or("the answer tells a fault")
                .to_owned());
        }
        let text = places
            .iter()
            .find_map(|place| event.pointer(place)?.as_str());
        let entries = LOGS
            .iter()
            .find_map(|place| event.pointer(place)?.as_array())
            .filter(|entries| !entries.is_empty());
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            if let Some(entries) = entries {
                before = sum(before, log_of(entries));
            }
            continue;
        };
        given.pieces.push(text.to_owned());
        given
            .logs
            .extend(sum(before, entries.and_then(|entries| log_of(entries))));
        before = Some(0.0);
    }
    if given.logs.len() != given.pieces.len() {
        given.logs.clear();
    }
    Ok(given)
}

fn sum(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(one? + other?)
}

/// ln of the probability of all tokens of a piece. An entry without the best token, though that was asked for,
/// holds nothing that was computed.
fn log_of(entries: &[Value]) -> Option<f64> {
    let of = |entry: &Value| match entry {
        Value::Number(number) => number.as_f64(),
        _ => {
            let best = entry.get("top_logprobs")?.as_array()?;
            let log = entry.get("logprob")?.as_f64()?;
            (!best.is_empty()).then_some(log)
        }
    };
    entries
        .iter()
        .map(of)
        .sum::<Option<f64>>()
        .filter(|log| log.is_finite())
}

/// Where the next event ends, and how long the gap behind it is.
fn end_of_event(text: &[u8]) -> Option<(usize, usize)> {
    let plain = text.windows(2).position(|pair| pair == b"\n\n");
    // Looked for only as far as the other did not end before.
    let before = &text[..plain.map_or(text.len(), |at| at + 2)];
    match before.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => Some((at, 4)),
        None => plain.map(|at| (at, 2)),
    }
}

/// Whether a piece of an answer tells of a fault.
fn is_fault(piece: &Value) -> bool {
    let error = piece.get("error");
    let told = error.is_some_and(|error| !error.is_null() && *error != Value::Bool(false));
    let is = |name: &str| piece.get(name).and_then(Value::as_str) == Some("error");
    told || is("object") || is("type")
}

/// The sentence in a fault, in its common forms.
pub(crate) fn said(piece: &Value) -> Option<&str> {
    [
        "/error/message",
        "/error",
        "/message",
        "/detail/0/msg",
        "/detail",
        "/msg",
    ]
    .iter()
    .find_map(|place| piece.pointer(place)?.as_str())
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn text(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    text.trim().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOKEN: &str = r#"data: {"index":0,"content":"say \"stop\":true","tokens":[29],"stop":false,"id_slot":-1,"tokens_predicted":1,"tokens_evaluated":1}"#;
    const LAST: &str = r#"data: {"index":0,"content":"","tokens":[],"id_slot":3,"stop":true,"tokens_predicted":4,"tokens_evaluated":1,"truncated":false,"stop_type":"limit","timings":{"cache_n":0,"prompt_n":1,"prompt_ms":17.49,"predicted_n":4,"predicted_ms":25.733}}"#;

    fn cut_at(text: &str, cuts: &[usize]) -> Vec<Event> {
        let mut events = Events::new(super::super::completion::generated);
        let mut seen = Vec::new();
        let mut from = 0;
        for to in cuts.iter().copied().chain([text.len()]) {
            let to = to.clamp(from, text.len());
            events.push(&text.as_bytes()[from..to], |event| seen.push(event));
            from = to;
        }
        seen
    }

    fn last() -> Event {
        Event::Final(Box::new(Final {
            output_tokens: 4,
            prompt_tokens: 1,
            cached_tokens: 0,
            truncated: false,
            with_token: false,
            times_ms: Some((17.49, 25.733)),
            draft_tokens: 0,
            draft_accepted: 0,
        }))
    }

    proptest! {
        #[test]
        fn chunks_may_end_anywhere(mut cuts in proptest::collection::vec(0_usize..900, 0..9)) {
            cuts.sort_unstable();
            let stream = format!("{TOKEN}\n\n: ping\n\n{TOKEN}\n\n{LAST}\n\n");
            prop_assert_eq!(cut_at(&stream, &cuts), [Event::Token, Event::Token, last()]);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut events = Events::new(super::super::completion::generated);
            events.push(&bytes, |_| {});
            events.last_words();
        }
    }

    #[test]
    fn errors_are_passed_on_in_the_engines_words() {
        // llama-server of today and of old, vLLM of old, FastAPI's way, an event's name; then made.
        for stream in [
            "data: {\"error\":{\"code\":500,\"message\":\"queue full\"}}\n\n",
            "error: {\"code\":500,\"message\":\"queue full\"}\n\n",
            "data: {\"object\":\"error\",\"message\":\"queue full\",\"code\":503}\n\ndata: [DONE]\n\n",
            "data: {\"error\":\"queue full\"}\n\n",
            "data: {\"type\":\"error\",\"error\":{\"message\":\"queue full\"}}\n\n",
            "event: error\ndata: {\"detail\":\"queue full\"}\n\n",
            "event: error\r\ndata: queue full\r\n\r\n",
        ] {
            assert_eq!(
                cut_at(stream, &[])[..1],
                [Event::Error("queue full".into())],
                "{stream}"
            );
        }
        let cut = cut_at("data: {\"stop\":true,\"timings\":3}\n\n", &[]);
        assert!(matches!(&cut[..], [Event::Error(what)] if what.contains("cannot be read")));
    }

    #[test]
    fn an_answer_without_an_end_keeps_its_last_words() {
        let last_words = |stream: &str| {
            let mut events = Events::new(super::super::completion::generated);
            events.push(stream.as_bytes(), |event| panic!("{event:?}"));
            events.last_words()
        };
        for stream in [
            "{\"error\": {\"message\": \"queue full\"}}",
            "{\"detail\": \"queue full\"}\n",
            "data: queue full\n\n",
            "data: {\"message\":\"queue full\"}\n\ndata: [DONE]\n\n",
            "queue full",
        ] {
            assert_eq!(
                last_words(stream).as_deref(),
                Some("queue full"),
                "{stream}"
            );
        }
        for stream in ["", ": ping\n\n", "data: [DONE]\n\n", "data: {\"id\":1}\n\n"] {
            assert_eq!(last_words(stream), None, "{stream}");
        }
    }

    #[test]
    fn the_texts_of_an_answer_are_taken_out_of_its_stream() {
        let places = ["/content", "/choices/0/text", "/choices/0/delta/content"];
        let told = |stream: &str| given(stream.as_bytes(), &places).map(|given| given.pieces);
        let own = format!("{TOKEN}\n\n: ping\n\n{LAST}\n\n");
        assert_eq!(told(&own), Ok(vec!["say \"stop\":true".to_owned()]));
        let chat = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n\
             data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n\
             data: {\"choices\":[],\"usage\":{}}\n\ndata: [DONE]\n\n";
        assert_eq!(told(chat), Ok(vec!["a".to_owned()]));
        let fault = "data: {\"error\":{\"message\":\"queue full\"}}\n\n";
        assert_eq!(told(fault), Err("queue full".to_owned()));
    }

    #[test]
    fn log_probabilities_are_taken_where_every_piece_has_one() {
        let places = [
            "/content",
            "/choices/0/text",
            "/choices/0/delta/content",
            "/message/content",
        ];
        let logs = |events: &[&str]| {
            let stream: String = events
                .iter()
                .map(|one| format!("data: {one}\n\n"))
                .collect();
            given(stream.as_bytes(), &places).map(|given| given.logs)
        };
        // As llama-server, vLLM and Ollama tell them; of a piece of several tokens all count.
        let own = r#"{"content":" is","stop":false,"completion_probabilities":[{"logprob":-1.5,"top_logprobs":[{"logprob":-1.5}]}]}"#;
        let half = r#"{"content":"","stop":false,"completion_probabilities":[{"logprob":-0.5,"top_logprobs":[{"logprob":-0.5}]}]}"#;
        let end = r#"{"content":"","stop":true}"#;
        let chat = r#"{"choices":[{"delta":{"content":"Hello you"},"logprobs":{"content":[{"logprob":-1,"top_logprobs":[{}]},{"logprob":-0.25,"top_logprobs":[{}]}]}}]}"#;
        let plain =
            r#"{"choices":[{"text":" a","logprobs":{"token_logprobs":[-0.125],"tokens":[" a"]}}]}"#;
        let line = r#"{"message":{"content":"Hi"},"logprobs":[{"token":"Hi","logprob":-2,"top_logprobs":[{}]}],"done":false}"#;
        assert_eq!(logs(&[own, half, own, end]), Ok(vec![-1.5, -2.0]));
        assert_eq!(logs(&[chat, plain, line]), Ok(vec![-1.25, -0.125, -2.0]));
        // One that was not computed, and none.
        let empty = r#"{"content":" is","stop":false,"completion_probabilities":[{"logprob":0,"top_logprobs":[]}]}"#;
        let without = r#"{"content":" is","stop":false}"#;
        for untold in [empty, without] {
            assert_eq!(logs(&[own, untold]), Ok(Vec::new()), "{untold}");
        }
    }

    #[test]
    fn events_may_end_in_returns() {
        let stream = format!("{TOKEN}\r\n\r\n{LAST}\r\n\r\n");
        assert_eq!(cut_at(&stream, &[]), [Event::Token, last()]);
    }
}
