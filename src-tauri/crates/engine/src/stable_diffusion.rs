//! stable-diffusion.cpp's server. It asks for no key, so that it is known by a word of ours that it tells
//! again; and it tells the times of its phases in its log alone.

mod failure;
mod model;
mod phases;
mod ready;
mod version;

use crate::catalogue::{Catalogue, arguments};
use crate::error::EngineError;
use crate::program;
use crate::protocol::Protocol;
use crate::protocol::images::ImageForm;
use crate::server::{Asked, CommandLine, Door, ModelForm, Server, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use failure::SIGNS;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use wattsmith_domain::{Model, PicturePhase, Seconds};

/// Names the program.
const VARIABLE: &str = "WATTSMITH_SD_SERVER";
/// What to do where it is not here.
const FETCH: &str = "Build sd-server of stable-diffusion.cpp and name it in WATTSMITH_SD_SERVER";
/// Looked for in the folders of assets, then in the folders of PATH.
const PLACE: &str = "engines/stable-diffusion/bin/sd-server";
/// By variables with these beginnings it takes settings.
const SETTINGS: [&str; 3] = ["GGML_", "OMP_", "SD_"];

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::shipped(include_str!("stable_diffusion/catalogue.toml")));

/// sd-server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StableDiffusion;

#[async_trait]
impl Server for StableDiffusion {
    fn name(&self) -> &str {
        "stable-diffusion"
    }

    fn find(&self, assets: &[PathBuf]) -> Result<PathBuf, String> {
        let places = program::in_assets(assets, PLACE).chain(program::in_path("sd-server"));
        program::find(VARIABLE, places, || {
            format!("No sd-server was found. {FETCH}.")
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
        model::check(model).await
    }

    async fn model(&self, model: &Path) -> Option<Result<Model, EngineError>> {
        Some(model::model(model).await)
    }

    fn models(&self) -> ModelForm {
        ModelForm::PictureFile
    }

    fn catalogue(&self) -> &Catalogue {
        &CATALOGUE
    }

    fn settings(&self) -> Vec<&str> {
        SETTINGS.to_vec()
    }

    /// Always: loopback only, and a log that tells the settings in use and the times of the phases.
    fn command(&self, asked: &Asked<'_>) -> CommandLine {
        let mut words = vec![
            asked.program.display().to_string(),
            "--listen-ip".to_owned(),
            "127.0.0.1".to_owned(),
            "--listen-port".to_owned(),
            asked.port.to_string(),
            "--model".to_owned(),
            asked.model.display().to_string(),
            "--prompt".to_owned(),
            ready::word(asked.api_key),
            "-v".to_owned(),
        ];
        words.extend(arguments(asked.space, asked.configuration));
        words.extend_from_slice(asked.extra_args);
        CommandLine {
            words,
            ..CommandLine::default()
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
        Protocol::Images(ImageForm::WebUi)
    }

    fn printed_phases(&self, log: &str) -> Vec<Vec<(PicturePhase, Seconds)>> {
        phases::printed(log)
    }
}
