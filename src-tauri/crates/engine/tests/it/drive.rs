//! The workload on a real engine, and what happens when either of them is disturbed.

use crate::setting::{State, runs};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{FailureCause, Seconds, SystemClock, Tokens, Value, Workload};
use wattsmith_engine::{
    EngineError, Patience, Progress, RunningEngine, drive, drive_with, warm_up, workload,
};

fn tiny() -> Workload {
    workload("tiny", 5, 2, 6, 2)
}

/// Work that is not done before somebody disturbs it.
fn long() -> Workload {
    workload("long", 64, 4, 200, 1)
}

/// Drives long work and calls `disturb` once, as soon as tokens come.
async fn disturbed(
    engine: &RunningEngine,
    patience: Patience,
    cancel: &CancellationToken,
    disturb: impl Fn() + Send + Sync,
) -> EngineError {
    let mut done = false;
    let on_progress = |progress: Progress| {
        if progress.tokens > 0 && !done {
            done = true;
            disturb();
        }
    };
    drive_with(
        patience,
        engine,
        &long(),
        Arc::new(SystemClock),
        on_progress,
        cancel,
    )
    .await
    .expect_err("the work was done in spite of all")
}

fn signal(engine: &RunningEngine, signal: Signal) {
    kill(Pid::from_raw(engine.pid().unwrap() as i32), signal).unwrap();
}

#[tokio::test]
async fn the_whole_work_is_done_and_counted_by_the_engine() {
    let state = State::new();
    let engine = state.launch().await;
    let clock = Arc::new(SystemClock);
    let cancel = CancellationToken::new();
    let warm = warm_up(&engine, &tiny(), clock.clone(), &cancel)
        .await
        .unwrap();
    assert!(warm.0 > 0.0);
    let mut seen = Vec::new();
    let driven = drive(
        &engine,
        &tiny(),
        clock,
        |progress| seen.push(progress),
        &cancel,
    )
    .await
    .unwrap();
    engine.stop().await;

    assert_eq!(driven.units(), Tokens(tiny().window_units()));
    assert_eq!(driven.requests.len(), 10);
    for (index, request) in driven.requests.iter().enumerate() {
        assert_eq!(request.index as usize, index);
        assert_eq!(request.output_tokens, 6);
        assert!(request.prompt_tokens > 0);
        assert!(request.sent < request.first_token && request.first_token < request.last_token);
        assert!(driven.started <= request.sent && request.last_token <= driven.ended);
        assert!(request.prefill_ms.unwrap() > 0.0 && request.decode_ms.unwrap() > 0.0);
    }
    // Both passes send the same prompts, and neither finds them in a cache.
    let prompts = |range: std::ops::Range<usize>| -> Vec<u64> {
        driven.requests[range]
            .iter()
            .map(|one| one.prompt_tokens)
            .collect()
    };
    assert_eq!(prompts(0..5), prompts(5..10));
    let performance = driven.performance();
    assert!(performance.tokens_per_second > 0.0);
    assert!(performance.time_to_first_token_s.p95 >= performance.time_to_first_token_s.p50);
    let last = seen.last().unwrap();
    assert_eq!((last.requests_done, last.requests), (10, 10));
}

#[tokio::test]
async fn the_same_work_twice_processes_the_same_prompt_tokens() {
    let state = State::new();
    let engine = state.launch().await;
    let cancel = CancellationToken::new();
    let mut prompt_tokens = Vec::new();
    for _ in 0..2 {
        let driven = drive(&engine, &tiny(), Arc::new(SystemClock), |_| {}, &cancel)
            .await
            .unwrap();
        prompt_tokens.push(driven.performance().prompt_tokens);
    }
    engine.stop().await;
    assert_eq!(prompt_tokens[0], prompt_tokens[1]);
}

#[tokio::test]
async fn cancelling_in_mid_generation_leaves_no_engine() {
    let state = State::new();
    let engine = state.launch().await;
    let pid = engine.pid().unwrap();
    let cancel = CancellationToken::new();
    let error = disturbed(&engine, Patience::default(), &cancel, || cancel.cancel()).await;
    assert_eq!(error, EngineError::Cancelled);
    engine.stop().await;
    assert!(!runs(pid));
}

