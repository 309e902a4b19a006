//! A model as Ollama knows it: a name such as `smollm2:135m`, for which
//! `manifests/REGISTRY/NAMESPACE/MODEL/TAG` in its store names files in `blobs`. Where such a file of names or
//! the model's own file in `blobs` is given, it stands for the name.

use super::failure::to_fetch;
use crate::error::EngineError;
use crate::gguf::inspect_model;
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};
use wattsmith_domain::{FailureCause, Model, one_line};

/// What a name means that says no more.
const REGISTRY: &str = "registry.ollama.ai";
const NAMESPACE: &str = "library";
const TAG: &str = "latest";
/// The layer that is the model.
const WEIGHTS: &str = "application/vnd.ollama.image.model";
/// Larger manifests and configurations are none.
const MOST_BYTES: u64 = 1 << 20;
/// Manifests that are looked through for that of a file.
const MOST_MANIFESTS: usize = 2000;
const MANIFESTS: &str = "manifests";
const BLOBS: &str = "blobs";

/// A model of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    /// By which requests ask for it.
    pub name: String,
    /// Where its names and layers are told.
    pub manifest: PathBuf,
    /// Its weights.
    pub blob: PathBuf,
    /// Their SHA-256, hex.
    pub sha256: String,
    /// What Ollama calls its family, such as `llama`; empty where that is not told.
    pub family: String,
}

#[derive(Deserialize)]
struct Manifest {
    config: Option<Layer>,
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    digest: String,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    model_family: String,
}

/// The model by its name, its manifest or its file.
///
/// # Errors
/// `ModelNotFound`, with what to do.
pub(super) async fn find(model: &Path) -> Result<Stored, EngineError> {
    let path = model.to_path_buf();
    let found = tokio::task::spawn_blocking(move || look(&path)).await;
    let found = found.unwrap_or_else(|error| Err(format!("It could not be looked for: {error}.")));
    found.map_err(|what| EngineError::failed(FailureCause::ModelNotFound, what))
}

/// The same with what its file's head says.
///
/// # Errors
/// As [`find`]; or the file is none that can be run.
pub(super) async fn model(model: &Path) -> Result<Model, EngineError> {
    let stored = find(model).await?;
    let file = inspect_model(&stored.blob).await?;
    Ok(Model {
        name: stored.name,
        path: stored.manifest.display().to_string(),
        sha256: stored.sha256,
        quantisation: file.quantisation,
        bytes: file.bytes,
        weights: Some(file.weights),
        context_limit: file.context_limit,
        ..Model::default()
    })
}

/// The store that a manifest or a file of it lies in, by its path alone; that of the environment for a name.
pub(super) fn store_of(model: &Path) -> Option<PathBuf> {
    let parts: Vec<_> = model.iter().collect();
    let part = |name: &str| parts.iter().rposition(|one| *one == name);
    match part(MANIFESTS).or_else(|| part(BLOBS)) {
        Some(at) if at > 0 => Some(parts[..at].iter().collect()),
        _ => std::env::var_os("OLLAMA_MODELS")
            .filter(|one| !one.is_empty())
            .map(PathBuf::from),
    }
}

/// Where stores are: where the environment says, else the person's own and that of the service.
fn stores() -> Vec<PathBuf> {
    if let Some(named) = store_of(Path::new("")) {
        return vec![named];
    }
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".ollama/models"));
    let service = PathBuf::from("/usr/share/ollama/.ollama/models");
    home.into_iter().chain([service]).collect()
}

