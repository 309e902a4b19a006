//! Model files, without loading them: which model it is, of which files it is made, what its weights
//! are, and whether it can be run at all. A file may be anything, so its head is read with care.

mod bounded;
mod cache;
mod fault;
mod foreign;
mod head;
mod parts;
mod role;
mod survey;
mod tensors;
mod types;

pub use cache::CacheShape;
pub use survey::{Survey, UnfitFile, survey_models};

use crate::error::EngineError;
use fault::Fault;
use std::path::{Path, PathBuf};
use wattsmith_domain::{FailureCause, Weights, weights_in_words};

/// A model that writes text: one file, or a set of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// The file; of a set its first part, which is what the engine is given.
    pub path: PathBuf,
    /// All files in order, `path` the first of them.
    pub parts: Vec<PathBuf>,
    /// For people: the file's name without its ending, its place in a set and the quantisation, such
    /// as `SmolLM2-135M-Instruct`.
    pub name: String,
    /// The name that the file gives itself (`general.name`), which is often a training run's.
    pub title: Option<String>,
    /// Such as `llama`.
    pub architecture: String,
    /// The label that the file gives itself, such as `Q4_1`; empty when it gives none.
    pub quantisation: String,
    /// What the tensors are stored as.
    pub weights: Weights,
    /// Size of all files.
    pub bytes: u64,
    /// The longest context that the engine gives one request of this model, tokens.
    pub context_limit: Option<u64>,
    /// What the key-value cache holds for each token, where the file says.
    pub cache: Option<CacheShape>,
    /// Whether it can be talked to: it brings a chat template, or the marks of the one that engines
    /// fall back on. A base model has neither and only continues texts.
    pub chats: bool,
}

impl ModelFile {
    /// The label and the bits per weight, and the main type where the label misleads.
    #[must_use]
    pub fn weights_in_words(&self) -> String {
        weights_in_words(&self.quantisation, Some(&self.weights))
    }
}

/// Reads what model a file is, with all parts of its set.
///
/// # Errors
/// `ModelNotFound` when the file or a part cannot be opened; `ModelCorrupt` when one is damaged or
/// shorter than its head says; `ModelUnfit` when it is something else than a model that is run by
/// itself. The message says what it is and what to do.
pub async fn inspect_model(path: &Path) -> Result<ModelFile, EngineError> {
    let path = path.to_owned();
    let shown = path.display().to_string();
    match tokio::task::spawn_blocking(move || inspect(&path)).await {
        Ok(Ok(model)) => Ok(model),
        Ok(Err(fault)) => Err(EngineError::failed(
            fault.cause(),
            format!("{fault} The file: {shown}."),
        )),
        Err(_) => Err(EngineError::failed(
            FailureCause::ModelCorrupt,
            format!("{shown} could not be read. Choose another GGUF."),
        )),
    }
}

fn inspect(path: &Path) -> Result<ModelFile, Fault> {
    let (mut head, bytes) = head::read_file(path).map_err(|fault| cut_by_hand(path, fault))?;
    let files = parts::gather(path, bytes, &mut head)?;
    if let Some(what) = role::unfit(&head) {
        return Err(Fault::Unfit(what));
    }
    if let Some((gone, instead)) = head.tensors.removed {
        return Err(Fault::Unfit(format!(
            "This holds weights of the type {gone}, which llama.cpp took out. Fetch the model as \
             {instead}."
        )));
    }
    let quantisation = head.number("general.file_type").map(types::label);
    let quantisation = quantisation.unwrap_or_default();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = match parts::in_name(path) {
        Some((front, _, _)) if files.len() > 1 => front,
        _ => stem.into_owned(),
    };
    Ok(ModelFile {
        path: path.to_owned(),
        name: types::short_name(&stem, &quantisation),
        title: head.text("general.name").map(str::to_owned),
        architecture: head.architecture().unwrap_or_default().to_owned(),
        quantisation,
        weights: head.tensors.weights(),
        bytes: files.iter().map(|file| file.bytes).sum(),
        context_limit: head.context_limit(),
        cache: CacheShape::of(&head),
        chats: head.chat_template || head.chatml,
        parts: files.into_iter().map(|file| file.path).collect(),
    })
}

/// Looks at a file that is to be a model or one of its parts, before it has its name and before the others are
/// there.
///
/// # Errors
/// As for [`inspect_model`], but nothing is said of other parts.
pub async fn look_at_head(path: &Path) -> Result<(), EngineError> {
    let path = path.to_owned();
    let looked = tokio::task::spawn_blocking(move || look(&path)).await;
    let failed = |fault: Fault| EngineError::failed(fault.cause(), fault.to_string());
    looked.map_or_else(
        |error| {
            let message = format!("The file could not be read: {error}. Try again.");
            Err(EngineError::failed(FailureCause::ModelCorrupt, message))
        },
        |done| done.map_err(failed),
    )
}

fn look(path: &Path) -> Result<(), Fault> {
    let (head, _) = head::read_file(path)?;
    // Only the first part says what a model is.
    let is_later = head.place().is_some_and(|place| place.number > 1);
    match role::unfit(&head) {
        Some(what) if !is_later => Err(Fault::Unfit(what)),
        _ => Ok(()),
    }
}

/// The names of all files of a model by that of one: `NAME-00002-of-00003.gguf` is one of three.
#[must_use]
pub fn files_of_set(name: &str) -> Vec<String> {
    match parts::in_name(Path::new(name)) {
        Some((front, number, count))
            if (1..=count).contains(&number) && count <= parts::MOST_PARTS =>
        {
            (1..=count)
                .map(|number| parts::name_of(&front, number, count))
                .collect()
        }
        _ => vec![name.to_owned()],
    }
}

/// The pieces of a file that was cut end early or begin anywhere, and are not damaged.
fn cut_by_hand(path: &Path, fault: Fault) -> Fault {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    let is_piece = [".gguf.part", ".gguf-split-", ".gguf.0"]
        .iter()
        .any(|mark| name.contains(mark));
    match fault.cause() {
        FailureCause::ModelCorrupt if is_piece => Fault::Unfit(
            "This is a piece of a file that was cut. Join the pieces in order (cat piece1 piece2 \
             > model.gguf) and choose that file."
                .to_owned(),
        ),
        _ => fault,
    }
}

#[cfg(test)]
mod tests;
