//! What a server that runs already says of itself, and which ones run here.

use super::kind::{Kind, SIGNS};
use super::{ATTACHED_KEY, Endpoint};
use crate::digest;
use crate::error::EngineError;
use crate::place::{Place, listening_ports};
use crate::server::{Door, Told};
use serde_json::Value as Json;
use std::time::Duration;
use wattsmith_domain::{FailureCause, Model, bounded};

/// Longest wait for a page.
const PAGE: Duration = Duration::from_secs(5);
/// The same while looking around.
const GLANCE: Duration = Duration::from_millis(700);
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

fn client() -> Result<reqwest::Client, EngineError> {
    crate::launch::http_client()
}

async fn page(endpoint: &Endpoint, route: &str, patience: Duration) -> Result<Json, String> {
    let client = client().map_err(|error| error.to_string())?;
    let mut asked = client
        .get(format!("{}{route}", endpoint.base_url))
        .timeout(patience);
    let key = Endpoint::key();
    if !key.is_empty() {
        asked = asked.bearer_auth(key);
    }
    let answer = asked
        .send()
        .await
        .map_err(|error| plain(&error.without_url()))?;
    match answer.status() {
        status if status.is_success() => answer.json().await.map_err(|error| error.to_string()),
        reqwest::StatusCode::UNAUTHORIZED | reqwest::StatusCode::FORBIDDEN => Err(format!(
            "it asks for a key; put the right one into {ATTACHED_KEY}"
        )),
        status => Err(format!("it answers {status} at {route}")),
    }
}

fn plain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        words = source.to_string();
        next = source.source();
    }
    words
}

/// What kind of server answers there.
pub(super) async fn kind(endpoint: &Endpoint) -> Result<Kind, EngineError> {
    let failed = |what: String| {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "No server that speaks like OpenAI answers at {}: {what}. Check the address, or list what \
                 runs here with `wattsmith-cli servers`.",
                endpoint.base_url
            ),
        )
    };
    // Asked first: whoever has no list of models cannot be driven.
    let models = page(endpoint, "/v1/models", PAGE).await.map_err(failed)?;
    if models.pointer("/data").and_then(Json::as_array).is_none() {
        return Err(failed("/v1/models holds no list of models".to_owned()));
    }
    Ok(kind_within(endpoint, PAGE).await)
}

async fn kind_within(endpoint: &Endpoint, patience: Duration) -> Kind {
    for sign in &SIGNS {
        if let Ok(page) = page(endpoint, sign.route, patience).await
            && page.pointer(sign.pointer).is_some()
        {
            return sign.kind;
        }
    }
    Kind::Other
}

/// Its kind and its own version, as far as it tells one.
pub(super) async fn version(endpoint: &Endpoint, kind: Kind) -> Result<String, String> {
    let Some(sign) = kind.sign() else {
        page(endpoint, "/v1/models", PAGE).await?;
        return Ok(kind.label().to_owned());
    };
    let page = page(endpoint, sign.route, PAGE).await?;
    let told = page.pointer(sign.version).and_then(Json::as_str);
    Ok(match told.filter(|_| !sign.version.is_empty()) {
        Some(version) => format!("{} {}", kind.label(), bounded(version, MOST_NAME)),
        None => kind.label().to_owned(),
    })
}

/// The model that it serves first. No file is known, so that it is told apart by what the server says.
pub(super) async fn model(endpoint: &Endpoint, kind: Kind) -> Result<Model, String> {
    let models = page(endpoint, "/v1/models", PAGE).await?;
    let mut first = models
        .pointer("/data/0")
        .cloned()
        .ok_or("it serves no model; load one first")?;
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

/// What it tells when it is ready.
pub(super) async fn told(door: &Door<'_>, kind: Kind) -> Result<Told, String> {
    let endpoint = Endpoint::parse(door.base_url)?;
    let models = page(&endpoint, "/v1/models", PAGE).await?;
    let served = models.pointer("/data/0/id").and_then(Json::as_str);
    let pages = match kind.sign() {
        Some(sign) => vec![page(&endpoint, sign.route, PAGE).await?, models.clone()],
        None => vec![models.clone()],
    };
    Ok(Told {
        served: served.unwrap_or_default().to_owned(),
        pages,
        ..Told::default()
    })
}

/// What runs on this machine and speaks like OpenAI, on the ports where such servers usually listen.
/// Nothing is started, loaded or changed by looking.
pub async fn running() -> Vec<Found> {
    let open = tokio::task::spawn_blocking(listening_ports).await;
    let open = open.unwrap_or_default();
    let mut found = Vec::new();
    for port in USUAL_PORTS.into_iter().filter(|port| open.contains(port)) {
        let Ok(endpoint) = Endpoint::parse(&format!("http://127.0.0.1:{port}")) else {
            continue;
        };
        let Ok(models) = page(&endpoint, "/v1/models", GLANCE).await else {
            continue;
        };
        if models.pointer("/data").and_then(Json::as_array).is_none() {
            continue;
        }
        let kind = kind_within(&endpoint, GLANCE).await;
        let host = endpoint.host.clone();
        let place = tokio::task::spawn_blocking(move || Place::find(&host, port)).await;
        let first = models.pointer("/data/0/id").and_then(Json::as_str);
        found.push(Found {
            version: version(&endpoint, kind)
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
