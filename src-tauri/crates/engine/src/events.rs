//! The stream of one answer, read at next to no cost: token events are recognised but not parsed;
//! only the last event, which holds the engine's own counts and times, is.

use serde::Deserialize;

/// An event longer than this is no event of ours.
const EVENT_LIMIT: usize = 4 * 1024 * 1024;

/// What the engine says at the end of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Final {
    pub tokens_predicted: u64,
    #[serde(default)]
    pub truncated: bool,
    pub timings: Timings,
}

/// Counts and times as the engine took them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Timings {
    /// Prompt tokens taken from a cache.
    #[serde(default)]
    pub cache_n: u64,
    /// Prompt tokens processed.
    pub prompt_n: u64,
    pub prompt_ms: f64,
    pub predicted_ms: f64,
    /// Draft tokens proposed by speculation; absent without it.
    #[serde(default)]
    pub draft_n: u64,
    #[serde(default)]
    pub draft_n_accepted: u64,
}

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

/// Cuts a byte stream into events. Chunks may end anywhere.
#[derive(Debug, Default)]
pub(crate) struct Events {
    rest: Vec<u8>,
}

impl Events {
    /// Takes one chunk and hands over every event that it completes.
    pub(crate) fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Event)) {
        self.rest.extend_from_slice(chunk);
        let mut start = 0;
        while let Some(length) = self.rest[start..]
            .windows(2)
            .position(|pair| pair == b"\n\n")
        {
            if let Some(event) = read(&self.rest[start..start + length]) {
                each(event);
            }
            start += length + 2;
        }
        self.rest.drain(..start);
        if self.rest.len() > EVENT_LIMIT {
            self.rest.clear();
            each(Event::Error("an event without an end".into()));
        }
    }
}

fn read(event: &[u8]) -> Option<Event> {
    let event = event.trim_ascii_start();
    if let Some(data) = event.strip_prefix(b"data:") {
        // Inside a JSON string quotes are escaped, so these bytes are never part of an answer.
        if contains(data, b"\"stop\":true") {
            return Some(match serde_json::from_slice(data) {
                Ok(last) => Event::Final(Box::new(last)),
                Err(error) => Event::Error(format!("its last event cannot be read: {error}")),
            });
        }
        if contains(data, b"\"stop\":false") {
            return Some(Event::Token);
        }
        return contains(data, b"\"error\":").then(|| Event::Error(text(data)));
    }
    event
        .strip_prefix(b"error:")
        .map(|data| Event::Error(text(data)))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
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
        let mut events = Events::default();
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
            tokens_predicted: 4,
            truncated: false,
            timings: Timings {
                cache_n: 0,
                prompt_n: 1,
                prompt_ms: 17.49,
                predicted_ms: 25.733,
                draft_n: 0,
                draft_n_accepted: 0,
            },
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
            Events::default().push(&bytes, |_| {});
        }
    }

    #[test]
    fn errors_are_passed_on_in_the_engines_words() {
        let told = r#"{"error":{"code":500,"message":"context is full"}}"#;
        for stream in [format!("data: {told}\n\n"), format!("error: {told}\n\n")] {
            assert_eq!(cut_at(&stream, &[]), [Event::Error(told.into())]);
        }
        let cut = cut_at("data: {\"stop\":true,\"timings\":3}\n\n", &[]);
        assert!(matches!(&cut[..], [Event::Error(what)] if what.contains("cannot be read")));
    }
}
