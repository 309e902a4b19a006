//! The Hugging Face hub's cache: `models--ORG--NAME/snapshots/REVISION/…`, files that are links to blobs.

use super::{Found, FoundFile, ModelPlace, has_suffix, walk, weight_folder};
use std::path::{Path, PathBuf};

/// Revisions of one model that are looked at.
const MOST_REVISIONS: usize = 8;

pub(super) fn find(hub: &Path, found: &mut Found) {
    for repository in folders(hub) {
        let folder = repository.file_name().unwrap_or_default().to_string_lossy();
        let Some(name) = folder.strip_prefix("models--") else {
            continue;
        };
        let name = name.replace("--", "/");
        let revisions = folders(&repository.join("snapshots"));
        // The one that is in use first: of two with the same file it is the one that is named.
        let current = std::fs::read_to_string(repository.join("refs/main")).unwrap_or_default();
        let is_current = |path: &PathBuf| path.ends_with(current.trim()) && !current.is_empty();
        let (first, others): (Vec<_>, Vec<_>) = revisions.into_iter().partition(is_current);
        let mut weights = None;
        for revision in first.into_iter().chain(others).take(MOST_REVISIONS) {
            let mut files = Vec::new();
            walk(&revision, 3, &mut files);
            let (models, tensors): (Vec<_>, Vec<_>) =
                files.into_iter().partition(|path| has_suffix(path, "gguf"));
            found.files.extend(models.into_iter().map(|path| FoundFile {
                place: ModelPlace::HuggingFace,
                path,
                name: None,
            }));
            if !tensors.is_empty() {
                weights.get_or_insert(revision);
            }
        }
        found
            .weights
            .extend(weights.map(|path| weight_folder(ModelPlace::HuggingFace, name, path)));
    }
}

/// The folders in a folder, in the order of their names.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}
