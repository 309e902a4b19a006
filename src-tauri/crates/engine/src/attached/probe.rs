//! What a server that runs already says of itself, and which ones run here.

use super::kind::{Kind, SIGNS, Sign};
use super::{ATTACHED_KEY, Endpoint};
use crate::digest;
use crate::error::EngineError;
use crate::launch::http_client;
use crate::place::{Place, listening_ports};
use crate::ready::{NoPage, PAGE};
use crate::server::{Door, Told};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use std::time::Duration;
use wattsmith_domain::{FailureCause, Model, bounded};

/// Longest wait for a page while looking around.
const GLANCE: Duration = Duration::from_millis(700);
/// Where a server lists what it serves.
const MODELS: &str = "/v1/models";
/// Longest name that is taken over from a server.
const MOST_NAME: usize = 120;
/// Ports on which llama.cpp, vLLM, SGLang, Ollama, LM Studio, Jan, TGI and others listen if nobody says
/// otherwise.
const USUAL_PORTS: [u16; 10] = [
    8080, 8000, 30000, 11434, 1234, 1337, 3000, 8081, 5000, 39291,
];

/// A server that runs here already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its address.
    pub url: String,
    /// What it is, such as `llama.cpp b7043`.
    pub version: String,
    /// The model that it serves first; empty where it tells none.
    pub model: String,
    /// Where it does its work.
    pub place: Place,
}

async fn page(door: &Door<'_>, route: &str, patience: Duration) -> Result<Json, String> {
    let page = door.page(route, patience).await;
    page.map_err(|fault| match fault {
        NoPage::Refused {
            status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN,
            ..
        } => format!("it asks for a key; put the right one into {ATTACHED_KEY}"),
        fault => fault.to_string(),
    })
}

/// What kind of server answers there. `pictures`: the person says that pictures are meant.
pub(super) async fn kind(door: &Door<'_>, pictures: bool) -> Result<Kind, EngineError> {
    let failed = |what: String| {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "No server that speaks like OpenAI or the Stable Diffusion web interface answers at {}: \
                 {what}. Check the address, or list what runs here with `wattsmith-cli servers`.",
                door.base_url
            ),
        )
    };
    let models = page(door, MODELS, PAGE).await;
    let is_list = |models: &Json| models.pointer("/data").is_some_and(Json::is_array);
    let kind = match &models {
        Ok(_) => kind_within(door, &SIGNS, PAGE).await,
        // Those that make pictures need no list.
        Err(_) => kind_within(door, Kind::signs_of_pictures(), PAGE).await,
    };
    match (kind, models) {
        (kind, _) if kind.draws() => Ok(kind),
        (_, Err(what)) => Err(failed(what)),
        // Without that it cannot be driven.
        (_, Ok(models)) if !is_list(&models) => {
            Err(failed(format!("{MODELS} holds no list of models")))
        }
        (Kind::Other | Kind::Vllm | Kind::Sglang, Ok(_)) if pictures => Ok(Kind::OpenAiPictures),
        (kind, Ok(_)) => Ok(kind),
    }
}

async fn kind_within(door: &Door<'_>, signs: &[Sign], patience: Duration) -> Kind {
    for sign in signs {
        if let Ok(page) = page(door, sign.route, patience).await
            && page.pointer(sign.pointer).is_some()
        {
            return sign.kind;
        }
    }
    Kind::Other
}

/// Its kind and its own version, as far as it tells one.
pub(super) async fn version(door: &Door<'_>, kind: Kind) -> Result<String, String> {
    let Some(sign) = kind.sign() else {
        page(door, MODELS, PAGE).await?;
        return Ok(kind.label().to_owned());
    };
    let page = page(door, sign.route, PAGE).await?;
    let told = page.pointer(sign.version).and_then(Json::as_str);
    Ok(match told.filter(|_| !sign.version.is_empty()) {
        Some(version) => format!("{} {}", kind.label(), bounded(version, MOST_NAME)),
        None => kind.label().to_owned(),
    })
}

