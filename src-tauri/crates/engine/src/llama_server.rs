//! llama.cpp's server: the one that Wattsmith brings.

mod architectures;
mod command;
mod failure;
mod readback;
mod ready;
mod version;

#[cfg(test)]
mod tests;

pub use architectures::Architectures;
pub(crate) use readback::{in_use, told};

use crate::catalogue::{Catalogue, Flags};
use crate::error::EngineError;
use crate::gguf::inspect_model;
use crate::program;
use crate::protocol::Protocol;
use crate::server::{Asked, CommandLine, Door, Server, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use failure::SIGNS;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use wattsmith_domain::{Configuration, FailureCause, ParameterSpace, Value};

/// The version that setup fetches, in a folder of assets.
const PLACE: &str = "engines/llama-server/0.1.3/bin/llama-server";
/// Names another binary.
const VARIABLE: &str = "WATTSMITH_LLAMA_SERVER";
/// By variables with these beginnings llama.cpp takes settings.
const SETTINGS: [&str; 2] = ["LLAMA_", "GGML_"];

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::shipped(include_str!("llama_server/catalogue.toml")));

/// llama-server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LlamaServer;

#[async_trait]
impl Server for LlamaServer {
    fn name(&self) -> &str {
        "llama-server"
    }

    fn find(&self, assets: &[PathBuf]) -> Result<PathBuf, String> {
        program::find(VARIABLE, program::in_assets(assets, PLACE), || {
            let folders = assets.iter().map(|folder| folder.display().to_string());
            format!(
                "No llama-server was found in {}. Run `make setup` in the source folder, install \
                 the package, or name one in {VARIABLE}.",
                folders.collect::<Vec<_>>().join(", ")
            )
        })
    }

    fn variable(&self) -> Option<&'static str> {
        Some(VARIABLE)
    }

    fn fetch(&self) -> &str {
        "Run `make setup` to fetch it"
    }

    async fn version(&self, program: &Path) -> Result<String, EngineError> {
        version::version(program).await
    }

    async fn flags(&self, program: &Path) -> Option<Flags> {
        version::flags(program).await
    }

    async fn architectures(&self, program: &Path) -> Option<Architectures> {
        architectures::architectures(program).await
    }

    async fn check_model(&self, model: &Path) -> Result<(), EngineError> {
        match tokio::fs::File::open(model).await {
            Ok(_) => Ok(()),
            Err(error) => Err(EngineError::failed(
                FailureCause::ModelNotFound,
                format!(
                    "The model {} cannot be opened ({error}). Run `make setup` to fetch the pinned \
                     model, or choose a GGUF file that exists.",
                    model.display()
                ),
            )),
        }
    }

    fn catalogue(&self) -> &Catalogue {
        &CATALOGUE
    }

    fn settings(&self) -> Vec<&str> {
        SETTINGS.to_vec()
    }

    fn command(&self, asked: &Asked<'_>) -> CommandLine {
        command::command(asked)
    }

    fn can_be_left_alone(&self) -> bool {
        true
    }

    fn ready_route(&self) -> &str {
        ready::ROUTE
    }

    async fn prove(&self, door: &Door<'_>) -> Result<Told, String> {
        ready::prove(door).await
    }

    /// A file that the engine refuses is looked at: what it is says more than the engine's own words.
    async fn ended_while_loading(&self, ended: &Ended<'_>) -> EngineError {
        let error = SIGNS.ended_while_loading(ended);
        let of_the_model = matches!(
            error.cause(),
            Some(
                FailureCause::ModelNotFound
                    | FailureCause::ModelCorrupt
                    | FailureCause::ModelUnfit
                    | FailureCause::Crash
            )
        );
        match of_the_model {
            true => inspect_model(ended.model).await.err().unwrap_or(error),
            false => error,
        }
    }

    fn ended_while_working(&self, ended: &Ended<'_>) -> EngineError {
        SIGNS.ended_while_working(ended)
    }

    fn protocol(&self) -> Protocol {
        Protocol::Completion
    }

    /// Prompts are cached, since a retry repeats most of one. Sampling is each request's own matter.
    fn chat(&self, space: &ParameterSpace, context: u32) -> Option<(Configuration, Vec<String>)> {
        let mut configuration = space.default_configuration();
        configuration.set("parallel", Value::Int(1));
        configuration.set("context-per-slot", Value::Int(i64::from(context)));
        Some((configuration, vec!["--cache-prompt".to_owned()]))
    }
}
