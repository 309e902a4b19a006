//! The doctor, and the person's own meters.

use super::{Answer, Core};
use crate::views;
use crate::wire::{
    DiagnosisView, MeterTrialView, NoiseView, OutsideMeterView, PhaseView, ReaderView, ReaderWay,
};
use std::sync::Arc;
use wattsmith_tuner::{NoiseWish, Tuner};

/// Examines the machine: some seconds.
#[tauri::command]
#[specta::specta]
pub async fn diagnose(core: Core<'_>) -> Answer<DiagnosisView> {
    Ok(views::diagnosis(&core.diagnose().await?))
}

/// Looks for sensors anew, then examines the machine.
#[tauri::command]
#[specta::specta]
pub async fn look_again(core: Core<'_>) -> Answer<DiagnosisView> {
    core.reprobe().await?;
    Ok(views::diagnosis(&core.diagnose().await?))
}

/// Recordings of this machine's noise, newest first.
#[tauri::command]
#[specta::specta]
pub async fn noise(core: Core<'_>) -> Answer<Vec<NoiseView>> {
    Ok(core.kept_noise().await?.iter().map(views::noise).collect())
}

/// Starts to record the noise; its phases come over the live channel under the name `noise`.
#[tauri::command]
#[specta::specta]
pub async fn record_noise(core: Core<'_>) -> Answer<()> {
    Tuner::start_noise(&Arc::clone(&core), NoiseWish::default())?;
    Ok(())
}

/// Ends the recording that runs.
#[tauri::command]
#[specta::specta]
pub async fn cancel_noise(core: Core<'_>) -> Answer<()> {
    let _ = core.cancel_noise();
    Ok(())
}

/// What the recording that runs is doing; idle where none runs.
#[tauri::command]
#[specta::specta]
pub async fn recording_noise(core: Core<'_>) -> Answer<PhaseView> {
    Ok(views::phase(&core.recording_noise().phase))
}

/// The person's own meters.
#[tauri::command]
#[specta::specta]
pub async fn outside_meters(core: Core<'_>) -> Answer<Vec<OutsideMeterView>> {
    Ok(core
        .outside_meters()
        .await?
        .iter()
        .map(views::outside)
        .collect())
}

/// Adds a meter, or changes the one called `replaces`.
#[tauri::command]
#[specta::specta]
pub async fn put_outside_meter(
    core: Core<'_>,
    meter: OutsideMeterView,
    replaces: Option<String>,
) -> Answer<()> {
    let meter = meter.try_into()?;
    Ok(core.put_outside_meter(meter, replaces.as_deref()).await?)
}

/// Takes a meter out.
#[tauri::command]
#[specta::specta]
pub async fn remove_outside_meter(core: Core<'_>, name: String) -> Answer<()> {
    Ok(core.remove_outside_meter(&name).await?)
}

/// Reads a meter for about 3 s: its mean power in words, and what its device has to choose from.
#[tauri::command]
#[specta::specta]
pub async fn try_outside_meter(core: Core<'_>, meter: OutsideMeterView) -> Answer<MeterTrialView> {
    let trial = core.try_outside_meter(meter.try_into()?).await?;
    Ok(views::meter_trial(&trial))
}

/// Devices that are read in two ways.
#[tauri::command]
#[specta::specta]
pub async fn readers(core: Core<'_>) -> Answer<Vec<ReaderView>> {
    Ok(core.readers().iter().map(views::reader).collect())
}

/// Says which reader of a device stands; none leaves it open. Used once the sensors are looked for
/// again.
#[tauri::command]
#[specta::specta]
pub async fn choose_reader(
    core: Core<'_>,
    device: String,
    reader: Option<ReaderWay>,
) -> Answer<()> {
    core.choose_reader(&device, reader.map(views::chosen))
        .await?;
    Ok(())
}
