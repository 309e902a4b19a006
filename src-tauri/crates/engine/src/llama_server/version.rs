//! What llama-server's binary says about itself.

use super::SETTINGS;
use crate::error::EngineError;
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;
use wattsmith_domain::FailureCause;

/// The engine's own version line, such as `0.6.0-dev (build 1, commit 86a2835)`.
///
/// # Errors
/// `EngineNotFound` when the binary cannot be started, does not answer within 10 s or says no
/// version.
pub(super) async fn version(binary: &Path) -> Result<String, EngineError> {
    let fail = |what: String| {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "{} {what}. Run `make setup` to fetch the engine, or choose another llama-server.",
                binary.display()
            ),
        )
    };
    let mut command = quiet_command(binary, &SETTINGS);
    command.arg("--version").kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(10), command.output())
        .await
        .map_err(|_| fail("did not tell its version within 10 s".into()))?
        .map_err(|error| fail(format!("cannot be started: {error}")))?;
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
