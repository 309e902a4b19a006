//! Studies on the disk: a folder each, named after the time and the landscape. A finished one has its
//! result; one that was interrupted has what was chosen, and what an LLM has said and an engine has
//! shown so far.

use super::{StudyRequest, StudyResult};
use crate::error::TunerError;
use crate::landscape::partial_path;
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What was chosen, in a study's folder.
pub(super) const REQUEST: &str = "request.json";
/// What an LLM has said, in a study's folder.
pub(super) const EXCHANGES: &str = "exchanges.jsonl";
/// What was measured on the engine, in a study's folder.
pub(super) const LANDSCAPE: &str = "landscape.json";
const RESULT: &str = "study.json";
const PAGE: &str = "study.html";

/// A study that was begun and not finished.
#[derive(Debug, Clone, PartialEq)]
pub struct BegunStudy {
    /// Its folder's name.
    pub id: String,
    /// What was chosen.
    pub request: StudyRequest,
    /// Replies that are kept.
    pub replies: usize,
    /// Whether figures from the engine are kept.
    pub figures: bool,
}

/// A finished study in a line.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StudyHead {
    /// Its folder's name.
    #[serde(skip)]
    pub id: String,
    /// RFC 3339.
    #[serde(skip)]
    pub finished_at: String,
    /// The landscape's name.
    pub landscape: String,
    /// Whether its figures are invented.
    pub synthetic: bool,
    /// Whether the engine itself was searched.
    #[serde(default)]
    pub live: bool,
    /// Whether its joules were read from a sensor.
    pub measured: bool,
    /// The LLM of the arms that ask one.
    pub llm: Option<String>,
    /// Seeds.
    pub seeds: u64,
    /// Trials after the default.
    pub budget: u32,
    /// The arms.
    pub arms: Vec<ArmHead>,
}

/// An arm of a finished study.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ArmHead {
    /// Its name.
    pub name: String,
}

/// A finished study, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptStudy {
    /// The same in a line.
    pub head: StudyHead,
    /// What came of it.
    pub result: StudyResult,
    /// Its page.
    pub html: PathBuf,
}

impl Tuner {
    /// Finished studies, newest first. Folders without one are left out.
    ///
    /// # Errors
    /// Reading them ended early.
    pub async fn studies(&self) -> Result<Vec<StudyHead>, TunerError> {
        let folder = self.paths.studies();
        blocking(move || {
            let mut heads: Vec<StudyHead> = folders(&folder).filter_map(|one| head(&one)).collect();
            heads.sort_by(|one, other| other.id.cmp(&one.id));
            heads
        })
        .await
    }

    /// Studies that were interrupted and can go on, newest first; the one that runs is none of them.
    ///
    /// # Errors
    /// Reading them ended early.
    pub async fn begun_studies(&self) -> Result<Vec<BegunStudy>, TunerError> {
        if self.studying().running {
            return Ok(Vec::new());
        }
        let folder = self.paths.studies();
        blocking(move || {
            let mut begun: Vec<BegunStudy> =
                folders(&folder).filter_map(|one| begun(&one)).collect();
            begun.sort_by(|one, other| other.id.cmp(&one.id));
            begun
        })
        .await
    }

    /// Removes a study and all that belongs to it, finished or not.
    ///
    /// # Errors
    /// It is not there, a study runs, or its folder cannot be removed.
    pub async fn remove_study(&self, id: &str) -> Result<(), TunerError> {
        if self.studying().running {
            return Err(TunerError::Busy(
                "A study runs. Wait for it, or cancel it first.".to_owned(),
            ));
        }
        let (id, studies) = (id.to_owned(), self.paths.studies());
        blocking(move || {
            // Only what lies in the folder of studies can be named, whatever the id looks like.
            let found = folders(&studies)
                .find(|one| one.file_name().is_some_and(|name| name == id.as_str()))
                .ok_or_else(|| {
                    TunerError::NotFound("This study is not there any more.".to_owned())
                })?;
            std::fs::remove_dir_all(&found).map_err(|source| {
                TunerError::io(format!("cannot remove {}", found.display()), source)
            })
        })
        .await?
    }

    /// The finished study of that id.
    ///
    /// # Errors
    /// There is none, or its file is broken.
    pub async fn kept_study(&self, id: &str) -> Result<KeptStudy, TunerError> {
        let mut heads = self.studies().await?.into_iter();
        let head = heads
            .find(|one| one.id == id)
            .ok_or_else(|| TunerError::NotFound("This study is not there any more.".to_owned()))?;
        let folder = self.paths.studies().join(id);
        blocking(move || {
            Ok(KeptStudy {
                head,
                result: read(&folder)?,
                html: folder.join(PAGE),
            })
        })
        .await?
    }
}

fn folders(studies: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = std::fs::read_dir(studies).into_iter().flatten().flatten();
    entries.map(|one| one.path()).filter(|path| path.is_dir())
}

fn begun(folder: &Path) -> Option<BegunStudy> {
    if folder.join(RESULT).exists() {
        return None;
    }
    let request = std::fs::read_to_string(folder.join(REQUEST)).ok()?;
    let (replies, figures) = (replies(&folder.join(EXCHANGES)), figures(folder));
    (replies > 0 || figures).then_some(())?;
    Some(BegunStudy {
        id: folder.file_name()?.to_str()?.to_owned(),
        request: serde_json::from_str(&request).ok()?,
        replies,
        figures,
    })
}

/// Whether something that was measured lies in a study's folder, finished or not.
pub(super) fn figures(folder: &Path) -> bool {
    let whole = folder.join(LANDSCAPE);
    whole.exists() || partial_path(&whole).exists()
}

/// How much an LLM has said, by the file that keeps it; its first line names the connection.
pub(super) fn replies(kept: &Path) -> usize {
    std::fs::read_to_string(kept).map_or(0, |said| said.lines().count().saturating_sub(1))
}

fn head(folder: &Path) -> Option<StudyHead> {
    let head: StudyHead = read(folder).ok()?;
    let changed = folder.join(RESULT).metadata().ok()?.modified().ok()?;
    Some(StudyHead {
        id: folder.file_name()?.to_str()?.to_owned(),
        finished_at: OffsetDateTime::from(changed).format(&Rfc3339).ok()?,
        ..head
    })
}

fn read<T: DeserializeOwned>(folder: &Path) -> Result<T, TunerError> {
    let path = folder.join(RESULT);
    let text = std::fs::read_to_string(&path)
        .map_err(|source| TunerError::io(format!("cannot read {}", path.display()), source))?;
    serde_json::from_str(&text)
        .map_err(|error| TunerError::Invalid(format!("{} is no study: {error}.", path.display())))
}