#[tokio::test]
async fn an_engine_killed_in_mid_run_is_called_a_crash() {
    let state = State::new();
    let engine = state.launch().await;
    let error = disturbed(
        &engine,
        Patience::default(),
        &CancellationToken::new(),
        || signal(&engine, Signal::SIGKILL),
    )
    .await;
    assert_eq!(error.cause(), Some(FailureCause::Crash), "{error}");
    assert!(error.to_string().contains("signal 9"), "{error}");
    engine.stop().await;
}

#[tokio::test]
async fn an_engine_that_stands_still_is_called_hung_and_can_be_ended() {
    let state = State::new();
    let engine = state.launch().await;
    let pid = engine.pid().unwrap();
    let patience = Patience {
        silence: Seconds(1.5),
        ..Patience::default()
    };
    let error = disturbed(&engine, patience, &CancellationToken::new(), || {
        signal(&engine, Signal::SIGSTOP);
    })
    .await;
    assert_eq!(error.cause(), Some(FailureCause::Hang), "{error}");
    engine.stop().await;
    assert!(!runs(pid));
}

#[tokio::test]
async fn an_engine_that_sends_whatever_but_no_token_is_called_hung() {
    let state = State::new();
    let mut options = state.options(crate::setting::small());
    options.binary = crate::setting::fake("never-a-token.py");
    let cancel = CancellationToken::new();
    let engine = wattsmith_engine::launch(options, &cancel).await.unwrap();
    let patience = Patience {
        silence: Seconds(1.0),
        ..Patience::default()
    };
    let clock = Arc::new(SystemClock);
    let error = drive_with(patience, &engine, &tiny(), clock, |_| {}, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.cause(), Some(FailureCause::Hang), "{error}");
    assert!(error.to_string().contains("generated nothing"), "{error}");
    engine.stop().await;
}

#[tokio::test]
async fn work_that_takes_longer_than_it_may_is_given_up() {
    let state = State::new();
    let engine = state.launch().await;
    let patience = Patience {
        whole: Seconds(0.3),
        ..Patience::default()
    };
    let cancel = CancellationToken::new();
    let error = disturbed(&engine, patience, &cancel, || {}).await;
    assert_eq!(error.cause(), Some(FailureCause::Hang), "{error}");
    assert!(error.to_string().contains("more than all"), "{error}");
    engine.stop().await;
}

#[tokio::test]
async fn an_answer_that_does_not_fit_its_slot_is_not_counted_as_the_work() {
    let state = State::new();
    let mut options = state.options(crate::setting::small());
    options.configuration.set("batch", Value::Int(128));
    options.configuration.set("ubatch", Value::Int(128));
    options.extra_args = ["--parallel", "1", "--ctx-size", "256"]
        .map(ToOwned::to_owned)
        .to_vec();
    let cancel = CancellationToken::new();
    let engine = wattsmith_engine::launch(options, &cancel).await.unwrap();
    let names: Vec<&str> = engine
        .launch()
        .differences
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["parallel", "context-per-slot"]);
    let too_long = workload("too-long", 1, 1, 400, 1);
    let error = drive(&engine, &too_long, Arc::new(SystemClock), |_| {}, &cancel)
        .await
        .unwrap_err();
    engine.stop().await;
    assert_eq!(error.cause(), Some(FailureCause::WrongWork), "{error}");
}

#[tokio::test]
async fn work_other_than_the_shipped_is_refused() {
    let state = State::new();
    let engine = state.launch().await;
    let cancel = CancellationToken::new();
    let mut changed = tiny();
    changed.output_tokens += 1;
    let empty = workload("empty", 0, 1, 8, 1);
    for work in [changed, empty] {
        let error = drive(&engine, &work, Arc::new(SystemClock), |_| {}, &cancel)
            .await
            .unwrap_err();
        assert_eq!(error.cause(), Some(FailureCause::WrongWork), "{error}");
    }
    engine.stop().await;
}
