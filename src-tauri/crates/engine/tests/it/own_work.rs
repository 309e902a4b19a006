//! Work of one's own on a real engine: chats through the model's template, lengths of the data, every way
//! to arrive.

use crate::setting::State;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Arrivals, FailureCause, MonotonicNs, SystemClock, Workload};
use wattsmith_engine::{
    Driven, EngineError, RunningEngine, WorkChoice, drive, own_workload, read_work,
};

const MIXED: &str = r#"{"prompt": "Say something about tea.", "output_tokens": 4, "arrival_s": 0.4}
{"messages": [{"role": "user", "content": "Hello"}], "arrival_s": 0.0}
{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why is the sky blue?"}], "output_tokens": 9, "arrival_s": 0.9}
"#;

fn written(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("mine.jsonl");
    std::fs::write(&path, text).unwrap();
    path
}

async fn work(path: &Path, arrivals: Arrivals) -> Workload {
    let choice = WorkChoice {
        arrivals: Some(arrivals),
        ..WorkChoice::default()
    };
    own_workload(&read_work(path).await.unwrap(), choice).unwrap()
}

async fn driven(engine: &RunningEngine, work: &Workload) -> Result<Driven, EngineError> {
    let cancel = CancellationToken::new();
    drive(engine, work, Arc::new(SystemClock), |_| {}, &cancel).await
}

/// How many tokens each answer has.
fn lengths(driven: &Driven) -> Vec<u64> {
    let requests = driven.requests.iter();
    requests.map(|one| one.output_tokens).collect()
}

/// When each request was sent, in seconds from the first.
fn sent(driven: &Driven) -> Vec<f64> {
    let at = |at: MonotonicNs| at.since(driven.started).0;
    driven.requests.iter().map(|one| at(one.sent)).collect()
}

#[tokio::test]
async fn prompts_and_chats_get_answers_of_their_own_lengths() {
    let state = State::new();
    let path = written(state.path(), MIXED);
    let engine = state.launch().await;
    let work = work(&path, Arrivals::Clients).await;
    let driven = driven(&engine, &work).await.unwrap();
    engine.stop().await;
    let tokens = lengths(&driven);
    assert_eq!(tokens, [4, 64, 9]);
    assert_eq!(driven.units().0, work.window_units());
    // The template adds its marks and a system message: far more than the words.
    let hello = driven.requests[1].prompt_tokens;
    assert!(hello > 10, "{hello}");
}

#[tokio::test]
async fn requests_arrive_at_the_instants_of_the_file() {
    let state = State::new();
    let path = written(state.path(), MIXED);
    let engine = state.launch().await;
    let work = work(&path, Arrivals::Timestamps).await;
    let driven = driven(&engine, &work).await.unwrap();
    engine.stop().await;
    let tokens = lengths(&driven);
    assert_eq!(tokens, [64, 4, 9], "in the order of time");
    for (at, wanted) in sent(&driven).iter().zip([0.0, 0.4, 0.9]) {
        assert!((at - wanted).abs() < 0.3, "{at} for {wanted}");
    }
}

#[tokio::test]
async fn poisson_arrivals_of_two_windows_are_the_same() {
    let state = State::new();
    let path = written(state.path(), MIXED);
    let engine = state.launch().await;
    let work = work(&path, Arrivals::Poisson { per_second: 4.0 }).await;
    let work = wattsmith_engine::with_passes(&work, 2);
    let one = driven(&engine, &work).await.unwrap();
    let other = driven(&engine, &work).await.unwrap();
    engine.stop().await;
    assert_eq!(one.requests.len(), 6);
    for (one, other) in sent(&one).iter().zip(sent(&other)) {
        assert!((one - other).abs() < 0.3, "{one} and {other}");
    }
    assert!(sent(&one)[5] > 0.1);
}

#[tokio::test]
async fn all_of_a_pass_are_sent_at_once_and_the_next_pass_waits() {
    let state = State::new();
    let path = written(state.path(), MIXED);
    let engine = state.launch().await;
    let work = work(&path, Arrivals::All).await;
    let work = wattsmith_engine::with_passes(&work, 2);
    let driven = driven(&engine, &work).await.unwrap();
    engine.stop().await;
    let sent = sent(&driven);
    assert!(sent[..3].iter().all(|at| *at < 0.3), "{sent:?}");
    let first_pass = driven.requests[..3].iter();
    let over = first_pass.map(|one| one.last_token).max().unwrap();
    assert!(driven.requests[3..].iter().all(|one| one.sent >= over));
}

#[tokio::test]
async fn one_request_that_fails_is_the_failure_of_all_and_names_its_line() {
    let state = State::new();
    let long = "word ".repeat(4000);
    let path = written(
        state.path(),
        &format!("{{\"prompt\": \"a b c\", \"output_tokens\": 4}}\n{{\"prompt\": \"{long}\"}}\n"),
    );
    let engine = state.launch().await;
    for arrivals in [
        Arrivals::Clients,
        Arrivals::All,
        Arrivals::Poisson { per_second: 50.0 },
    ] {
        let work = work(&path, arrivals).await;
        let error = driven(&engine, &work).await.unwrap_err();
        assert_eq!(error.cause(), Some(FailureCause::RequestFailed), "{error}");
        assert!(error.to_string().contains("line 2 of "), "{error}");
    }
    engine.stop().await;
}

#[tokio::test]
async fn a_file_that_changed_is_not_sent() {
    let state = State::new();
    let path = written(state.path(), MIXED);
    let engine = state.launch().await;
    let work = work(&path, Arrivals::Clients).await;
    std::fs::write(&path, MIXED.replace("tea", "milk")).unwrap();
    let now = read_work(&path).await.unwrap().sha256;
    let error = driven(&engine, &work).await.unwrap_err();
    engine.stop().await;
    assert_eq!(error.cause(), Some(FailureCause::FileChanged), "{error}");
    let was = &work.own.as_ref().unwrap().sha256;
    assert!(error.to_string().contains(was) && error.to_string().contains(&now));
}
