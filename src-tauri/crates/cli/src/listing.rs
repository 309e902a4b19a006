//! `sessions`, `models` and `report`: what is stored, and reports of it.

use crate::Stop;
use crate::args::{JsonArgs, ReportArgs};
use crate::progress::json_line;
use std::sync::Arc;
use wattsmith_tuner::domain::{Session, SessionId};
use wattsmith_tuner::stats::{Analysis, Outcome};
use wattsmith_tuner::{ModelEntry, Tuner, UnfitFile, words};

pub(crate) async fn sessions(tuner: &Arc<Tuner>, args: &JsonArgs) -> Result<(), Stop> {
    let records = tuner.records().await?;
    let lines: Vec<_> = records
        .iter()
        .map(|record| (record, Analysis::of(record)))
        .collect();
    if args.json {
        let sessions: Vec<_> = lines
            .iter()
            .map(|(record, analysis)| {
                serde_json::json!({
                    "id": record.session.id,
                    "name": record.session.name,
                    "created_at": record.session.created_at,
                    "advisor": record.session.advisor,
                    "trials": record.trials.len(),
                    "ending": record.session.ending,
                    "outcome": words::outcome(record, analysis),
                    "outcome_kind": Outcome::of(record, analysis).kind.label(),
                })
            })
            .collect();
        json_line(&serde_json::json!({ "sessions": sessions }));
        return Ok(());
    }
    if lines.is_empty() {
        say!("No session yet. `wattsmith-cli tune` starts one.");
    }
    for (record, analysis) in &lines {
        let session = &record.session;
        say!(
            "{}  {}  {} ({} trial{}, {})",
            session.id,
            session.created_at.get(..16).unwrap_or_default(),
            session.name,
            record.trials.len(),
            if record.trials.len() == 1 { "" } else { "s" },
            words::outcome(record, analysis)
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
    if args.json {
        let models: Vec<_> = shelf.models.iter().map(model_json).collect();
        let unfit: Vec<_> = shelf.unfit.iter().map(unfit_json).collect();
        json_line(&serde_json::json!({ "models": models, "default": usual, "unfit": unfit }));
        return Ok(());
    }
    if shelf.models.is_empty() {
        say!("No model on this machine yet. Run `make setup` in the source folder.");
    }
    for model in &shelf.models {
        say!("{}", model_line(model, usual.as_ref() == Some(&model.path)));
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
    Ok(())
}

fn model_line(model: &ModelEntry, is_default: bool) -> String {
    let mut notes = Vec::new();
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
    let path = tuner
        .report(&session.id, args.format, args.out.as_deref())
        .await?;
    if args.json {
        json_line(&serde_json::json!({ "session": session.id, "report": path }));
    } else {
        say!("{}", path.display());
    }
    Ok(())
}

/// A session by its id, the start of its id, or `latest`.
pub(crate) async fn find(tuner: &Arc<Tuner>, word: &str) -> Result<Session, Stop> {
    let sessions = tuner.sessions().await?;
    if word == "latest" {
        return sessions.into_iter().next().ok_or_else(|| {
            Stop::Failed("there is no session yet; `wattsmith-cli tune` starts one".to_owned())
        });
    }
    let mut matching = sessions
        .into_iter()
        .filter(|session| !word.is_empty() && session.id.0.starts_with(word));
    match (matching.next(), matching.next()) {
        (Some(session), None) => Ok(session),
        (Some(_), Some(_)) => Err(Stop::Usage(format!(
            "several sessions begin with {word:?}; give more of the id (see `wattsmith-cli sessions`)"
        ))),
        (None, _) => Err(Stop::Usage(format!(
            "there is no session {}; `wattsmith-cli sessions` lists them",
            SessionId::from(word)
        ))),
    }
}
