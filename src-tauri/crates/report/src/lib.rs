//! Session reports as HTML, CSV, JSON and Markdown, for a person who was not there.
//!
//! A [`SessionRecord`] and its `stats::Analysis` become one view model, in which every figure is
//! already words with a unit; HTML and Markdown only lay it out. CSV and JSON carry the same
//! figures in full precision. Pure: nothing is read, written or timed here.
//!
//! Two rules hold everywhere. A saving is stated only from the fresh repeats of a confirmation; what
//! the search itself saw is called "outside the noise" at most. And an estimate is called an
//! estimate on the face of every figure.

mod chart;
mod csv;
mod format;
mod html;
mod json;
mod markdown;
mod redact;
mod study;
mod view;

pub use view::PictureFiles;

pub use study::{StudyCurve, StudyPage, StudyTable, study_html};

use wattsmith_domain::SessionRecord;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A fault in the page's own template.
    #[error("the report's page could not be laid out: {0}")]
    Layout(#[from] minijinja::Error),
    /// A figure that JSON cannot hold.
    #[error("the record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// A self-contained page: no script, nothing loaded from elsewhere, light and dark, fit to print.
///
/// # Errors
/// `Layout`, which no record should cause.
pub fn html(record: &SessionRecord) -> Result<String, ReportError> {
    html_with_pictures(record, &PictureFiles::new())
}

/// The same with pictures of the trials inside the page, as far as their files are given.
///
/// # Errors
/// As [`html`].
pub fn html_with_pictures(
    record: &SessionRecord,
    files: &PictureFiles,
) -> Result<String, ReportError> {
    Ok(html::page(&view::View::of(&redact::record(record), files))?)
}

/// One row for each measured window, in RFC 4180 with units in the header.
#[must_use]
pub fn csv(record: &SessionRecord) -> String {
    csv::rows(&redact::record(record))
}

/// The whole record with its analysis; `schema` names the version of this format.
///
/// # Errors
/// `Json`, which no record that was stored causes.
pub fn json(record: &SessionRecord) -> Result<String, ReportError> {
    Ok(json::text(&redact::record(record))?)
}

/// The short version, for notes and discussions.
#[must_use]
pub fn markdown(record: &SessionRecord) -> String {
    markdown::text(&view::View::of(
        &redact::record(record),
        &PictureFiles::new(),
    ))
}

/// An engine's command line, ready for a shell: quoted, one flag on each line, without the port, the
/// key and what only measuring needs.
#[must_use]
pub fn command_line(argv: &[String]) -> String {
    view::command_line(argv)
}
