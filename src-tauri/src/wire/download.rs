//! Models that can be fetched, and the download that runs.

use super::{Number, PhaseView};
use serde::{Deserialize, Serialize};
use specta::Type;

views! {
    /// A model of the shipped list.
    FetchableView {
        /// By which it is asked for.
        name: String,
        /// What it is and who made it.
        title: String,
        /// Under which it is given away.
        licence: String,
        /// Its size, megabytes.
        #[specta(type = Number)]
        megabytes: f64,
        /// Why it finds no room now, in words; empty where it does.
        no_room: String,
        /// What an earlier download left, megabytes.
        begun_megabytes: Option<f64>,
        /// Its file; empty where it is not here.
        path: String,
    }
    /// How a download ended.
    DownloadEndView {
        /// What was asked for.
        what: String,
        /// The file; empty where there is none.
        path: String,
        /// In sentences.
        words: String,
    }
    /// Models that can be fetched, and the download that runs.
    DownloadsView {
        /// The shipped list.
        models: Vec<FetchableView>,
        /// Where fetched models lie.
        folder: String,
        /// What the download that runs is doing; idle where none runs.
        phase: PhaseView,
        /// How the last one ended; none where none did, or the person cancelled it.
        ended: Option<DownloadEndView>,
    }
}
