//! Model files on this machine: what their heads say, which one is meant when none is named, and
//! their hashes, worked out once per file.

use crate::error::TunerError;
use crate::machine::memory_need::{MemoryNeed, free_memory};
use crate::machine::places::{ModelPlace, WeightFolder};
use crate::session::own_work;
use crate::session::work::unit_of;
use crate::tuner::Tuner;
use std::fmt::Write as _;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use wattsmith_domain::{
    Configuration, Connection, FailureCause, Machine, Model, ModelPart, Session, WorkUnit, Workload,
};
use wattsmith_engine::{
    About, Architectures, EngineError, ModelFile, Server, UnfitFile, digest, shipped, survey_models,
};

/// A larger model does not answer in seconds on a CPU.
const ADVISOR_BYTES: u64 = 4_000_000_000;

/// Sessions that are looked through for the model used last.
const LOOKED_BACK: usize = 20;

/// A model that can be tuned, and advise where it can be talked to.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelEntry {
    /// Name from its file.
    pub name: String,
    /// The file; of a set its first part.
    pub path: PathBuf,
    /// Files that it is made of.
    pub parts: usize,
    /// The label that the file gives itself; empty when unknown.
    pub quantisation: String,
    /// Label and bits per weight, and the main type where the label misleads.
    pub weights: String,
    /// Bits that a weight takes on average.
    pub bits_per_weight: Option<f64>,
    /// Size of all its files.
    pub bytes: u64,
    /// The longest context of one request, tokens.
    pub context_limit: Option<u64>,
    /// Whether it can be talked to; a base model only continues texts.
    pub chats: bool,
    /// Whose folder it lies in.
    pub place: ModelPlace,
    /// The least memory that it takes with the usual settings.
    pub needs: MemoryNeed,
}

/// The models on this machine, and what looks like one and is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelShelf {
    /// Those that can be run.
    pub models: Vec<ModelEntry>,
    /// Files that cannot, with the reason.
    pub unfit: Vec<UnfitFile>,
    /// Folders of weights in the form in which they are trained; not for servers of GGUF files.
    pub weights: Vec<WeightFolder>,
    /// Memory that is free now, bytes; none where the kernel does not tell.
    pub free_memory: Option<u64>,
}

impl ModelEntry {
    fn of(file: ModelFile, place: ModelPlace, usual: &Configuration) -> Self {
        Self {
            needs: MemoryNeed::of(&file, usual),
            place,
            weights: file.weights_in_words(),
            bits_per_weight: file.weights.bits_per_weight(),
            name: file.name,
            path: file.path,
            parts: file.parts.len(),
            quantisation: file.quantisation,
            bytes: file.bytes,
            context_limit: file.context_limit,
            chats: file.chats,
        }
    }
}

impl Tuner {
    /// Model files in the assets and in the data folder, then those of other programs and of folders that
    /// the person named, here or in the settings; a set of parts as one. Settings that cannot be read name no
    /// folders; the page of settings says so.
    pub async fn model_shelf(&self) -> ModelShelf {
        let kept = self.settings().await.unwrap_or_default();
        let named = kept
            .settings
            .model_folders
            .iter()
            .map(PathBuf::from)
            .collect();
        let folders = self.model_folders.clone().and_named(named);
        let paths = self.paths.clone();
        let found = blocking(move || folders.find(paths.model_files())).await;
        let found = found.unwrap_or_default();
        let files = found.files.iter().map(|one| one.path.clone()).collect();
        let survey = survey_models(files).await;
        let known = self.architectures().await;
        let usual = usual_settings(&self.machine());
        let missing = found.missing.into_iter();
        let mut shelf = ModelShelf {
            models: Vec::new(),
            unfit: survey.unfit,
            weights: found.weights,
            free_memory: free_memory(),
        };
        shelf
            .unfit
            .extend(missing.map(|(path, name, reason)| UnfitFile {
                name,
                ..UnfitFile::new(&path, reason)
            }));
        for mut file in survey.models {
            let from = found.files.iter().find(|one| one.path == file.path);
            if let Some(name) = from.and_then(|one| one.name.clone()) {
                file.name = name;
            }
            let place = from.map_or(ModelPlace::Named, |one| one.place);
            match not_known(known.as_deref(), &file) {
                Some(reason) => shelf.unfit.push(UnfitFile::new(&file.path, reason)),
                None => shelf.models.push(ModelEntry::of(file, place, &usual)),
            }
        }
        shelf
    }

