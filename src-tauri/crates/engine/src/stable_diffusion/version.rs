//! What sd-server's program says about itself.

use crate::error::EngineError;
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;
use wattsmith_domain::FailureCause;

/// Its own version line, such as `stable-diffusion.cpp version unknown, commit unknown`: builds outside
/// its repository do not know better.
pub(super) async fn version(program: &Path) -> Result<String, EngineError> {
    let fail = |what: String| {
        EngineError::failed(
            FailureCause::EngineNotFound,
            format!(
                "{} {what}. Build sd-server of stable-diffusion.cpp and name it in \
                 WATTSMITH_SD_SERVER.",
                program.display()
            ),
        )
    };
    let mut command = quiet_command(program, &super::SETTINGS);
    command.arg("--version").kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(10), command.output())
        .await
        .map_err(|_| fail("did not tell its version within 10 s".into()))?
        .map_err(|error| fail(format!("cannot be started: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .map(str::trim)
        .find(|line| line.contains("version"))
        .map(str::to_owned)
        .ok_or_else(|| fail("says no version".into()))
}
