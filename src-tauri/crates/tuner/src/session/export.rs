//! Reports as files.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::measuring::pictures::picture_files;
use crate::tuner::Tuner;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use wattsmith_domain::{SessionId, SessionRecord, WindowOf};
use wattsmith_report::{KeptSamples, ReportError, ReportOptions, SettingsFile};

/// Formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Self-contained page.
    Html,
    /// The same on paper.
    Pdf,
    /// One row per repeat.
    Csv,
    /// Everything.
    Json,
    /// Short, for notes.
    Markdown,
    /// Each chart as a picture, a file each.
    Svg,
    /// Everything with the samples that the joules come of, and a program that works them out again.
    Bundle,
    /// No report: the settings that were found, in a form that another program reads.
    Settings(SettingsFile),
}

impl Format {
    /// File suffix.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Markdown => "md",
            Self::Svg => "svg",
            Self::Bundle => "tar",
            Self::Settings(form) => form.suffix(),
        }
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "html" => Ok(Self::Html),
            "pdf" => Ok(Self::Pdf),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "md" | "markdown" => Ok(Self::Markdown),
            "svg" => Ok(Self::Svg),
            "bundle" | "tar" => Ok(Self::Bundle),
            other => {
                let forms = SettingsFile::ALL;
                let settings = forms.iter().copied().find(|one| one.word() == other);
                settings.map(Self::Settings).ok_or_else(|| {
                    let [forms @ .., last] = forms.map(SettingsFile::word);
                    format!(
                        "there is no report format {other}; choose html, pdf, csv, json, md, svg or bundle, or for \
                         the settings alone {} or {last}",
                        forms.join(", ")
                    )
                })
            }
        }
    }
}

/// How a report is wanted.
#[derive(Debug, Clone, Copy)]
pub struct ReportWish<'a> {
    /// In which format.
    pub format: Format,
    /// The file; of charts what each file's name begins with. Into the reports folder when none.
    pub out: Option<&'a Path>,
    /// Whether the person's home is told as it is; else it is `~` in every format.
    pub with_paths: bool,
    /// Whether a file of the person's choice that is there already is replaced; else it is an error.
    pub replace: bool,
}