    /// Those of the person's own folders that can be run: in the assets, in the data folder and in folders
    /// that they named. What other programs fetched is never meant unless somebody says so.
    pub async fn models(&self) -> Vec<ModelEntry> {
        let mut models = self.model_shelf().await.models;
        models.retain(|one| one.place.is_ours());
        models
    }

    /// The model to tune when none is named: the one used last on this machine, if its file is still
    /// there, else the one that Wattsmith brings, else the only one there is. Never one chosen by its
    /// size: that would be a matter of what happens to lie beside it.
    pub async fn default_model(&self) -> Option<ModelEntry> {
        if let Some(last) = self.model_used_last().await {
            return Some(last);
        }
        let models = self.models().await;
        let shipped = self.paths.shipped_model();
        let brought = shipped.and_then(|path| models.iter().find(|model| model.path == path));
        match (brought, models.as_slice()) {
            (Some(brought), _) => Some(brought.clone()),
            (None, [only]) => Some(only.clone()),
            _ => None,
        }
    }

    /// The model of the newest session here in which something was measured.
    async fn model_used_last(&self) -> Option<ModelEntry> {
        let cpu = self.machine().cpu.clone();
        // One after the other: there may be thousands, and the first that fits is meant.
        let mut looked = 0;
        for id in self.session_ids().await.ok()? {
            let Ok(session) = self.store.session(&id).await else {
                continue;
            };
            if session.example || session.machine.cpu != cpu {
                continue;
            }
            looked += 1;
            if looked > LOOKED_BACK {
                break;
            }
            let record = self.record(&session.id).await.ok()?;
            if record.trials.iter().any(|trial| !trial.repeats.is_empty()) {
                let file = self.inspect(Path::new(&session.model.path)).await.ok()?;
                let usual = usual_settings(&self.machine());
                return Some(ModelEntry::of(file, ModelPlace::Named, &usual));
            }
        }
        None
    }

    /// Which model to name when none is meant by itself.
    pub(crate) async fn no_default_model(&self) -> TunerError {
        let shelf = self.model_shelf().await;
        let ours = shelf.models.iter().filter(|one| one.place.is_ours());
        let names: Vec<&str> = ours.map(|one| one.name.as_str()).collect();
        match (names.as_slice(), shelf.unfit.as_slice()) {
            ([], []) => TunerError::NotFound(
                "There is no model on this machine yet. Run `make setup` in the source folder, or \
                 name a .gguf file."
                    .to_owned(),
            ),
            ([], [first, ..]) => TunerError::NotFound(format!(
                "No file here is a model that can be run. {}: {} Run `make setup` in the source \
                 folder, or name another .gguf file.",
                first.path.display(),
                first.reason
            )),
            (names, _) => TunerError::NotFound(format!(
                "No model was used here before, and there are several: {}. Name the file of one.",
                names.join(", ")
            )),
        }
    }

    /// The model that advises when none is named: the largest chat model that still answers in
    /// seconds on a CPU. The smallest one only repeats itself, but is better than none.
    pub async fn default_advisor_model(&self) -> Option<ModelEntry> {
        let models = self.models().await;
        models
            .into_iter()
            .filter(|model| model.chats && model.bytes < ADVISOR_BYTES)
            .max_by_key(|model| model.bytes)
    }

    /// Refuses a local advisor that cannot be talked to. A file that is not there, or damaged, is
    /// told when it is asked.
    pub(crate) async fn check_advisor(
        &self,
        connection: Option<&Connection>,
    ) -> Result<(), TunerError> {
        let Some(Connection::Local { model }) = connection else {
            return Ok(());
        };
        match self.inspect(Path::new(model)).await {
            Ok(file) if !file.chats => Err(TunerError::Invalid(format!(
                "{} is a base model without a chat template: it continues texts and answers no \
                 questions, so it cannot advise. Choose an instruct model, or another connection.",
                file.name
            ))),
            Err(EngineError::Failed {
                cause: FailureCause::ModelUnfit,
                message,
            }) => Err(TunerError::Invalid(message)),
            _ => Ok(()),
        }
    }

