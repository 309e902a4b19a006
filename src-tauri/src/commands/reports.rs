//! Reports.

use super::{Answer, Core, from_home};
use crate::wire::{ErrorCode, ReportFormat, WireError};
use std::path::{Path, PathBuf};
use wattsmith_tuner::domain::SessionId;
use wattsmith_tuner::report::SettingsFile;
use wattsmith_tuner::{Format, ReportWish};

/// The page of a session's report as it would be written now, to look at. The person's home is hidden
/// unless its paths are asked for.
#[tauri::command]
#[specta::specta]
pub async fn report_page(core: Core<'_>, id: String, with_paths: bool) -> Answer<String> {
    Ok(core.report_page(&SessionId(id), with_paths).await?)
}

/// Writes a report to `out`, or into the reports folder; gives the paths of the files, of charts one for
/// each. A file that is there already is never written over.
#[tauri::command]
#[specta::specta]
pub async fn export_report(
    core: Core<'_>,
    id: String,
    format: ReportFormat,
    out: Option<String>,
    with_paths: bool,
) -> Answer<Vec<String>> {
    let out = out.map(|path| from_home(&path));
    let wish = ReportWish {
        format: match format {
            ReportFormat::Html => Format::Html,
            ReportFormat::Pdf => Format::Pdf,
            ReportFormat::Csv => Format::Csv,
            ReportFormat::Json => Format::Json,
            ReportFormat::Markdown => Format::Markdown,
            ReportFormat::Svg => Format::Svg,
            ReportFormat::Bundle => Format::Bundle,
            ReportFormat::Command => Format::Settings(SettingsFile::Command),
            ReportFormat::Systemd => Format::Settings(SettingsFile::Systemd),
            ReportFormat::Compose => Format::Settings(SettingsFile::Compose),
            ReportFormat::Preset => Format::Settings(SettingsFile::Preset),
            ReportFormat::Modelfile => Format::Settings(SettingsFile::Modelfile),
            ReportFormat::Vllm => Format::Settings(SettingsFile::Vllm),
        },
        out: out.as_deref(),
        with_paths,
        replace: false,
    };
    let files = core.report_as(&SessionId(id), wish).await?;
    Ok(files.iter().map(|one| one.display().to_string()).collect())
}

/// Opens the folder that holds an exported report or a study's page.
#[tauri::command]
#[specta::specta]
pub async fn show_in_folder(path: String) -> Answer<()> {
    let folder = Path::new(&path).parent().filter(|one| one.is_dir());
    let Some(folder) = folder else {
        return Err(refuse(format!(
            "The folder of {path} is not there any more."
        )));
    };
    open::that_detached(folder).map_err(|error| {
        refuse(format!(
            "{} cannot be opened: {error}. Open it by hand.",
            folder.display()
        ))
    })
}

fn refuse(message: String) -> WireError {
    WireError {
        code: ErrorCode::Other,
        message,
    }
}

/// Opens an exported report or a study's page in the program that the system has for it. Nothing
/// else.
#[tauri::command]
#[specta::specta]
pub async fn open_path(core: Core<'_>, path: String) -> Answer<()> {
    let folders = [core.paths().reports(), core.paths().studies()];
    let ours = folders.iter().any(|one| Path::new(&path).starts_with(one));
    if !ours || path.contains("..") {
        return Err(refuse(
            "Only exported reports and studies are opened from here.".to_owned(),
        ));
    }
    open::that_detached(&path).map_err(|error| {
        refuse(format!(
            "{path} cannot be opened: {error}. Open it by hand."
        ))
    })
}

/// Longest file that the window may keep, bytes.
const MOST_KEPT: usize = 32 << 20;

/// Keeps a picture or a table of the window beside the reports; gives its path. One that is there
/// already is never written over.
#[tauri::command]
#[specta::specta]
pub async fn keep_file(core: Core<'_>, name: String, data: Vec<u8>) -> Answer<String> {
    let plain = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_' | '.');
    let (stem, suffix) = name.rsplit_once('.').unwrap_or((&name, ""));
    if !["svg", "png", "csv"].contains(&suffix) || !name.chars().all(plain) {
        return Err(refuse(format!(
            "{name} is no name of a picture or a table."
        )));
    }
    if data.len() > MOST_KEPT {
        return Err(refuse(format!("{name} is too large to be kept.")));
    }
    let folder = core.paths().reports();
    let (stem, suffix) = (stem.to_owned(), suffix.to_owned());
    let written =
        tauri::async_runtime::spawn_blocking(move || write_new(&folder, &stem, &suffix, &data));
    let path = written
        .await
        .map_err(|error| refuse(format!("{name} could not be kept: {error}.")))?
        .map_err(|error| refuse(format!("{name} could not be kept: {error}.")))?;
    Ok(path.display().to_string())
}

/// Writes a new file: `stem.suffix`, or `stem-2.suffix` where that is there.
fn write_new(folder: &Path, stem: &str, suffix: &str, data: &[u8]) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for number in 1.. {
        let path = match number {
            1 => folder.join(format!("{stem}.{suffix}")),
            more => folder.join(format!("{stem}-{more}.{suffix}")),
        };
        match std::fs::File::create_new(&path) {
            Ok(mut file) => {
                std::io::Write::write_all(&mut file, data)?;
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::ErrorKind::AlreadyExists.into())
}