/// The model that it serves first. No file is known, so that it is told apart by what the server says.
pub(super) async fn model(door: &Door<'_>, kind: Kind) -> Result<Model, String> {
    let mut first = match kind {
        Kind::WebUi => {
            let options = page(door, "/sdapi/v1/options", PAGE).await?;
            json!({
                "id": options["sd_model_checkpoint"],
                "hash": options["sd_checkpoint_hash"],
            })
        }
        _ => {
            let models = page(door, MODELS, PAGE).await?;
            let served = first_of(door, kind, &models).await;
            served.ok_or("it serves no model; load one first")?
        }
    };
    let id = first["id"].as_str().unwrap_or("unnamed").to_owned();
    // Times of the start are no part of the model.
    if let Json::Object(fields) = &mut first {
        fields.retain(|name, _| !matches!(name.as_str(), "created" | "permission" | "status"));
    }
    let context = ["/meta/n_ctx_train", "/max_model_len", "/max_context_length"];
    let number = |place: &&str| first.pointer(place).and_then(Json::as_u64);
    let name = id.rsplit('/').next().unwrap_or(&id);
    Ok(Model {
        name: bounded(name.trim_end_matches(".gguf"), MOST_NAME),
        path: bounded(&id, 4 * MOST_NAME),
        sha256: digest::of(format!("{} {first}", kind.label())),
        bytes: first
            .pointer("/meta/size")
            .and_then(Json::as_u64)
            .unwrap_or(0),
        context_limit: context.iter().find_map(number),
        ..Model::default()
    })
}

/// The model that it serves first, as its list tells it: the one that is loaded, where it holds many and tells
/// which.
async fn first_of(door: &Door<'_>, kind: Kind, models: &Json) -> Option<Json> {
    let all = models.pointer("/data")?.as_array()?;
    let loaded = match kind {
        Kind::Ollama => page(door, "/api/ps", PAGE).await.ok(),
        _ => None,
    };
    let loaded = loaded
        .as_ref()
        .and_then(|page| page.pointer("/models/0/model"));
    let loaded = loaded.and_then(|name| all.iter().find(|one| one["id"] == *name));
    loaded.or(all.first()).cloned()
}

/// What it tells when it is ready.
pub(super) async fn told(door: &Door<'_>, kind: Kind) -> Result<Told, String> {
    let mut pages = Vec::new();
    if let Some(sign) = kind.sign() {
        pages.push(page(door, sign.route, PAGE).await?);
    }
    let mut served = String::new();
    if kind != Kind::WebUi {
        let models = page(door, MODELS, PAGE).await?;
        let first = first_of(door, kind, &models).await;
        let first = first.as_ref().and_then(|first| first["id"].as_str());
        served = first.unwrap_or_default().to_owned();
        pages.push(models);
    }
    if kind == Kind::Ollama {
        pages.extend(crate::ollama::attached(door).await);
    }
    Ok(Told {
        served,
        pages,
        ..Told::default()
    })
}

/// What runs on this machine and speaks like OpenAI, on the ports where such servers usually listen.
/// Nothing is started, loaded or changed by looking.
pub async fn running() -> Vec<Found> {
    let open = tokio::task::spawn_blocking(listening_ports).await;
    let open = open.unwrap_or_default();
    let Ok(client) = http_client() else {
        return Vec::new();
    };
    let key = Endpoint::key();
    let mut found = Vec::new();
    for port in USUAL_PORTS.into_iter().filter(|port| open.contains(port)) {
        let Ok(endpoint) = Endpoint::parse(&format!("http://127.0.0.1:{port}")) else {
            continue;
        };
        let door = endpoint.door(&client, &key);
        let Ok(models) = page(&door, MODELS, GLANCE).await else {
            continue;
        };
        if models.pointer("/data").and_then(Json::as_array).is_none() {
            continue;
        }
        let kind = kind_within(&door, &SIGNS, GLANCE).await;
        let host = endpoint.host.clone();
        let place = tokio::task::spawn_blocking(move || Place::find(&host, port)).await;
        let first = models.pointer("/data/0/id").and_then(Json::as_str);
        found.push(Found {
            version: version(&door, kind)
                .await
                .unwrap_or_else(|_| kind.label().to_owned()),
            model: bounded(first.unwrap_or_default(), MOST_NAME),
            place: place.unwrap_or_else(|error| Place::NotKnown {
                why: error.to_string(),
            }),
            url: endpoint.base_url,
        });
    }
    found
}
