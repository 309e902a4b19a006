//! Many files at once: which of them are models, and what the others are.

use super::fault::Fault;
use super::{ModelFile, inspect, parts};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Models that write text, a set of parts as one.
    pub models: Vec<ModelFile>,
    /// Files that cannot be run, with the reason.
    pub unfit: Vec<UnfitFile>,
}

/// A file that cannot be run as a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitFile {
    /// The file.
    pub path: PathBuf,
    /// Its name without the ending.
    pub name: String,
    /// Its size; 0 when it cannot be read.
    pub bytes: u64,
    /// What it is and what to do, in sentences.
    pub reason: String,
}

impl UnfitFile {
    /// A file with the reason for which it cannot be run.
    #[must_use]
    pub fn new(path: &Path, reason: String) -> Self {
        Self {
            path: path.to_owned(),
            name: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            bytes: path.metadata().map_or(0, |meta| meta.len()),
            reason,
        }
    }
}

/// Looks at files, in their order. Later parts of a set are part of its entry and not listed.
pub async fn survey_models(files: Vec<PathBuf>) -> Survey {
    tokio::task::spawn_blocking(move || survey(&files))
        .await
        .unwrap_or_default()
}

pub(super) fn survey(files: &[PathBuf]) -> Survey {
    let mut survey = Survey::default();
    // Sets without their first part: one line each.
    let mut headless = HashSet::new();
    for path in files {
        match inspect(path) {
            Ok(model) => survey.models.push(model),
            Err(Fault::LaterPart { .. }) => {}
            Err(fault) => {
                let set = parts::in_name(path).filter(|(_, number, _)| *number > 1);
                let is_new = set.is_none_or(|(front, _, count)| {
                    let first = path.with_file_name(parts::name_of(&front, 1, count));
                    !matches!(fault, Fault::MissingPart(_)) || headless.insert(first)
                });
                if is_new {
                    survey.unfit.push(UnfitFile::new(path, fault.to_string()));
                }
            }
        }
    }
    survey
}
