//! Session reports as HTML, PDF, CSV, JSON and Markdown, for a person who was not there.
//!
//! A [`SessionRecord`] and its `stats::Analysis` become one view model, in which every figure is
//! already words with a unit; HTML, PDF and Markdown only lay it out. CSV and JSON carry the same
//! figures in full precision. Pure: nothing is read, written or timed here.
//!
//! Three rules hold everywhere. A saving is stated only from the fresh repeats of a confirmation; what
//! the search itself saw is called "outside the noise" at most. And an estimate is called an
//! estimate on the face of every figure. And the paths of whoever makes a report are told from their
//! home on, `~`, since others read it.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `view/` | the view model: everything a report says, already in words |
//! | `html`, `markdown`, `csv`, `json` | one format each |
//! | `chart/` | where things stand in the charts |
//! | `undone` | which change earned what was gained, in sentences |
//! | `study` | the page of a study |
//! | `format`, `redact` | numbers as a person reads them; the last look for secrets |
//!
//! # The life of one value
//!
//! A record is looked through by `redact`, `stats` says what follows from it, `view/` makes words of both, a
//! format lays them out; the caller writes the text. Nothing here waits, so that nothing is to be stopped.

mod chart;
mod csv;
mod format;
mod html;
mod json;
mod markdown;
mod options;
mod pdf;
mod redact;
mod study;
mod svg;
mod undone;
mod view;

pub use options::ReportOptions;
pub use pdf::PdfError;
pub use redact::record as without_secrets;
pub use svg::ChartFile;
pub use undone::undone_lines;
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
    /// A fault of the build, or of what puts a PDF together.
    #[error("the PDF cannot be made: {0}")]
    Pdf(#[from] PdfError),
}

/// A self-contained page: no script, nothing loaded from elsewhere, light and dark, fit to print.
///
/// # Errors
/// `Layout`, which no record should cause.
pub fn html(record: &SessionRecord) -> Result<String, ReportError> {
    html_with(record, &ReportOptions::default())
}

/// The same for a person: with their price and grid, pictures of the trials, their home hidden.
///
/// # Errors
/// As [`html`].
pub fn html_with(record: &SessionRecord, options: &ReportOptions) -> Result<String, ReportError> {
    Ok(html::page(&view(record, options))?)
}

/// The page as a PDF for a person, without scripts and links: text that can be selected, charts, tables.
///
/// # Errors
/// `Pdf`, which no record should cause.
pub fn pdf_with(record: &SessionRecord, options: &ReportOptions) -> Result<Vec<u8>, ReportError> {
    Ok(pdf::file(&view(record, options))?)
}

/// One row for each measured window, in RFC 4180 with units in the header.
#[must_use]
pub fn csv(record: &SessionRecord) -> String {
    csv_with(record, &ReportOptions::default())
}

/// The same for a person.
#[must_use]
pub fn csv_with(record: &SessionRecord, options: &ReportOptions) -> String {
    csv::rows(&redact::record(record, &options.homes))
}

/// The whole record with its analysis; `schema` names the version of this format.
///
/// # Errors
/// `Json`, which no record that was stored causes.
pub fn json(record: &SessionRecord) -> Result<String, ReportError> {
    json_with(record, &ReportOptions::default())
}

/// The same for a person.
///
/// # Errors
/// As [`json`].
pub fn json_with(record: &SessionRecord, options: &ReportOptions) -> Result<String, ReportError> {
    let record = redact::record(record, &options.homes);
    Ok(json::text(&record, &options.settings)?)
}

/// The short version, for notes and discussions.
#[must_use]
pub fn markdown(record: &SessionRecord) -> String {
    markdown_with(record, &ReportOptions::default())
}

/// The same for a person.
#[must_use]
pub fn markdown_with(record: &SessionRecord, options: &ReportOptions) -> String {
    markdown::text(&view(record, options))
}

/// Every chart of the page as a picture of its own, that needs nothing around it.
///
/// # Errors
/// `Layout`, which no record should cause.
pub fn charts_with(
    record: &SessionRecord,
    options: &ReportOptions,
) -> Result<Vec<ChartFile>, ReportError> {
    Ok(svg::charts(&view(record, options))?)
}

fn view(record: &SessionRecord, options: &ReportOptions) -> view::View {
    view::View::of(&redact::record(record, &options.homes), options)
}

/// An engine's command line, ready for a shell: quoted, one flag on each line, without the port, the
/// key and what only measuring needs.
#[must_use]
pub fn command_line(argv: &[String]) -> String {
    view::command_line(argv)
}
