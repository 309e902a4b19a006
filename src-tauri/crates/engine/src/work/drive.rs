//! Sends a workload to an engine: a fixed number of clients take requests from one queue, in one
//! order, and note when each was sent, when its first and its last token came.
//!
//! It runs while energy is measured, so it must cost next to nothing: requests written beforehand,
//! token events recognised but not parsed, and no timer faster than 10 Hz.

use super::arrivals::{Schedule, instants};
use super::asked::Asks;
use super::client::{Shared, client, explain, one, one_of_all};
use super::draw::Sheets;
use super::driven::Driven;
use super::pictures::picture_workload;
use super::workload::{hash, workload};
use crate::error::EngineError;
use crate::protocol::Protocol;
use crate::running::RunningEngine;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{
    Arrivals, Clock, FailureCause, MonotonicNs, PictureTask, Seconds, Workload,
};
use wattsmith_fail_points::fail_point;

/// Progress is told this often at most.
const TICK: Duration = Duration::from_millis(100);
/// Requests of a warm-up where no clients say how many.
const MOST_WARMING: u32 = 16;

/// How far a drive has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Requests answered.
    pub requests_done: u32,
    /// Requests in the window.
    pub requests: u32,
    /// Units of work seen so far; of tokens about: pieces of text are counted here, the engine's own
    /// count comes with each finished request.
    pub tokens: u64,
    /// Units of work in the window.
    pub tokens_total: u64,
    /// Since the first request was sent.
    pub elapsed: Seconds,
}

/// How long silence is borne.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// With no token on any connection for this long, the engine hangs. Whatever else it sends is no
    /// token.
    pub silence: Seconds,
    /// For all of the work.
    pub whole: Seconds,
}

impl Default for Patience {
    /// Two minutes: reading a long prompt on a slow processor is silent, too.
    fn default() -> Self {
        Self {
            silence: Seconds(120.0),
            whole: Seconds(2.0 * 3600.0),
        }
    }
}

/// Seconds without a token after which an engine hangs.
const SILENCE: &str = "WATTSMITH_ENGINE_SILENCE_S";
/// Seconds that one window's work may take in all.
const WHOLE: &str = "WATTSMITH_ENGINE_LIMIT_S";

impl Patience {
    /// Half an hour for pictures, which come without a sign before; else the usual.
    #[must_use]
    pub fn with(workload: &Workload) -> Self {
        let usual = Self::default();
        match workload.pictures {
            Some(_) => Self {
                silence: Seconds(1800.0),
                ..usual
            },
            None => usual,
        }
    }

    /// This, or what the environment variables `WATTSMITH_ENGINE_SILENCE_S` and
    /// `WATTSMITH_ENGINE_LIMIT_S` say.
    #[must_use]
    pub fn or_from_environment(self) -> Self {
        Self {
            silence: seconds_set(SILENCE).map_or(self.silence, Seconds),
            whole: seconds_set(WHOLE).map_or(self.whole, Seconds),
        }
    }
}

/// The number of seconds that an environment variable sets; none where it sets none.
#[must_use]
pub fn seconds_set(name: &str) -> Option<f64> {
    let text = std::env::var(name).ok()?;
    let seconds: Option<f64> = text.trim().parse().ok();
    let seconds = seconds.filter(|seconds| *seconds > 0.0 && seconds.is_finite());
    if seconds.is_none() {
        tracing::warn!("{name}={text:?} is no number of seconds; the usual limit holds");
    }
    seconds
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
    let patience = Patience::with(workload).or_from_environment();
    drive_with(patience, engine, workload, clock, on_progress, cancel).await
}