impl<'a> ReportWish<'a> {
    /// A report to others, with the person's home hidden.
    #[must_use]
    pub fn new(format: Format, out: Option<&'a Path>) -> Self {
        Self {
            format,
            out,
            with_paths: false,
            replace: true,
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

/// The person's home, by each path that leads to it.
fn homes() -> Vec<String> {
    let named = std::env::home_dir().filter(|home| home.is_absolute());
    let real = named.as_ref().and_then(|home| home.canonicalize().ok());
    let mut homes: Vec<String> = named
        .into_iter()
        .chain(real)
        .map(|home| home.display().to_string())
        .collect();
    // The longer first: one may lie within the other.
    homes.sort_by_key(|home| std::cmp::Reverse(home.len()));
    homes.dedup();
    homes
}

/// What the files are called, each with its content.
fn files(
    record: &SessionRecord,
    format: Format,
    path: &Path,
    options: &ReportOptions,
    kept: &[(WindowOf, KeptSamples)],
) -> Result<Vec<(PathBuf, Vec<u8>)>, ReportError> {
    let text = match format {
        Format::Html => wattsmith_report::html_with(record, options)?,
        Format::Pdf => {
            let content = wattsmith_report::pdf_with(record, options)?;
            return Ok(vec![(path.to_path_buf(), content)]);
        }
        Format::Bundle => {
            let content = wattsmith_report::bundle_with(record, kept, options)?;
            return Ok(vec![(path.to_path_buf(), content)]);
        }
        Format::Csv => wattsmith_report::csv_with(record, options),
        Format::Json => wattsmith_report::json_with(record, options)?,
        Format::Markdown => wattsmith_report::markdown_with(record, options),
        Format::Settings(form) => wattsmith_report::settings_file(record, form)?,
        Format::Svg => {
            let stem = path.with_extension("");
            let stem = stem.file_name().unwrap_or_default().to_string_lossy();
            let charts = wattsmith_report::charts_with(record, options)?;
            let named = charts.into_iter().map(|chart| {
                let name = format!("{stem}-{}.svg", chart.name);
                (path.with_file_name(name), chart.svg.into_bytes())
            });
            return Ok(named.collect());
        }
    };
    Ok(vec![(path.to_path_buf(), text.into_bytes())])
}

impl Tuner {
    /// Writes a report to `out`, or into the reports folder; gives the path. The file appears whole
    /// or not at all, and the person's home is hidden in it.
    ///
    /// # Errors
    /// The session cannot be read, or the file not be written.
    pub async fn report(
        &self,
        session: &SessionId,
        format: Format,
        out: Option<&Path>,
    ) -> Result<PathBuf, TunerError> {
        let written = self
            .report_as(session, ReportWish::new(format, out))
            .await?;
        // There is one, or it is an error.
        Ok(written.into_iter().next().unwrap_or_default())
    }

    /// Writes a report as it is wished; gives the paths, of charts one for each.
    ///
    /// # Errors
    /// The session cannot be read, it has no chart where charts are wanted, or a file cannot be written.
    pub async fn report_as(
        &self,
        session: &SessionId,
        wish: ReportWish<'_>,
    ) -> Result<Vec<PathBuf>, TunerError> {
        let record = self.record(session).await?;
        let path = wish.out.map_or_else(
            || {
                let name = default_name(&record, wish.format);
                self.paths.reports().join(name)
            },
            Path::to_path_buf,
        );
        let mut options = self.report_options(wish.with_paths).await?;
        let (format, replace) = (wish.format, wish.replace);
        let named = wish.out.is_some();
        let pictures = self.paths.pictures();
        let kept = match format {
            Format::Bundle => self.kept(&record).await?,
            _ => Vec::new(),
        };
        blocking(move || {
            if format == Format::Html {
                options.pictures = picture_files(&pictures, &record);
            }
            let files = files(&record, format, &path, &options, &kept).map_err(not_made)?;
            if files.is_empty() {
                return Err(TunerError::NotFound(
                    "This session has no chart yet: they begin with the second trial.".to_owned(),
                ));
            }
            let there = files.iter().find(|(path, _)| path.exists());
            if let Some((path, _)) = there.filter(|_| named && !replace) {
                return Err(TunerError::Invalid(format!(
                    "There is a file {} already. Choose another name.",
                    path.display()
                )));
            }
            files
                .into_iter()
                .map(|(path, content)| write(path, &content, named))
                .collect()
        })
        .await?
    }

    /// The page of a report, to look at.
    ///
    /// # Errors
    /// The session cannot be read.
    pub async fn report_page(
        &self,
        session: &SessionId,
        with_paths: bool,
    ) -> Result<String, TunerError> {
        let record = self.record(session).await?;
        let mut options = self.report_options(with_paths).await?;
        let pictures = self.paths.pictures();
        blocking(move || {
            options.pictures = picture_files(&pictures, &record);
            wattsmith_report::html_with(&record, &options).map_err(not_made)
        })
        .await?
    }

    async fn report_options(&self, with_paths: bool) -> Result<ReportOptions, TunerError> {
        Ok(ReportOptions {
            settings: self.settings().await?.settings,
            homes: if with_paths { Vec::new() } else { homes() },
            ..ReportOptions::default()
        })
    }
}

fn not_made(error: ReportError) -> TunerError {
    TunerError::Invalid(format!("The report cannot be made: {error}"))
}

/// Writes a file; where the person named it, its folder has to be there.
fn write(path: PathBuf, content: &[u8], named: bool) -> Result<PathBuf, TunerError> {
    let written = match named {
        true => wattsmith_files::write(&path, content),
        false => wattsmith_files::keep(&path, content),
    };
    match written {
        Ok(()) => Ok(path),
        Err(source) => Err(TunerError::io(
            format!("cannot write the report {}", path.display()),
            source,
        )),
    }
}
