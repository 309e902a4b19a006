//! Reading a reply: a stream of events or lines, or one JSON object from servers that do not stream.

use super::protocol::{Framing, Partial};
use super::{ChatClient, excerpt, refusal};
use crate::connection::{ChatError, ChatReply};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use std::collections::VecDeque;
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
    NoText,
}

impl Broken {
    fn into_error(self, chat: &ChatClient) -> ChatError {
        match self {
            Self::Silent(after) => chat.timeout("it was replying", after),
            Self::Cut => chat.bad_reply("the connection ended in the middle of it".to_owned()),
            Self::TooMuch => chat.bad_reply(format!("it is longer than {MOST_BYTES} bytes")),
            Self::NoText => chat.bad_reply("it is no UTF-8 text".to_owned()),
        }
    }
}

/// The body's bytes. The first ones may take as long as the server needs to read the prompt, the
/// others as long as one token.
fn pieces(
    chat: &ChatClient,
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
pub(super) async fn whole(chat: &ChatClient, response: Response) -> Result<String, ChatError> {
    let mut pieces = std::pin::pin!(pieces(chat, response));
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|broken| broken.into_error(chat))?;
        bytes.extend_from_slice(piece.as_ref());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Bytes into lines, however they were split; each byte is looked at once.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
    /// Whether the last line ended in a carriage return, whose line feed may follow.
    returned: bool,
}

impl Lines {
    fn feed(&mut self, bytes: &[u8], lines: &mut VecDeque<Vec<u8>>) {
        for &byte in bytes {
            let returned = std::mem::replace(&mut self.returned, byte == b'\r');
            match byte {
                b'\n' if returned => {}
                b'\n' | b'\r' => lines.push_back(std::mem::take(&mut self.begun)),
                other => self.begun.push(other),
            }
        }
    }
}

/// The data of each event, or each line that is not empty. A last one that was not ended counts as
/// lines do, and as events do not.
fn documents<P: AsRef<[u8]>>(
    framing: Framing,
    pieces: impl Stream<Item = Result<P, Broken>>,
) -> impl Stream<Item = Result<String, Broken>> {
    let mut lines = Lines::default();
    let lines = pieces
        .map_ok(Some)
        .chain(stream::once(async { Ok(None) }))
        .map_ok(move |piece| {
            let mut whole = VecDeque::new();
            match piece {
                Some(piece) => lines.feed(piece.as_ref(), &mut whole),
                None => whole.push_back(std::mem::take(&mut lines.begun)),
            }
            stream::iter(whole.into_iter().map(Ok))
        })
        .try_flatten();
    let mut data: Option<String> = None;
    lines
        .map(move |line: Result<Vec<u8>, Broken>| {
            let line = String::from_utf8(line?).map_err(|_| Broken::NoText)?;
            Ok(match framing {
                Framing::Lines => Some(line).filter(|line| !line.trim().is_empty()),
                Framing::Events => event(&line, &mut data),
            })
        })
        .filter_map(|document| async { document.transpose() })
}

/// Takes in one line of an event stream; gives the event's data once it is whole.
fn event(line: &str, data: &mut Option<String>) -> Option<String> {
    if line.is_empty() {
        return data.take();
    }
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let (field, value) = line.split_once(':').unwrap_or((line, ""));
    if field == "data" {
        let value = value.strip_prefix(' ').unwrap_or(value);
        match data {
            Some(before) => {
                before.push('\n');
                before.push_str(value);
            }
            None => *data = Some(value.to_owned()),
        }
    }
    None
}

