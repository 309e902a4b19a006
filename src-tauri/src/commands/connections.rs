//! Prompts, templates, keys and connections.

use super::{Answer, Core};
use crate::views;
use crate::wire::{ConnectionDraft, KeyStored, PromptPreview, TemplateView};
use wattsmith_tuner::TunerError;
use wattsmith_tuner::chat::{Kept, Secret, Template, tokens_about};
use wattsmith_tuner::domain::{Provider, SessionId};

fn preview_of(template: String, text: String) -> PromptPreview {
    PromptPreview {
        template,
        tokens_about: u32::try_from(tokens_about(&text)).unwrap_or(u32::MAX),
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
pub async fn preview_template(
    core: Core<'_>,
    id: String,
    name: String,
    text: String,
) -> Answer<PromptPreview> {
    let prompt = core.preview_of(&SessionId(id), &name, &text).await?;
    Ok(preview_of(name, prompt))
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

/// Keeps the API key of a connection's server, and says where.
#[tauri::command]
#[specta::specta]
pub async fn set_api_key(
    core: Core<'_>,
    connection: ConnectionDraft,
    key: String,
) -> Answer<KeyStored> {
    let (provider, base_url) = server(&connection)?;
    let kept = core
        .keys()
        .set(provider, &base_url, Secret::new(&key))
        .await;
    Ok(KeyStored {
        in_keyring: kept == Kept::Keyring,
        note: kept.to_string(),
    })
}

/// Sends one word to a connection; gives what to tell the person.
#[tauri::command]
#[specta::specta]
pub async fn test_connection(core: Core<'_>, connection: ConnectionDraft) -> Answer<String> {
    let choice = views::connection(&connection)?;
    Ok(core.test_connection(choice.connection.as_ref()).await?)
}

/// Names of the models that a connection's server has.
#[tauri::command]
#[specta::specta]
pub async fn provider_models(core: Core<'_>, connection: ConnectionDraft) -> Answer<Vec<String>> {
    let (provider, base_url) = server(&connection)?;
    Ok(core.provider_models(provider, &base_url).await?)
}

/// Lets a session go on by another connection.
#[tauri::command]
#[specta::specta]
pub async fn change_connection(
    core: Core<'_>,
    id: String,
    connection: ConnectionDraft,
) -> Answer<()> {
    let choice = views::connection(&connection)?;
    Ok(core.change_connection(&SessionId(id), choice).await?)
}

fn server(connection: &ConnectionDraft) -> Result<(Provider, String), TunerError> {
    let provider: Provider = connection.kind.parse().map_err(TunerError::Invalid)?;
    Ok((provider, views::base_url(provider, connection)))
}