fn look(model: &Path) -> Result<Stored, String> {
    let shown = model.display();
    let text = model.to_string_lossy();
    if !model.is_absolute() {
        let stores = stores();
        let places = parts_of(&text).ok_or_else(|| {
            format!("{shown} is no name of a model. Write it like smollm2:135m, as `ollama list` shows it.")
        })?;
        for store in &stores {
            let manifest: PathBuf = places
                .iter()
                .fold(store.join(MANIFESTS), |path, part| path.join(part));
            if manifest.is_file() {
                return read(store, &manifest);
            }
        }
        let looked: Vec<String> = stores.iter().map(|one| one.display().to_string()).collect();
        return Err(format!(
            "Ollama's store holds no {shown} (looked in {}). {}",
            looked.join(", "),
            to_fetch(&text)
        ));
    }
    let part = |name: &str| model.iter().any(|one| one == name);
    match store_of(model) {
        _ if !model.is_file() => Err(format!(
            "There is no model at {shown}. Choose one that `ollama list` shows. {}",
            to_fetch("NAME")
        )),
        Some(store) if part(MANIFESTS) => read(&store, model),
        Some(store) if part(BLOBS) => named_by(&store, model),
        _ => Err(format!(
            "{shown} is a file, and Ollama runs models of its own store. Make one of it: write `FROM {shown}` \
             into a Modelfile, then `ollama create NAME -f Modelfile`, and choose NAME."
        )),
    }
}

/// Registry, namespace, model and tag of a name; none for what is no name.
fn parts_of(name: &str) -> Option<[String; 4]> {
    let (path, tag) = match name.rsplit_once(':') {
        // A colon before a slash is that of a port.
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, TAG),
    };
    let parts: Vec<&str> = path.split('/').collect();
    let (registry, namespace, model) = match parts.as_slice() {
        [model] => (REGISTRY, NAMESPACE, *model),
        [namespace, model] => (REGISTRY, *namespace, *model),
        [registry, namespace, model] => (*registry, *namespace, *model),
        _ => return None,
    };
    let whole = [registry, namespace, model, tag];
    // Each becomes a part of a path.
    let plain = |part: &&str| {
        let mut components = Path::new(part).components();
        matches!((components.next(), components.next()), (Some(Component::Normal(one)), None) if one == *part)
    };
    whole.iter().all(plain).then(|| whole.map(str::to_owned))
}

/// The name by which requests ask for what this manifest tells.
fn name_of(store: &Path, manifest: &Path) -> Option<String> {
    let below = manifest.strip_prefix(store.join(MANIFESTS)).ok()?;
    let parts: Vec<String> = below
        .iter()
        .map(|part| one_line(&part.to_string_lossy(), 80))
        .collect();
    let [registry, namespace, model, tag] = parts.as_slice() else {
        return None;
    };
    Some(match (registry.as_str(), namespace.as_str()) {
        (REGISTRY, NAMESPACE) => format!("{model}:{tag}"),
        (REGISTRY, namespace) => format!("{namespace}/{model}:{tag}"),
        (registry, namespace) => format!("{registry}/{namespace}/{model}:{tag}"),
    })
}

fn read(store: &Path, manifest: &Path) -> Result<Stored, String> {
    let shown = manifest.display();
    let name = name_of(store, manifest).ok_or_else(|| {
        format!(
            "{shown} is not where a store has its names. Choose a model that `ollama list` shows."
        )
    })?;
    let broken = |what: &str| {
        format!("Ollama's entry for {name} {what}. Fetch it again: ollama pull {name}.")
    };
    let told: Manifest = json(manifest).ok_or_else(|| broken("cannot be read"))?;
    let layer = told.layers.iter().find(|layer| layer.media_type == WEIGHTS);
    let digest = layer.and_then(|layer| hex_of(&layer.digest));
    let digest = digest.ok_or_else(|| broken("names no weights that run here"))?;
    let blob = blob(store, digest).ok_or_else(|| broken("names a file that is not there"))?;
    let config = told.config.as_ref().and_then(|layer| hex_of(&layer.digest));
    let config: Option<Config> = config.and_then(|digest| json(&self::blob(store, digest)?));
    Ok(Stored {
        manifest: manifest.to_path_buf(),
        sha256: digest.to_owned(),
        family: config.map(|config| config.model_family).unwrap_or_default(),
        blob,
        name,
    })
}

