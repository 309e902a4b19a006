//! The machine, the list of sessions, and one session.

use super::{Answer, Core, from_home};
use crate::wire::{
    FirstLook, MachineView, NewSessionOptions, OverviewLine, PicturePairView, PowerSeries,
    SessionDraft, SessionSummary, SessionView, WorkPreviewView,
};
use crate::{desktop, views};
use wattsmith_tuner::domain::{Busy, SessionId, TrialId};
use wattsmith_tuner::{Listed, SessionPlan};

/// Sessions of the same work that are looked at for one with the same model.
const LIKE_IT: usize = 8;

/// The machine and its sensors.
#[tauri::command]
#[specta::specta]
pub async fn machine(core: Core<'_>) -> Answer<MachineView> {
    Ok(views::machine(&core))
}

/// What a first start shows.
#[tauri::command]
#[specta::specta]
pub async fn first_look(core: Core<'_>) -> Answer<FirstLook> {
    Ok(FirstLook {
        machine: views::machine(&core),
        watts: core.watts_now().await,
    })
}

/// The start button can be pressed; true where whoever measures the app wants it pressed now.
#[tauri::command]
#[specta::specta]
pub async fn interface_ready() -> Answer<bool> {
    Ok(desktop::observed::ready().await)
}

/// What can be chosen for a new session with that engine; with the one that comes along where it is empty.
#[tauri::command]
#[specta::specta]
pub async fn new_session_options(core: Core<'_>, engine: String) -> Answer<NewSessionOptions> {
    Ok(views::options(&core, &engine).await?)
}

/// A first look at a file of the person's own prompts or chats.
#[tauri::command]
#[specta::specta]
pub async fn preview_work(core: Core<'_>, path: String) -> Answer<WorkPreviewView> {
    let path = path.trim();
    let preview = core.preview_work(path.as_ref()).await?;
    Ok(views::work_preview(&preview))
}

/// Stores a new session; gives its identity.
#[tauri::command]
#[specta::specta]
pub async fn create_session(core: Core<'_>, draft: SessionDraft) -> Answer<String> {
    let mut plan = SessionPlan::try_from(draft)?;
    // A person sits here to be asked; whoever drives the window by a program says so.
    let said = std::env::var("WATTSMITH_BUSY").ok();
    plan.busy = said.and_then(|word| word.parse().ok()).unwrap_or(Busy::Ask);
    Ok(core.create_session(plan).await?.0)
}

/// Takes the example that comes along in, or finds it; gives its identity.
#[tauri::command]
#[specta::specta]
pub async fn example_session(core: Core<'_>) -> Answer<String> {
    Ok(core.example_session().await?.0)
}

/// Writes a session with all that happened in it into one file; gives its path. A file that is there already is
/// written over only where the person has said so.
#[tauri::command]
#[specta::specta]
pub async fn export_session(
    core: Core<'_>,
    id: String,
    out: String,
    replace: bool,
) -> Answer<String> {
    let out = from_home(&out);
    match replace {
        true => core.export_session(&SessionId(id), &out).await?,
        false => core.export_session_anew(&SessionId(id), &out).await?,
    }
    Ok(out.display().to_string())
}

/// Takes a session in from such a file; gives its identity. It comes as ended, and with nothing agreed to.
#[tauri::command]
#[specta::specta]
pub async fn import_session(core: Core<'_>, path: String) -> Answer<String> {
    Ok(core.import_session(&from_home(&path)).await?.0)
}

/// The system's own dialog for a file to read or to write, begun at `path`; none where the person took it back. It
/// asks about a file that is there already.
#[tauri::command]
#[specta::specta]
pub async fn choose_file(
    app: tauri::AppHandle,
    saves: bool,
    path: String,
) -> Answer<Option<String>> {
    let chosen = desktop::chooser::choose(&app, saves, from_home(&path)).await?;
    Ok(chosen.map(|one| one.display().to_string()))
}

