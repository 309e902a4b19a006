//! Prompts, templates, keys and connections.

use super::{Answer, Core};
use crate::views;
use crate::wire::{ConnectionDraft, KeyStored, PromptPreview, TemplateView};
use wattsmith_tuner::TunerError;
use wattsmith_tuner::chat::{Kept, Secret, Template};
use wattsmith_tuner::domain::SessionId;

fn preview_of(template: String, text: String) -> PromptPreview {
    PromptPreview {
        template,
        tokens_about: u32::try_from(text.chars().count() / 4).unwrap_or(u32::MAX),
        text,
    }
}

fn view(template: Template) -> TemplateView {
    TemplateView {
        name: template.name,
        text: template.text,
        hash: template.hash,
        edited: template.edited,
    }
}

/// The prompt as it would be sent now.
#[tauri::command]
#[specta::specta]
pub async fn prompt_preview(core: Core<'_>, id: String) -> Answer<PromptPreview> {
    let (template, text) = core.preview(&SessionId(id)).await?;
    Ok(preview_of(template, text))
}

/// The prompt that a template's text would give in a session.
#[tauri::command]
#[specta::specta]
pub async fn preview_template(core: Core<'_>, id: String, text: String) -> Answer<PromptPreview> {
    let prompt = core.preview_of(&SessionId(id), &text).await?;
    Ok(preview_of(String::new(), prompt))
}

/// All templates.
#[tauri::command]
#[specta::specta]
pub async fn templates(core: Core<'_>) -> Answer<Vec<TemplateView>> {
    let templates = core.templates().list().map_err(TunerError::from)?;
    Ok(templates.into_iter().map(view).collect())
}

/// Keeps the person's edit of a template.
#[tauri::command]
#[specta::specta]
pub async fn save_template(core: Core<'_>, name: String, text: String) -> Answer<TemplateView> {
    let saved = core.templates().save(&name, &text);
    Ok(view(saved.map_err(TunerError::from)?))
}

/// Goes back to the built-in template.
#[tauri::command]
#[specta::specta]
pub async fn restore_template(core: Core<'_>, name: String) -> Answer<TemplateView> {
    let restored = core.templates().restore(&name);
    Ok(view(restored.map_err(TunerError::from)?))
}

/// Keeps an API key, and says where.
#[tauri::command]
#[specta::specta]
pub async fn set_api_key(core: Core<'_>, base_url: String, key: String) -> Answer<KeyStored> {
    let kept = core.keys().set(&base_url, Secret::new(key.trim())).await;
    Ok(KeyStored {
        in_keyring: kept == Kept::Keyring,
        note: kept.to_string(),
    })
}

/// Sends one word to a connection; gives what to tell the person.
#[tauri::command]
#[specta::specta]
pub async fn test_connection(core: Core<'_>, connection: ConnectionDraft) -> Answer<String> {
    let connection = views::connection(&connection)?;
    Ok(core.test_connection(connection.as_ref()).await?)
}
