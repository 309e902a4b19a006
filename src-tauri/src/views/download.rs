//! Models that can be fetched, and the download that runs.

use crate::wire::{DownloadEndView, DownloadsView, FetchableView};
use wattsmith_tuner::{DownloadEnd, Offered, Tuner};

/// What can be fetched, what is fetched now, and how the last download ended.
pub async fn downloads(tuner: &Tuner) -> DownloadsView {
    DownloadsView {
        models: tuner.offered_models().await.iter().map(fetchable).collect(),
        folder: tuner.paths().own_models().display().to_string(),
        phase: super::phase(&tuner.downloading().phase),
        ended: tuner.last_download().as_ref().map(ended),
    }
}

fn fetchable(offered: &Offered) -> FetchableView {
    let here = offered.here.as_ref();
    FetchableView {
        name: offered.model.name.clone(),
        title: offered.model.title.clone(),
        licence: offered.model.licence.clone(),
        megabytes: offered.model.bytes as f64 / 1e6,
        no_room: offered.no_room.clone(),
        begun_megabytes: offered.begun.map(|bytes| bytes as f64 / 1e6),
        path: here.map_or_else(String::new, |path| path.display().to_string()),
    }
}

fn ended(end: &DownloadEnd) -> DownloadEndView {
    let path = end.done.as_ref().ok();
    DownloadEndView {
        what: end.what.clone(),
        path: path.map_or_else(String::new, |path| path.display().to_string()),
        words: end.words.clone(),
    }
}
