//! Ollama's own way, `/api/chat`: each line of an answer is a piece of JSON, the last one tells counts, and times
//! in nanoseconds.
//!
//! Three things cannot be had from it, seen in its source (0.33.0-rc2). There is no field that makes an answer of
//! one length, so that answers have at most as many tokens as were asked for; and a text that is merely continued
//! may end at once, so that prompts are asked as questions. What of a prompt came from a cache is counted as if
//! it had been computed, while the cache is always on; so each chat begins with a number that none had before.

use super::Final;
use super::stream::{Event, contains};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};
use wattsmith_domain::{Value, Workload};

pub(super) const ROUTE: &str = "/api/chat";

/// What it does with a model that writes the same piece over and over.
pub(super) const CUT_SHORT: &str = "Ollama ends one without a word when a piece of it came more than \
                                    thirty times in a row, and then fewer tokens or another model help";

/// How long a model stays loaded after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Until the daemon ends.
    Always,
    /// For so many minutes, where the daemon is the person's.
    Minutes(u32),
}

impl Stay {
    fn told(self) -> Json {
        match self {
            Self::Always => json!(-1),
            Self::Minutes(minutes) => json!(format!("{minutes}m")),
        }
    }
}

/// What every request says alike; where one differs in an option by which a model is loaded, it would be
/// loaded anew. A prompt that does not fit is refused, not cut.
fn request(stay: Stay, served: &str, knobs: &[(String, Value)]) -> Json {
    let options: Map<String, Json> = knobs
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "model": served,
        "options": options,
        "keep_alive": stay.told(),
        "shift": false,
        "truncate": false,
    })
}

/// Has the model loaded and nothing generated.
pub(crate) fn load_body(stay: Stay, served: &str, knobs: &[(String, Value)]) -> String {
    let mut body = request(stay, served, knobs);
    body["messages"] = json!([]);
    body["stream"] = json!(false);
    body.to_string()
}

/// A prompt, asked as a question.
pub(super) fn body(
    stay: Stay,
    prompt: &str,
    workload: &Workload,
    served: &str,
    knobs: &[(String, Value)],
) -> String {
    let messages = json!([{ "role": "user", "content": prompt }]);
    chat_body(stay, &messages, workload, served, knobs)
}

/// The same work for everybody: greedy, and without what a model's own file says of sampling and stopping.
pub(super) fn chat_body(
    stay: Stay,
    messages: &Json,
    workload: &Workload,
    served: &str,
    knobs: &[(String, Value)],
) -> String {
    let mut body = request(stay, served, knobs);
    for (name, value) in [
        ("num_predict", json!(workload.output_tokens)),
        ("temperature", json!(0)),
        ("seed", json!(workload.seed)),
        ("stop", json!([])),
        ("repeat_penalty", json!(1)),
        ("presence_penalty", json!(0)),
        ("frequency_penalty", json!(0)),
    ] {
        body["options"][name] = value;
    }
    body["stream"] = json!(true);
    body["messages"] = messages.clone();
    body.to_string()
}

/// Before the first message, and the beginning of one with instructions. Inside a text quotes are escaped, so
/// that neither is part of one.
const MESSAGES: &str = "\"messages\":[";
const INSTRUCTIONS: &str = "{\"role\":\"system\",\"content\":\"";
/// Numbers before they come again.
const NUMBERS: u64 = 1_000_000;

/// The request with a number before all that it says. That goes into the instructions: those that a model's own
/// template would put there are alike for all, and would come from the cache.
pub(super) fn begun_anew(body: &str) -> String {
    // A daemon may have seen requests of an earlier Wattsmith.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let _ = NEXT.compare_exchange(0, begin(), Relaxed, Relaxed);
    let number = format!("[{:06}]", scattered(NEXT.fetch_add(1, Relaxed)));
    let Some((before, messages)) = body.split_once(MESSAGES) else {
        return body.to_owned();
    };
    match messages.strip_prefix(INSTRUCTIONS) {
        Some(rest) => format!("{before}{MESSAGES}{INSTRUCTIONS}{number} {rest}"),
        None => format!("{before}{MESSAGES}{INSTRUCTIONS}{number}\"}},{messages}"),
    }
}

fn begin() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(1, |since| since.subsec_nanos().into()) | 1
}

/// Each number once, neighbours with other first digits: what two prompts begin with alike is not computed
/// again.
fn scattered(number: u64) -> u64 {
    const STRIDE: u64 = 618_033;
    (number % NUMBERS) * STRIDE % NUMBERS
}

/// The last line of an answer.
#[derive(Debug, Deserialize)]
struct Last {
    #[serde(default)]
    prompt_eval_count: u64,
    #[serde(default)]
    prompt_eval_duration: u64,
    #[serde(default)]
    eval_count: u64,
    #[serde(default)]
    eval_duration: u64,
}

impl Last {
    fn told(self, with_token: bool) -> Final {
        let ms = |nanoseconds: u64| nanoseconds as f64 / 1e6;
        Final {
            output_tokens: self.eval_count,
            prompt_tokens: self.prompt_eval_count,
            cached_tokens: 0,
            truncated: false,
            with_token,
            times_ms: Some((ms(self.prompt_eval_duration), ms(self.eval_duration))),
            draft_tokens: 0,
            draft_accepted: 0,
        }
    }
}

/// Keys under which something generated stands: an answer's text, and what a model thinks before.
const GENERATED: [&[u8]; 2] = [b"\"content\":\"", b"\"thinking\":\""];

