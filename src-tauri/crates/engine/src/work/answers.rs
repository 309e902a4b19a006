//! What a server answers, as text: a few greedy answers outside any window, by which settings are held
//! against the default.

use super::client::{Fault, explain, refused, with_sources};
use super::drive::Patience;
use super::workload::workload;
use crate::error::EngineError;
use crate::protocol::Protocol;
use crate::running::RunningEngine;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{FailureCause, Given};

/// The first `tokens` tokens of the greedy answer to each prompt, in pieces as they came, `clients` requests
/// at once; with log-probabilities where the server tells them.
///
/// # Errors
/// `RequestFailed`, `WrongWork` (an answer without a word, or a server that answers with pictures), `Hang`,
/// `Crash`; or that the caller cancelled. All connections are closed then.
pub async fn answers(
    engine: &RunningEngine,
    prompts: &[String],
    tokens: u32,
    clients: u32,
    cancel: &CancellationToken,
) -> Result<Vec<Given>, EngineError> {
    let protocol = engine.server.protocol();
    let work = workload("answers", prompts.len() as u32, clients, tokens, 1);
    let asks: VecDeque<(usize, String)> = prompts
        .iter()
        .map(|prompt| protocol.body(prompt, &work, &engine.served, &engine.fields))
        .enumerate()
        .collect();
    let waiting = Arc::new(Mutex::new(asks));
    let mut asking = JoinSet::new();
    for _ in 0..clients.clamp(1, prompts.len().max(1) as u32) {
        asking.spawn(ask_all(Asking {
            client: engine.client.clone(),
            url: format!("{}{}", engine.base_url(), protocol.route()),
            key: engine.api_key().to_owned(),
            protocol: protocol.clone(),
            waiting: Arc::clone(&waiting),
        }));
    }
    let patience = std::time::Duration::from_secs_f64(Patience::default().whole.0);
    let mut all = vec![Given::default(); prompts.len()];
    let gathered = async {
        while let Some(done) = asking.join_next().await {
            let own = match done {
                Ok(Ok(own)) => own,
                Ok(Err(fault)) => return Err(explain(engine, fault).await),
                Err(panic) => {
                    let fault = Fault::Transport(panic.to_string());
                    return Err(explain(engine, fault).await);
                }
            };
            for (at, given) in own {
                all[at] = given;
            }
        }
        Ok(all)
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(EngineError::Cancelled),
        done = tokio::time::timeout(patience, gathered) => done.unwrap_or_else(|_| {
            Err(EngineError::failed(
                FailureCause::Hang,
                format!("The engine does not come to an end with a few answers. {}", engine.where_to_look()),
            ))
        }),
    }
}

/// One client.
struct Asking {
    client: reqwest::Client,
    url: String,
    key: String,
    protocol: Protocol,
    waiting: Arc<Mutex<VecDeque<(usize, String)>>>,
}

async fn ask_all(asking: Asking) -> Result<Vec<(usize, Given)>, Fault> {
    let mut own = Vec::new();
    loop {
        let next = {
            let mut waiting = asking
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            waiting.pop_front()
        };
        let Some((at, body)) = next else {
            return Ok(own);
        };
        // Who takes no such request is asked without.
        let told = match asking.protocol.with_logs(&body) {
            Some(more) => asking.ask(more).await,
            None => asking.ask(body.clone()).await,
        };
        let stream = match told {
            Err(Fault::Refused(_)) => asking.ask(body).await?,
            told => told?,
        };
        let given = asking.protocol.given(&stream).map_err(Fault::Refused)?;
        if given.pieces.is_empty() {
            return Err(Fault::WrongWork("an answer without a word".to_owned()));
        }
        own.push((at, given));
    }
}

impl Asking {
    /// One whole answer.
    async fn ask(&self, body: String) -> Result<Vec<u8>, Fault> {
        let broken = |error: reqwest::Error| Fault::Transport(with_sources(&error.without_url()));
        let answer = self
            .client
            .post(&self.url)
            .bearer_auth(&self.key)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(body)
            .send()
            .await
            .map_err(broken)?;
        if !answer.status().is_success() {
            return Err(refused(answer).await);
        }
        Ok(answer.bytes().await.map_err(broken)?.to_vec())
    }
}
