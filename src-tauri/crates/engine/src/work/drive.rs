//! Sends a workload to an engine: a fixed number of clients take requests from one queue, in one
//! order, and note when each was sent, when its first and its last token came.
//!
//! It runs while energy is measured, so it must cost next to nothing: requests written beforehand,
//! token events recognised but not parsed, and no timer faster than 10 Hz.

use super::driven::{Driven, RequestRecord};
use super::prompts::prompts;
use super::workload::{hash, workload};
use crate::error::EngineError;
use crate::protocol::{Event, Final, Protocol, said};
use crate::running::RunningEngine;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Clock, FailureCause, MonotonicNs, Seconds, Workload};

/// Progress is told this often at most.
const TICK: Duration = Duration::from_millis(100);
/// A broken connection may be noticed before the engine's end is; the end tells more.
const EXIT_NOTICE: Duration = Duration::from_secs(1);

/// How far a drive has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Requests answered.
    pub requests_done: u32,
    /// Requests in the window.
    pub requests: u32,
    /// Tokens seen so far, about: pieces of text are counted here, the engine's own count comes
    /// with each finished request.
    pub tokens: u64,
    /// Tokens in the window.
    pub tokens_total: u64,
    /// Since the first request was sent.
    pub elapsed: Seconds,
}

/// How long silence is borne.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// With no token on any connection for this long, the engine hangs.
    pub silence: Seconds,
}

impl Default for Patience {
    /// Two minutes: reading a long prompt on a slow processor is silent, too.
    fn default() -> Self {
        Self {
            silence: Seconds(120.0),
        }
    }
}

/// Drives `workload` once through the engine: one measured window.
///
/// # Errors
/// `WrongWork` (the shipped prompts changed since the workload was made, or the engine generated
/// another number of tokens than asked), `RequestFailed`, `Hang`, `Crash`, `OutOfMemory`; or that
/// the caller cancelled. All connections are closed then, which ends the engine's work on them.
pub async fn drive(
    engine: &RunningEngine,
    workload: &Workload,
    clock: Arc<dyn Clock>,
    on_progress: impl FnMut(Progress) + Send,
    cancel: &CancellationToken,
) -> Result<Driven, EngineError> {
    let patience = Patience::default();
    drive_with(patience, engine, workload, clock, on_progress, cancel).await
}

/// One short request per client, so that memory is touched and clocks are up before a window opens.
/// Returns how long that took.
///
/// # Errors
/// Those of [`drive`].
pub async fn warm_up(
    engine: &RunningEngine,
    work: &Workload,
    clock: Arc<dyn Clock>,
    cancel: &CancellationToken,
) -> Result<Seconds, EngineError> {
    let clients = work.concurrency.max(1);
    let short = workload("warm-up", clients, clients, work.output_tokens.min(8), 1);
    let driven = drive(engine, &short, clock, |_| {}, cancel).await?;
    Ok(driven.ended.since(driven.started))
}

/// Like [`drive`], with another patience.
///
/// # Errors
/// Those of [`drive`].
pub async fn drive_with(
    patience: Patience,
    engine: &RunningEngine,
    workload: &Workload,
    clock: Arc<dyn Clock>,
    mut on_progress: impl FnMut(Progress) + Send,
    cancel: &CancellationToken,
) -> Result<Driven, EngineError> {
    let requests = check(workload)?;
    let protocol = engine.server.protocol();
    let started = clock.now();
    let shared = Arc::new(Shared {
        url: format!("{}{}", engine.base_url(), protocol.route()),
        protocol,
        key: engine.api_key().to_owned(),
        client: engine.client.clone(),
        bodies: prompts()
            .iter()
            .map(|one| protocol.body(one, workload))
            .collect(),
        pass: workload.requests,
        requests,
        output_tokens: u64::from(workload.output_tokens),
        next: AtomicU32::new(0),
        done: AtomicU32::new(0),
        tokens: AtomicU64::new(0),
        last_sign: AtomicU64::new(started.0),
        clock: Arc::clone(&clock),
    });
    let mut clients = JoinSet::new();
    for _ in 0..workload.concurrency.min(requests) {
        clients.spawn(client(Arc::clone(&shared)));
    }
    let mut records = Vec::new();
    let mut tick = tokio::time::interval(TICK);
    // Leaving this loop early drops the clients, and with them their connections.
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(EngineError::Cancelled),
            exit = engine.process.wait() => return Err(engine.why_ended(exit).await),
            finished = clients.join_next() => match finished {
                None => break,
                Some(Ok(Ok(mut own))) => records.append(&mut own),
                Some(Ok(Err(fault))) => return Err(explain(engine, fault).await),
                Some(Err(panic)) => return Err(EngineError::failed(
                    FailureCause::RequestFailed,
                    format!("The load driver itself failed: {panic}. Please report this."),
                )),
            },
            _ = tick.tick() => {
                let now = clock.now();
                on_progress(shared.progress(started, now, workload));
                let silence = now.since(MonotonicNs(shared.last_sign.load(Relaxed)));
                if silence > patience.silence {
                    return Err(EngineError::failed(FailureCause::Hang, format!(
                        "The engine runs but has sent nothing for {:.0} s, with {} of {requests} \
                         requests answered. Run the trial again; if it hangs again, leave these \
                         settings out. The log is {}.",
                        silence.0,
                        shared.done.load(Relaxed),
                        engine.log_path().display(),
                    )));
                }
            }
        }
    }
    on_progress(shared.progress(started, clock.now(), workload));
    Driven::of(records).ok_or_else(|| wrong_work("no request was answered"))
}