    /// Refuses chats for a model that has no words for them: they would be measured in somebody else's.
    pub(crate) async fn check_chats(
        &self,
        model: &Model,
        workload: &Workload,
    ) -> Result<(), TunerError> {
        let chats = workload.own.as_ref().map_or(0, |own| own.chats);
        if chats == 0 {
            return Ok(());
        }
        match self.inspect(Path::new(&model.path)).await {
            Ok(file) if !file.chats => Err(TunerError::Invalid(format!(
                "{} is a base model without a chat template, and {chats} of the requests are chats. Choose \
                 an instruct model, or write prompts in place of chats.",
                file.name
            ))),
            _ => Ok(()),
        }
    }

    /// What a file is, for the engine that is used.
    pub(crate) async fn inspect(&self, path: &Path) -> Result<ModelFile, EngineError> {
        let mut file = wattsmith_engine::inspect_model(path).await?;
        let (folders, looked) = (self.model_folders.clone(), path.to_owned());
        if let Ok(Some(name)) = blocking(move || folders.name_of(&looked)).await {
            file.name = name;
        }
        match not_known(self.architectures().await.as_deref(), &file) {
            Some(reason) => Err(EngineError::failed(
                FailureCause::ModelUnfit,
                format!("{reason} The file: {}.", path.display()),
            )),
            None => Ok(file),
        }
    }

    /// What the engine knows; looked up once there is one.
    async fn architectures(&self) -> Option<Arc<Architectures>> {
        let server = shipped();
        let binary = server.find(&self.paths.assets).ok()?;
        let look = async || server.architectures(&binary).await.map(Arc::new);
        self.architectures.get_or_init(look).await.clone()
    }

    /// What a session records of its model. Hashes are remembered by path, size and time, since
    /// reading gigabytes at every start would be felt.
    pub(crate) async fn model(&self, path: &Path) -> Result<Model, TunerError> {
        let file = self.inspect(path).await?;
        let mut parts = Vec::new();
        for path in &file.parts {
            parts.push(ModelPart {
                name: path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                sha256: self.hash_of(path).await?,
                bytes: meta(path)?.len(),
            });
        }
        let sha256 = match parts.as_slice() {
            [whole] => whole.sha256.clone(),
            parts => hash_of_list(parts),
        };
        if parts.len() == 1 {
            parts.clear();
        }
        Ok(Model {
            name: file.name,
            path: path.display().to_string(),
            sha256,
            quantisation: file.quantisation,
            bytes: file.bytes,
            parts,
            weights: Some(file.weights),
            context_limit: file.context_limit,
            random_weights: false,
            draft: None,
        })
    }

    /// Refuses to measure with another model or engine than the session began with: its figures would be
    /// compared with those of something else.
    pub(crate) async fn check_files(&self, session: &Session) -> Result<(), TunerError> {
        let unlike = |message: String| TunerError::Surroundings {
            cause: FailureCause::FileChanged,
            message,
            fault: None,
        };
        let server = wattsmith_engine::server_of(&session.engine)?;
        let engine = server
            .version(Path::new(&session.engine.path))
            .await
            .map_err(|error| TunerError::from(error).of_the_surroundings(true))?;
        if engine != session.engine.version {
            return Err(unlike(format!(
                "The engine {} is another one than when this session began: {engine} instead of {}. Bring \
                 that one back, or start a new session.",
                session.engine.path, session.engine.version
            )));
        }
        let model = self
            .model_for(server.as_ref(), Some(PathBuf::from(&session.model.path)))
            .await
            .map_err(|error| error.of_the_surroundings(true))?;
        if model.sha256 != session.model.sha256 {
            return Err(unlike(format!(
                "The model {} is another file than when this session began (its SHA-256 was {}… and is \
                 {}…). Bring that one back, or start a new session.",
                session.model.path,
                session.model.sha256.get(..12).unwrap_or_default(),
                model.sha256.get(..12).unwrap_or_default(),
            )));
        }
        if let Some(draft) = &session.model.draft {
            let now = self.model(Path::new(&draft.path)).await;
            if now.map_err(|error| error.of_the_surroundings(true))?.sha256 != draft.sha256 {
                return Err(unlike(format!(
                    "The draft model {} is another file than when this session began. Bring that one back, \
                     or start a new session.",
                    draft.path
                )));
            }
        }
        own_work::unchanged(&session.workload).await
    }

