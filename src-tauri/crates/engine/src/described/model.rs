//! The model of a described server: a GGUF file, or a folder as Hugging Face's libraries write it.

use super::file::ModelKind;
use crate::error::EngineError;
use crate::model_folder;
use std::path::Path;
use wattsmith_domain::FailureCause;

pub(super) async fn check(kind: ModelKind, path: &Path) -> Result<(), EngineError> {
    if kind == ModelKind::Folder {
        return model_folder::check(path).await;
    }
    match tokio::fs::File::open(path).await {
        Ok(_) => Ok(()),
        Err(error) => Err(EngineError::failed(
            FailureCause::ModelNotFound,
            format!(
                "The model {} cannot be opened ({error}). Choose a GGUF file that exists.",
                path.display()
            ),
        )),
    }
}
