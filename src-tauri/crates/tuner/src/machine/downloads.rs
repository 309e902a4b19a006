//! Model files that can be fetched: those of the shipped list, and whatever a person names. Nothing is fetched
//! unless a person says so.
//!
//! [`run`] carries a download out, as a job like a session's under the name `download`; [`words`] says how far it
//! is. While one runs the machine's lock is held: its disk and its hashing would spoil figures.

mod run;
mod words;

pub(crate) use run::Downloads;
pub use run::{DownloadEnd, FetchedModel, ModelWish, download_job};
pub use words::progress_in_words;

use crate::error::TunerError;
use crate::machine::memory_need::{free_memory, gigabytes};
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use wattsmith_download::{free_space, waiting};

/// The shipped list.
const LIST: &str = include_str!("../../data/models.toml");

/// A model of the shipped list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fetchable {
    /// By which it is asked for.
    pub name: String,
    /// What it is and who made it.
    pub title: String,
    /// Under which it is given away.
    pub licence: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// On the model hub.
    pub repository: String,
    /// In that repository.
    pub file: String,
}

/// A model of the list, and how it stands with it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The model.
    pub model: Fetchable,
    /// Its file, where it is here.
    pub here: Option<PathBuf>,
    /// Bytes that an earlier download left.
    pub begun: Option<u64>,
    /// Why it finds no room now, in a sentence; empty where it does.
    pub no_room: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    model: Vec<Fetchable>,
}

/// The shipped list.
#[must_use]
pub fn fetchable() -> &'static [Fetchable] {
    static READ: LazyLock<Vec<Fetchable>> = LazyLock::new(|| {
        toml_edit::de::from_str::<List>(LIST).map_or_else(|_| Vec::new(), |list| list.model)
    });
    &READ
}

/// What is free.
#[derive(Debug, Clone, Copy)]
struct Free {
    /// Memory, with that of GPUs where it is known; none where the kernel does not tell.
    memory: Option<u64>,
    /// On the disk of the folder of models.
    disk: Option<u64>,
}

impl Tuner {
    /// Models of the shipped list, and how it stands with them here.
    pub async fn offered_models(&self) -> Vec<Offered> {
        let shelf = self.model_shelf().await;
        let folder = self.paths.own_models();
        // A GPU that does not tell its memory may hold anything.
        let gpus = match self.machine().gpus.is_empty() {
            true => Some(0),
            false => self.gpu_memory().await,
        };
        let look = move || {
            let free = Free {
                memory: free_memory()
                    .zip(gpus)
                    .map(|(free, gpus)| free.saturating_add(gpus)),
                disk: free_space(&folder),
            };
            let offer = |model: &Fetchable| {
                let same = |path: &&PathBuf| is_file(path, model);
                let here = shelf.models.iter().map(|one| &one.path).find(same);
                let begun = waiting(&folder.join(&model.file));
                Offered {
                    no_room: match here {
                        Some(_) => String::new(),
                        None => no_room(model.bytes, begun.unwrap_or(0), free),
                    },
                    here: here.cloned(),
                    begun,
                    model: model.clone(),
                }
            };
            fetchable().iter().map(offer).collect()
        };
        blocking(look).await.unwrap_or_default()
    }

    /// Free memory of all GPUs, bytes; none where that is not known.
    pub(crate) async fn gpu_memory(&self) -> Option<u64> {
        let library = self.sensing.library().map(Path::to_path_buf);
        if self.machine().gpus.is_empty() {
            return None;
        }
        let read = move || wattsmith_meter::free_gpu_memory(library.as_deref());
        blocking(read).await.ok().flatten()
    }
}

/// Whether a file is that of a model, as far as its name and its size tell; the hash is looked at when it is
/// asked for.
fn is_file(path: &Path, model: &Fetchable) -> bool {
    path.file_name().is_some_and(|name| *name == *model.file)
        && path.metadata().is_ok_and(|meta| meta.len() == model.bytes)
}