/// The number of requests in the window.
fn check(workload: &Workload) -> Result<u32, EngineError> {
    if hash(workload) != workload.hash {
        return Err(wrong_work(&format!(
            "the workload {} is not the one of this version: its prompts or its numbers changed",
            workload.name
        )));
    }
    let requests = workload.requests.saturating_mul(workload.passes);
    if requests == 0 || workload.concurrency == 0 || workload.output_tokens < 2 {
        return Err(wrong_work(&format!(
            "the workload {} needs at least one request, one client and two tokens",
            workload.name
        )));
    }
    Ok(requests)
}

fn wrong_work(what: &str) -> EngineError {
    EngineError::failed(
        FailureCause::WrongWork,
        format!("This is not the work that was asked for: {what}. Start a new session."),
    )
}

/// What all clients of one drive share.
struct Shared {
    url: String,
    protocol: Protocol,
    key: String,
    client: reqwest::Client,
    bodies: Vec<String>,
    /// Requests in one pass.
    pass: u32,
    /// Requests in all.
    requests: u32,
    output_tokens: u64,
    next: AtomicU32,
    done: AtomicU32,
    tokens: AtomicU64,
    /// When anything last came from the engine, on any connection.
    last_sign: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl Shared {
    fn progress(&self, started: MonotonicNs, now: MonotonicNs, workload: &Workload) -> Progress {
        Progress {
            requests_done: self.done.load(Relaxed),
            requests: self.requests,
            tokens: self.tokens.load(Relaxed),
            tokens_total: workload.window_tokens(),
            elapsed: now.since(started),
        }
    }
}

/// What went wrong with one request.
enum Fault {
    Transport(String),
    Refused(String),
    WrongWork(String),
}

async fn explain(engine: &RunningEngine, fault: Fault) -> EngineError {
    if let Fault::Transport(_) = fault
        && let Ok(exit) = tokio::time::timeout(EXIT_NOTICE, engine.process.wait()).await
    {
        return engine.why_ended(exit).await;
    }
    let log = engine.log_path().display();
    let (cause, what) = match fault {
        Fault::Transport(what) => (
            FailureCause::RequestFailed,
            format!("The connection to the engine broke: {what}"),
        ),
        Fault::Refused(what) => (
            FailureCause::RequestFailed,
            format!("The engine refused a request: {what}"),
        ),
        Fault::WrongWork(what) => (
            FailureCause::WrongWork,
            format!("The engine did other work than asked: {what}"),
        ),
    };
    EngineError::failed(
        cause,
        format!("{what}. Run the trial again; if it fails again, see the log, {log}."),
    )
}

async fn client(shared: Arc<Shared>) -> Result<Vec<RequestRecord>, Fault> {
    let mut records = Vec::new();
    loop {
        let index = shared.next.fetch_add(1, Relaxed);
        if index >= shared.requests {
            return Ok(records);
        }
        records.push(request(&shared, index).await?);
        shared.done.fetch_add(1, Relaxed);
    }
}

async fn request(shared: &Shared, index: u32) -> Result<RequestRecord, Fault> {
    let broken = |error: reqwest::Error| Fault::Transport(with_sources(&error.without_url()));
    // Each pass sends the same prompts in the same order.
    let place = index % shared.pass;
    let body = shared.bodies[place as usize % shared.bodies.len()].clone();
    let sent = shared.clock.now();
    let mut answer = shared
        .client
        .post(&shared.url)
        .bearer_auth(&shared.key)
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(body)
        .send()
        .await
        .map_err(broken)?;
    if !answer.status().is_success() {
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        let parsed: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let text = parsed.as_ref().and_then(said).unwrap_or(&text);
        let text: String = text.chars().take(300).collect();
        return Err(Fault::Refused(format!("{status}: {text}")));
    }
    let mut events = shared.protocol.events();
    let mut first_token = None;
    let mut last_token = sent;
    let mut end = None;
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        let now = shared.clock.now();
        shared.last_sign.store(now.0, Relaxed);
        events.push(&chunk, |event| match event {
            Event::Token => {
                first_token.get_or_insert(now);
                last_token = now;
                shared.tokens.fetch_add(1, Relaxed);
            }
            Event::Final(last) => end = Some(Ok(last)),
            Event::Error(what) => end = Some(Err(what)),
        });
    }
    let last = match end {
        None => {
            return Err(match events.last_words() {
                Some(what) => Fault::Refused(what),
                None => Fault::Transport("an answer ended before its end".into()),
            });
        }
        Some(Err(what)) => return Err(Fault::Refused(what)),
        Some(Ok(last)) => last,
    };
    let Some(first_token) = first_token else {
        return Err(Fault::WrongWork("an answer without a token".into()));
    };
    check_work(&last, shared.output_tokens)?;
    Ok(RequestRecord {
        index,
        sent,
        first_token,
        last_token,
        prompt_tokens: last.prompt_tokens,
        output_tokens: last.output_tokens,
        draft_tokens: last.draft_tokens,
        draft_accepted: last.draft_accepted,
        prefill_ms: last.prefill_ms,
        decode_ms: last.decode_ms,
    })
}

/// An error with everything that lies behind it: reqwest itself only says "error sending request".
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

fn check_work(last: &Final, asked: u64) -> Result<(), Fault> {
    if last.output_tokens != asked {
        return Err(Fault::WrongWork(format!(
            "{} tokens instead of {asked}",
            last.output_tokens
        )));
    }
    if last.truncated {
        return Err(Fault::WrongWork(
            "the context per slot is too small for a prompt and its answer".into(),
        ));
    }
    if last.cached_tokens > 0 {
        return Err(Fault::WrongWork(format!(
            "{} prompt tokens came from a cache",
            last.cached_tokens
        )));
    }
    Ok(())
}
