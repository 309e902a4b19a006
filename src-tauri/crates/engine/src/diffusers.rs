//! Diffusers: its pipelines have no server of their own, so Wattsmith brings a small one, a Python script
//! that holds one pipeline and tells the times of its phases (`script/`). The program is the Python
//! that has the libraries.

mod failure;
mod pipeline;
mod ready;
mod version;

use crate::catalogue::Catalogue;
use crate::error::EngineError;
use crate::protocol::Protocol;
use crate::protocol::images::ImageForm;
use crate::python::{self, SCRIPT as SERVER, SERVED};
use crate::server::{Asked, CommandLine, Door, File, ModelForm, Server, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use failure::SIGNS;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use wattsmith_domain::Model;

pub(crate) use pipeline::TINY;

/// Names the Python.
const VARIABLE: &str = "WATTSMITH_DIFFUSERS_PYTHON";
/// What to do where it is not here.
const FETCH: &str = "Install diffusers, torch and transformers into a Python and name that in \
                     WATTSMITH_DIFFUSERS_PYTHON";
/// Looked for in the folders of assets, then in the folders of PATH.
const PLACE: &str = "engines/diffusers/bin/python";
/// By variables with these beginnings the libraries take settings.
const SETTINGS: [&str; 7] = [
    "OMP_",
    "MKL_",
    "KMP_",
    "TORCH_",
    "PYTORCH_",
    "DIFFUSERS_",
    "HF_",
];
/// The script, put beside the log before a start.
const SCRIPT: [File; 4] = [
    SERVED,
    File {
        name: SERVER,
        text: include_str!("diffusers/script/server.py"),
    },
    File {
        name: "pipeline.py",
        text: include_str!("diffusers/script/pipeline.py"),
    },
    File {
        name: "tiny.py",
        text: include_str!("diffusers/script/tiny.py"),
    },
];

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::shipped(include_str!("diffusers/catalogue.toml")));

/// Our server for diffusers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diffusers;

#[async_trait]
impl Server for Diffusers {
    fn name(&self) -> &str {
        "diffusers"
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
        pipeline::check(model).await
    }

    async fn model(&self, model: &Path) -> Option<Result<Model, EngineError>> {
        Some(pipeline::model(model).await)
    }

    fn models(&self) -> ModelForm {
        ModelForm::Pipeline
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
        let folder = asked.model.display().to_string();
        match asked.model == Path::new(TINY) {
            true => python::command(asked, &["--tiny"]),
            false => python::command(asked, &["--model", &folder]),
        }
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

    fn protocol(&self) -> Protocol {
        Protocol::Images(ImageForm::Diffusers)
    }
}
