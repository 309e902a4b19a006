//! Whether llama-server is ready, and whether it is ours: an open port proves neither.

use super::readback::told;
use crate::server::{Door, Told};
use std::time::Duration;

/// Answers once the model is loaded.
pub(super) const ROUTE: &str = "/health";

/// It refuses a wrong key, and accepts the key that only it was told.
pub(super) async fn prove(door: &Door<'_>) -> Result<Told, String> {
    let ask = |key: &str| {
        door.client
            .get(format!("{}/props", door.base_url))
            .bearer_auth(key)
            .timeout(Duration::from_secs(5))
            .send()
    };
    let wrong = ask("not-the-key")
        .await
        .map_err(|error| error.to_string())?;
    if wrong.status() != reqwest::StatusCode::UNAUTHORIZED {
        return Err("it accepts a wrong API key".into());
    }
    let answer = ask(door.api_key).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("it answers {} to our API key", answer.status()));
    }
    let page = answer
        .json()
        .await
        .map_err(|error| format!("it does not tell its settings ({error})"))?;
    told(page)
}
