//! Whether vLLM is ready, and whether it is ours: it refuses a wrong key, and accepts the one that only it
//! was told.

use super::readback;
use crate::server::{Door, Told};
use std::time::Duration;

/// Answers with success once the model is loaded.
pub(super) const ROUTE: &str = "/health";
/// Behind its key, unlike its other pages.
const MODELS: &str = "/v1/models";
/// The settings as it resolved them; there in developers' mode only, and refused where its Python has no pip.
const SETTINGS: &str = "/server_info?config_format=json";
const METRICS: &str = "/metrics";
/// The first question for its settings makes it look at the whole system.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn prove(door: &Door<'_>) -> Result<Told, String> {
    let models = door.page_behind_key(MODELS).await?;
    let served = models.pointer("/data/0/id").and_then(|id| id.as_str());
    let served = served.unwrap_or_default().to_owned();
    let mut pages = vec![models];
    match door.page(SETTINGS, PATIENCE).await {
        Ok(page) => pages.push(readback::of_server_info(&page)),
        Err(error) => tracing::info!(%error, "vLLM's settings are read from its log alone"),
    }
    if let Ok(text) = door.text(METRICS, PATIENCE).await {
        pages.push(readback::of_metrics(&text));
    }
    Ok(Told {
        served,
        pages,
        ..Told::default()
    })
}
