//! Reading a reply: a stream of events or lines, or one JSON object from servers that do not stream.

use super::faults::Fault;
use super::frames::{Broken, Document, beginning, documents, first_letter, pieces, whole};
use super::protocol::{Framing, Partial};
use super::{ChatClient, excerpt};
use crate::connection::{ChatError, ChatReply, Delta};
use crate::veil::Veil;
use futures::{Stream, StreamExt, stream};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wattsmith_fail_points::fail_point;

/// Bytes of text that a reply may have; far beyond any proposal.
const MOST_TEXT: usize = 1 << 18;

/// Whoever hears the reply while it comes.
type OnDelta<'a> = &'a mut (dyn for<'t> FnMut(Delta<'t>) + Send);

/// A reply that is being read.
struct Reading<'a, 'd> {
    chat: &'a ChatClient,
    reply: Partial,
    on_delta: OnDelta<'d>,
    cancel: &'a CancellationToken,
    /// The last that was said that is no content: a fault, if nothing else comes.
    said: Option<Fault>,
    /// The last line that belongs to no stream.
    stray: Option<String>,
    /// Bytes of thoughts that came.
    thought: usize,
    /// Over what is told of the text while it comes.
    veil: Veil,
    /// Over what is told of the model's thoughts.
    thought_veil: Veil,
}

/// Reads a reply to its end and passes its pieces on as they come.
pub(super) async fn read(
    chat: &ChatClient,
    response: Response,
    on_delta: OnDelta<'_>,
    cancel: &CancellationToken,
) -> Result<ChatReply, ChatError> {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if kind.starts_with("text/html") {
        return Err(chat.bad_reply("it is a web page".to_owned()));
    }
    let is_json = kind.starts_with("application/json");
    let mut pieces = Box::pin(pieces(chat, response));
    let begun = beginning(&mut pieces)
        .await
        .map_err(|broken| broken.into_error(chat))?;
    let first = first_letter(&begun);
    let pieces = stream::once(async { Ok(begun) }).chain(pieces);
    let mut reading = Reading {
        chat,
        reply: Partial::default(),
        on_delta,
        cancel,
        said: None,
        stray: None,
        thought: 0,
        veil: Veil::over(chat.key.as_ref()),
        thought_veil: Veil::over(chat.key.as_ref()),
    };
    // Gateways do not always say what they send; what it begins with is what it is.
    let is_whole = matches!(first, Some(b'{' | b'['))
        && (is_json || chat.protocol.framing() == Framing::Events);
    if is_whole {
        let text = whole(pieces)
            .await
            .map_err(|broken| broken.into_error(chat))?;
        reading.whole(&text)?;
    } else {
        reading.stream(pieces).await?;
    }
    fail_point!("chat::reply::ended", chat.cut());
    reading.finish()
}

impl Reading<'_, '_> {
    /// One JSON text, or several in a row.
    fn whole(&mut self, text: &str) -> Result<(), ChatError> {
        let found: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect();
        match found {
            Ok(chunks) => {
                let alone = chunks.len() == 1;
                for chunk in &chunks {
                    self.take(chunk)?;
                }
                self.bounded()?;
                // One text that is whole is all that there is, unless it is a piece of a stream.
                let is_piece = self.chat.protocol.framing() == Framing::Lines
                    || chunks
                        .iter()
                        .any(|chunk| chunk.pointer("/choices/0/delta").is_some());
                self.reply.ended |= alone && !is_piece;
                match self.reply.ended {
                    true => Ok(()),
                    false => Err(self.chat.cut()),
                }
            }
            Err(error) if error.is_eof() => Err(self.chat.cut()),
            Err(_) => Err(self
                .chat
                .bad_reply(format!("no JSON, but {:?}", excerpt(text)))),
        }
    }

    async fn stream(
        &mut self,
        pieces: impl Stream<Item = Result<Vec<u8>, Broken>>,
    ) -> Result<(), ChatError> {
        let documents = documents(self.chat.protocol.framing(), pieces);
        let mut documents = std::pin::pin!(documents);
        // Whoever only says that it is still there is given up like one who says nothing.
        let (mut heard, mut length) = (Instant::now(), 0);
        loop {
            let patience = match length {
                0 => self.chat.timeouts.first,
                _ => self.chat.timeouts.idle,
            };
            let next = tokio::time::timeout_at(heard + patience, documents.next()).await;
            let Ok(next) = next else {
                return Err(Broken::Silent(patience).into_error(self.chat));
            };
            let Some(document) = next else { break };
            fail_point!("chat::reply::piece_came", self.chat.cut());
            let document = match document {
                Ok(document) => document,
                // What was said before tells more than that the connection ended.
                Err(Broken::Cut) => break,
                Err(broken) => return Err(broken.into_error(self.chat)),
            };
            if self.document(&document)? {
                self.reply.ended = true;
                return Ok(());
            }
            if self.content() > length {
                (heard, length) = (Instant::now(), self.content());
            }
            // Looked at with every piece: a fast server could send much before anybody else runs. A
            // reply that has ended is heard to its last count.
            if self.cancel.is_cancelled() && !self.reply.ended {
                return Err(ChatError::Cancelled);
            }
            self.bounded()?;
        }
        if self.reply.ended {
            return Ok(());
        }
        if self.reply.known {
            return Err(self.chat.cut());
        }
        Err(match (self.said.take(), self.stray.take()) {
            (Some(fault), _) => fault.into_error(self.chat),
            (None, Some(text)) => self.chat.bad_reply(format!("no JSON, but {text:?}")),
            (None, None) => self.chat.cut(),
        })
    }

    /// How much of the reply has come: text, thoughts, and what tools are called with.
    fn content(&self) -> usize {
        let tools = self.reply.tools.iter().map(|tool| tool.arguments.len());
        self.reply.text.len() + self.thought + tools.sum::<usize>()
    }

