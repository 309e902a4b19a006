//! Model files on this machine: what their header says, and their hash, worked out once per file.

use crate::error::TunerError;
use crate::tuner::Tuner;
use sha2::{Digest, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use wattsmith_domain::Model;

/// A model file that can be tuned or can advise.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelEntry {
    /// Name from its header, else from the file.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Quantisation from its header; empty when unknown.
    pub quantisation: String,
    /// Size.
    pub bytes: u64,
}

impl Tuner {
    /// Models in the assets and in the data folder; files that are no models are left out.
    pub async fn models(&self) -> Vec<ModelEntry> {
        let mut entries = Vec::new();
        for path in self.paths.model_files() {
            if let Ok(file) = wattsmith_engine::inspect_model(&path).await {
                entries.push(ModelEntry {
                    name: file.name,
                    quantisation: file.quantisation,
                    bytes: file.bytes,
                    path,
                });
            }
        }
        entries
    }

    /// The model to tune when none is named: the smallest there is.
    pub async fn default_model(&self) -> Option<ModelEntry> {
        let models = self.models().await;
        models.into_iter().min_by_key(|model| model.bytes)
    }

    /// The model that advises when none is named: the largest chat model that still answers in
    /// seconds on a CPU (below 4 GB). The smallest one only repeats itself, but is better than none.
    pub async fn default_advisor_model(&self) -> Option<ModelEntry> {
        let models = self.models().await;
        models
            .into_iter()
            .filter(|model| model.bytes < 4_000_000_000)
            .max_by_key(|model| model.bytes)
    }

    /// What a session records of its model. The hash is remembered by path, size and time, since
    /// reading gigabytes at every start would be felt.
    pub(crate) async fn model(&self, path: &Path) -> Result<Model, TunerError> {
        let file = wattsmith_engine::inspect_model(path).await?;
        let stamp = stamp(path)?;
        let key = format!("sha256:{}", path.display());
        let remembered = self
            .store
            .setting(&key)
            .await?
            .and_then(|value| Some(value.strip_prefix(&stamp)?.trim().to_owned()));
        let sha256 = match remembered {
            Some(sha256) => sha256,
            None => {
                let hashed = path.to_path_buf();
                let sha256 = blocking(move || hash(&hashed)).await??;
                self.store
                    .set_setting(&key, &format!("{stamp} {sha256}"))
                    .await?;
                sha256
            }
        };
        Ok(Model {
            name: file.name,
            path: path.display().to_string(),
            sha256,
            quantisation: file.quantisation,
            bytes: file.bytes,
        })
    }
}

fn stamp(path: &Path) -> Result<String, TunerError> {
    let meta = path
        .metadata()
        .map_err(|source| TunerError::io(format!("cannot read {}", path.display()), source))?;
    let modified = meta
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |span| span.as_nanos());
    Ok(format!("{}:{modified}", meta.len()))
}

fn hash(path: &Path) -> Result<String, TunerError> {
    let fail = |source| TunerError::io(format!("cannot read {}", path.display()), source);
    let mut file = std::fs::File::open(path).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(fail)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Runs something that reads files off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TunerError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| TunerError::Invalid(format!("a background task ended early: {error}")))
}
