//! A stand-in for an inference server that answers at a fixed pace, so that what a driver loses can be
//! seen: as llama-server and as a server behind OpenAI's streams. Run by the example `driver`.

#![allow(clippy::unwrap_used, clippy::expect_used)] // an example that cannot go on says so

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// Between two tokens of one answer.
const PACE: Duration = Duration::from_millis(5);

fn page(headers: &HeaderMap, value: Value) -> Response {
    let key = format!(
        "Bearer {}",
        std::env::var("LLAMA_API_KEY").unwrap_or_default()
    );
    let given = headers
        .get("authorization")
        .and_then(|key| key.to_str().ok());
    match given == Some(key.as_str()) {
        true => Json(value).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// An event for each token at its time, then `last`.
fn answer(tokens: u64, event: String, last: String) -> Response {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(64);
    tokio::spawn(async move {
        let begun = Instant::now();
        let event = Bytes::from(event);
        for index in 1..=tokens {
            let due = begun + PACE * u32::try_from(index).unwrap();
            tokio::time::sleep_until(due.into()).await;
            if sender.send(event.clone()).await.is_err() {
                return;
            }
        }
        let _ = sender.send(Bytes::from(last)).await;
    });
    let stream = futures_of(receiver);
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(Body::from_stream(stream))
        .unwrap()
}

fn futures_of(
    receiver: tokio::sync::mpsc::Receiver<Bytes>,
) -> impl futures::Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold(receiver, |mut receiver| async {
        let bytes = receiver.recv().await?;
        Some((Ok(bytes), receiver))
    })
}

async fn completion(Json(asked): Json<Value>) -> Response {
    let tokens = asked["n_predict"].as_u64().unwrap();
    let last = json!({
        "content": "", "stop": true, "tokens_predicted": tokens, "truncated": false,
        "timings": { "cache_n": 0, "prompt_n": 20, "prompt_ms": 5.0, "predicted_ms": 5.0 * tokens as f64 },
    });
    let event = "data: {\"index\":0,\"content\":\" word\",\"tokens\":[29],\"stop\":false}\n\n";
    answer(tokens, event.to_owned(), format!("data: {last}\n\n"))
}

async fn openai(Json(asked): Json<Value>) -> Response {
    let tokens = asked["max_tokens"].as_u64().unwrap();
    let last = json!({
        "choices": [],
        "usage": { "prompt_tokens": 20, "completion_tokens": tokens, "total_tokens": 20 + tokens },
    });
    let event =
        "data: {\"choices\":[{\"text\":\" word\",\"index\":0}],\"object\":\"text_completion\"}\n\n";
    answer(
        tokens,
        event.to_owned(),
        format!("data: {last}\n\ndata: [DONE]\n\n"),
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    if words.iter().any(|word| word == "--version") {
        println!("version: 1.0 (pace)");
        return;
    }
    let after = |flag: &str| {
        let at = words.iter().position(|word| word == flag)?;
        words.get(at + 1)
    };
    let Some(port) = after("--port").and_then(|port| port.parse::<u16>().ok()) else {
        println!("usage: pace --port N");
        return;
    };
    let slots: u64 = after("--parallel")
        .and_then(|word| word.parse().ok())
        .unwrap_or(4);
    let props = json!({
        "total_slots": slots,
        "default_generation_settings": { "n_ctx": 1_000_000 },
        "build_info": "pace",
    });
    let app = Router::new()
        .route("/health", get(|| async { "ok" }))
        .route(
            "/props",
            get(|headers: HeaderMap| async move { page(&headers, props) }),
        )
        .route(
            "/v1/models",
            get(|| async { Json(json!({ "data": [{ "id": "pace" }] })) }),
        )
        .route("/completion", post(completion))
        .route("/v1/completions", post(openai));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .unwrap();
    axum::serve(listener, app).await.unwrap();
}
