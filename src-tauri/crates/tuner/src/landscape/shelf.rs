//! Landscapes at hand: those that come with Wattsmith, and the person's own.

use super::file::{parse, read_landscape, usable};
use super::shipped::SHIPPED;
use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use std::path::{Path, PathBuf};
use wattsmith_search::{Landscape, Summary};

/// A landscape at hand, or a file that was meant to be one.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedLandscape {
    /// What a study names it by: `shipped/NAME` or `own/NAME`.
    pub id: String,
    /// The landscape, and what it is like under its own limits; else why it cannot be studied.
    pub found: Result<(Landscape, Summary), String>,
}

impl ListedLandscape {
    fn of(id: String, read: Result<Landscape, TunerError>) -> Self {
        let summed = |landscape: Landscape| {
            let summary = landscape.summary(&landscape.constraints).ok_or_else(|| {
                "No configuration in it keeps its limits, or its default fails.".to_owned()
            })?;
            Ok((landscape, summary))
        };
        Self {
            id,
            found: read.map_err(|error| error.to_string()).and_then(summed),
        }
    }
}

impl Tuner {
    /// Every landscape at hand, shipped ones first. A broken file is listed with its reason.
    ///
    /// # Errors
    /// Reading them ended early.
    pub async fn landscapes(&self) -> Result<Vec<ListedLandscape>, TunerError> {
        let folder = self.paths.landscapes();
        blocking(move || shipped().chain(own(&folder)).collect()).await
    }

    /// The landscape of that id.
    pub(crate) async fn landscape(&self, id: &str) -> Result<Landscape, TunerError> {
        let (folder, id) = (self.paths.landscapes(), id.to_owned());
        let found = blocking(move || shipped().chain(own(&folder)).find(|one| one.id == id));
        let found = found.await?.ok_or_else(|| {
            TunerError::NotFound("This landscape is not there any more; choose another.".to_owned())
        })?;
        let (landscape, _) = found.found.map_err(TunerError::Invalid)?;
        Ok(landscape)
    }
}

/// How much the windows of each shipped landscape vary.
#[cfg(test)]
pub(crate) fn shipped_noise() -> Vec<wattsmith_stats::Pooled> {
    let noise = |(name, text): &(&str, &str)| {
        let noise = parse(text, name).ok()?.noise;
        Some(wattsmith_stats::Pooled {
            sd: noise.log_sd,
            df: noise.df,
        })
    };
    SHIPPED.iter().filter_map(noise).collect()
}

fn shipped() -> impl Iterator<Item = ListedLandscape> {
    SHIPPED.iter().map(|(name, text)| {
        let read = parse(text, name).and_then(|landscape| usable(landscape, name));
        ListedLandscape::of(format!("shipped/{name}"), read)
    })
}

fn own(folder: &Path) -> impl Iterator<Item = ListedLandscape> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "json"))
        .collect();
    files.sort();
    files.into_iter().map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        ListedLandscape::of(format!("own/{name}"), read_landscape(&path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_landscape_can_be_studied() {
        for one in shipped() {
            assert!(one.found.is_ok(), "{}: {:?}", one.id, one.found.err());
        }
    }
}
