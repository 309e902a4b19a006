//! For whom a report is made.

use crate::view::PictureFiles;
use wattsmith_domain::Settings;

/// What a report needs to know beside the record.
#[derive(Debug, Clone, Default)]
pub struct ReportOptions {
    /// Price, grid, count and units of the person.
    pub settings: Settings,
    /// The person's home, by each path that leads to it: told as `~`, since it holds their name. Empty
    /// where paths are to be told as they are.
    pub homes: Vec<String>,
    /// Pictures of the trials, for the page.
    pub pictures: PictureFiles,
}