/// One short request per client, so that memory is touched and clocks are up before a window opens; of
/// pictures one request, since all that is made lazily hangs on how many are made together.
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
    fail_point!(
        "engine::warm_up::begun",
        EngineError::at_fail_point(FailureCause::RequestFailed)
    );
    let short = match &work.pictures {
        Some(task) => picture_workload(
            "warm-up",
            PictureTask {
                prompts: task.prompts.iter().take(1).cloned().collect(),
                ..task.clone()
            },
        ),
        None => {
            // Where nobody waits for answers there may be hundreds.
            let most = match work.arrivals {
                Arrivals::Clients => u32::MAX,
                _ => MOST_WARMING,
            };
            let clients = work.concurrency.clamp(1, most);
            workload("warm-up", clients, clients, work.output_tokens.min(8), 1)
        }
    };
    let driven = drive(engine, &short, clock, |_| {}, cancel).await?;
    fail_point!(
        "engine::warm_up::done",
        EngineError::at_fail_point(FailureCause::Crash)
    );
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
    fail_point!(
        "engine::drive::begun",
        EngineError::at_fail_point(FailureCause::WrongWork)
    );
    let protocol = engine.server.protocol();
    let sheets = match (&protocol, &workload.pictures) {
        (Protocol::Images(form), Some(task)) => Some(Sheets::new(*form, task, &engine.fields)),
        (Protocol::Images(_), None) => return Err(wrong_work("this server makes pictures only")),
        (_, Some(_)) => return Err(wrong_work("this server makes no pictures")),
        (_, None) => None,
    };
    let printed_before = match sheets {
        Some(_) => match engine.body.log() {
            Some(log) => log.size().await,
            None => 0,
        },
        None => 0,
    };
    let asks = match sheets {
        Some(_) => Asks::default(),
        None => Asks::of(engine, workload).await?,
    };
    let due = instants(workload, &asks.stamps);
    let started = clock.now();
    let shared = Arc::new(Shared {
        url: format!("{}{}", engine.base_url(), protocol.route()),
        key: engine.api_key().to_owned(),
        client: engine.client.clone(),
        protocol,
        asks,
        sheets,
        pass: workload.requests,
        requests,
        next: AtomicU32::new(0),
        done: AtomicU32::new(0),
        tokens: AtomicU64::new(0),
        last_sign: AtomicU64::new(started.0),
        clock: Arc::clone(&clock),
    });
    let mut clients = JoinSet::new();
    let mut schedule = Schedule::of(due);
    match workload.arrivals {
        Arrivals::Clients => {
            for _ in 0..workload.concurrency.min(requests) {
                clients.spawn(client(Arc::clone(&shared)));
            }
        }
        Arrivals::All => {
            let together = Arc::new(Barrier::new(workload.requests as usize));
            for place in 0..workload.requests {
                clients.spawn(one_of_all(
                    Arc::clone(&shared),
                    place,
                    Arc::clone(&together),
                ));
            }
        }
        Arrivals::Poisson { .. } | Arrivals::Timestamps => {}
    }
    let mut records = Vec::new();
    let mut tick = tokio::time::interval(TICK);
    // Leaving this loop early drops the clients, and with them their connections.
    while !(clients.is_empty() && schedule.is_empty()) {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(EngineError::Cancelled),
            exit = engine.body.wait() => return Err(engine.why_ended(exit).await),
            finished = clients.join_next(), if !clients.is_empty() => match finished {
                None => {}
                Some(Ok(Ok(mut own))) => records.append(&mut own),
                Some(Ok(Err(fault))) => return Err(explain(engine, fault).await),
                Some(Err(panic)) => return Err(EngineError::failed(
                    FailureCause::RequestFailed,
                    format!("The load driver itself failed: {panic}. Please report this."),
                )),
            },
            index = schedule.next(), if !schedule.is_empty() => {
                if clients.is_empty() {
                    // Nothing was to be done until now.
                    shared.last_sign.store(clock.now().0, Relaxed);
                }
                clients.spawn(one(Arc::clone(&shared), index));
            }
            _ = tick.tick() => {
                let now = clock.now();
                on_progress(shared.progress(started, now, workload));
                let silence = now.since(MonotonicNs(shared.last_sign.load(Relaxed)));
                let taken = now.since(started);
                if taken > patience.whole {
                    return Err(EngineError::failed(FailureCause::Hang, format!(
                        "The engine has worked for {:.0} s, which is more than all of this work may take, \
                         with {} of {requests} requests answered. Choose less work, or allow more time \
                         in {WHOLE}. {}",
                        taken.0,
                        shared.done.load(Relaxed),
                        engine.where_to_look(),
                    )));
                }
                if silence > patience.silence && !clients.is_empty() {
                    return Err(EngineError::failed(FailureCause::Hang, format!(
                        "The engine runs but has generated nothing for {:.0} s, with {} of {requests} \
                         requests answered. Run the trial again; if it hangs again, leave these \
                         settings out. {}",
                        silence.0,
                        shared.done.load(Relaxed),
                        engine.where_to_look(),
                    )));
                }
            }
        }
    }
    fail_point!(
        "engine::drive::all_answered",
        EngineError::at_fail_point(FailureCause::RequestFailed)
    );
    on_progress(shared.progress(started, clock.now(), workload));
    let driven = match &shared.sheets {
        None => Driven::of(records),
        Some(sheets) => {
            let log = match engine.body.log() {
                Some(log) => log.since(printed_before).await,
                None => String::new(),
            };
            let printed = engine.server.printed_phases(&log);
            sheets.driven(shared.pass, &printed, engine.told_load)
        }
    };
    driven.ok_or_else(|| wrong_work("no request was answered"))
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
    if let Some(task) = &workload.pictures {
        return match task.prompts.is_empty() || task.seeds.is_empty() || workload.concurrency == 0 {
            true => Err(wrong_work("pictures need a prompt, a seed and a client")),
            false => Ok(requests),
        };
    }
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