/// All sessions, newest first.
#[tauri::command]
#[specta::specta]
pub async fn sessions(core: Core<'_>) -> Answer<Vec<SessionSummary>> {
    let list = core.list().await?;
    let mut sessions: Vec<SessionSummary> = list
        .iter()
        .map(|one| views::summary(one, &core.job(one.id())))
        .collect();
    views::tell_apart(&mut sessions);
    Ok(sessions)
}

/// What a session like this one took earlier on this machine: minutes and joules of its trials, in
/// words; empty where none like it was measured.
#[tauri::command]
#[specta::specta]
pub async fn likely_cost(core: Core<'_>, draft: SessionDraft) -> Answer<String> {
    let quick = format!("{}-quick", draft.workload);
    let list = core.list().await?;
    let like = list.iter().filter_map(|one| match one {
        Listed::Session(digest) => (!digest.example).then_some(digest),
        Listed::Unreadable { .. } => None,
    });
    let like = like.filter(|one| one.workload == draft.workload || one.workload == quick);
    for one in like.take(LIKE_IT) {
        let mut record = core.record(&one.id).await?;
        let session = &mut record.session;
        if session.model.path == draft.model_path && session.quick == draft.quick {
            session.budget = draft.budget;
            session.repeats = draft.repeats;
            return Ok(views::likely_cost(&record));
        }
    }
    Ok(String::new())
}

/// One session, whole.
#[tauri::command]
#[specta::specta]
pub async fn session(core: Core<'_>, id: String) -> Answer<SessionView> {
    let id = SessionId(id);
    let record = core.record(&id).await?;
    let meter = (core.meter().scope(), core.meter().sensor_error());
    Ok(views::session(&record, &core.job(&id), meter))
}

/// Keeps the person's note on a session.
#[tauri::command]
#[specta::specta]
pub async fn set_note(core: Core<'_>, id: String, note: String) -> Answer<()> {
    Ok(core.set_note(&SessionId(id), &note).await?)
}

/// Gives a session another name.
#[tauri::command]
#[specta::specta]
pub async fn rename_session(core: Core<'_>, id: String, name: String) -> Answer<()> {
    Ok(core.rename(&SessionId(id), &name).await?)
}

/// Deletes a session.
#[tauri::command]
#[specta::specta]
pub async fn delete_session(core: Core<'_>, id: String) -> Answer<()> {
    Ok(core.delete(&SessionId(id)).await?)
}

/// Takes what earlier sessions taught out of a session.
#[tauri::command]
#[specta::specta]
pub async fn forget_memory(core: Core<'_>, id: String) -> Answer<()> {
    Ok(core.forget(&SessionId(id)).await?)
}

/// Clears what sessions so far would teach later ones; they themselves stay.
#[tauri::command]
#[specta::specta]
pub async fn clear_memory(core: Core<'_>) -> Answer<()> {
    Ok(core.clear_memory().await?)
}

/// Energy per unit of work across all sessions.
#[tauri::command]
#[specta::specta]
pub async fn overview(core: Core<'_>) -> Answer<Vec<OverviewLine>> {
    Ok(views::overview(&core.list().await?))
}

/// Power during one window.
#[tauri::command]
#[specta::specta]
pub async fn power_series(
    core: Core<'_>,
    trial_id: String,
    repeat_index: u32,
    max_points: u32,
) -> Answer<Vec<PowerSeries>> {
    let series = core
        .samples(&TrialId(trial_id), repeat_index, max_points as usize)
        .await?;
    Ok(series
        .into_iter()
        .map(|(device, samples)| PowerSeries {
            device,
            at_s: samples
                .iter()
                .map(|one| one.at.since(samples[0].at).0)
                .collect(),
            watts: samples.iter().map(|one| one.power.0).collect(),
        })
        .collect())
}

/// The pictures of a trial, each beside the default's of the same prompt and seed.
#[tauri::command]
#[specta::specta]
pub async fn picture_pairs(
    core: Core<'_>,
    id: String,
    trial_id: String,
) -> Answer<Vec<PicturePairView>> {
    let pairs = core
        .picture_pairs(&SessionId(id), &TrialId(trial_id))
        .await?;
    Ok(pairs.iter().map(views::picture_pair).collect())
}
