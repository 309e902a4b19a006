//! One client of a drive: requests sent one after another, their answers read and noted.

use super::asked::{Ask, Asks};
use super::draw::Sheets;
use super::drive::Progress;
use super::driven::RequestRecord;
use crate::error::EngineError;
use crate::protocol::{Event, Final, Length, Protocol, said};
use crate::running::RunningEngine;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::Barrier;
use wattsmith_domain::{Clock, FailureCause, MonotonicNs, Workload, one_line};
use wattsmith_fail_points::fail_point;

/// Bytes of a refusal that are read.
const MOST_REFUSAL: usize = 64 * 1024;
/// A broken connection may be noticed before the engine's end is; the end tells more.
const EXIT_NOTICE: Duration = Duration::from_secs(1);

/// What all clients of one drive share.
pub(super) struct Shared {
    pub(super) url: String,
    pub(super) protocol: Protocol,
    pub(super) key: String,
    pub(super) client: reqwest::Client,
    /// Where it is tokens.
    pub(super) asks: Asks,
    /// Where it is pictures.
    pub(super) sheets: Option<Sheets>,
    /// Requests in one pass.
    pub(super) pass: u32,
    /// Requests in all.
    pub(super) requests: u32,
    pub(super) next: AtomicU32,
    pub(super) done: AtomicU32,
    pub(super) tokens: AtomicU64,
    /// When a token last came from the engine, or an answer ended, on any connection.
    pub(super) last_sign: AtomicU64,
    pub(super) clock: Arc<dyn Clock>,
}

impl Shared {
    pub(super) fn progress(
        &self,
        started: MonotonicNs,
        now: MonotonicNs,
        workload: &Workload,
    ) -> Progress {
        Progress {
            requests_done: self.done.load(Relaxed),
            requests: self.requests,
            tokens: self.tokens.load(Relaxed),
            tokens_total: workload.window_units(),
            elapsed: now.since(started),
        }
    }
}

/// What went wrong with one request.
pub(super) enum Fault {
    Transport(String),
    Refused(String),
    OutOfMemory(String),
    WrongWork(String),
}

impl Fault {
    /// What a server says in place of an answer, or in the middle of one.
    fn in_words(text: String) -> Self {
        match text.to_ascii_lowercase().contains("out of memory") {
            true => Self::OutOfMemory(text),
            false => Self::Refused(text),
        }
    }

    /// The same with where the request comes from, where that is told.
    fn of_request(self, place: Option<&str>) -> Self {
        let Some(place) = place else { return self };
        let of = |what: String| format!("{what} (the request in {place})");
        match self {
            Self::Transport(what) => Self::Transport(of(what)),
            Self::Refused(what) => Self::Refused(of(what)),
            Self::OutOfMemory(what) => Self::OutOfMemory(of(what)),
            Self::WrongWork(what) => Self::WrongWork(of(what)),
        }
    }
}

pub(super) async fn explain(engine: &RunningEngine, fault: Fault) -> EngineError {
    if let Fault::Transport(_) = fault
        && let Ok(exit) = tokio::time::timeout(EXIT_NOTICE, engine.body.wait()).await
    {
        return engine.why_ended(exit).await;
    }
    let look = engine.where_to_look();
    let (cause, what) = match fault {
        Fault::Transport(what) => (
            FailureCause::RequestFailed,
            format!("The connection to the engine broke: {what}"),
        ),
        Fault::Refused(what) => (
            FailureCause::RequestFailed,
            format!("The engine refused a request: {what}"),
        ),
        Fault::OutOfMemory(what) => (
            FailureCause::OutOfMemory,
            format!("The engine ran out of memory in the middle of its work: {what}"),
        ),
        Fault::WrongWork(what) => (
            FailureCause::WrongWork,
            format!("The engine did other work than asked: {what}"),
        ),
    };
    EngineError::failed(cause, format!("{what}. Run the trial again. {look}"))
}

pub(super) async fn client(shared: Arc<Shared>) -> Result<Vec<RequestRecord>, Fault> {
    let mut records = Vec::new();
    loop {
        let index = shared.next.fetch_add(1, Relaxed);
        if index >= shared.requests {
            return Ok(records);
        }
        records.append(&mut one(Arc::clone(&shared), index).await?);
    }
}

/// One request of those that are sent at the same instant; the same place in the next pass follows when all
/// of this one are answered.
pub(super) async fn one_of_all(
    shared: Arc<Shared>,
    place: u32,
    together: Arc<Barrier>,
) -> Result<Vec<RequestRecord>, Fault> {
    let mut records = Vec::new();
    for index in (place..shared.requests).step_by(shared.pass.max(1) as usize) {
        records.append(&mut one(Arc::clone(&shared), index).await?);
        // A request that fails ends the drive, and with it those that wait here.
        together.wait().await;
    }
    Ok(records)
}

/// One request; pictures are put together elsewhere.
pub(super) async fn one(shared: Arc<Shared>, index: u32) -> Result<Vec<RequestRecord>, Fault> {
    let mut records = Vec::new();
    match &shared.sheets {
        None => records.push(request(&shared, index).await?),
        Some(sheets) => pictures(&shared, sheets, index).await?,
    }
    shared.done.fetch_add(1, Relaxed);
    Ok(records)
}

