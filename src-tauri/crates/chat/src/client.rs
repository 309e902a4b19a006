//! A model on somebody's chat server, by whichever way of speaking that server has.
//!
//! One client for all providers: addresses, keys, timeouts, retries, bounds and the reading of
//! streams are here and in `stream`; `openai`, `anthropic`, `gemini` and `ollama` only know how
//! their requests and replies look. They are our own and not a crate's, because a reply has to be
//! bounded in size and in silence at every byte, a refusal has to keep its status and body, and no
//! key may be looked for in the environment; crates that unite providers take these out of our hands.

mod anthropic;
mod content;
mod faults;
mod frames;
mod gemini;
mod ollama;
mod openai;
mod protocol;
mod refusal;
mod stream;
mod usage;

use crate::address::{is_loopback, normal_base_url};
use crate::connection::{Chat, ChatError, ChatReply, ChatRequest, Delta};
use crate::secret::Secret;
use async_trait::async_trait;
use protocol::{Protocol, Target};
use refusal::Refusal;
use reqwest::header::HeaderValue;
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use serde_json::Value;
use std::error::Error as _;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Provider, one_line};

/// Times a request is sent again after "too many requests" or a fault of the server.
const RETRIES: u32 = 2;
/// Longest pause before such a retry; a server that asks for more gets an error to the person.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Characters that are repeated of what a server said.
const EXCERPT: usize = 200;

/// How long a server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until connected.
    pub connect: Duration,
    /// From there until the reply begins: the server reads the prompt, or thinks. Signs of life are no
    /// beginning; only text or thoughts are.
    pub first: Duration,
    /// Between two pieces of it, likewise.
    pub idle: Duration,
    /// For all of it, with what is sent again.
    pub whole: Duration,
    /// Before the first retry; doubled for the second, and replaced by what the server asks for.
    pub backoff: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first: Duration::from_secs(300),
            idle: Duration::from_secs(60),
            whole: Duration::from_secs(30 * 60),
            backoff: Duration::from_millis(500),
        }
    }
}

/// Seconds of silence after which a reply is given up, wherever in it they are.
const SILENCE: &str = "WATTSMITH_REPLY_SILENCE_S";
/// Seconds that a reply may take in all.
const WHOLE: &str = "WATTSMITH_REPLY_LIMIT_S";

impl Timeouts {
    /// These, or what the environment variables `WATTSMITH_REPLY_SILENCE_S` and
    /// `WATTSMITH_REPLY_LIMIT_S` say.
    #[must_use]
    pub fn or_from_environment(self) -> Self {
        let seconds = |name: &str| {
            let text = std::env::var(name).ok()?;
            let seconds = text.trim().parse().ok();
            let length = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            let length = length.filter(|length| !length.is_zero());
            if length.is_none() {
                tracing::warn!("{name}={text:?} is no number of seconds; the usual limit holds");
            }
            length
        };
        let silence = seconds(SILENCE);
        Self {
            first: silence.unwrap_or(self.first),
            idle: silence.unwrap_or(self.idle),
            whole: seconds(WHOLE).unwrap_or(self.whole),
            ..self
        }
    }
}

/// A model on a chat server.
#[derive(Clone)]
pub struct ChatClient {
    protocol: &'static dyn Protocol,
    base_url: String,
    model: String,
    /// Whether the server is on this machine.
    here: bool,
    key: Option<Secret>,
    timeouts: Timeouts,
    client: Client,
}

