//! The doctor.

use super::{Answer, Core};
use crate::views;
use crate::wire::DiagnosisView;

/// Examines the machine: some seconds.
#[tauri::command]
#[specta::specta]
pub async fn diagnose(core: Core<'_>) -> Answer<DiagnosisView> {
    Ok(views::diagnosis(&core.diagnose().await?))
}
