//! Whether llama-server is ready, and whether it is ours: an open port proves neither.

use super::readback::told;
use crate::server::{Door, Told};

/// Answers once the model is loaded.
pub(super) const ROUTE: &str = "/health";

/// It refuses a wrong key, and accepts the key that only it was told.
pub(super) async fn prove(door: &Door<'_>) -> Result<Told, String> {
    told(door.page_behind_key("/props").await?)
}
