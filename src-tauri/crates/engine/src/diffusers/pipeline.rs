//! A pipeline's folder, as diffusers writes it: what it is called, which bytes it is.

use crate::digest;
use crate::error::EngineError;
use std::path::Path;
use wattsmith_domain::{FailureCause, Model};

/// Stands for the tiny pipeline with random weights, which is made at every start.
pub(crate) const TINY: &str = "tiny";
/// What every pipeline's folder holds.
const INDEX: &str = "model_index.json";

/// Whether it can be given to the script.
pub(super) async fn check(model: &Path) -> Result<(), EngineError> {
    if model == Path::new(TINY) {
        return Ok(());
    }
    match tokio::fs::metadata(model.join(INDEX)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(EngineError::failed(
            FailureCause::ModelNotFound,
            format!(
                "{} is no pipeline of diffusers: {INDEX} cannot be read in it ({error}). Choose \
                 the folder of one, or `{TINY}` for a tiny one with random weights.",
                model.display()
            ),
        )),
    }
}

/// Name, size and hash; the hash is that of a list with a line `SHA256  NAME` for each file by name.
pub(super) async fn model(path: &Path) -> Result<Model, EngineError> {
    check(path).await?;
    if path == Path::new(TINY) {
        let text = include_str!("script/tiny.py");
        return Ok(Model {
            name: "Tiny Stable Diffusion, random weights".to_owned(),
            path: TINY.to_owned(),
            sha256: digest::of(text),
            random_weights: true,
            ..Model::default()
        });
    }
    let folder = path.to_path_buf();
    let read = tokio::task::spawn_blocking(move || of_folder(&folder)).await;
    let failed = |what: String| {
        EngineError::failed(
            FailureCause::ModelNotFound,
            format!(
                "The pipeline {} cannot be read: {what}. Check its files.",
                path.display()
            ),
        )
    };
    match read {
        Ok(Ok(model)) => Ok(model),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

fn of_folder(folder: &Path) -> std::io::Result<Model> {
    let (sha256, bytes) = digest::of_folder(folder)?;
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    Ok(Model {
        name: name.to_string_lossy().into_owned(),
        path: folder.display().to_string(),
        sha256,
        bytes,
        ..Model::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pipeline_is_known_by_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sdxl");
        std::fs::create_dir_all(path.join("unet")).unwrap();
        assert_eq!(
            check(&path).await.unwrap_err().cause(),
            Some(FailureCause::ModelNotFound)
        );
        std::fs::write(path.join(INDEX), "{}").unwrap();
        std::fs::write(path.join("unet/a.safetensors"), "weights").unwrap();
        let one = model(&path).await.unwrap();
        assert_eq!((one.name.as_str(), one.bytes), ("sdxl", 9));
        assert!(!one.random_weights);
        std::fs::write(path.join("unet/a.safetensors"), "weighty").unwrap();
        assert_ne!(model(&path).await.unwrap().sha256, one.sha256);
    }

    #[tokio::test]
    async fn the_tiny_one_is_labelled() {
        let tiny = model(Path::new(TINY)).await.unwrap();
        assert!(tiny.random_weights && tiny.name.contains("random weights"));
    }
}
