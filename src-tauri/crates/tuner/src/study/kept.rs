//! Finished studies: a folder each, named after the time and the landscape.

use super::StudyResult;
use crate::error::TunerError;
use crate::models::blocking;
use crate::tuner::Tuner;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

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
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut heads: Vec<StudyHead> = entries.filter_map(|one| head(&one.path())).collect();
            heads.sort_by(|one, other| other.id.cmp(&one.id));
            heads
        })
        .await
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
                html: folder.join("study.html"),
            })
        })
        .await?
    }
}

fn head(folder: &Path) -> Option<StudyHead> {
    let head: StudyHead = read(folder).ok()?;
    let changed = folder.join("study.json").metadata().ok()?.modified().ok()?;
    Some(StudyHead {
        id: folder.file_name()?.to_str()?.to_owned(),
        finished_at: OffsetDateTime::from(changed).format(&Rfc3339).ok()?,
        ..head
    })
}

fn read<T: DeserializeOwned>(folder: &Path) -> Result<T, TunerError> {
    let path = folder.join("study.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|source| TunerError::io(format!("cannot read {}", path.display()), source))?;
    serde_json::from_str(&text)
        .map_err(|error| TunerError::Invalid(format!("{} is no study: {error}.", path.display())))
}
