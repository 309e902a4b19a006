//! The model of a described server: a GGUF file, or a folder as Hugging Face's libraries write it.

use super::file::ModelKind;
use crate::digest;
use crate::error::EngineError;
use std::path::Path;
use wattsmith_domain::{FailureCause, Model};

/// What every such folder holds.
const CONFIG: &str = "config.json";

fn failed(path: &Path, what: impl std::fmt::Display) -> EngineError {
    EngineError::failed(
        FailureCause::ModelNotFound,
        format!(
            "The model {} cannot be read: {what}. Choose a folder with {CONFIG} and safetensors files.",
            path.display()
        ),
    )
}

pub(super) async fn check(kind: ModelKind, path: &Path) -> Result<(), EngineError> {
    let file = match kind {
        ModelKind::Gguf => path.to_owned(),
        ModelKind::Folder => path.join(CONFIG),
    };
    match tokio::fs::File::open(&file).await {
        Ok(_) => Ok(()),
        Err(error) if kind == ModelKind::Gguf => Err(EngineError::failed(
            FailureCause::ModelNotFound,
            format!(
                "The model {} cannot be opened ({error}). Choose a GGUF file that exists.",
                path.display()
            ),
        )),
        Err(error) => Err(failed(path, format_args!("{CONFIG}: {error}"))),
    }
}

/// Name, size, context and the hash of all files, as [`digest::of_folder`] makes it.
pub(super) async fn model(kind: ModelKind, path: &Path) -> Result<Model, EngineError> {
    check(kind, path).await?;
    let folder = path.to_path_buf();
    let read = tokio::task::spawn_blocking(move || of_folder(&folder)).await;
    match read {
        Ok(Ok(model)) => Ok(model),
        Ok(Err(error)) => Err(failed(path, error)),
        Err(error) => Err(failed(path, error)),
    }
}

fn of_folder(folder: &Path) -> std::io::Result<Model> {
    let (sha256, bytes) = digest::of_folder(folder)?;
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join(CONFIG))?)
        .map_err(std::io::Error::other)?;
    let number = |name: &str| config[name].as_u64();
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    Ok(Model {
        name: name.to_string_lossy().into_owned(),
        path: folder.display().to_string(),
        sha256,
        bytes,
        context_limit: number("max_position_embeddings").or_else(|| number("n_positions")),
        quantisation: config["torch_dtype"]
            .as_str()
            .or_else(|| config["dtype"].as_str())
            .unwrap_or_default()
            .to_owned(),
        ..Model::default()
    })
}
