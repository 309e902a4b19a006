//! What sd-server's program says about itself.

use crate::error::EngineError;
use crate::program::{answer, unusable};
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;

/// Its own version line, such as `stable-diffusion.cpp version unknown, commit unknown`: builds outside
/// its repository do not know better.
pub(super) async fn version(program: &Path) -> Result<String, EngineError> {
    let fail = |what: String| unusable(program, &what, super::FETCH);
    let mut command = quiet_command(program, &super::SETTINGS);
    command.arg("--version");
    let output = answer(command, "its version", Duration::from_secs(10))
        .await
        .map_err(fail)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .map(str::trim)
        .find(|line| line.contains("version"))
        .map(str::to_owned)
        .ok_or_else(|| fail("says no version".into()))
}
