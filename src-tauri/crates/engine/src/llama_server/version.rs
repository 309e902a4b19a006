//! What llama-server's binary says about itself.

use super::SETTINGS;
use crate::catalogue::Flags;
use crate::error::EngineError;
use crate::program::{answer, unusable};
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;

/// The engine's own version line, such as `0.6.0-dev (build 1, commit 86a2835)`.
///
/// # Errors
/// `EngineNotFound` when the binary cannot be started, does not answer within 10 s or says no
/// version.
pub(super) async fn version(binary: &Path) -> Result<String, EngineError> {
    const REMEDY: &str = "Run `make setup` to fetch the engine, or choose another llama-server";
    let fail = |what: String| unusable(binary, &what, REMEDY);
    let mut command = quiet_command(binary, &SETTINGS);
    command.arg("--version");
    let output = answer(command, "its version", Duration::from_secs(10))
        .await
        .map_err(fail)?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .find_map(|line| line.trim().strip_prefix("version:"))
        .map(|version| version.trim().to_owned())
        .filter(|version| !version.is_empty())
        .ok_or_else(|| {
            let first = text.lines().next().unwrap_or("nothing");
            fail(format!("says no version but: {first}"))
        })
}

/// The flags in its help; none where it gives none, and then none is held to be missing.
pub(super) async fn flags(binary: &Path) -> Option<Flags> {
    let mut command = quiet_command(binary, &SETTINGS);
    command.arg("--help");
    let output = answer(command, "its help", Duration::from_secs(10)).await;
    let output = output.ok().filter(|output| output.status.success())?;
    let text = [output.stdout, output.stderr].concat();
    Flags::of_help(&String::from_utf8_lossy(&text))
}
