//! `sessions`, `models` and `report`: what is stored, and reports of it.

use crate::Stop;
use crate::args::{JsonArgs, ReportArgs};
use crate::progress::json_line;
use std::sync::Arc;
use wattsmith_tuner::domain::{Session, SessionId};
use wattsmith_tuner::stats::{Analysis, Outcome};
use wattsmith_tuner::{ModelEntry, Tuner, words};

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
        "quantisation": model.quantisation,
        "bytes": model.bytes,
    })
}

pub(crate) async fn models(tuner: &Arc<Tuner>, args: &JsonArgs) -> Result<(), Stop> {
    let models = tuner.models().await;
    if args.json {
        let models: Vec<_> = models.iter().map(model_json).collect();
        json_line(&serde_json::json!({ "models": models }));
        return Ok(());
    }
    if models.is_empty() {
        say!("No model on this machine yet. Run `make setup` in the source folder.");
    }
    for model in models {
        say!(
            "{}  {}  {:.0} MB  {}",
            model.name,
            model.quantisation,
            model.bytes as f64 / 1e6,
            model.path.display()
        );
    }
    Ok(())
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