fn no_room(bytes: u64, begun: u64, free: Free) -> String {
    let to_come = bytes.saturating_sub(begun);
    if let Some(disk) = free.disk.filter(|disk| *disk < to_come) {
        return format!(
            "does not fit on the disk: {} are to come, and {} are free",
            gigabytes(to_come),
            gigabytes(disk)
        );
    }
    match free.memory.filter(|memory| *memory < bytes) {
        Some(memory) => format!(
            "does not fit into memory now: its weights alone take {}, and {} are free",
            gigabytes(bytes),
            gigabytes(memory)
        ),
        None => String::new(),
    }
}

/// The entry of a name, in any case of letters.
fn listed(name: &str) -> Option<&'static Fetchable> {
    fetchable()
        .iter()
        .find(|one| one.name.eq_ignore_ascii_case(name))
}

fn not_listed(name: &str) -> TunerError {
    let names: Vec<&str> = fetchable().iter().map(|one| one.name.as_str()).collect();
    TunerError::Invalid(format!(
        "There is no model called {name} to fetch. Name one of the list ({}), a file of the hub as \
         OWNER/REPOSITORY/FILE.gguf, or an address.",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_what_the_pinned_downloads_know_of_the_hub() {
        let pins = include_str!("../../../../../scripts/assets.toml");
        let pins: toml_edit::DocumentMut = pins.parse().unwrap();
        let assets = pins["asset"].as_array_of_tables().unwrap();
        let text = |item: &toml_edit::Item| item.as_str().unwrap().to_owned();
        let pinned: Vec<Fetchable> = assets
            .iter()
            .filter(|asset| asset.contains_key("hub"))
            .map(|asset| Fetchable {
                name: text(&asset["name"]),
                title: text(&asset["title"]),
                licence: text(&asset["licence"]),
                bytes: u64::try_from(asset["bytes"].as_integer().unwrap()).unwrap(),
                sha256: text(&asset["sha256"]),
                repository: text(&asset["hub"]["repository"]),
                file: text(&asset["hub"]["file"]),
            })
            .collect();
        assert!(!pinned.is_empty());
        for one in &pinned {
            assert!(
                fetchable().contains(one),
                "{} is missing or differs",
                one.name
            );
        }
    }

    #[test]
    fn every_entry_can_be_asked_for_and_checked() {
        let hub = wattsmith_download::Hub::at("https://hub.example").unwrap();
        for one in fetchable() {
            assert!(wattsmith_download::is_sha256(&one.sha256), "{}", one.name);
            assert!(!one.name.contains('/') && !one.licence.is_empty());
            let named = format!("{}/{}", one.repository, one.file);
            let source = wattsmith_download::Source::named(&named, &hub).unwrap();
            assert_eq!(source.file_name(), one.file);
            assert_eq!(listed(&one.name.to_uppercase()), Some(one));
        }
        let said = not_listed("other").to_string();
        assert!(
            said.contains("Qwen2.5-Coder-1.5B") && said.contains("OWNER"),
            "{said}"
        );
    }

    #[test]
    fn what_finds_no_room_is_told_with_the_numbers() {
        let free = |memory, disk| Free {
            memory: Some(memory),
            disk: Some(disk),
        };
        assert_eq!(no_room(1_000, 0, free(1_000, 1_000)), "");
        insta::assert_snapshot!(no_room(5_000_000_000, 2_000_000_000, free(1 << 40, 2_900_000_000)),
            @"does not fit on the disk: 3.0 GB are to come, and 2.9 GB are free");
        insta::assert_snapshot!(no_room(5_000_000_000, 0, free(900_000_000, 1 << 40)),
            @"does not fit into memory now: its weights alone take 5.0 GB, and 0.90 GB are free");
        let unknown = Free {
            memory: None,
            disk: None,
        };
        assert_eq!(no_room(u64::MAX, 0, unknown), "");
    }
}
