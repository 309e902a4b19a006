//! Whether the script is ready, and whether it is ours: it refuses a wrong key, and accepts the one that
//! only it was told.

use crate::server::{Door, Told};
use std::time::Duration;
use wattsmith_domain::Seconds;

/// Answers with success once the pipeline is loaded.
pub(super) const ROUTE: &str = "/health";

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
        return Err("it accepts a wrong key".into());
    }
    let answer = ask(door.api_key).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("it answers {} to our key", answer.status()));
    }
    let page: serde_json::Value = answer
        .json()
        .await
        .map_err(|error| format!("it does not tell its settings ({error})"))?;
    Ok(told(page))
}

/// What the page of settings tells.
pub(super) fn told(page: serde_json::Value) -> Told {
    Told {
        load: page["load_s"].as_f64().map(Seconds),
        build: String::new(),
        pages: vec![page],
    }
}
