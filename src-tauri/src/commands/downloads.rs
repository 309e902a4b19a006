//! Models from the network: what can be fetched, and the one download that runs.

use super::{Answer, Core};
use crate::views;
use crate::wire::DownloadsView;
use std::sync::Arc;
use wattsmith_tuner::{ModelWish, Tuner};

/// What can be fetched, what is fetched now, and how the last download ended.
#[tauri::command]
#[specta::specta]
pub async fn downloads(core: Core<'_>) -> Answer<DownloadsView> {
    Ok(views::downloads(&core).await)
}

/// Starts a download; its phases come over the live channel under the name `download`.
#[tauri::command]
#[specta::specta]
pub async fn start_download(core: Core<'_>, what: String, sha256: Option<String>) -> Answer<()> {
    Tuner::start_download(&Arc::clone(&core), ModelWish { what, sha256 })?;
    Ok(())
}

/// Ends the download that runs; what has come is kept.
#[tauri::command]
#[specta::specta]
pub async fn cancel_download(core: Core<'_>) -> Answer<()> {
    let _ = core.cancel_download();
    Ok(())
}