impl std::fmt::Debug for ChatClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatClient")
            .field("base_url", &self.base_url)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl ChatClient {
    /// Prepares a connection; nothing is sent yet. Redirects are never followed, so that a prompt
    /// goes only where the person agreed to.
    ///
    /// # Errors
    /// [`ChatError::BadAddress`], [`ChatError::Unauthorized`] for a key that cannot be sent.
    pub fn new(
        provider: Provider,
        base_url: &str,
        model: &str,
        key: Option<Secret>,
        timeouts: Timeouts,
    ) -> Result<Self, ChatError> {
        let base_url = normal_base_url(provider, base_url)?;
        let bad = |what: String| ChatError::BadAddress {
            url: base_url.clone(),
            what,
        };
        let url = Url::parse(&base_url).map_err(|error| bad(error.to_string()))?;
        let here = is_loopback(&url);
        let mut builder = Client::builder()
            .connect_timeout(timeouts.connect)
            // llama-server promises to keep connections and then closes them; a fresh one costs little.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("wattsmith/", env!("CARGO_PKG_VERSION")));
        if here {
            builder = builder.no_proxy();
        }
        if url.scheme() == "http" {
            // No certificates are needed, so a machine without any can still reach its own server.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| bad(in_words(error)))?;
        let key = key.filter(|key| !key.is_empty());
        if let Some(key) = &key
            && HeaderValue::from_str(key.expose()).is_err()
        {
            return Err(ChatError::Unauthorized {
                server: base_url,
                message: "the key has characters that no key has".to_owned(),
            });
        }
        Ok(Self {
            protocol: protocol::of(provider),
            base_url,
            model: model.to_owned(),
            here,
            key,
            timeouts,
            client,
        })
    }

    /// The address in its normal form, without the path of a call.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The model's name on the server.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Names of the models that the server has, sorted.
    ///
    /// # Errors
    /// [`ChatError`], as for a prompt.
    pub async fn list_models(&self, cancel: &CancellationToken) -> Result<Vec<String>, ChatError> {
        let listing = async {
            let path = self.protocol.models_path();
            let response = self.send(|| self.request(Method::GET, path)).await?;
            let list = match response {
                Ok(response) => self.json(response).await?,
                Err(refusal) => return Err(refusal.into_error(&self.base_url, &self.model)),
            };
            let mut names = self
                .protocol
                .model_names(&list)
                .ok_or_else(|| self.bad_reply("it holds no list of models".to_owned()))?;
            names.sort();
            names.dedup();
            Ok(names)
        };
        cancel
            .run_until_cancelled(listing)
            .await
            .unwrap_or(Err(ChatError::Cancelled))
    }

    /// Sends a prompt of one line, to see that address, key and model work.
    ///
    /// # Errors
    /// [`ChatError`], as for a prompt.
    pub async fn test(&self, cancel: &CancellationToken) -> Result<ChatReply, ChatError> {
        // The usual limit of tokens, because some models think before they say one word.
        let request = ChatRequest::new("Answer with the one word: ready");
        self.complete(request, &mut |_| {}, cancel).await
    }

    async fn exchange(
        &self,
        request: &ChatRequest,
        on_delta: &mut (dyn for<'t> FnMut(Delta<'t>) + Send),
        cancel: &CancellationToken,
    ) -> Result<ChatReply, ChatError> {
        wattsmith_fail_points::fail_point!(
            "chat::request::written",
            ChatError::Unreachable {
                server: self.base_url.clone(),
                message: "fail point".to_owned()
            }
        );
        let target = Target {
            model: &self.model,
            here: self.here,
        };
        let path = self.protocol.prompt_path(&self.model);
        let mut body = self.protocol.body(request, &target);
        loop {
            let sent = self
                .send(|| self.request(Method::POST, &path).json(&body))
                .await?;
            match sent {
                Ok(response) => return stream::read(self, response, on_delta, cancel).await,
                Err(refusal) => {
                    // Each time a field fewer, so this ends.
                    if !refusal.adapt(&mut body, self.protocol.optional()) {
                        return Err(refusal.into_error(&self.base_url, &self.model));
                    }
                    tracing::debug!(server = self.base_url, "sent again without what it refused");
                }
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}/{path}", self.base_url));
        let (name, before) = self.protocol.key_header();
        let header = self.key.as_ref().map(|key| {
            HeaderValue::from_str(&format!("{before}{}", key.expose())).map(|mut value| {
                value.set_sensitive(true);
                value
            })
        });
        let request = match header {
            Some(Ok(value)) => request.header(name, value),
            _ => request,
        };
        self.protocol
            .headers()
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, *value)
            })
    }

    /// Sends until there is an answer that waiting would not change.
    async fn send(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Result<Response, Refusal>, ChatError> {
        for attempt in 0..=RETRIES {
            let response = tokio::time::timeout(self.timeouts.first, request().send())
                .await
                .map_err(|_| self.timeout("the reply was waited for", self.timeouts.first))?
                .map_err(|error| self.not_connected(error))?;
            if response.status().is_success() {
                return Ok(Ok(response));
            }
            let refusal = self.refusal(response).await;
            let pause = refusal
                .retry_after
                .unwrap_or(self.timeouts.backoff * 2_u32.pow(attempt));
            if attempt == RETRIES || !refusal.may_pass() || pause > LONGEST_PAUSE {
                return Ok(Err(refusal));
            }
            tracing::debug!(
                server = self.base_url,
                status = refusal.status,
                ?pause,
                "retry"
            );
            tokio::time::sleep(pause).await;
        }
        Err(self.bad_reply("every attempt failed".to_owned()))
    }

    async fn refusal(&self, response: Response) -> Refusal {
        let status = response.status();
        let asked = refusal::retry_after(response.headers());
        // A refusal is worth telling even where its text does not arrive.
        let text = self.text(response).await.unwrap_or_default();
        let message = refusal::message(status, &text);
        Refusal {
            status: status.as_u16(),
            message: self.redact(&message),
            retry_after: asked.or_else(|| refusal::retry_delay(&text)),
        }
    }

    async fn json(&self, response: Response) -> Result<Value, ChatError> {
        let text = self.text(response).await?;
        serde_json::from_str(&text)
            .map_err(|_| self.bad_reply(format!("no JSON, but {:?}", excerpt(&text))))
    }

    /// The whole body.
    async fn text(&self, response: Response) -> Result<String, ChatError> {
        frames::whole(frames::pieces(self, response))
            .await
            .map_err(|broken| broken.into_error(self))
    }

    fn redact(&self, text: &str) -> String {
        match &self.key {
            Some(key) => key.redact(text),
            None => text.to_owned(),
        }
    }

    fn bad_reply(&self, what: String) -> ChatError {
        ChatError::BadReply {
            server: self.base_url.clone(),
            what: self.redact(&what),
        }
    }

    /// The connection ended before the reply did.
    fn cut(&self) -> ChatError {
        ChatError::Cut {
            server: self.base_url.clone(),
        }
    }

    fn timeout(&self, during: &'static str, after: Duration) -> ChatError {
        ChatError::Timeout {
            server: self.base_url.clone(),
            during,
            after,
        }
    }

    fn not_connected(&self, error: reqwest::Error) -> ChatError {
        if error.is_timeout() {
            return self.timeout("a connection was being made", self.timeouts.connect);
        }
        ChatError::Unreachable {
            server: self.base_url.clone(),
            message: in_words(error),
        }
    }
}

#[async_trait]
impl Chat for ChatClient {
    async fn complete(
        &self,
        request: ChatRequest,
        on_delta: &mut (dyn for<'t> FnMut(Delta<'t>) + Send),
        cancel: &CancellationToken,
    ) -> Result<ChatReply, ChatError> {
        let whole = self.timeouts.whole;
        let limited = tokio::time::timeout(whole, self.exchange(&request, on_delta, cancel));
        match cancel.run_until_cancelled(limited).await {
            None => Err(ChatError::Cancelled),
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(self.timeout("it was replying, in all", whole)),
        }
    }
}

/// The innermost cause says what happened; the outer ones only where, and may hold the whole URL.
fn in_words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    words
}

/// The beginning of what a server said.
fn excerpt(text: &str) -> String {
    one_line(text, EXCERPT)
}
