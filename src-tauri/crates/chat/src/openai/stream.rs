//! Reading a reply: server-sent events, or one JSON object from servers that do not stream.

use super::{OpenAiCompatible, excerpt, refusal};
use crate::connection::{ChatError, ChatReply};
use eventsource_stream::{EventStreamError, Eventsource};
use futures::{Stream, StreamExt, stream};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use std::time::Duration;

/// Bytes that a whole answer may have, and the text in it. Both lie far beyond any proposal.
const MOST_BYTES: usize = 16 << 20;
const MOST_TEXT: usize = 1 << 20;

/// Why no more bytes came.
#[derive(Debug)]
enum Broken {
    Silent(Duration),
    Cut,
    TooMuch,
}

impl Broken {
    fn into_error(self, chat: &OpenAiCompatible) -> ChatError {
        match self {
            Self::Silent(after) => chat.timeout("it was replying", after),
            Self::Cut => chat.bad_reply("the connection ended in the middle of it".to_owned()),
            Self::TooMuch => chat.bad_reply(format!("it is longer than {MOST_BYTES} bytes")),
        }
    }
}

/// The body's bytes. The first ones may take as long as the server needs to read the prompt, the
/// others as long as one token.
fn pieces(
    chat: &OpenAiCompatible,
    response: Response,
) -> impl Stream<Item = Result<impl AsRef<[u8]> + use<>, Broken>> + use<> {
    let (first, idle) = (chat.timeouts.first, chat.timeouts.idle);
    stream::try_unfold((response, 0), move |(mut response, received)| async move {
        let patience = if received == 0 { first } else { idle };
        let piece = tokio::time::timeout(patience, response.chunk())
            .await
            .map_err(|_| Broken::Silent(patience))?
            .map_err(|_| Broken::Cut)?;
        let Some(piece) = piece else { return Ok(None) };
        let received = received + piece.len();
        if received > MOST_BYTES {
            return Err(Broken::TooMuch);
        }
        Ok(Some((piece, (response, received))))
    })
}

/// The whole body as text.
pub(super) async fn whole(
    chat: &OpenAiCompatible,
    response: Response,
) -> Result<String, ChatError> {
    let mut pieces = std::pin::pin!(pieces(chat, response));
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|broken| broken.into_error(chat))?;
        bytes.extend_from_slice(piece.as_ref());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What has come of a reply so far.
#[derive(Default)]
struct Partial {
    text: String,
    finish: Option<String>,
    thought: bool,
    prompt_tokens: Option<u64>,
    reply_tokens: Option<u64>,
}

impl Partial {
    /// Takes in one chunk, or the whole object of a server that does not stream; gives the new
    /// text in it.
    fn take(&mut self, chunk: &Value) -> Option<String> {
        let usage = |name: &str| chunk.pointer(name).and_then(Value::as_u64);
        self.prompt_tokens = usage("/usage/prompt_tokens").or(self.prompt_tokens);
        self.reply_tokens = usage("/usage/completion_tokens").or(self.reply_tokens);
        let choice = chunk.pointer("/choices/0")?;
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(reason.to_owned());
        }
        let said = choice.get("delta").or_else(|| choice.get("message"))?;
        let reasoning = said
            .get("reasoning_content")
            .or_else(|| said.get("reasoning"));
        self.thought |= reasoning.is_some_and(|reasoning| !reasoning.is_null());
        let text = said.get("content")?.as_str()?;
        self.text.push_str(text);
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn finish(self, chat: &OpenAiCompatible) -> Result<ChatReply, ChatError> {
        if self.text.trim().is_empty() {
            let what = if self.thought {
                "the model only thought and gave no answer; allow it more tokens"
            } else {
                "it holds no text"
            };
            return Err(chat.bad_reply(what.to_owned()));
        }
        Ok(ChatReply {
            text: self.text,
            prompt_tokens: self.prompt_tokens,
            reply_tokens: self.reply_tokens,
            cut_off: self.finish.as_deref() == Some("length"),
        })
    }
}

/// Reads a reply to its end and passes its pieces on as they come.
pub(super) async fn read(
    chat: &OpenAiCompatible,
    response: Response,
    on_delta: &mut (dyn for<'t> FnMut(&'t str) + Send),
) -> Result<ChatReply, ChatError> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let mut partial = Partial::default();
    if kind.starts_with("text/html") {
        return Err(chat.bad_reply("it is a web page".to_owned()));
    }
    if kind.starts_with("application/json") {
        let body = chat.json(response).await?;
        fail_on_error(chat, &body)?;
        if let Some(text) = partial.take(&body) {
            on_delta(&text);
        }
        return partial.finish(chat);
    }
    let mut events = std::pin::pin!(pieces(chat, response).eventsource());
    let mut done = false;
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| match error {
            EventStreamError::Transport(broken) => broken.into_error(chat),
            EventStreamError::Utf8(_) => chat.bad_reply("it is no UTF-8 text".to_owned()),
            EventStreamError::Parser(_) => chat.bad_reply("it is no event stream".to_owned()),
        })?;
        let data = event.data.trim();
        if data == "[DONE]" {
            done = true;
            break;
        }
        let chunk: Value = serde_json::from_str(data)
            .map_err(|_| chat.bad_reply(format!("an event is no JSON: {:?}", excerpt(data))))?;
        fail_on_error(chat, &chunk)?;
        if let Some(text) = partial.take(&chunk) {
            on_delta(&text);
        }
        if partial.text.len() > MOST_TEXT {
            return Err(chat.bad_reply(format!("its text is longer than {MOST_TEXT} bytes")));
        }
    }
    if !done && partial.finish.is_none() {
        return Err(Broken::Cut.into_error(chat));
    }
    partial.finish(chat)
}

/// Some servers notice a fault only when they have already said 200.
fn fail_on_error(chat: &OpenAiCompatible, chunk: &Value) -> Result<(), ChatError> {
    if chunk.get("error").is_none_or(Value::is_null) {
        return Ok(());
    }
    let message = refusal::said(chunk).unwrap_or("an error without words");
    Err(ChatError::Server {
        server: chat.base_url.clone(),
        status: 200,
        message: chat.redact(&excerpt(message)),
    })
}
