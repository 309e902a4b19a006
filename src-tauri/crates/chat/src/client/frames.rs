//! From the bytes of an answer to its documents: the data of events, lines, or one whole text; however
//! they were cut, and whatever their content type claims.

use super::ChatClient;
use super::protocol::Framing;
use crate::connection::ChatError;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use reqwest::Response;
use std::collections::VecDeque;
use std::time::Duration;

/// Bytes that a whole answer may have; far beyond any proposal.
const MOST_BYTES: usize = 16 << 20;

/// Why no more bytes came.
#[derive(Debug)]
pub(super) enum Broken {
    Silent(Duration),
    Cut,
    TooMuch,
    NoText,
}

impl Broken {
    pub fn into_error(self, chat: &ChatClient) -> ChatError {
        match self {
            Self::Silent(after) => chat.timeout("it was replying", after),
            Self::Cut => chat.cut(),
            Self::TooMuch => chat.bad_reply(format!("it is longer than {MOST_BYTES} bytes")),
            Self::NoText => chat.bad_reply("it is no UTF-8 text".to_owned()),
        }
    }
}

/// The body's bytes. The first ones may take as long as the server needs to read the prompt, the
/// others as long as one token.
pub(super) fn pieces(
    chat: &ChatClient,
    response: Response,
) -> impl Stream<Item = Result<Vec<u8>, Broken>> + use<> {
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
        Ok(Some((piece.to_vec(), (response, received))))
    })
}

/// The whole body as text.
pub(super) async fn whole(
    pieces: impl Stream<Item = Result<Vec<u8>, Broken>>,
) -> Result<String, Broken> {
    let bytes: Vec<Vec<u8>> = pieces.try_collect().await?;
    Ok(String::from_utf8_lossy(&bytes.concat()).into_owned())
}

/// Reads on until there is something but white space: what the answer begins with tells more than its
/// content type. Gives the bytes so far.
pub(super) async fn beginning(
    pieces: &mut (impl Stream<Item = Result<Vec<u8>, Broken>> + Unpin),
) -> Result<Vec<u8>, Broken> {
    let mut begun = Vec::new();
    while let Some(piece) = pieces.next().await {
        begun.extend(piece?);
        if first_letter(&begun).is_some() {
            break;
        }
    }
    Ok(begun)
}

/// The first byte that is no white space and no byte order mark.
pub(super) fn first_letter(bytes: &[u8]) -> Option<u8> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes
        .iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace())
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

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Document {
    pub text: String,
    /// Whether its event is called `error`.
    pub is_fault: bool,
    /// Whether it is a line that no event stream has.
    pub is_stray: bool,
    /// Whether the answer ended before it did.
    pub unended: bool,
}

/// The data of each event, or each line that is not empty. Comments are passed over.
pub(super) fn documents(
    framing: Framing,
    pieces: impl Stream<Item = Result<Vec<u8>, Broken>>,
) -> impl Stream<Item = Result<Document, Broken>> {
    let mut lines = Lines::default();
    // Each line, and whether the answer ended in it.
    let lines = pieces
        .map_ok(Some)
        .chain(stream::once(async { Ok(None) }))
        .map_ok(move |piece| {
            let mut whole = VecDeque::new();
            let is_last = piece.is_none();
            match piece {
                Some(piece) => lines.feed(&piece, &mut whole),
                None => whole.push_back(std::mem::take(&mut lines.begun)),
            }
            stream::iter(whole.into_iter().map(move |line| Ok((line, is_last))))
        })
        .try_flatten();
    let mut event = Event::default();
    lines
        .map(move |line: Result<(Vec<u8>, bool), Broken>| {
            let (line, unended) = line?;
            let line = String::from_utf8(line).map_err(|_| Broken::NoText)?;
            let document = match framing {
                Framing::Lines => one_line(&line),
                Framing::Events => event.take(&line).or_else(|| match unended {
                    true => event.end(),
                    false => None,
                }),
            };
            Ok(document.map(|document| Document {
                unended,
                ..document
            }))
        })
        .filter_map(|document| async { document.transpose() })
}

/// A line that is a document by itself; a gateway may make events of the lines.
fn one_line(line: &str) -> Option<Document> {
    let text = line.trim();
    let text = text.strip_prefix("data:").unwrap_or(text);
    (!text.is_empty() && !text.starts_with(':')).then(|| Document {
        text: text.to_owned(),
        ..Document::default()
    })
}

/// An event whose lines are being read.
#[derive(Default)]
struct Event {
    data: Option<String>,
    is_fault: bool,
}

impl Event {
    /// Takes in one line; gives the event once it is whole.
    fn take(&mut self, line: &str) -> Option<Document> {
        if line.is_empty() {
            return self.end();
        }
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut self.data {
                Some(before) => {
                    before.push('\n');
                    before.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "event" => self.is_fault = value == "error",
            // A fault as llama-server of old told it.
            "error" => {
                self.data = Some(value.to_owned());
                self.is_fault = true;
            }
            // A comment, and what an event has besides.
            "" | "id" | "retry" => {}
            _ => {
                return Some(Document {
                    text: line.to_owned(),
                    is_stray: true,
                    ..Document::default()
                });
            }
        }
        None
    }

    fn end(&mut self) -> Option<Document> {
        let is_fault = std::mem::take(&mut self.is_fault);
        self.data.take().map(|text| Document {
            text,
            is_fault,
            ..Document::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn split(framing: Framing, text: &str, at: usize) -> Vec<(String, bool)> {
        let (one, other) = text.as_bytes().split_at(at);
        let pieces = stream::iter([Ok(one.to_vec()), Ok(other.to_vec())]);
        let found: Vec<Document> = documents(framing, pieces).try_collect().await.unwrap();
        found
            .into_iter()
            .map(|one| (one.text, one.unended))
            .collect()
    }

    #[tokio::test]
    async fn pieces_are_put_together_wherever_they_were_split() {
        let events =
            "\u{feff}data: {\"a\":\r\ndata:1}\r\n\r\n: note\n\nevent: x\ndata: ü\n\ndata: left";
        let lines = "{\"a\":1}\r\n\n{\"ü\":2}";
        for at in 0..=events.len() {
            let found = split(Framing::Events, events, at).await;
            let expected = [("{\"a\":\n1}", false), ("ü", false), ("left", true)];
            assert_eq!(
                found,
                expected.map(|(text, unended)| (text.to_owned(), unended)),
                "{at}"
            );
        }
        for at in 0..=lines.len() {
            let found = split(Framing::Lines, lines, at).await;
            let expected = [("{\"a\":1}", false), ("{\"ü\":2}", true)];
            assert_eq!(
                found,
                expected.map(|(text, unended)| (text.to_owned(), unended)),
                "{at}"
            );
        }
    }
}
