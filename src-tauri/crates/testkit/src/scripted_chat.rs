//! A chat server that speaks OpenAI's chat completions and follows a script: each request is
//! answered by the next entry. A real HTTP server on a free port of this machine.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The model that the server says it has.
pub const MODEL: &str = "scripted";
/// Tokens that every whole reply claims for its prompt and for itself.
pub const USAGE: (u64, u64) = (120, 30);

/// How one request is answered.
#[derive(Debug, Clone)]
pub enum Script {
    /// A reply that is meant as JSON, streamed a few characters at a time.
    Json(String),
    /// A reply in prose, streamed likewise.
    Prose(String),
    /// Like `Prose`, every byte of the stream in a piece of its own.
    ByteByByte(String),
    /// A reply in one JSON object, from a server that does not stream.
    Whole(String),
    /// A reply that was stopped by the limit of tokens.
    Limited(String),
    /// A status and a body.
    Status(u16, String),
    /// Status 429 with a Retry-After in seconds.
    RetryAfter(u64),
    /// Status 400 that names a field of the request, when the request has it; else the text.
    Refuse(String, String),
    /// The events of a stream, as they are.
    Raw(String),
    /// The text begins, then nothing comes for as long as the client stays.
    Slow(String),
    /// No answer at all, for as long as the client stays.
    Silent,
    /// The text begins, then the connection ends.
    Cut(String),
}

#[derive(Default)]
struct Seen {
    script: VecDeque<Script>,
    requests: Vec<Value>,
    keys: Vec<Option<String>>,
    abandoned: usize,
}

type Shared = Arc<Mutex<Seen>>;

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct ScriptedChat {
    base_url: String,
    shared: Opaque,
    server: JoinHandle<()>,
}

struct Opaque(Shared);

impl std::fmt::Debug for Opaque {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl ScriptedChat {
    /// Starts a server on a free port of 127.0.0.1. Once the script has ended, requests are
    /// answered with status 410.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(script: Vec<Script>) -> io::Result<Self> {
        let shared = Shared::default();
        lock(&shared).script = script.into();
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base_url = format!("http://{}/v1", listener.local_addr()?);
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            base_url,
            shared: Opaque(shared),
            server,
        })
    }

    /// Such as `http://127.0.0.1:40123/v1`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Adds to the end of the script.
    pub fn push(&self, script: Script) {
        lock(&self.shared.0).script.push_back(script);
    }

    /// Bodies of the requests for a reply, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.shared.0).requests.clone()
    }

    /// The prompts in them.
    #[must_use]
    pub fn prompts(&self) -> Vec<String> {
        let prompt = |request: &Value| {
            let content = request.pointer("/messages/0/content");
            content
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        self.requests().iter().map(prompt).collect()
    }

    /// The Authorization header of every request for a reply.
    #[must_use]
    pub fn keys(&self) -> Vec<Option<String>> {
        lock(&self.shared.0).keys.clone()
    }

    /// Replies that the client left before they ended.
    #[must_use]
    pub fn abandoned(&self) -> usize {
        lock(&self.shared.0).abandoned
    }
}

impl Drop for ScriptedChat {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Seen> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [{ "id": MODEL }, { "id": "another" }] }))
}

async fn complete(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let script = {
        let mut seen = lock(&shared);
        seen.requests.push(request.clone());
        seen.keys.push(key);
        seen.script.pop_front()
    };
    match script {
        Some(script) => answer(script, &request, shared).await,
        None => status(410, error("the script has ended")),
    }
}

async fn answer(script: Script, request: &Value, shared: Shared) -> Response {
    match script {
        Script::Json(text) | Script::Prose(text) => streamed(vec![reply(&text, "stop")]),
        Script::Limited(text) => streamed(vec![reply(&text, "length")]),
        Script::ByteByByte(text) => {
            let events = reply(&text, "stop");
            streamed(events.bytes().map(|byte| vec![byte]).collect())
        }
        Script::Whole(text) => Json(json!({
            "choices": [{
                "message": { "role": "assistant", "content": text },
                "finish_reason": "stop",
            }],
            "usage": usage(),
        }))
        .into_response(),
        Script::Status(code, body) => status(code, body),
        Script::RetryAfter(seconds) => {
            let mut response = status(429, error("too many requests"));
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Script::Refuse(field, text) if request.get(&field).is_none() => {
            streamed(vec![reply(&text, "stop")])
        }
        Script::Refuse(field, _) => status(400, error(&format!("{field} is not supported"))),
        Script::Raw(events) => streamed(vec![events]),
        Script::Slow(text) => {
            let left = Left(shared);
            let silence = stream::once(async move {
                let _left = left;
                std::future::pending::<Result<Bytes, Infallible>>().await
            });
            let begun = stream::iter([Ok(Bytes::from(deltas(&text)))]);
            event_stream(Body::from_stream(begun.chain(silence)))
        }
        Script::Silent => {
            let _left = Left(shared);
            std::future::pending().await
        }
        Script::Cut(text) => {
            let broken = Err(io::Error::other("cut by the script"));
            let pieces = stream::iter([Ok(Bytes::from(deltas(&text))), broken]);
            // The first piece has to be on its way before the connection ends.
            let pieces = pieces.then(|piece| async {
                tokio::task::yield_now().await;
                piece
            });
            event_stream(Body::from_stream(pieces))
        }
    }
}

/// Counts a client that leaves when the answer is dropped.
struct Left(Shared);

impl Drop for Left {
    fn drop(&mut self) {
        lock(&self.0).abandoned += 1;
    }
}

/// A body whose pieces go out one by one.
fn streamed<P: Into<Bytes> + Send + 'static>(pieces: Vec<P>) -> Response {
    let pieces = stream::iter(pieces).then(|piece| async {
        // Being pending once lets the server send what it has.
        tokio::task::yield_now().await;
        Ok::<Bytes, Infallible>(piece.into())
    });
    event_stream(Body::from_stream(pieces))
}

fn event_stream(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

fn status(code: u16, body: String) -> Response {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, body).into_response()
}

fn error(message: &str) -> String {
    json!({ "error": { "message": message } }).to_string()
}

fn usage() -> Value {
    json!({ "prompt_tokens": USAGE.0, "completion_tokens": USAGE.1 })
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// The events of a text, a few characters in each.
fn deltas(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let delta = |letters: &[char]| {
        let content: String = letters.iter().collect();
        event(&json!({ "choices": [{ "delta": { "content": content }, "finish_reason": null }] }))
    };
    letters.chunks(5).map(delta).collect()
}

/// All events of a reply, with the marks and the comment that real servers send as well.
fn reply(text: &str, finish: &str) -> String {
    let first =
        event(&json!({ "choices": [{ "delta": { "role": "assistant", "content": null } }] }));
    let last = event(&json!({ "choices": [{ "delta": {}, "finish_reason": finish }] }));
    let counted = event(&json!({ "choices": [], "usage": usage() }));
    format!(
        ": hello\n\n{first}{}{last}{counted}data: [DONE]\n\n",
        deltas(text)
    )
}
