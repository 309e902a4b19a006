//! Ollama: a daemon that starts a llama-server of its own for each model, since 0.30. Wattsmith starts a daemon
//! of its own on another port, on the person's store of models; one that runs already is in `attached/`.
//!
//! It was written from Ollama's source (0.33.0-rc2) and run against a stand-in for the daemon, which starts a
//! real llama-server as Ollama does. It has not been tried with the real daemon.

mod command;
mod failure;
mod model;
mod readback;
mod ready;
mod version;

#[cfg(test)]
mod tests;

pub(crate) use ready::{attached, load_attached};

use crate::catalogue::{Catalogue, Used};
use crate::error::EngineError;
use crate::program;
use crate::protocol::{Protocol, Stay};
use crate::server::{Asked, CommandLine, Door, ModelForm, Server, ToLoad, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use failure::SIGNS;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use wattsmith_domain::{Model, ParameterSpace};

/// Names the program.
const VARIABLE: &str = "WATTSMITH_OLLAMA";
/// What to do where it is not here.
const FETCH: &str = "Install Ollama, or name its program in WATTSMITH_OLLAMA";
/// Looked for in the folders of assets, then in the folders of PATH.
const PLACE: &str = "engines/ollama/bin/ollama";
/// By variables with these beginnings it takes settings, and its llama-server after it.
const SETTINGS: [&str; 3] = ["OLLAMA_", "LLAMA_", "GGML_"];
/// It ends its llama-server first, which may be in the middle of a step.
const GRACE: Duration = Duration::from_secs(5);

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::shipped(include_str!("ollama/catalogue.toml")));

/// Ollama, started here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ollama;

#[async_trait]
impl Server for Ollama {
    fn name(&self) -> &str {
        "ollama"
    }

    fn find(&self, assets: &[PathBuf]) -> Result<PathBuf, String> {
        let places = program::in_assets(assets, PLACE).chain(program::in_path("ollama"));
        program::find(VARIABLE, places, || {
            format!("No ollama was found. {FETCH}.")
        })
    }

    fn variable(&self) -> Option<&'static str> {
        Some(VARIABLE)
    }

    fn fetch(&self) -> &str {
        FETCH
    }

    async fn version(&self, program: &Path) -> Result<String, EngineError> {
        version::version(program).await
    }

    async fn check_model(&self, model: &Path) -> Result<(), EngineError> {
        model::find(model).await.map(|_| ())
    }

    async fn model(&self, model: &Path) -> Option<Result<Model, EngineError>> {
        Some(model::model(model).await)
    }

    fn models(&self) -> ModelForm {
        ModelForm::Named
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

    fn ready_route(&self) -> &str {
        ready::ROUTE
    }

    async fn prove(&self, door: &Door<'_>) -> Result<Told, String> {
        ready::prove(door).await
    }

    async fn load(
        &self,
        door: &Door<'_>,
        asked: &ToLoad<'_>,
        told: Told,
    ) -> Result<Told, EngineError> {
        let model = model::find(asked.model).await?;
        let told = ready::load(door, asked, &model.name, Stay::Always, told).await?;
        ready::held_to_one(asked, &told)?;
        Ok(told)
    }

    /// What its log tells besides, of the daemon and of the llama-server that it started.
    fn used(&self, space: &ParameterSpace, told: &Told, log: &str) -> Used {
        let mut told = told.clone();
        let more = readback::in_use(&told, log);
        told.pages.push(more);
        CATALOGUE.used(space, &told, log)
    }

    fn grace(&self) -> Duration {
        GRACE
    }

    async fn ended_while_loading(&self, ended: &Ended<'_>) -> EngineError {
        SIGNS.ended_while_loading(ended)
    }

    fn ended_while_working(&self, ended: &Ended<'_>) -> EngineError {
        SIGNS.ended_while_working(ended)
    }

    fn protocol(&self) -> Protocol {
        Protocol::Ollama(Stay::Always)
    }
}
