//! A chat in the model's own words: the server that holds the model knows its chat template.

use super::{Protocol, said};
use crate::running::RunningEngine;
use crate::work::Message;
use serde_json::{Value, json};
use wattsmith_domain::one_line;

/// llama.cpp's route for it.
const ROUTE: &str = "/apply-template";

/// The text that the model is given for these messages, up to where its answer begins.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub(crate) async fn applied(
    engine: &RunningEngine,
    messages: &[Message],
) -> Result<String, String> {
    if engine.server.protocol() != Protocol::Completion {
        return Err(format!(
            "{} is asked in a way that knows no chat template",
            engine.server.name()
        ));
    }
    let fail = |error: reqwest::Error| format!("no answer came ({})", error.without_url());
    let answer = engine
        .client
        .post(format!("{}{ROUTE}", engine.base_url()))
        .bearer_auth(engine.api_key())
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(json!({ "messages": messages }).to_string())
        .send()
        .await
        .map_err(fail)?;
    let status = answer.status();
    let text = answer.text().await.map_err(fail)?;
    let parsed: Option<Value> = serde_json::from_str(&text).ok();
    let prompt = parsed
        .as_ref()
        .and_then(|parsed| parsed.get("prompt")?.as_str());
    match prompt {
        Some(prompt) if status.is_success() && !prompt.is_empty() => Ok(prompt.to_owned()),
        _ => {
            let words = parsed.as_ref().and_then(said).unwrap_or(&text);
            Err(format!(
                "the server says {status}: {}",
                one_line(words, 300)
            ))
        }
    }
}