/// The first name for a file, in the order of the alphabet.
fn named_by(store: &Path, file: &Path) -> Result<Stored, String> {
    let mut manifests = Vec::new();
    walk(&store.join(MANIFESTS), 4, &mut manifests);
    let found = manifests
        .iter()
        .filter_map(|manifest| read(store, manifest).ok())
        .find(|one| one.blob == file);
    found.ok_or_else(|| {
        format!(
            "No model of Ollama's store is made of {}. Choose one that `ollama list` shows.",
            file.display()
        )
    })
}

fn walk(folder: &Path, deep: u32, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        match deep {
            _ if files.len() >= MOST_MANIFESTS => return,
            1 if path.is_file() => files.push(path),
            2.. if path.is_dir() => walk(&path, deep - 1, files),
            _ => {}
        }
    }
}

/// A digest becomes part of a path, so it has to be one.
fn hex_of(digest: &str) -> Option<&str> {
    let hex = digest.strip_prefix("sha256:")?;
    (hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(hex)
}

fn blob(store: &Path, hex: &str) -> Option<PathBuf> {
    // The second is as older versions wrote it.
    let names = [format!("sha256-{hex}"), format!("sha256:{hex}")];
    names
        .iter()
        .map(|name| store.join(BLOBS).join(name))
        .find(|path| path.is_file())
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    let small = path.metadata().is_ok_and(|meta| meta.len() <= MOST_BYTES);
    serde_json::from_slice(&std::fs::read(path).ok().filter(|_| small)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_less_means_the_usual_registry_and_tag() {
        let parts = |name: &str| parts_of(name).map(|parts| parts.join(" "));
        for (name, meant) in [
            ("smollm2", "registry.ollama.ai library smollm2 latest"),
            ("smollm2:135m", "registry.ollama.ai library smollm2 135m"),
            ("me/mine:x", "registry.ollama.ai me mine x"),
            ("box:5000/me/mine", "box:5000 me mine latest"),
            ("hf.co/org/repo:Q4_K_M", "hf.co org repo Q4_K_M"),
        ] {
            assert_eq!(parts(name).as_deref(), Some(meant), "{name}");
        }
        for name in ["", "..", "../x:y", "a/../b", "a/b/c/d", "x:..", "a//b"] {
            assert_eq!(parts(name), None, "{name}");
        }
    }

    #[test]
    fn a_model_is_found_by_its_manifest_and_by_its_file_and_has_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path();
        let hex = "ab".repeat(32);
        let manifest = store.join("manifests/registry.ollama.ai/library/smollm2/135m");
        std::fs::create_dir_all(manifest.parent().unwrap()).unwrap();
        std::fs::create_dir_all(store.join("blobs")).unwrap();
        let text = format!(
            r#"{{"config":{{"digest":"sha256:{}"}},"layers":[{{"mediaType":"{WEIGHTS}","digest":"sha256:{hex}"}}]}}"#,
            "cd".repeat(32)
        );
        std::fs::write(&manifest, text).unwrap();
        let gone = look(&manifest).unwrap_err();
        assert!(gone.contains("ollama pull smollm2:135m"), "{gone}");
        let blob = store.join(format!("blobs/sha256-{hex}"));
        std::fs::write(&blob, "weights").unwrap();
        let config = store.join(format!("blobs/sha256-{}", "cd".repeat(32)));
        std::fs::write(config, r#"{"model_family":"qwen35"}"#).unwrap();
        for given in [&manifest, &blob] {
            let found = look(given).unwrap();
            assert_eq!(
                (found.name.as_str(), found.family.as_str()),
                ("smollm2:135m", "qwen35")
            );
            assert_eq!((&found.blob, found.sha256.as_str()), (&blob, hex.as_str()));
            assert_eq!(store_of(given).as_deref(), Some(store));
        }
        let stranger = store.join("model.gguf");
        std::fs::write(&stranger, "GGUF").unwrap();
        let told = look(&stranger).unwrap_err();
        assert!(told.contains("ollama create"), "{told}");
        let told = look(&store.join("blobs/none")).unwrap_err();
        assert!(told.contains("ollama list"), "{told}");
    }
}
