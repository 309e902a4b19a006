//! `sessions`, `models` and `report`: what is stored, and reports of it.

use crate::Stop;
use crate::args::{JsonArgs, ReportArgs};
use crate::fetch::{offered_json, say_offered};
use crate::progress::{Ended, last};
use std::path::Path;
use std::sync::Arc;
use wattsmith_tuner::domain::{SessionId, one_line};
use wattsmith_tuner::{Listed, ModelEntry, ModelPlace, ReportWish, Tuner, UnfitFile, WeightFolder};

/// Characters of a session's name in the list.
const MOST_NAME: usize = 120;

pub(crate) async fn sessions(tuner: &Arc<Tuner>, args: &JsonArgs) -> Result<(), Stop> {
    let list = tuner.list().await?;
    if args.json {
        let sessions: Vec<_> = list.iter().map(listed_json).collect();
        last(serde_json::json!({ "sessions": sessions }), Ended::Complete);
        return Ok(());
    }
    if list.is_empty() {
        say!("No session yet. `wattsmith-cli tune` starts one.");
        return Ok(());
    }
    let lines: Vec<String> = list.iter().map(listed_line).collect();
    say!("{}", lines.join("\n"));
    Ok(())
}

fn listed_json(listed: &Listed) -> serde_json::Value {
    match listed {
        Listed::Session(digest) => serde_json::json!({
            "id": digest.id,
            "name": digest.name,
            "created_at": digest.created_at,
            "example": digest.example,
            "imported": digest.imported,
            "advisor": digest.advisor,
            "trials": digest.trials,
            "ending": digest.ending,
            "outcome": digest.outcome.words(),
            "outcome_kind": digest.outcome.kind.label(),
        }),
        Listed::Unreadable {
            id,
            created_at,
            why,
        } => serde_json::json!({ "id": id, "created_at": created_at, "unreadable": why }),
    }
}

fn listed_line(listed: &Listed) -> String {
    let minute = |time: &str| time.get(..16).unwrap_or_default().to_owned();
    match listed {
        Listed::Session(digest) => format!(
            "{}  {}  {} ({} trial{}, {})",
            digest.id,
            minute(&digest.created_at),
            one_line(&digest.name, MOST_NAME),
            digest.trials,
            if digest.trials == 1 { "" } else { "s" },
            digest.outcome.words(),
        ),
        Listed::Unreadable {
            id,
            created_at,
            why,
        } => format!("{id}  {}  cannot be read: {why}", minute(created_at)),
    }
}

/// How often what was said beforehand held.
pub(crate) async fn forecasts(tuner: &Arc<Tuner>, args: &JsonArgs) -> Result<(), Stop> {
    let track = tuner.track_record().await?;
    if args.json {
        let counts = serde_json::json!({
            "forecasts": track.of,
            "seconds_held": track.seconds,
            "joules_held": track.joules,
            "meant_to_hold": 0.8,
        });
        last(counts, Ended::Complete);
    } else {
        say!("{}", track.words());
    }
    Ok(())
}

pub(crate) async fn back_up(tuner: &Arc<Tuner>, file: &Path, json: bool) -> Result<(), Stop> {
    tuner.back_up(file).await?;
    if json {
        last(serde_json::json!({ "backup": file }), Ended::Complete);
    } else {
        say!("{}", file.display());
    }
    Ok(())
}

pub(crate) async fn export_session(
    tuner: &Arc<Tuner>,
    session: &str,
    out: &Path,
    json: bool,
) -> Result<(), Stop> {
    let id = find(tuner, session).await?;
    tuner.export_session(&id, out).await?;
    if json {
        last(
            serde_json::json!({ "session": id.0, "file": out }),
            Ended::Complete,
        );
    } else {
        say!("{}", out.display());
    }
    Ok(())
}

pub(crate) async fn import_session(
    tuner: &Arc<Tuner>,
    file: &Path,
    example: bool,
    json: bool,
) -> Result<(), Stop> {
    let id = match example {
        true => tuner.import_example(file).await?,
        false => tuner.import_session(file).await?,
    };
    let session = tuner.record(&id).await?.session;
    if json {
        last(
            serde_json::json!({ "session": id.0, "name": session.name }),
            Ended::Complete,
        );
    } else {
        say!(
            "{} “{}”, as ended; nothing was agreed to",
            id.0,
            session.name
        );
    }
    Ok(())
}

pub(crate) fn model_json(model: &ModelEntry) -> serde_json::Value {
    serde_json::json!({
        "name": model.name,
        "path": model.path,
        "parts": model.parts,
        "quantisation": model.quantisation,
        "weights": model.weights,
        "bits_per_weight": model.bits_per_weight,
        "bytes": model.bytes,
        "context_limit": model.context_limit,
        "chats": model.chats,
        "place": model.place.label(),
        "memory_bytes": model.needs.bytes(),
    })
}

fn weights_json(folder: &WeightFolder) -> serde_json::Value {
    serde_json::json!({
        "name": folder.name,
        "path": folder.path,
        "bytes": folder.bytes,
        "place": folder.place.label(),
        "pipeline": folder.pipeline,
    })
}

