//! Ollama's store: `manifests/REGISTRY/NAMESPACE/MODEL/TAG` name files in `blobs`, whose own names are
//! hashes.

use super::{Found, FoundFile, MOST_FILES, ModelPlace};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Larger manifests are none.
const MOST_MANIFEST: u64 = 1 << 20;
/// The layer that is the model; others are projectors, adapters, templates, licences.
const MODEL: &str = "application/vnd.ollama.image.model";
/// Where models come from that are named without a registry.
const USUAL_REGISTRY: &str = "registry.ollama.ai";
/// Namespace of those that are named without one.
const USUAL_NAMESPACE: &str = "library";

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
}

pub(super) fn find(folder: &Path, found: &mut Found) {
    let root = folder.join("manifests");
    let mut manifests = Vec::new();
    walk(&root, 4, &mut manifests);
    for manifest in manifests {
        let Some((name, digest)) = read(&root, &manifest) else {
            continue;
        };
        let blobs = folder.join("blobs");
        let path = blobs.join(digest.replacen(':', "-", 1));
        // As older versions wrote it.
        let old = blobs.join(&digest);
        let there = [&path, &old]
            .into_iter()
            .find(|path| path.is_file())
            .cloned();
        match there {
            Some(path) => found.files.push(FoundFile {
                place: ModelPlace::Ollama,
                path,
                name: Some(name),
            }),
            None => {
                let what = format!(
                    "Ollama knows this model, and its file is not there. Fetch it again: ollama pull {name}."
                );
                found.missing.push((path, name, what));
            }
        }
    }
}

/// The name that Ollama has for a manifest, and the digest of its model.
fn read(root: &Path, path: &Path) -> Option<(String, String)> {
    if path.metadata().ok()?.len() > MOST_MANIFEST {
        return None;
    }
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let model = manifest
        .layers
        .into_iter()
        .find(|layer| layer.media_type == MODEL)?;
    let hex = model.digest.strip_prefix("sha256:")?;
    // A digest becomes part of a path, so it has to be one.
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let place: Vec<String> = path
        .strip_prefix(root)
        .ok()?
        .iter()
        .map(|part| wattsmith_domain::one_line(&part.to_string_lossy(), 80))
        .collect();
    let [registry, namespace, model_name, tag] = place.as_slice() else {
        return None;
    };
    let name = match (registry.as_str(), namespace.as_str()) {
        (USUAL_REGISTRY, USUAL_NAMESPACE) => format!("{model_name}:{tag}"),
        (USUAL_REGISTRY, namespace) => format!("{namespace}/{model_name}:{tag}"),
        (registry, namespace) => format!("{registry}/{namespace}/{model_name}:{tag}"),
    };
    Some((name, model.digest))
}

/// The files so many folders deep.
fn walk(folder: &Path, deep: u32, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if files.len() >= MOST_FILES {
            return;
        }
        match deep {
            1 if path.is_file() => files.push(path),
            2.. if path.is_dir() => walk(&path, deep - 1, files),
            _ => {}
        }
    }
}
