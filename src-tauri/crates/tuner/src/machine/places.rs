//! Where models lie: in Wattsmith's own folders, in those that the person names, and in those of other
//! programs. Nothing is changed there, and nothing is read but names, manifests and heads.

mod hugging_face;
mod ollama;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders inside a program's folder are searched this deep.
const NESTED: u32 = 4;
/// Files of one folder that are looked at.
const MOST_FILES: usize = 500;
/// Names further folders, separated by colons.
const VARIABLE: &str = "WATTSMITH_MODELS";

/// Whose folder a model lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelPlace {
    /// What setup fetched, the package brought, or lies in the data folder.
    Wattsmith,
    /// A folder that the person named.
    Named,
    /// llama.cpp's own downloads.
    LlamaCpp,
    /// The hub's cache, which many programs share.
    HuggingFace,
    /// LM Studio.
    LmStudio,
    /// Ollama.
    Ollama,
    /// Jan.
    Jan,
}

impl ModelPlace {
    /// Every one.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 7] = [
        Self::Wattsmith,
        Self::Named,
        Self::LlamaCpp,
        Self::HuggingFace,
        Self::LmStudio,
        Self::Ollama,
        Self::Jan,
    ];

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Wattsmith => "Wattsmith",
            Self::Named => "your folder",
            Self::LlamaCpp => "llama.cpp",
            Self::HuggingFace => "Hugging Face",
            Self::LmStudio => "LM Studio",
            Self::Ollama => "Ollama",
            Self::Jan => "Jan",
        }
    }

    /// Whether the program whose place it is runs models of its own by their names.
    #[must_use]
    pub fn keeps_names(self) -> bool {
        self == Self::Ollama
    }

    /// Whether a model from here may be meant where nobody names one: what other programs happened to
    /// fetch is offered, and never chosen.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Wattsmith | Self::Named)
    }
}

/// Folders of models beside Wattsmith's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelFolders {
    folders: Vec<(ModelPlace, PathBuf)>,
}

/// A file that may be a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub place: ModelPlace,
    pub path: PathBuf,
    /// Its name, where the file's own says nothing.
    pub name: Option<String>,
}

/// A folder of weights in the form in which they are trained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightFolder {
    /// Whose folder it lies in.
    pub place: ModelPlace,
    /// Such as `org/name`.
    pub name: String,
    /// The folder.
    pub path: PathBuf,
    /// Its safetensors files together.
    pub bytes: u64,
    /// Whether it is a pipeline of diffusers, which makes pictures.
    pub pipeline: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub files: Vec<FoundFile>,
    pub weights: Vec<WeightFolder>,
    /// Entries whose file is gone: path that should be there, name, what to do.
    pub missing: Vec<(PathBuf, String, String)>,
}

