//! What the person chose for all sessions.

use super::{Answer, Core};
use crate::views;
use crate::wire::{SettingsDraft, SettingsView};

/// The settings, and where they lie.
#[tauri::command]
#[specta::specta]
pub async fn settings(core: Core<'_>) -> Answer<SettingsView> {
    Ok(views::settings(&core.settings().await?, core.paths()))
}

/// Keeps settings; gives where a file that could not be read was set aside, else an empty text.
#[tauri::command]
#[specta::specta]
pub async fn save_settings(core: Core<'_>, draft: SettingsDraft) -> Answer<String> {
    let aside = core.save_settings(views::settings_of(draft)).await?;
    Ok(aside.map_or(String::new(), |path| path.display().to_string()))
}
