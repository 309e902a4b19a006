//! Studies: advisors compared on recorded landscapes.

use super::{Answer, Core};
use crate::views;
use crate::wire::{BegunLine, PhaseView, StudyDraft, StudyLine, StudyOptions, StudyView};
use std::sync::Arc;
use wattsmith_tuner::Tuner;

/// What can be chosen for a study.
#[tauri::command]
#[specta::specta]
pub async fn study_options(core: Core<'_>) -> Answer<StudyOptions> {
    Ok(views::study_options(&core).await?)
}

/// Starts a study; its phases come over the live channel under the name `study`.
#[tauri::command]
#[specta::specta]
pub async fn start_study(core: Core<'_>, draft: StudyDraft) -> Answer<()> {
    Tuner::start_study(&Arc::clone(&core), draft.try_into()?)?;
    Ok(())
}

/// Goes on with a study that was interrupted.
#[tauri::command]
#[specta::specta]
pub async fn resume_study(core: Core<'_>, id: String) -> Answer<()> {
    Ok(Arc::clone(&core).resume_study(&id).await?)
}

/// Removes a study, finished or not.
#[tauri::command]
#[specta::specta]
pub async fn remove_study(core: Core<'_>, id: String) -> Answer<()> {
    Ok(core.remove_study(&id).await?)
}

/// Ends the study that runs.
#[tauri::command]
#[specta::specta]
pub async fn cancel_study(core: Core<'_>) -> Answer<()> {
    let _ = core.cancel_study();
    Ok(())
}

/// What the study that runs is doing; idle where none runs.
#[tauri::command]
#[specta::specta]
pub async fn studying(core: Core<'_>) -> Answer<PhaseView> {
    Ok(views::phase(&core.studying().phase))
}

/// Finished studies, newest first.
#[tauri::command]
#[specta::specta]
pub async fn studies(core: Core<'_>) -> Answer<Vec<StudyLine>> {
    Ok(core
        .studies()
        .await?
        .iter()
        .map(views::study_line)
        .collect())
}

/// Studies that were interrupted and can go on, newest first.
#[tauri::command]
#[specta::specta]
pub async fn begun_studies(core: Core<'_>) -> Answer<Vec<BegunLine>> {
    Ok(views::begun_studies(&core).await?)
}

/// A finished study.
#[tauri::command]
#[specta::specta]
pub async fn study(core: Core<'_>, id: String) -> Answer<StudyView> {
    Ok(views::study(&core.kept_study(&id).await?))
}