impl ModelFolders {
    /// Where other programs keep theirs for this person, and what `WATTSMITH_MODELS` names.
    #[must_use]
    pub fn of_environment() -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let named = var(VARIABLE).map_or_else(Vec::new, |value| {
            std::env::split_paths(&value)
                .filter(|path| !path.as_os_str().is_empty())
                .collect()
        });
        let Some(base) = directories::BaseDirs::new() else {
            return Self::default().and_named(named);
        };
        let set = |name: &str| var(name).map(PathBuf::from);
        Self::of_home(base.home_dir(), base.cache_dir(), base.data_dir(), &set).and_named(named)
    }

    /// Where they lie below these folders, or where a variable says.
    fn of_home(
        home: &Path,
        cache: &Path,
        data: &Path,
        set: &dyn Fn(&str) -> Option<PathBuf>,
    ) -> Self {
        use ModelPlace::{HuggingFace, Jan, LlamaCpp, LmStudio, Ollama};
        let hub = set("HF_HUB_CACHE")
            .or_else(|| set("HF_HOME").map(|home| home.join("hub")))
            .unwrap_or_else(|| cache.join("huggingface/hub"));
        let llama = set("LLAMA_CACHE").unwrap_or_else(|| cache.join("llama.cpp"));
        // LM Studio leaves word where its home was moved to.
        let pointer = std::fs::read_to_string(home.join(".lmstudio-home-pointer"));
        let studio = pointer.map_or_else(
            |_| home.join(".lmstudio"),
            |text| PathBuf::from(text.trim()),
        );
        let ollama = set("OLLAMA_MODELS").map_or_else(
            || {
                vec![
                    home.join(".ollama/models"),
                    PathBuf::from("/usr/share/ollama/.ollama/models"),
                ]
            },
            |one| vec![one],
        );
        let mut folders = vec![
            (LlamaCpp, llama),
            (HuggingFace, hub),
            (LmStudio, studio.join("models")),
            (LmStudio, cache.join("lm-studio/models")),
        ];
        folders.extend(ollama.into_iter().map(|folder| (Ollama, folder)));
        folders.extend(
            [
                data.join("Jan/data/llamacpp/models"),
                data.join("Jan/data/models"),
                home.join(".config/Jan/data/llamacpp/models"),
                home.join("jan/models"),
            ]
            .map(|folder| (Jan, folder)),
        );
        Self { folders }
    }

    /// With folders that the person names, which come first.
    #[must_use]
    pub fn and_named(mut self, named: Vec<PathBuf>) -> Self {
        let named = named.into_iter().map(|one| {
            let absolute = std::path::absolute(&one).unwrap_or(one);
            (ModelPlace::Named, absolute)
        });
        self.folders.splice(0..0, named);
        self
    }

    /// All that lies there, each file once: several programs may share one by links. Blocks.
    pub(crate) fn find(&self, own: Vec<PathBuf>) -> Found {
        let mut found = Found {
            files: own
                .into_iter()
                .map(|path| FoundFile {
                    place: ModelPlace::Wattsmith,
                    path,
                    name: None,
                })
                .collect(),
            ..Found::default()
        };
        for (place, folder) in &self.folders {
            match place {
                ModelPlace::Ollama => ollama::find(folder, &mut found),
                ModelPlace::HuggingFace => hugging_face::find(folder, &mut found),
                place => {
                    let mut files = Vec::new();
                    walk(folder, NESTED, &mut files);
                    add_files(*place, files, &mut found);
                }
            }
        }
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut seen = BTreeSet::new();
        found.files.retain(|file| seen.insert(real(&file.path)));
        found.weights.retain(|one| seen.insert(real(&one.path)));
        found
    }

    /// The name that a program gives a file whose own name says nothing. Blocks.
    pub(crate) fn name_of(&self, path: &Path) -> Option<String> {
        let stem = path.file_stem()?.to_str()?;
        match stem {
            "model" => named_by_folder(path),
            stem if stem.starts_with("sha256") => {
                let real = path.canonicalize().ok()?;
                let mut found = Found::default();
                let folders = self.folders.iter();
                let stores = folders.filter(|(place, _)| *place == ModelPlace::Ollama);
                stores.for_each(|(_, folder)| ollama::find(folder, &mut found));
                let files = found.files.into_iter();
                let mut same =
                    files.filter(|one| one.path.canonicalize().ok() == Some(real.clone()));
                same.next()?.name
            }
            _ => None,
        }
    }
}

/// GGUF files, and folders of safetensors, among these.
fn add_files(place: ModelPlace, files: Vec<PathBuf>, found: &mut Found) {
    let mut weights: BTreeSet<PathBuf> = BTreeSet::new();
    for path in files {
        match has_suffix(&path, "gguf") {
            true => found.files.push(FoundFile {
                place,
                name: match path.file_stem().and_then(|stem| stem.to_str()) {
                    Some("model") => named_by_folder(&path),
                    _ => None,
                },
                path,
            }),
            false => weights.extend(path.parent().map(Path::to_path_buf)),
        }
    }
    for folder in weights {
        // Parts of a pipeline belong to the folder above.
        let pipeline = folder
            .parent()
            .filter(|above| above.join("model_index.json").is_file());
        let folder = pipeline.map_or(folder.clone(), Path::to_path_buf);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        found
            .weights
            .push(weight_folder(place, name.into_owned(), folder.clone()));
    }
}

/// A folder of weights, with the size of all its safetensors files.
fn weight_folder(place: ModelPlace, name: String, path: PathBuf) -> WeightFolder {
    let mut files = Vec::new();
    walk(&path, 2, &mut files);
    let of_weights = files.iter().filter(|file| has_suffix(file, "safetensors"));
    WeightFolder {
        place,
        name,
        bytes: of_weights
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum(),
        pipeline: path.join("model_index.json").is_file(),
        path,
    }
}

/// `Qwen3-4B` of `…/Qwen3-4B/model.gguf`.
fn named_by_folder(path: &Path) -> Option<String> {
    let folder = path.parent()?.file_name()?;
    Some(folder.to_string_lossy().into_owned())
}

/// Adds the model files of a folder and of those inside it, in the order of their names.
fn walk(folder: &Path, deeper: u32, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if files.len() >= MOST_FILES {
            return;
        }
        if has_suffix(&path, "gguf") || has_suffix(&path, "safetensors") {
            if path.is_file() {
                files.push(path);
            }
        } else if deeper > 0 && path.is_dir() {
            walk(&path, deeper - 1, files);
        }
    }
}

fn has_suffix(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|suffix| suffix.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests;
