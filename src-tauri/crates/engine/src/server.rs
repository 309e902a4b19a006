//! What every inference server has to tell. Starting, supervising and driving are the same for all of
//! them and know none by name; what differs is behind [`Server`], in a folder for each.

use crate::attached::Endpoint;
use crate::catalogue::{About, Catalogue, Flags, Used};
use crate::error::EngineError;
use crate::llama_server::Architectures;
use crate::protocol::Protocol;
use crate::supervise::failure::Ended;
use async_trait::async_trait;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wattsmith_domain::{
    Configuration, Difference, Model, ParameterSpace, PicturePhase, Seconds, Value,
};

/// How long a server may usually take to end after TERM.
const GRACE: Duration = Duration::from_secs(2);

/// One kind of inference server.
#[async_trait]
pub trait Server: fmt::Debug + Send + Sync {
    /// As it stands in [`wattsmith_domain::Engine::name`].
    fn name(&self) -> &str;

    /// The program, if it is here: looked for in the folders of assets that setup or the package
    /// filled, and where the person says.
    ///
    /// # Errors
    /// The sentence to show when there is none.
    fn find(&self, assets: &[PathBuf]) -> Result<PathBuf, String>;

    /// The environment variable in which a person may name another program; none where there is none.
    fn variable(&self) -> Option<&'static str> {
        None
    }

    /// What to do where the program is not here, such as ``Run `make setup` to fetch it``.
    fn fetch(&self) -> &str;

    /// The program's own version line.
    ///
    /// # Errors
    /// `EngineNotFound` when it cannot be started, does not answer in time or says none.
    async fn version(&self, program: &Path) -> Result<String, EngineError>;

    /// The flags that this build has, by its own help; none where that is not asked.
    async fn flags(&self, _program: &Path) -> Option<Flags> {
        None
    }

    /// The architectures that the program knows; none where that cannot be told beforehand.
    async fn architectures(&self, _program: &Path) -> Option<Architectures> {
        None
    }

    /// Whether a model may be given to it, as far as that is seen without a start.
    ///
    /// # Errors
    /// `ModelNotFound`, with what to do.
    async fn check_model(&self, model: &Path) -> Result<(), EngineError>;

    /// What is known of a model before a start, where this server has models of a kind of its own; none
    /// where they are GGUF files, which are looked at for all servers alike.
    async fn model(&self, _model: &Path) -> Option<Result<Model, EngineError>> {
        None
    }

    /// What its models are.
    fn models(&self) -> ModelForm {
        ModelForm::Gguf
    }

    /// Its knobs, as they are written down.
    fn catalogue(&self) -> &Catalogue;

    /// Its knobs on this machine, with this model.
    fn space(&self, about: &About<'_>) -> ParameterSpace {
        self.catalogue().space(about)
    }

    /// Beginnings of the names of environment variables by which it takes settings: what is there
    /// from before is kept from it.
    fn settings(&self) -> Vec<&str>;

    /// The text of its description, where a file describes it: it goes into the record, so that a session
    /// goes on as it began whatever becomes of the file.
    fn description(&self) -> Option<&str> {
        None
    }

    /// Where it answers, where it runs already and was not started here.
    fn attached(&self) -> Option<&Endpoint> {
        None
    }

    /// Files that are put beside its log before a start, such as a script that is the server.
    fn files(&self) -> &[File] {
        &[]
    }

    /// Its command line and what it gets in its environment.
    fn command(&self, asked: &Asked<'_>) -> CommandLine;

    /// Whether it can be started with no setting told, chooses by itself then, and tells what.
    fn can_be_left_alone(&self) -> bool {
        false
    }

    /// The route that answers with success once the model is loaded.
    fn ready_route(&self) -> &str;

    /// Proof that the server that answers is the one that was started, and what it tells of itself.
    ///
    /// # Errors
    /// How it shows that it is another program.
    async fn prove(&self, door: &Door<'_>) -> Result<Told, String>;

    /// Has the model loaded with these settings, where that is done by a request and not at the start, and
    /// adds what it tells then. Nothing is measured before it is done.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    async fn load(
        &self,
        _door: &Door<'_>,
        _asked: &ToLoad<'_>,
        told: Told,
    ) -> Result<Told, EngineError> {
        Ok(told)
    }

    /// The settings it really uses, by what it told and printed.
    fn used(&self, space: &ParameterSpace, told: &Told, log: &str) -> Used {
        self.catalogue().used(space, told, log)
    }

    /// What was asked and is not used.
    fn differences(
        &self,
        space: &ParameterSpace,
        asked: &Configuration,
        used: &Used,
    ) -> Vec<Difference> {
        self.catalogue().differences(space, asked, used)
    }

    /// How long it may take to end after TERM, before it is killed.
    fn grace(&self) -> Duration {
        GRACE
    }

    /// Why it ended before it was ready.
    async fn ended_while_loading(&self, ended: &Ended<'_>) -> EngineError;

    /// Why it ended while it should have worked.
    fn ended_while_working(&self, ended: &Ended<'_>) -> EngineError;

    /// How it is driven.
    fn protocol(&self) -> Protocol;

    /// How long the phases of each request took, where it prints that instead of telling it with the
    /// answer: for each request that the part of the log finished, in order.
    fn printed_phases(&self, _log: &str) -> Vec<Vec<(PicturePhase, Seconds)>> {
        Vec::new()
    }

    /// As a chat server for one conversation at a time with `context` tokens, for an advisor: its
    /// settings and more words for its command line. None where it is not made for that.
    fn chat(&self, _space: &ParameterSpace, _context: u32) -> Option<(Configuration, Vec<String>)> {
        None
    }
}

/// What a server's models are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelForm {
    /// A GGUF file.
    Gguf,
    /// A folder of weights with `config.json`, as they are trained.
    Weights,
    /// A folder of a pipeline of diffusers, with `model_index.json`.
    Pipeline,
    /// A file of weights that make pictures: safetensors, GGUF or ckpt.
    PictureFile,
    /// A name in a store of the server's own.
    Named,
}

impl ModelForm {
    /// What the person is asked for.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Gguf => "Model file (.gguf)",
            Self::Weights => "Folder of the model (with config.json)",
            Self::Pipeline => "Folder of the pipeline (with model_index.json)",
            Self::PictureFile => "Model file (safetensors, GGUF or ckpt)",
            Self::Named => "Name of the model in the server's own store (such as smollm2:135m)",
        }
    }

    /// The word for a model that is made at the start, where there is such.
    #[must_use]
    pub fn made_at_start(self) -> Option<&'static str> {
        (self == Self::Pipeline).then_some(crate::diffusers::TINY)
    }
}