    fn bounded(&self) -> Result<(), ChatError> {
        let tools = self.reply.tools.iter().map(|tool| tool.arguments.len());
        match self.reply.text.len() + tools.sum::<usize>() > MOST_TEXT {
            true => {
                let what = format!("its text is longer than {MOST_TEXT} bytes");
                Err(self.chat.bad_reply(what))
            }
            false => Ok(()),
        }
    }

    /// Takes in one document; true where it says that this was all.
    fn document(&mut self, document: &Document) -> Result<bool, ChatError> {
        let text = document.text.trim();
        if text.eq_ignore_ascii_case("[DONE]") {
            return Ok(true);
        }
        if let Ok(chunk) = serde_json::from_str::<Value>(text) {
            if document.is_fault {
                return Err(Fault::telling(&chunk).into_error(self.chat));
            }
            self.take(&chunk)?;
            return Ok(false);
        }
        if document.is_fault {
            return Err(Fault::of_words(text).into_error(self.chat));
        }
        // Some servers leave out the empty lines between events.
        if text.contains('\n') {
            for line in text.lines() {
                let line = Document {
                    text: line.to_owned(),
                    ..document.clone()
                };
                if self.document(&line)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if text.starts_with(['{', '[']) {
            // The end of the connection cut it, or nobody did.
            return Err(match document.unended {
                true => self.chat.cut(),
                false => self
                    .chat
                    .bad_reply(format!("a piece of it is no JSON: {:?}", excerpt(text))),
            });
        }
        if text.starts_with('<') {
            return Err(self
                .chat
                .bad_reply(format!("no JSON, but {:?}", excerpt(text))));
        }
        // A sign of life in words, such as "OPENROUTER PROCESSING".
        match document.is_stray {
            _ if text.is_empty() => {}
            true => self.stray = Some(excerpt(text)),
            false => self.said = Some(Fault::of_words(text)),
        }
        Ok(false)
    }

    fn take(&mut self, chunk: &Value) -> Result<(), ChatError> {
        if let Some(fault) = Fault::of(chunk) {
            return Err(fault.into_error(self.chat));
        }
        // A stream that came as one list.
        if let Value::Array(chunks) = chunk {
            return chunks.iter().try_for_each(|chunk| self.take(chunk));
        }
        self.said = Fault::perhaps(chunk).or(self.said.take());
        let before = self.reply.text.len();
        let counted = (self.reply.prompt_tokens, self.reply.reply_tokens);
        self.chat.protocol.take(chunk, &mut self.reply);
        let thoughts = std::mem::take(&mut self.reply.fresh_thoughts);
        self.thought += thoughts.len();
        let thoughts = self.thought_veil.take(&thoughts);
        if !thoughts.is_empty() {
            (self.on_delta)(Delta::Thought(&thoughts));
        }
        self.tell(before);
        let reply = &self.reply;
        if counted != (reply.prompt_tokens, reply.reply_tokens) {
            (self.on_delta)(Delta::Counted {
                prompt_tokens: reply.prompt_tokens,
                reply_tokens: reply.reply_tokens,
            });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<ChatReply, ChatError> {
        let chat = self.chat;
        let server = || chat.base_url.clone();
        if let Some(reason) = self.reply.failed.take() {
            return Err(Fault::of_words(&reason).into_error(chat));
        }
        if let Some(reason) = self.reply.withheld.take() {
            return Err(ChatError::Withheld {
                server: server(),
                reason: chat.redact(&excerpt(&reason)),
            });
        }
        self.called();
        let rest = self.veil.rest();
        if !rest.is_empty() {
            (self.on_delta)(Delta::Text(&rest));
        }
        let reply = self.reply;
        if reply.text.trim().is_empty() {
            let thought = reply.thought || (reply.cut_off && reply.reasoning_tokens.is_some());
            return Err(match (self.said, reply.tools.first()) {
                _ if thought => ChatError::NoAnswer {
                    server: server(),
                    what: match reply.cut_off {
                        true => {
                            "the model only thought and gave no answer before its limit of tokens"
                        }
                        false => "the model only thought and gave no answer",
                    }
                    .to_owned(),
                },
                (_, Some(tool)) => ChatError::NoAnswer {
                    server: server(),
                    what: format!(
                        "the model called the tool {:?} without arguments instead of answering",
                        chat.redact(&excerpt(&tool.name))
                    ),
                },
                (Some(fault), None) => fault.into_error(chat),
                (None, None) if reply.known => ChatError::NoAnswer {
                    server: server(),
                    what: "its answer is empty".to_owned(),
                },
                (None, None) => chat.bad_reply("it holds no text".to_owned()),
            });
        }
        Ok(ChatReply {
            text: chat.redact(&reply.text),
            prompt_tokens: reply.prompt_tokens,
            reply_tokens: reply.reply_tokens,
            reasoning_tokens: reply.reasoning_tokens,
            cut_off: reply.cut_off,
        })
    }

    /// A model that calls a tool says its answer in the arguments.
    fn called(&mut self) {
        let reply = &mut self.reply;
        let before = reply.text.len();
        for tool in &reply.tools {
            // `{}` says nothing.
            if tool.arguments.len() > 2 {
                if !reply.text.is_empty() {
                    reply.text.push('\n');
                }
                reply.text.push_str(&tool.arguments);
            }
        }
        self.tell(before);
    }

    /// Passes on what was added to the text.
    fn tell(&mut self, before: usize) {
        let fresh = self.reply.text.get(before..).unwrap_or_default();
        let fresh = self.veil.take(fresh);
        if !fresh.is_empty() {
            (self.on_delta)(Delta::Text(&fresh));
        }
    }
}
