//! Reports.

use super::{Answer, Core};
use crate::wire::{ErrorCode, ReportFormat, WireError};
use std::path::Path;
use wattsmith_tuner::Format;
use wattsmith_tuner::domain::SessionId;

/// Writes a report into the reports folder; gives its path.
#[tauri::command]
#[specta::specta]
pub async fn export_report(core: Core<'_>, id: String, format: ReportFormat) -> Answer<String> {
    let format = match format {
        ReportFormat::Html => Format::Html,
        ReportFormat::Csv => Format::Csv,
        ReportFormat::Json => Format::Json,
        ReportFormat::Markdown => Format::Markdown,
    };
    let path = core.report(&SessionId(id), format, None).await?;
    Ok(path.display().to_string())
}

/// Opens an exported report or a study's page in the program that the system has for it. Nothing
/// else.
#[tauri::command]
#[specta::specta]
pub async fn open_path(core: Core<'_>, path: String) -> Answer<()> {
    let refuse = |message: String| WireError {
        code: ErrorCode::Other,
        message,
    };
    let folders = [core.paths().reports(), core.paths().studies()];
    let ours = folders.iter().any(|one| Path::new(&path).starts_with(one));
    if !ours || path.contains("..") {
        return Err(refuse(
            "Only exported reports and studies are opened from here.".to_owned(),
        ));
    }
    open::that_detached(&path).map_err(|error| {
        refuse(format!(
            "{path} cannot be opened: {error}. Open it by hand."
        ))
    })
}
