//! A server's program: where it lies, and what it answers when it is asked.

use crate::error::EngineError;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use tokio::process::Command;
use wattsmith_domain::FailureCause;

/// The program that the person names in `variable`, else the first of `places` that is a file.
///
/// # Errors
/// The variable names no file; or what `missing` says, where there is none.
pub(crate) fn find(
    variable: &str,
    places: impl IntoIterator<Item = PathBuf>,
    missing: impl FnOnce() -> String,
) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        return match path.is_file() {
            true => Ok(path),
            false => Err(format!(
                "{variable} names {}, but no file is there. Correct it or unset it.",
                path.display()
            )),
        };
    }
    places
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(missing)
}

/// Where `place` would lie in each of the folders of assets.
pub(crate) fn in_assets(assets: &[PathBuf], place: &str) -> impl Iterator<Item = PathBuf> {
    assets.iter().map(move |folder| folder.join(place))
}

/// Where a program of this name would lie in the folders of PATH.
pub(crate) fn in_path(name: impl AsRef<OsStr>) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name.as_ref()))
        .collect()
}

/// What a command prints. `asked` is what it is to tell, such as `its version`.
///
/// # Errors
/// It cannot be started, or has not ended when `patience` is over; in words that follow its name.
pub(crate) async fn answer(
    mut command: Command,
    asked: &str,
    patience: Duration,
) -> Result<Output, String> {
    let output = command.kill_on_drop(true).output();
    match tokio::time::timeout(patience, output).await {
        Err(_) => Err(format!(
            "did not tell {asked} within {} s",
            patience.as_secs()
        )),
        Ok(Err(error)) => Err(format!("cannot be started: {error}")),
        Ok(Ok(output)) => Ok(output),
    }
}

/// A program that is of no use: `what` follows its name, and `remedy` says what to do, without a full
/// stop.
pub(crate) fn unusable(program: &Path, what: &str, remedy: &str) -> EngineError {
    EngineError::failed(
        FailureCause::EngineNotFound,
        format!("{} {what}. {remedy}.", program.display()),
    )
}
