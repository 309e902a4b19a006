//! A model's folder as Hugging Face's libraries write it: `config.json` with safetensors files beside it.

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

/// Whether it is such a folder.
///
/// # Errors
/// `ModelNotFound`, with what to choose.
pub(crate) async fn check(folder: &Path) -> Result<(), EngineError> {
    match tokio::fs::File::open(folder.join(CONFIG)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(failed(folder, format_args!("{CONFIG}: {error}"))),
    }
}

/// Name, size, context and the hash of all files, as [`digest::of_folder`] makes it.
///
/// # Errors
/// As [`check`]; or something in it cannot be read.
pub(crate) async fn model(folder: &Path) -> Result<Model, EngineError> {
    check(folder).await?;
    let path = folder.to_path_buf();
    let read = tokio::task::spawn_blocking(move || of_folder(&path)).await;
    match read {
        Ok(Ok(model)) => Ok(model),
        Ok(Err(error)) => Err(failed(folder, error)),
        Err(error) => Err(failed(folder, error)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_known_by_all_its_files_and_tells_context_and_type() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-model");
        std::fs::create_dir_all(&path).unwrap();
        assert_eq!(
            check(&path).await.unwrap_err().cause(),
            Some(FailureCause::ModelNotFound)
        );
        let config = r#"{"max_position_embeddings": 8192, "dtype": "bfloat16"}"#;
        std::fs::write(path.join(CONFIG), config).unwrap();
        std::fs::write(path.join("model.safetensors"), "weights").unwrap();
        let one = model(&path).await.unwrap();
        assert_eq!(
            (one.name.as_str(), one.context_limit),
            ("a-model", Some(8192))
        );
        assert_eq!(one.quantisation, "bfloat16");
        std::fs::write(path.join("model.safetensors"), "weighty").unwrap();
        assert_ne!(model(&path).await.unwrap().sha256, one.sha256);
        std::fs::write(path.join(CONFIG), "no JSON").unwrap();
        let fault = model(&path).await.unwrap_err().to_string();
        assert!(fault.contains("safetensors files"), "{fault}");
    }
}
