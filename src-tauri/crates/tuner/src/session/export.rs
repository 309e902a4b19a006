//! Reports as files.

use crate::error::TunerError;
use crate::measuring::pictures::picture_files;
use crate::tuner::Tuner;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use wattsmith_domain::{SessionId, SessionRecord};

/// Formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Self-contained page.
    Html,
    /// One row per repeat.
    Csv,
    /// Everything.
    Json,
    /// Short, for notes.
    Markdown,
}

impl Format {
    /// File suffix.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Markdown => "md",
        }
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "html" => Ok(Self::Html),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "md" | "markdown" => Ok(Self::Markdown),
            other => Err(format!(
                "there is no report format {other}; choose html, csv, json or md"
            )),
        }
    }
}

/// A file name for a session's report: letters, digits and dashes, with the session's day.
#[must_use]
pub fn default_name(record: &SessionRecord, format: Format) -> String {
    let mut name = String::from("wattsmith-");
    for letter in record.session.name.chars() {
        if letter.is_alphanumeric() {
            name.extend(letter.to_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let day = record.session.created_at.get(..10).unwrap_or_default();
    let short = record.session.id.0.get(24..).unwrap_or_default();
    format!(
        "{}-{day}-{short}.{}",
        name.trim_end_matches('-'),
        format.suffix()
    )
}

impl Tuner {
    /// Writes a report to `out`, or into the reports folder; gives the path. The file appears whole
    /// or not at all.
    ///
    /// # Errors
    /// The session cannot be read, or the file not be written.
    pub async fn report(
        &self,
        session: &SessionId,
        format: Format,
        out: Option<&Path>,
    ) -> Result<PathBuf, TunerError> {
        let record = self.record(session).await?;
        let path = out.map_or_else(
            || self.paths.reports().join(default_name(&record, format)),
            Path::to_path_buf,
        );
        let (target, named) = (path.clone(), out.is_some());
        let pictures = self.paths.pictures();
        crate::machine::models::blocking(move || -> Result<(), TunerError> {
            let text = match format {
                Format::Html => wattsmith_report::html_with_pictures(
                    &record,
                    &picture_files(&pictures, &record),
                ),
                Format::Csv => Ok(wattsmith_report::csv(&record)),
                Format::Json => wattsmith_report::json(&record),
                Format::Markdown => Ok(wattsmith_report::markdown(&record)),
            }
            .map_err(|error| TunerError::Invalid(format!("The report cannot be made: {error}")))?;
            let fail = |source| {
                TunerError::io(
                    format!("cannot write the report {}", target.display()),
                    source,
                )
            };
            match named {
                true => wattsmith_files::write(&target, text.as_bytes()),
                false => wattsmith_files::keep(&target, text.as_bytes()),
            }
            .map_err(fail)
        })
        .await??;
        Ok(path)
    }
}
