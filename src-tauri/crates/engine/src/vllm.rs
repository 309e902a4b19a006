//! vLLM's own server, on a GPU or with its build for processors. It is several processes in one group: an API
//! server, the engine's core and its workers.

mod command;
mod failure;
mod readback;
mod ready;
mod version;

#[cfg(test)]
mod tests;

use crate::catalogue::{Catalogue, Used};
use crate::error::EngineError;
use crate::model_folder;
use crate::program;
use crate::protocol::{OpenAi, OpenAiRoute, Protocol};
use crate::server::{Asked, CommandLine, Door, ModelForm, Server, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use failure::SIGNS;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use wattsmith_domain::{Model, ParameterSpace};

/// Names the program.
const VARIABLE: &str = "WATTSMITH_VLLM";
/// What to do where it is not here.
const FETCH: &str = "Install vLLM (pip install vllm), or name its program in WATTSMITH_VLLM";
/// Looked for in the folders of assets, then in the folders of PATH.
const PLACE: &str = "engines/vllm/bin/vllm";
/// By variables with these beginnings it takes settings. Which devices it may use (`CUDA_`), and for which
/// kind it was built (`VLLM_TARGET_`), is the person's.
const SETTINGS: [&str; 11] = [
    "VLLM_CPU_",
    "VLLM_USE_",
    "VLLM_SERVER_",
    "VLLM_LOGGING_",
    "VLLM_CONFIGURE_",
    "VLLM_ATTENTION_",
    "VLLM_ENABLE_",
    "VLLM_DISABLE_",
    "OMP_",
    "KMP_",
    "TORCHINDUCTOR_",
];
/// Its workers have shared memory to give back; on a busy machine that takes seconds.
const GRACE: Duration = Duration::from_secs(10);

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::shipped(include_str!("vllm/catalogue.toml")));

/// vLLM.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vllm;

#[async_trait]
impl Server for Vllm {
    fn name(&self) -> &str {
        "vllm"
    }

    fn find(&self, assets: &[PathBuf]) -> Result<PathBuf, String> {
        let places = program::in_assets(assets, PLACE).chain(program::in_path("vllm"));
        program::find(VARIABLE, places, || format!("No vllm was found. {FETCH}."))
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
        model_folder::check(model).await
    }

    async fn model(&self, model: &Path) -> Option<Result<Model, EngineError>> {
        Some(model_folder::model(model).await)
    }

    fn models(&self) -> ModelForm {
        ModelForm::Weights
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

    /// What its pages lack, its log tells.
    fn used(&self, space: &ParameterSpace, told: &Told, log: &str) -> Used {
        let mut told = told.clone();
        told.pages.push(readback::of_log(log));
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
        Protocol::OpenAi(Arc::new(OpenAi {
            route: OpenAiRoute::Completions,
            ..OpenAi::default()
        }))
    }
}
