//! Whether Ollama is ready and ours, and having its model loaded: the daemon answers at once and loads a model
//! with the first request for it, which is never one that is measured.

use super::{failure, readback};
use crate::error::EngineError;
use crate::protocol::{Protocol, Stay, load_body, said};
use crate::ready::PAGE;
use crate::server::{Door, ToLoad, Told};
use wattsmith_domain::FailureCause;

/// Answers as soon as the daemon listens.
pub(super) const ROUTE: &str = "/api/version";
/// What is loaded.
const LOADED: &str = "/api/ps";
/// How many slots are asked for.
const AT_ONCE: &str = "num-parallel";

/// It knows no key; so it is ours when the process that holds the port is of our group.
pub(super) async fn prove(door: &Door<'_>) -> Result<Told, String> {
    door.is_of_our_group().await?;
    let page = door
        .page(ROUTE, PAGE)
        .await
        .map_err(|fault| fault.to_string())?;
    let version = page["version"].as_str().unwrap_or_default();
    Ok(Told {
        build: format!("ollama {version}"),
        ..Told::default()
    })
}

/// Has the model loaded, which takes as long as it takes (whoever waits has a limit of his own), and asks what it
/// is loaded with.
///
/// # Errors
/// The daemon's own words, by their cause.
pub(super) async fn load(
    door: &Door<'_>,
    asked: &ToLoad<'_>,
    name: &str,
    stay: Stay,
    mut told: Told,
) -> Result<Told, EngineError> {
    let broken = |error: reqwest::Error| {
        EngineError::failed(
            FailureCause::Crash,
            format!(
                "Ollama did not answer while it loaded {name} ({}). Run the trial again, or look at its log.",
                error.without_url()
            ),
        )
    };
    let answer = door
        .client
        .post(format!(
            "{}{}",
            door.base_url,
            Protocol::Ollama(stay).route()
        ))
        .header(reqwest::header::CONTENT_TYPE, "application/json")
        .body(load_body(stay, name, asked.fields))
        .send()
        .await
        .map_err(broken)?;
    let status = answer.status();
    let text = answer.text().await.map_err(broken)?;
    let page: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let fault = page.as_ref().and_then(said);
    if !status.is_success() || fault.is_some() {
        return Err(failure::refused(
            status.as_u16(),
            fault.unwrap_or(&text),
            name,
        ));
    }
    told.pages.extend(attached(door).await);
    told.served = name.to_owned();
    Ok(told)
}

/// The same for a daemon of the person's own, whose model is the one that it serves.
pub(crate) async fn load_attached(
    door: &Door<'_>,
    asked: &ToLoad<'_>,
    stay: Stay,
    told: Told,
) -> Result<Told, EngineError> {
    let name = told.served.clone();
    // What was told before was told of another load.
    let told = Told {
        pages: Vec::new(),
        ..told
    };
    load(door, asked, &name, stay, told).await
}

/// What is loaded now, as far as that shows.
pub(crate) async fn attached(door: &Door<'_>) -> Vec<serde_json::Value> {
    let mut pages = readback::of_child(door).await;
    match door.page(LOADED, PAGE).await {
        Ok(page) => pages.push(page),
        Err(error) => tracing::info!(%error, "Ollama does not tell what is loaded"),
    }
    pages
}

/// Some families of models get one slot, whatever the daemon was told.
pub(super) fn held_to_one(asked: &ToLoad<'_>, told: &Told) -> Result<(), EngineError> {
    let slots = told
        .pages
        .iter()
        .find_map(|page| page.pointer("/total_slots")?.as_i64());
    match (slots, asked.configuration.int(AT_ONCE)) {
        (Some(1), Some(wanted)) if wanted > 1 => {
            let mut pages = told.pages.iter();
            let family = pages.find_map(|page| page.pointer("/models/0/details/family")?.as_str());
            Err(failure::one_slot(
                &told.served,
                family.unwrap_or("this one"),
                wanted,
            ))
        }
        _ => Ok(()),
    }
}