/// A piece of the answer, or its end.
pub(super) fn generated(line: &[u8]) -> Option<Event> {
    let holds = |key: &&[u8]| contains(line, key) && !contains(line, &[key, &b"\""[..]].concat());
    let token = GENERATED.iter().any(holds);
    if contains(line, b"\"done\":true") {
        return Some(match serde_json::from_slice::<Last>(line) {
            Ok(last) => Event::Final(Box::new(last.told(token))),
            Err(error) => Event::Error(format!("its last line cannot be read: {error}")),
        });
    }
    (token && contains(line, b"\"done\":false")).then_some(Event::Token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::stream::Events;
    use crate::work::workload;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// As the source of 0.33.0-rc2 writes them; not recorded from a daemon.
    const STREAM: &str = concat!(
        r#"{"model":"smollm2:135m","created_at":"2026-08-21T18:48:22.123456789Z","message":{"role":"assistant","content":" Hel"},"done":false}"#,
        "\n",
        r#"{"model":"smollm2:135m","created_at":"2026-08-21T18:48:22.133456789Z","message":{"role":"assistant","content":"","thinking":"lo"},"done":false}"#,
        "\n",
        r#"{"model":"smollm2:135m","created_at":"2026-08-21T18:48:22.143456789Z","message":{"role":"assistant","content":""},"done":false}"#,
        "\n",
        r#"{"model":"smollm2:135m","created_at":"2026-08-21T18:48:22.153456789Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","total_duration":52000000,"load_duration":1000000,"prompt_eval_count":14,"prompt_eval_duration":20500000,"eval_count":3,"eval_duration":30000000}"#,
        "\n",
    );

    fn seen(stream: &str, cuts: &[usize]) -> Vec<Event> {
        let mut events = Events::of_lines(generated);
        let mut seen = Vec::new();
        let mut from = 0;
        for to in cuts.iter().copied().chain([stream.len()]) {
            let to = to.clamp(from, stream.len());
            events.push(&stream.as_bytes()[from..to], |event| seen.push(event));
            from = to;
        }
        seen
    }

    fn last() -> Event {
        Event::Final(Box::new(Final {
            output_tokens: 3,
            prompt_tokens: 14,
            cached_tokens: 0,
            truncated: false,
            with_token: false,
            times_ms: Some((20.5, 30.0)),
            draft_tokens: 0,
            draft_accepted: 0,
        }))
    }

    proptest! {
        #[test]
        fn lines_are_read_wherever_a_chunk_ends(mut cuts in proptest::collection::vec(0_usize..900, 0..9)) {
            cuts.sort_unstable();
            prop_assert_eq!(seen(STREAM, &cuts), [Event::Token, Event::Token, last()]);
        }

        #[test]
        fn a_text_is_one_token_whatever_it_says(text in "\\PC{1,40}") {
            let line = json!({ "message": { "content": text }, "done": false }).to_string();
            prop_assert_eq!(generated(line.as_bytes()), Some(Event::Token));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut events = Events::of_lines(generated);
            events.push(&bytes, |_| {});
            events.last_words();
        }
    }

    #[test]
    fn an_error_in_the_middle_is_told_in_its_words() {
        let broken = "{\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"model runner has unexpectedly stopped\"}\n";
        let told = "model runner has unexpectedly stopped".to_owned();
        assert_eq!(seen(broken, &[]), [Event::Token, Event::Error(told)]);
        // The last line may come without an end.
        let mut events = Events::of_lines(generated);
        events.push(b"{\"error\":\"queue full\"}", |event| panic!("{event:?}"));
        assert_eq!(events.last_words().as_deref(), Some("queue full"));
    }

    #[test]
    fn a_request_says_length_model_and_settings_and_nothing_of_the_models_own() {
        let work = workload("any", 4, 2, 16, 1);
        let knobs = [("num_ctx".to_owned(), Value::Int(2048))];
        let asked = body(Stay::Always, "Hi", &work, "smollm2:135m", &knobs);
        insta::assert_snapshot!(asked);
        insta::assert_snapshot!(load_body(Stay::Minutes(30), "smollm2:135m", &knobs));
    }

    #[test]
    fn every_chat_that_is_sent_begins_as_none_before_and_is_otherwise_what_it_was() {
        let work = workload("any", 4, 2, 16, 1);
        let plain = body(Stay::Always, "a \"messages\":[ b", &work, "m", &[]);
        let begun = |_| -> String {
            let sent: Json = serde_json::from_str(&begun_anew(&plain)).unwrap();
            assert_eq!(sent["messages"][0]["role"], "system");
            assert_eq!(sent["messages"][1]["content"], "a \"messages\":[ b");
            sent["messages"][0]["content"].as_str().unwrap().to_owned()
        };
        let numbers: Vec<String> = (0..1000).map(begun).collect();
        let different: BTreeSet<&String> = numbers.iter().collect();
        assert_eq!(different.len(), numbers.len());
        assert!(numbers.iter().all(|one| one.len() == 8), "{numbers:?}");
        let chat = json!([
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": "Hi" },
        ]);
        let chat = chat_body(Stay::Always, &chat, &work, "m", &[]);
        let sent: Json = serde_json::from_str(&begun_anew(&chat)).unwrap();
        let first = sent["messages"][0]["content"].as_str().unwrap();
        assert!(
            first.starts_with('[') && first.ends_with("] Be brief."),
            "{first}"
        );
        assert_eq!(sent["messages"].as_array().unwrap().len(), 2);
        // Numbers that follow each other begin with other digits.
        let alike = (0..1000).filter(|at| scattered(*at) / 100_000 == scattered(at + 1) / 100_000);
        assert_eq!(alike.count(), 0);
        let all: BTreeSet<u64> = (0..NUMBERS).map(scattered).collect();
        assert_eq!(all.len() as u64, NUMBERS);
    }
}
