//! A server that a file describes: any command with placeholders, never through a shell's reading, with a
//! catalogue of its knobs in the same file. Some such files come with Wattsmith; a person's own have the
//! same form. docs/engines.md tells the keys.

mod failure;
mod file;
mod model;
mod ready;
mod shipped;
mod version;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use shipped::SHIPPED;

use crate::catalogue::{Catalogue, CatalogueFault, arguments, variables};
use crate::error::EngineError;
use crate::model_folder;
use crate::program;
use crate::protocol::Protocol;
use crate::server::{Asked, CommandLine, Door, ModelForm, Server, Told};
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use file::{Description, ModelKind};
use std::path::{Path, PathBuf};
use wattsmith_domain::Model;
use words::Filling;

/// A server as a file describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Described {
    text: String,
    about: Description,
    catalogue: Catalogue,
}

impl Described {
    /// Reads a description.
    ///
    /// # Errors
    /// The first fault, with its line and key.
    pub(crate) fn parse(text: &str) -> Result<Self, CatalogueFault> {
        Ok(Self {
            about: Description::parse(text)?,
            catalogue: Catalogue::parse(text)?,
            text: text.to_owned(),
        })
    }
}

#[async_trait]
impl Server for Described {
    fn name(&self) -> &str {
        &self.about.name
    }

    fn description(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn find(&self, assets: &[PathBuf]) -> Result<PathBuf, String> {
        let program = &self.about.program;
        let missing = || {
            format!(
                "{} was not found: there is no {program} in the folders of PATH. {}.",
                self.about.name, self.about.fetch
            )
        };
        // A path is a place by itself; a name is looked for.
        let places: Vec<PathBuf> = match program.contains('/') {
            true => vec![PathBuf::from(program)],
            false => program::in_assets(assets, program)
                .chain(program::in_path(program))
                .collect(),
        };
        program::find(&self.about.variable(), places, missing)
    }

    fn fetch(&self) -> &str {
        &self.about.fetch
    }

    async fn version(&self, program: &Path) -> Result<String, EngineError> {
        version::version(&self.about, program).await
    }

    async fn check_model(&self, model: &Path) -> Result<(), EngineError> {
        model::check(self.about.model, model).await
    }

    async fn model(&self, model: &Path) -> Option<Result<Model, EngineError>> {
        match self.about.model {
            ModelKind::Gguf => None,
            ModelKind::Folder => Some(model_folder::model(model).await),
        }
    }

    fn models(&self) -> ModelForm {
        match self.about.model {
            ModelKind::Gguf => ModelForm::Gguf,
            ModelKind::Folder => ModelForm::Weights,
        }
    }

    fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    fn settings(&self) -> Vec<&str> {
        self.about.settings.iter().map(String::as_str).collect()
    }

    fn command(&self, asked: &Asked<'_>) -> CommandLine {
        let filling = Filling::of(asked);
        let knobs = arguments(asked.space, asked.configuration);
        CommandLine {
            words: filling.command(&self.about.command, &knobs, asked.extra_args),
            variables: filling.variables(&self.about.environment),
            settings: variables(asked.space, asked.configuration),
        }
    }

    fn ready_route(&self) -> &str {
        &self.about.ready
    }

    async fn prove(&self, door: &Door<'_>) -> Result<Told, String> {
        ready::prove(&self.about, door).await
    }

    async fn ended_while_loading(&self, ended: &Ended<'_>) -> EngineError {
        failure::signs(&self.about).ended_while_loading(ended)
    }

    fn ended_while_working(&self, ended: &Ended<'_>) -> EngineError {
        failure::signs(&self.about).ended_while_working(ended)
    }

    fn protocol(&self) -> Protocol {
        self.about.protocol()
    }
}