/// Reads a reply to its end and passes its pieces on as they come.
pub(super) async fn read(
    chat: &ChatClient,
    response: Response,
    on_delta: &mut (dyn for<'t> FnMut(&'t str) + Send),
) -> Result<ChatReply, ChatError> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let mut reply = Partial::default();
    if kind.starts_with("text/html") {
        return Err(chat.bad_reply("it is a web page".to_owned()));
    }
    if kind.starts_with("application/json") {
        let body = chat.json(response).await?;
        take(chat, &body, &mut reply, on_delta)?;
        return finish(chat, reply);
    }
    let documents = documents(chat.protocol.framing(), pieces(chat, response));
    let mut documents = std::pin::pin!(documents);
    while let Some(document) = documents.next().await {
        let document = document.map_err(|broken| broken.into_error(chat))?;
        let document = document.trim();
        if document == "[DONE]" {
            reply.ended = true;
            break;
        }
        let chunk: Value = serde_json::from_str(document).map_err(|_| {
            chat.bad_reply(format!("a piece of it is no JSON: {:?}", excerpt(document)))
        })?;
        take(chat, &chunk, &mut reply, on_delta)?;
        if reply.text.len() > MOST_TEXT {
            return Err(chat.bad_reply(format!("its text is longer than {MOST_TEXT} bytes")));
        }
    }
    if !reply.ended {
        return Err(Broken::Cut.into_error(chat));
    }
    finish(chat, reply)
}

fn take(
    chat: &ChatClient,
    chunk: &Value,
    reply: &mut Partial,
    on_delta: &mut (dyn for<'t> FnMut(&'t str) + Send),
) -> Result<(), ChatError> {
    fail_on_error(chat, chunk)?;
    let before = reply.text.len();
    chat.protocol.take(chunk, reply);
    if let Some(fresh) = reply.text.get(before..)
        && !fresh.is_empty()
    {
        on_delta(fresh);
    }
    Ok(())
}

fn finish(chat: &ChatClient, reply: Partial) -> Result<ChatReply, ChatError> {
    if let Some(reason) = &reply.withheld {
        return Err(chat.bad_reply(format!("the provider held it back ({})", excerpt(reason))));
    }
    if reply.text.trim().is_empty() {
        let what = if reply.thought || (reply.cut_off && reply.reasoning_tokens.is_some()) {
            "the model only thought and gave no answer; allow it more tokens"
        } else {
            "it holds no text"
        };
        return Err(chat.bad_reply(what.to_owned()));
    }
    Ok(ChatReply {
        text: reply.text,
        prompt_tokens: reply.prompt_tokens,
        reply_tokens: reply.reply_tokens,
        reasoning_tokens: reply.reasoning_tokens,
        cut_off: reply.cut_off,
    })
}

/// Some servers notice a fault only when they have already said 200.
fn fail_on_error(chat: &ChatClient, chunk: &Value) -> Result<(), ChatError> {
    let fault = chunk.get("error").or_else(|| chunk.pointer("/0/error"));
    if fault.is_none_or(Value::is_null) {
        return Ok(());
    }
    let message = refusal::said(chunk).unwrap_or("an error without words");
    Err(ChatError::Server {
        server: chat.base_url.clone(),
        status: 200,
        message: chat.redact(&excerpt(message)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn split(framing: Framing, text: &str, at: usize) -> Vec<String> {
        let (one, other) = text.as_bytes().split_at(at);
        let pieces = stream::iter([Ok(one.to_vec()), Ok(other.to_vec())]);
        documents(framing, pieces).try_collect().await.unwrap()
    }

    #[tokio::test]
    async fn pieces_are_put_together_wherever_they_were_split() {
        let events =
            "\u{feff}data: {\"a\":\r\ndata:1}\r\n\r\n: note\n\nevent: x\ndata: ü\n\ndata: left";
        let lines = "{\"a\":1}\r\n\n{\"ü\":2}";
        for at in 0..=events.len() {
            let found = split(Framing::Events, events, at).await;
            assert_eq!(found, ["{\"a\":\n1}", "ü"], "{at}");
        }
        for at in 0..=lines.len() {
            let found = split(Framing::Lines, lines, at).await;
            assert_eq!(found, ["{\"a\":1}", "{\"ü\":2}"], "{at}");
        }
    }
}
