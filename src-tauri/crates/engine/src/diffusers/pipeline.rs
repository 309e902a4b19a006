//! A pipeline's folder, as diffusers writes it: what it is called, which bytes it is.

use crate::digest;
use crate::error::EngineError;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use wattsmith_domain::{FailureCause, Model};

/// Stands for the tiny pipeline with random weights, which is made at every start.
pub(crate) const TINY: &str = "tiny";
/// What every pipeline's folder holds.
const INDEX: &str = "model_index.json";
/// Files of a pipeline lie this deep: a folder for each of its parts.
const NESTED: u32 = 2;

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
    let mut files = Vec::new();
    collect(folder, NESTED, &mut files)?;
    files.sort();
    let mut list = String::new();
    let mut bytes = 0;
    for file in &files {
        let (sha256, size) = digest::of_file(file)?;
        bytes += size;
        let name = file.strip_prefix(folder).unwrap_or(file);
        let _ = writeln!(list, "{sha256}  {}", name.display());
    }
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    Ok(Model {
        name: name.to_string_lossy().into_owned(),
        path: folder.display().to_string(),
        sha256: digest::of(&list),
        bytes,
        ..Model::default()
    })
}

fn collect(folder: &Path, deeper: u32, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            files.push(path);
        } else if path.is_dir() && !hidden && deeper > 0 {
            collect(&path, deeper - 1, files)?;
        }
    }
    Ok(())
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
