//! The servers that are known by name, and those that a file describes or that run already.

use crate::attached::{ATTACHED, Attached};
use crate::described::{Described, SHIPPED};
use crate::diffusers::Diffusers;
use crate::error::EngineError;
use crate::llama_server::LlamaServer;
use crate::ollama::Ollama;
use crate::server::Server;
use crate::stable_diffusion::StableDiffusion;
use crate::transformers::Transformers;
use crate::vllm::Vllm;
use std::path::Path;
use std::sync::Arc;
use wattsmith_domain::{Engine, FailureCause};

/// The server that Wattsmith brings: for sessions that name no other, and for an advisor's model.
#[must_use]
pub fn shipped() -> Arc<dyn Server> {
    Arc::new(LlamaServer)
}

/// Every server that is known by name, that which Wattsmith brings first.
#[must_use]
pub fn servers() -> Vec<Arc<dyn Server>> {
    let described = SHIPPED.iter().map(|one| Arc::clone(one) as Arc<dyn Server>);
    let own: [Arc<dyn Server>; 6] = [
        shipped(),
        Arc::new(Ollama),
        Arc::new(Vllm),
        Arc::new(Transformers),
        Arc::new(Diffusers),
        Arc::new(StableDiffusion),
    ];
    own.into_iter().chain(described).collect()
}

/// The server of this name.
///
/// # Errors
/// `EngineNotFound`, with the names that are known.
pub fn server(name: &str) -> Result<Arc<dyn Server>, EngineError> {
    let known = servers();
    let names: Vec<String> = known.iter().map(|one| one.name().to_owned()).collect();
    let found = known.into_iter().find(|one| one.name() == name);
    found.ok_or_else(|| {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "There is no server called {name}; choose among {}, or name a file that describes one.",
                names.join(", ")
            ),
        )
    })
}

/// The server that a file describes.
///
/// # Errors
/// `EngineNotFound`, with what is wrong in the file, its line and its key.
pub fn described(file: &Path, text: &str) -> Result<Arc<dyn Server>, EngineError> {
    match Described::parse(text) {
        Ok(server) => Ok(Arc::new(server)),
        Err(fault) => Err(EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "{} describes no server: {fault}. docs/engines.md tells the keys.",
                file.display()
            ),
        )),
    }
}

/// The server that runs already at this address, asked what it is.
///
/// # Errors
/// `EngineNotFound`: nobody answers there, or nobody who speaks like OpenAI.
pub async fn attached(address: &str) -> Result<Arc<dyn Server>, EngineError> {
    Ok(Arc::new(Attached::probe(address).await?))
}

/// The server with which a session was begun.
///
/// # Errors
/// `EngineNotFound`, where this version of Wattsmith does not know it any more.
pub fn server_of(engine: &Engine) -> Result<Arc<dyn Server>, EngineError> {
    match &engine.description {
        Some(text) => described(Path::new(&engine.name), text),
        None if engine.name == ATTACHED => {
            Ok(Arc::new(Attached::recorded(&engine.path, &engine.version)?))
        }
        None => server(&engine.name),
    }
}
