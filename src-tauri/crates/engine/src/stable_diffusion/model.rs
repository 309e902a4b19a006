//! A model's file, as far as it is looked at before a start: its name, its bytes, and whether it says that
//! its weights are random.

use crate::digest;
use crate::error::EngineError;
use std::io::Read as _;
use std::path::Path;
use wattsmith_domain::{FailureCause, Model};

/// A longer head is not read: those of whole models take a few hundred kilobytes.
const MOST_HEAD: u64 = 16 << 20;

fn failed(path: &Path, what: impl std::fmt::Display) -> EngineError {
    EngineError::failed(
        FailureCause::ModelNotFound,
        format!(
            "The model {} cannot be opened ({what}). Choose a safetensors, GGUF or ckpt file that \
             exists.",
            path.display()
        ),
    )
}

pub(super) async fn check(path: &Path) -> Result<(), EngineError> {
    match tokio::fs::File::open(path).await {
        Ok(_) => Ok(()),
        Err(error) => Err(failed(path, error)),
    }
}

pub(super) async fn model(path: &Path) -> Result<Model, EngineError> {
    check(path).await?;
    let file = path.to_path_buf();
    match tokio::task::spawn_blocking(move || of_file(&file)).await {
        Ok(Ok(model)) => Ok(model),
        Ok(Err(error)) => Err(failed(path, error)),
        Err(error) => Err(failed(path, error)),
    }
}

fn of_file(path: &Path) -> std::io::Result<Model> {
    let (sha256, bytes) = digest::of_file(path)?;
    let name = path.file_stem().unwrap_or(path.as_os_str());
    Ok(Model {
        name: name.to_string_lossy().into_owned(),
        path: path.display().to_string(),
        sha256,
        bytes,
        random_weights: says_random(path).unwrap_or(false),
        ..Model::default()
    })
}

/// Whether the head of a safetensors file has `"weights": "random"` in its metadata.
fn says_random(path: &Path) -> Option<bool> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let length = u64::from_le_bytes(length);
    if length > MOST_HEAD {
        return None;
    }
    let mut head = vec![0; usize::try_from(length).ok()?];
    file.read_exact(&mut head).ok()?;
    let head: serde_json::Value = serde_json::from_slice(&head).ok()?;
    Some(head["__metadata__"]["weights"] == "random")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_says_its_weights_are_random_is_labelled() {
        let folder = tempfile::tempdir().unwrap();
        for (head, random) in [
            (r#"{"__metadata__":{"weights":"random"}}"#, true),
            (r#"{"__metadata__":{"format":"pt"}}"#, false),
            ("no head at all", false),
        ] {
            let path = folder.path().join("m.safetensors");
            let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
            bytes.extend_from_slice(head.as_bytes());
            std::fs::write(&path, &bytes).unwrap();
            let model = model(&path).await.unwrap();
            assert_eq!(model.random_weights, random, "{head}");
            assert_eq!((model.name.as_str(), model.bytes), ("m", bytes.len() as u64));
        }
        let gone = check(Path::new("no/such.gguf")).await.unwrap_err();
        assert_eq!(gone.cause(), Some(FailureCause::ModelNotFound));
    }
}