    /// The model of a session on this server: the one that was chosen, else the one to tune.
    pub(crate) async fn model_for(
        &self,
        server: &dyn Server,
        chosen: Option<PathBuf>,
    ) -> Result<Model, TunerError> {
        // What runs already serves what it serves.
        let served = server.attached().map(|_| PathBuf::new());
        if let Some(path) = chosen.as_ref().or(served.as_ref())
            && let Some(model) = server.model(path).await
        {
            return Ok(model?);
        }
        match chosen {
            Some(path) => self.model(&path).await,
            None if unit_of(server) == WorkUnit::Image => Err(TunerError::Invalid(format!(
                "Choose a model for {}: Wattsmith brings none that makes pictures.",
                server.name()
            ))),
            None => match self.default_model().await {
                Some(model) => self.model(&model.path).await,
                None => Err(self.no_default_model().await),
            },
        }
    }

    /// Keeps a hash that was worked out already.
    pub(crate) async fn remember_hash(&self, path: &Path, sha256: &str) -> Result<(), TunerError> {
        let key = format!("sha256:{}", path.display());
        let value = format!("{} {sha256}", stamp(path)?);
        Ok(self.store.set_setting(&key, &value).await?)
    }

    async fn hash_of(&self, path: &Path) -> Result<String, TunerError> {
        let stamp = stamp(path)?;
        let key = format!("sha256:{}", path.display());
        let remembered = self
            .store
            .setting(&key)
            .await?
            .and_then(|value| Some(value.strip_prefix(&stamp)?.trim().to_owned()));
        if let Some(sha256) = remembered {
            return Ok(sha256);
        }
        let hashed = path.to_path_buf();
        let sha256 = blocking(move || hash(&hashed)).await??;
        self.remember_hash(path, &sha256).await?;
        Ok(sha256)
    }
}

/// The settings of a session in which nobody changed any.
fn usual_settings(machine: &Machine) -> Configuration {
    shipped()
        .space(&About::machine(machine))
        .default_configuration()
}

/// Why the engine cannot run a model, where that can be told beforehand.
pub(crate) fn not_known(known: Option<&Architectures>, file: &ModelFile) -> Option<String> {
    let known = known?;
    (!known.knows(&file.architecture)).then(|| {
        let server = shipped();
        let newer = server.variable().map_or_else(String::new, |variable| {
            format!(", or name a newer {} in {variable}", server.name())
        });
        format!(
            "The engine here does not know the architecture {}. Choose another model{newer}.",
            file.architecture
        )
    })
}

/// The hash of a set: that of the list of its parts, as `sha256sum` writes it.
fn hash_of_list(parts: &[ModelPart]) -> String {
    let mut list = String::new();
    for part in parts {
        let _ = writeln!(list, "{}  {}", part.sha256, part.name);
    }
    digest::of(list)
}

fn meta(path: &Path) -> Result<Metadata, TunerError> {
    path.metadata()
        .map_err(|source| TunerError::io(format!("cannot read {}", path.display()), source))
}

fn stamp(path: &Path) -> Result<String, TunerError> {
    let meta = meta(path)?;
    let modified = meta
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |span| span.as_nanos());
    Ok(format!("{}:{modified}", meta.len()))
}

fn hash(path: &Path) -> Result<String, TunerError> {
    let fail = |source| TunerError::io(format!("cannot read {}", path.display()), source);
    digest::of_file(path)
        .map(|(sha256, _)| sha256)
        .map_err(fail)
}

/// Runs something that reads files off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TunerError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| TunerError::Invalid(format!("a background task ended early: {error}")))
}
