//! A chat server that follows a script: each request is answered by the next entry, in the way of
//! the provider whose path it came by. A real HTTP server on a free port of this machine.

mod wire;

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
use wattsmith_domain::Provider;

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
    /// Status 400 that names a field of the request (or a JSON pointer into it), when the request has
    /// it; else the text.
    Refuse(String, String),
    /// The events of a stream, as they are.
    Raw(String),
    /// The text begins, then the stream tells of a fault with this message.
    Fault(String, String),
    /// A page for browsers instead of a reply.
    Page,
    /// A stream that never ends by itself.
    Endless,
    /// The text begins, then nothing comes for as long as the client stays.
    Slow(String),
    /// No answer at all, for as long as the client stays.
    Silent,
    /// The text begins, then the second text comes every 10 ms, as it is, for as long as the client stays:
    /// signs of life without content, or content without an end.
    Alive(String, String),
    /// The text begins, then the connection ends.
    Cut(String),
}

#[derive(Default)]
struct Seen {
    script: VecDeque<Script>,
    requests: Vec<Value>,
    prompts: Vec<String>,
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
            .route("/v1/messages", post(messages))
            .route("/v1beta/models", get(gemini_models))
            .route("/v1beta/models/{call}", post(generate))
            .route("/api/chat", post(ollama))
            .route("/api/tags", get(tags))
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

    /// Where the same server speaks as `provider` does.
    #[must_use]
    pub fn base_url_of(&self, provider: Provider) -> String {
        let host = self.base_url.trim_end_matches("/v1");
        match provider {
            Provider::OpenAi | Provider::Anthropic => self.base_url.clone(),
            Provider::Gemini => format!("{host}/v1beta"),
            Provider::Ollama => host.to_owned(),
        }
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
        lock(&self.shared.0).prompts.clone()
    }

    /// The header with the key of every request for a reply.
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

async fn gemini_models() -> Json<Value> {
    Json(json!({ "models": [
        { "name": format!("models/{MODEL}"), "supportedGenerationMethods": ["generateContent"] },
        { "name": "models/another" },
        { "name": "models/embedding", "supportedGenerationMethods": ["embedContent"] },
    ]}))
}

async fn tags() -> Json<Value> {
    Json(json!({ "models": [{ "name": MODEL }, { "name": "another" }] }))
}

type Asked = (State<Shared>, HeaderMap, Json<Value>);

async fn complete(shared: State<Shared>, headers: HeaderMap, request: Json<Value>) -> Response {
    play(Provider::OpenAi, (shared, headers, request)).await
}

async fn messages(shared: State<Shared>, headers: HeaderMap, request: Json<Value>) -> Response {
    play(Provider::Anthropic, (shared, headers, request)).await
}

async fn generate(shared: State<Shared>, headers: HeaderMap, request: Json<Value>) -> Response {
    play(Provider::Gemini, (shared, headers, request)).await
}

async fn ollama(shared: State<Shared>, headers: HeaderMap, request: Json<Value>) -> Response {
    play(Provider::Ollama, (shared, headers, request)).await
}

async fn play(provider: Provider, (State(shared), headers, Json(request)): Asked) -> Response {
    let key = ["authorization", "x-api-key", "x-goog-api-key"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let prompt = request.pointer(wire::prompt(provider));
    let prompt = prompt.and_then(Value::as_str).unwrap_or_default();
    let script = {
        let mut seen = lock(&shared);
        seen.prompts.push(prompt.to_owned());
        seen.requests.push(request.clone());
        seen.keys.push(key);
        seen.script.pop_front()
    };
    match script {
        Some(script) => answer(provider, script, &request, shared).await,
        None => status(410, wire::error(provider, "the script has ended")),
    }
}

async fn answer(provider: Provider, script: Script, request: &Value, shared: Shared) -> Response {
    let stream_of = |text: &str, limited| wire::stream(provider, text, limited);
    match script {
        Script::Json(text) | Script::Prose(text) => {
            streamed(provider, vec![stream_of(&text, false)])
        }
        Script::Limited(text) => streamed(provider, vec![stream_of(&text, true)]),
        Script::ByteByByte(text) => {
            let events = stream_of(&text, false);
            streamed(provider, events.bytes().map(|byte| vec![byte]).collect())
        }
        Script::Whole(text) => Json(wire::whole(provider, &text)).into_response(),
        Script::Status(code, body) => status(code, body),
        Script::RetryAfter(seconds) => {
            let mut response = status(429, wire::error(provider, "too many requests"));
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Script::Refuse(field, text) => {
            let asked = match field.starts_with('/') {
                true => request.pointer(&field),
                false => request.get(&field),
            };
            match asked {
                Some(_) => {
                    let said = format!("{field} is not supported");
                    status(400, wire::error(provider, &said))
                }
                None => streamed(provider, vec![stream_of(&text, false)]),
            }
        }
        Script::Raw(events) => streamed(provider, vec![events]),
        Script::Fault(text, message) => {
            let begun = wire::deltas(provider, &text);
            streamed(provider, vec![begun, wire::fault(provider, &message)])
        }
        Script::Page => (
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            "<!doctype html><title>Welcome</title>",
        )
            .into_response(),
        Script::Endless => {
            let piece = Bytes::from(wire::deltas(provider, &"blah ".repeat(2_000)));
            let left = Left(shared);
            let pieces = stream::repeat_with(move || {
                let _left = &left;
                Ok::<Bytes, Infallible>(piece.clone())
            });
            event_stream(provider, Body::from_stream(pieces))
        }
        Script::Slow(text) => {
            let left = Left(shared);
            let silence = stream::once(async move {
                let _left = left;
                std::future::pending::<Result<Bytes, Infallible>>().await
            });
            let begun = stream::iter([Ok(Bytes::from(wire::deltas(provider, &text)))]);
            event_stream(provider, Body::from_stream(begun.chain(silence)))
        }
        Script::Alive(text, sign) => {
            let left = Left(shared);
            let begun = wire::deltas(provider, &text);
            let begun = stream::iter((!text.is_empty()).then(|| Ok(Bytes::from(begun))));
            let signs = stream::repeat_with(move || {
                let _left = &left;
                Ok::<Bytes, Infallible>(Bytes::from(sign.clone()))
            });
            let signs = signs.then(|sign| async {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                sign
            });
            event_stream(provider, Body::from_stream(begun.chain(signs)))
        }
        Script::Silent => {
            let _left = Left(shared);
            std::future::pending().await
        }
        Script::Cut(text) => {
            let broken = Err(io::Error::other("cut by the script"));
            let pieces = stream::iter([Ok(Bytes::from(wire::deltas(provider, &text))), broken]);
            // The first piece has to be on its way before the connection ends.
            let pieces = pieces.then(|piece| async {
                tokio::task::yield_now().await;
                piece
            });
            event_stream(provider, Body::from_stream(pieces))
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
fn streamed<P: Into<Bytes> + Send + 'static>(provider: Provider, pieces: Vec<P>) -> Response {
    let pieces = stream::iter(pieces).then(|piece| async {
        // Being pending once lets the server send what it has.
        tokio::task::yield_now().await;
        Ok::<Bytes, Infallible>(piece.into())
    });
    event_stream(provider, Body::from_stream(pieces))
}

fn event_stream(provider: Provider, body: Body) -> Response {
    let kind = wire::content_type(provider);
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

fn status(code: u16, body: String) -> Response {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, body).into_response()
}