/// One request of tokens. Each pass sends the same prompts in the same order.
async fn request(shared: &Shared, index: u32) -> Result<RequestRecord, Fault> {
    let ask = shared.asks.at(index % shared.pass);
    let answered = answered(shared, index, ask).await;
    answered.map_err(|fault| fault.of_request(ask.place.as_deref()))
}

async fn answered(shared: &Shared, index: u32, ask: &Ask) -> Result<RequestRecord, Fault> {
    let broken = |error: reqwest::Error| Fault::Transport(with_sources(&error.without_url()));
    let sent = shared.clock.now();
    let mut answer = shared
        .client
        .post(&shared.url)
        .bearer_auth(&shared.key)
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(shared.protocol.sent(&ask.body).into_owned())
        .send()
        .await
        .map_err(broken)?;
    if !answer.status().is_success() {
        return Err(refused(answer).await);
    }
    fail_point!(
        "engine::drive::sent",
        Fault::Transport("fail point".to_owned())
    );
    let mut events = shared.protocol.events();
    let mut first_token = None;
    let mut last_token = sent;
    let mut end = None;
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        let now = shared.clock.now();
        events.push(&chunk, |event| match event {
            Event::Token => {
                shared.last_sign.store(now.0, Relaxed);
                first_token.get_or_insert(now);
                last_token = now;
                shared.tokens.fetch_add(1, Relaxed);
            }
            Event::Final(last) => {
                if last.with_token {
                    shared.last_sign.store(now.0, Relaxed);
                    first_token.get_or_insert(now);
                    last_token = now;
                    shared.tokens.fetch_add(1, Relaxed);
                }
                end = Some(Ok(last));
            }
            Event::Error(what) => end = Some(Err(what)),
        });
        fail_point!(
            "engine::drive::piece_came",
            Fault::OutOfMemory("fail point".to_owned())
        );
    }
    let last = match end {
        None => {
            return Err(match events.last_words() {
                Some(what) => Fault::Refused(what),
                None => match shared.protocol.without_count() {
                    Some(what) if events.done() => Fault::WrongWork(what.to_owned()),
                    _ => Fault::Transport(match shared.protocol.cut_short() {
                        Some(why) => format!("an answer ended before its end; {why}"),
                        None => "an answer ended before its end".to_owned(),
                    }),
                },
            });
        }
        Some(Err(what)) => return Err(Fault::in_words(what)),
        Some(Ok(last)) => last,
    };
    let Some(first_token) = first_token else {
        return Err(Fault::WrongWork("an answer without a token".into()));
    };
    check_work(&last, ask.output_tokens, shared.protocol.length())?;
    fail_point!(
        "engine::drive::answered",
        Fault::WrongWork("fail point".to_owned())
    );
    Ok(RequestRecord {
        index,
        sent,
        first_token,
        last_token,
        prompt_tokens: last.prompt_tokens,
        output_tokens: last.output_tokens,
        draft_tokens: last.draft_tokens,
        draft_accepted: last.draft_accepted,
        prefill_ms: last.times_ms.map(|(prefill, _)| prefill),
        decode_ms: last.times_ms.map(|(_, decode)| decode),
    })
}

/// What a server said in place of an answer.
pub(super) async fn refused(mut answer: reqwest::Response) -> Fault {
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await
        && bytes.len() < MOST_REFUSAL
    {
        bytes.extend_from_slice(&chunk);
    }
    let text = String::from_utf8_lossy(&bytes);
    let parsed: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let text = parsed.as_ref().and_then(said).unwrap_or(&text);
    let text = one_line(text, 300);
    match Fault::in_words(text) {
        Fault::Refused(text) => Fault::Refused(format!("{status}: {text}")),
        other => other,
    }
}

/// One prompt with all its seeds, in as many calls as the server needs for that.
async fn pictures(shared: &Shared, sheets: &Sheets, index: u32) -> Result<(), Fault> {
    let broken = |error: reqwest::Error| Fault::Transport(with_sources(&error.without_url()));
    for (at, call) in sheets.calls(index % shared.pass).iter().enumerate() {
        let sent = shared.clock.now();
        let answer = shared
            .client
            .post(&shared.url)
            .bearer_auth(&shared.key)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(call.body.clone())
            .send()
            .await
            .map_err(broken)?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        let body = answer.bytes().await.map_err(broken)?;
        let came = shared.clock.now();
        let images = sheets
            .answered((index, shared.pass, at), (sent, came), &body)
            .map_err(Fault::WrongWork)?;
        shared.last_sign.store(came.0, Relaxed);
        shared.tokens.fetch_add(images, Relaxed);
    }
    Ok(())
}

/// An error with everything that lies behind it: reqwest itself only says "error sending request".
pub(super) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

fn check_work(last: &Final, asked: u64, length: Length) -> Result<(), Fault> {
    let right = match length {
        Length::Exact => last.output_tokens == asked,
        Length::AtMost => (1..=asked).contains(&last.output_tokens),
    };
    if !right {
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
