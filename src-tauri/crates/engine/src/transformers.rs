//! The transformers library. Its own `transformers serve` has no way to say which settings it uses, and with
//! continuous batching the first request settles things for all later ones; so Wattsmith brings a small
//! server, a Python script that holds one model (`script/`). The program is the Python that has the library.

mod failure;
mod ready;
mod version;

#[cfg(test)]
mod tests;

use crate::catalogue::Catalogue;
use crate::error::EngineError;
use crate::model_folder;
use crate::protocol::{OpenAi, OpenAiRoute, Protocol};
use crate::python::{self, SCRIPT as SERVER, SERVED};
use crate::server::{Asked, CommandLine, Door, File, ModelForm, Server, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use failure::SIGNS;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use wattsmith_domain::Model;

/// Names the Python.
const VARIABLE: &str = "WATTSMITH_TRANSFORMERS_PYTHON";
/// What to do where it is not here.
const FETCH: &str = "Install transformers and torch into a Python and name that in \
                     WATTSMITH_TRANSFORMERS_PYTHON";
/// Looked for in the folders of assets, then in the folders of PATH.
const PLACE: &str = "engines/transformers/bin/python";
/// By variables with these beginnings the libraries take settings.
const SETTINGS: [&str; 7] = [
    "OMP_",
    "MKL_",
    "KMP_",
    "TORCH_",
    "PYTORCH_",
    "TRANSFORMERS_",
    "HF_",
];
/// The script, put beside the log before a start.
const SCRIPT: [File; 5] = [
    SERVED,
    File {
        name: SERVER,
        text: include_str!("transformers/script/server.py"),
    },
    File {
        name: "answers.py",
        text: include_str!("transformers/script/answers.py"),
    },
    File {
        name: "continuous.py",
        text: include_str!("transformers/script/continuous.py"),
    },
    File {
        name: "model.py",
        text: include_str!("transformers/script/model.py"),
    },
];

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::shipped(include_str!("transformers/catalogue.toml")));

/// Our server for transformers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transformers;

#[async_trait]
impl Server for Transformers {
    fn name(&self) -> &str {
        "transformers"
    }

    fn find(&self, assets: &[PathBuf]) -> Result<PathBuf, String> {
        python::find(VARIABLE, PLACE, assets, FETCH)
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

    fn files(&self) -> &[File] {
        &SCRIPT
    }

    fn command(&self, asked: &Asked<'_>) -> CommandLine {
        python::command(asked, &["--model", &asked.model.display().to_string()])
    }

    fn ready_route(&self) -> &str {
        ready::ROUTE
    }

    async fn prove(&self, door: &Door<'_>) -> Result<Told, String> {
        ready::prove(door).await
    }

    async fn ended_while_loading(&self, ended: &Ended<'_>) -> EngineError {
        SIGNS.ended_while_loading(ended)
    }

    fn ended_while_working(&self, ended: &Ended<'_>) -> EngineError {
        SIGNS.ended_while_working(ended)
    }

    /// Texts are continued; the chat template is the one in the model's file, where there is any.
    fn protocol(&self) -> Protocol {
        Protocol::OpenAi(Arc::new(OpenAi {
            route: OpenAiRoute::Completions,
            ..OpenAi::default()
        }))
    }
}