pub(crate) fn unfit_json(file: &UnfitFile) -> serde_json::Value {
    serde_json::json!({
        "name": file.name,
        "path": file.path,
        "bytes": file.bytes,
        "reason": file.reason,
    })
}

pub(crate) async fn models(tuner: &Arc<Tuner>, args: &JsonArgs) -> Result<(), Stop> {
    let shelf = tuner.model_shelf().await;
    let usual = tuner.default_model().await.map(|model| model.path);
    let offered = tuner.offered_models().await;
    if args.json {
        let models: Vec<_> = shelf.models.iter().map(model_json).collect();
        let unfit: Vec<_> = shelf.unfit.iter().map(unfit_json).collect();
        let weights: Vec<_> = shelf.weights.iter().map(weights_json).collect();
        last(
            serde_json::json!({
                "models": models,
                "default": usual,
                "unfit": unfit,
                "folders_of_weights": weights,
                "free_memory_bytes": shelf.free_memory,
                "fetchable": offered.iter().map(offered_json).collect::<Vec<_>>(),
            }),
            Ended::Complete,
        );
        return Ok(());
    }
    if shelf.models.is_empty() {
        say!(
            "No model on this machine yet. Fetch one as told below, or run `make setup` in the source folder."
        );
    }
    for model in &shelf.models {
        let is_default = usual.as_ref() == Some(&model.path);
        say!("{}", model_line(model, is_default, shelf.free_memory));
    }
    if !shelf.unfit.is_empty() {
        say!("\nNot run:");
    }
    for file in &shelf.unfit {
        say!(
            "{}  {}  {}",
            file.name,
            size(file.bytes),
            file.path.display()
        );
        say!("  {}", file.reason);
    }
    if !shelf.weights.is_empty() {
        say!("\nFolders of weights (safetensors; llama-server runs GGUF files):");
    }
    for folder in &shelf.weights {
        let what = match folder.pipeline {
            true => "a pipeline for --engine diffusers",
            false => "fetch its GGUF, or convert it with llama.cpp's convert_hf_to_gguf.py",
        };
        say!(
            "{}  {}  {}  ({}; {what})",
            folder.name,
            size(folder.bytes),
            folder.path.display(),
            folder.place.label()
        );
    }
    say_offered(&offered);
    Ok(())
}

fn model_line(model: &ModelEntry, is_default: bool, free: Option<u64>) -> String {
    let mut notes = Vec::new();
    if model.place != ModelPlace::Wattsmith {
        notes.push(model.place.label().to_owned());
    }
    if let Some(free) = free.filter(|free| model.needs.bytes() > *free) {
        notes.push(format!(
            "does not fit now: {} of {} free",
            size(model.needs.bytes()),
            size(free)
        ));
    }
    if model.parts > 1 {
        notes.push(format!("{} parts", model.parts));
    }
    if !model.chats {
        notes.push("base model, no chat template".to_owned());
    }
    if is_default {
        notes.push("default".to_owned());
    }
    let notes = match notes.as_slice() {
        [] => String::new(),
        notes => format!("  ({})", notes.join(", ")),
    };
    format!(
        "{}  {}  {}  {}{notes}",
        model.name,
        model.weights,
        size(model.bytes),
        model.path.display()
    )
}

/// A file's size in words.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.0} MB", bytes as f64 / 1e6),
    }
}

pub(crate) async fn report(tuner: &Arc<Tuner>, args: ReportArgs) -> Result<(), Stop> {
    let session = find(tuner, &args.session).await?;
    let wish = ReportWish {
        format: args.format,
        out: args.out.as_deref(),
        with_paths: args.with_paths,
        replace: true,
    };
    let files = tuner.report_as(&session, wish).await?;
    if args.json {
        last(
            serde_json::json!({ "session": session, "report": files.first(), "files": files }),
            Ended::Complete,
        );
        return Ok(());
    }
    for file in &files {
        say!("{}", file.display());
    }
    Ok(())
}

/// A session by its id, the start of its id, or `latest`.
pub(crate) async fn find(tuner: &Arc<Tuner>, word: &str) -> Result<SessionId, Stop> {
    let ids = tuner.session_ids().await?;
    if word == "latest" {
        return ids.into_iter().next().ok_or_else(|| {
            Stop::Failed("there is no session yet; `wattsmith-cli tune` starts one".to_owned())
        });
    }
    let mut matching = ids
        .into_iter()
        .filter(|id| !word.is_empty() && id.0.starts_with(word));
    match (matching.next(), matching.next()) {
        (Some(id), None) => Ok(id),
        (Some(_), Some(_)) => Err(Stop::Usage(format!(
            "several sessions begin with {word:?}; give more of the id (see `wattsmith-cli sessions`)"
        ))),
        (None, _) => Err(Stop::Usage(format!(
            "there is no session {}; `wattsmith-cli sessions` lists them",
            SessionId::from(word)
        ))),
    }
}
