//! What Ollama's program says about itself.

use super::{FETCH, SETTINGS};
use crate::error::EngineError;
use crate::program::{answer, unusable};
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;
use wattsmith_domain::one_line;

/// It asks a daemon for its version first, and tells its own only where the other differs or nobody answers:
/// so it is pointed at a port where nobody does.
const NOBODY: &str = "127.0.0.1:1";
/// Before its own version, and before the version of a daemon that answered all the same.
const BEFORE: [&str; 2] = ["client version is ", "ollama version is "];

/// Such as `ollama 0.33.0`.
///
/// # Errors
/// `EngineNotFound` when it cannot be started, does not answer within 10 s or says no version.
pub(super) async fn version(program: &Path) -> Result<String, EngineError> {
    let fail = |what: String| unusable(program, &what, FETCH);
    let mut command = quiet_command(program, &SETTINGS);
    command.arg("--version").env("OLLAMA_HOST", NOBODY);
    let output = answer(command, "its version", Duration::from_secs(10))
        .await
        .map_err(fail)?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    of_output(&text).ok_or_else(|| {
        let first = text.lines().next().unwrap_or("nothing");
        fail(format!("says no version but: {}", one_line(first, 200)))
    })
}

pub(super) fn of_output(text: &str) -> Option<String> {
    let after = |mark: &&str| text.split_once(*mark).map(|(_, after)| after);
    let version = BEFORE.iter().find_map(after)?.lines().next()?.trim();
    (!version.is_empty()).then(|| one_line(&format!("ollama {version}"), 120))
}