/// What a command line is made of.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The program.
    pub program: &'a Path,
    /// The model.
    pub model: &'a Path,
    /// To listen on.
    pub port: u16,
    /// To ask for.
    pub api_key: &'a str,
    /// The knobs.
    pub space: &'a ParameterSpace,
    /// Their values; what is missing is at its default.
    pub configuration: &'a Configuration,
    /// More words for the end.
    pub extra_args: &'a [String],
    /// Where its files were put.
    pub files: &'a Path,
    /// A small model that drafts for it.
    pub draft: Option<&'a Path>,
    /// Whether no setting is told and the server fits itself to the machine.
    pub left_alone: bool,
    /// The flags that this build has, where it was asked.
    pub flags: Option<&'a Flags>,
}

/// What a server is to load where a request has it loaded.
#[derive(Debug, Clone, Copy)]
pub struct ToLoad<'a> {
    /// The model.
    pub model: &'a Path,
    /// The knobs.
    pub space: &'a ParameterSpace,
    /// Their values; what is missing is at its default.
    pub configuration: &'a Configuration,
    /// Settings that go with every request, this one too.
    pub fields: &'a [(String, Value)],
}

/// A file that a server needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// What is started. Nothing of it goes through a shell's reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// Program first.
    pub words: Vec<String>,
    /// Environment variables with their values; keys go here, since every user of the machine can read
    /// a command line. They stand in no record.
    pub variables: Vec<(String, String)>,
    /// Environment variables that hold settings: they stand in the record of the launch.
    pub settings: Vec<(String, String)>,
}

/// Where a server is reached.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// Connections.
    pub client: &'a reqwest::Client,
    /// Such as `http://127.0.0.1:40123`.
    pub base_url: &'a str,
    /// The key made for this start.
    pub api_key: &'a str,
    /// The port.
    pub port: u16,
    /// The process group that was started; 0 where none was.
    pub group: i32,
}

/// What a server told of itself when it was ready.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// Pages of JSON, the first that holds a value counts.
    pub pages: Vec<serde_json::Value>,
    /// Its build, where it says one; for when the program does not tell its version.
    pub build: String,
    /// How long loading the model took, by its own clock.
    pub load: Option<Seconds>,
    /// The model by the name that requests have to say; empty where they say none.
    pub served: String,
}
