//! Whether the script is ready, and whether it is ours: it refuses a wrong key, and accepts the one that
//! only it was told.

use crate::server::{Door, Told};
use wattsmith_domain::Seconds;

/// Answers with success once the model is loaded.
pub(super) const ROUTE: &str = "/health";

pub(super) async fn prove(door: &Door<'_>) -> Result<Told, String> {
    door.page_behind_key("/props").await.map(told)
}

/// What the page of settings tells.
pub(super) fn told(page: serde_json::Value) -> Told {
    Told {
        load: page["load_s"].as_f64().map(Seconds),
        pages: vec![page],
        ..Told::default()
    }
}
