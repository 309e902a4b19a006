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
//! | `bundle/` | the record with the samples that its joules come of, for whoever checks them |
//! | `chart/` | where things stand in the charts |
//! | `settings_file/` | the settings that were found, as files that other programs read |
//! | `undone` | which change earned what was gained, in sentences |
//! | `study` | the page of a study |
//! | `command` | an engine's command line as others would use it |
//! | `format`, `redact` | numbers as a person reads them; the last look for secrets |
//!
//! # The life of one value
//!
//! A record is looked through by `redact`, `stats` says what follows from it, `view/` makes words of both, a
//! format lays them out; the caller writes the text. Nothing here waits, so that nothing is to be stopped.

mod bundle;
mod chart;
mod command;
mod csv;
mod format;
mod html;
mod json;
mod markdown;
mod options;
mod pdf;
mod redact;
mod settings_file;
mod study;
mod svg;
mod undone;
mod view;

pub use bundle::KeptSamples;
pub use command::command_line;
pub use options::ReportOptions;
pub use pdf::PdfError;
pub use redact::record as without_secrets;
pub use settings_file::{SettingsFile, settings_file};
pub use svg::ChartFile;
pub use undone::{Undone, UndoneSaid, undone_lines};
pub use view::PictureFiles;

pub use study::{StudyCurve, StudyPage, StudyTable, study_html};

use wattsmith_domain::{SessionRecord, WindowOf};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A fault in the page's own template.
    #[error("the report's page could not be laid out: {0}")]
    Layout(#[from] minijinja::Error),
    /// A figure that JSON cannot hold.
    #[error("the record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file that cannot be put into a bundle.
    #[error("the bundle cannot be put together: {0}")]
    Bundle(#[from] std::io::Error),
    /// There are no settings to hand over in this form: why.
    #[error("{0}")]
    NoSettings(String),
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

/// A tar of the record, the samples that the joules of its windows come of, and a program that works these out
/// again without Wattsmith. `kept` is what was kept of each window; one that is not among them is said to have
/// no samples.
///
/// # Errors
/// `Json`, which no record that was stored causes.
pub fn bundle_with(
    record: &SessionRecord,
    kept: &[(WindowOf, KeptSamples)],
    options: &ReportOptions,
) -> Result<Vec<u8>, ReportError> {
    bundle::file(&redact::record(record, &options.homes), kept, options)
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
