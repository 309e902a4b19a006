//! The requests of one pass, written down before anything is measured.

use super::own::{Content, read_work, sent};
use super::prompts::prompts_of;
use crate::error::EngineError;
use crate::protocol::chat_template;
use crate::running::RunningEngine;
use serde_json::json;
use std::path::Path;
use wattsmith_domain::{FailureCause, OwnWork, Workload};

/// One request, ready to be sent.
#[derive(Debug)]
pub(super) struct Ask {
    pub body: String,
    /// Tokens of the answer, exactly.
    pub output_tokens: u64,
    /// Where it comes from, such as `line 4 of /home/sam/mine.jsonl`; none for shipped prompts.
    pub place: Option<String>,
}

/// The requests of one pass. Where the work holds fewer prompts than a pass has requests, they are taken
/// in turns.
#[derive(Debug, Default)]
pub(super) struct Asks {
    pub all: Vec<Ask>,
    /// When they arrive, where the work says so, in order.
    pub stamps: Vec<f64>,
}

impl Asks {
    /// That of this place within a pass.
    pub fn at(&self, place: u32) -> &Ask {
        &self.all[place as usize % self.all.len()]
    }

    fn push(&mut self, body: String, output_tokens: u32, place: String, arrival_s: Option<f64>) {
        self.all.push(Ask {
            body,
            output_tokens: u64::from(output_tokens),
            place: Some(place),
        });
        self.stamps.extend(arrival_s);
    }

    /// The requests of a workload of tokens.
    ///
    /// # Errors
    /// The person's file is gone, changed or broken, or a chat cannot be put into the model's words.
    pub async fn of(engine: &RunningEngine, workload: &Workload) -> Result<Self, EngineError> {
        if let Some(own) = &workload.own {
            return Self::own(engine, workload, own).await;
        }
        let protocol = engine.server.protocol();
        let ask = |prompt: &String| Ask {
            body: protocol.body(prompt, workload, &engine.served, &engine.fields),
            output_tokens: u64::from(workload.output_tokens),
            place: None,
        };
        Ok(Self {
            all: prompts_of(workload.prompts).iter().map(ask).collect(),
            stamps: Vec::new(),
        })
    }

    async fn own(
        engine: &RunningEngine,
        workload: &Workload,
        own: &OwnWork,
    ) -> Result<Self, EngineError> {
        let changed = |error: super::own::WorkFault| {
            EngineError::failed(FailureCause::FileChanged, error.to_string())
        };
        let file = read_work(Path::new(&own.path)).await.map_err(changed)?;
        let entries = sent(file, workload, own).map_err(changed)?;
        let protocol = engine.server.protocol();
        let mut asks = Self::default();
        for (entry, output_tokens) in entries {
            let place = format!("line {} of {}", entry.line, own.path);
            // The way in which a server is asked knows one length for all.
            let sized = Workload {
                output_tokens,
                ..workload.clone()
            };
            let (served, fields) = (&engine.served, &engine.fields);
            // A server that takes chats puts them into the model's words itself.
            if let Content::Chat(messages) = &entry.content
                && let Some(body) = protocol.chat_body(&json!(messages), &sized, served, fields)
            {
                asks.push(body, output_tokens, place, entry.arrival_s);
                continue;
            }
            let prompt = match entry.content {
                Content::Prompt(prompt) => prompt,
                Content::Chat(messages) => chat_template::applied(engine, &messages)
                    .await
                    .map_err(|what| {
                        EngineError::failed(
                            FailureCause::RequestFailed,
                            format!(
                                "The chat in {place} cannot be put into the model's chat template: \
                                 {what}. Change the chat, choose an instruct model, or write prompts \
                                 in place of chats."
                            ),
                        )
                    })?,
            };
            let body = protocol.body(&prompt, &sized, served, fields);
            asks.push(body, output_tokens, place, entry.arrival_s);
        }
        match asks.all.is_empty() {
            true => Err(EngineError::failed(
                FailureCause::WrongWork,
                format!("{} holds no request. Start a new session.", own.path),
            )),
            false => Ok(asks),
        }
    }
}
