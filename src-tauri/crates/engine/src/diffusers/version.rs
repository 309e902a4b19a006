//! Which libraries a Python has.

use crate::error::EngineError;
use crate::program::{answer, unusable};
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;

/// Asks for the packages' own versions; none of them is loaded for that, which would take seconds.
const ASK: &str = "import importlib.metadata as m; \
    print('diffusers', m.version('diffusers'), '· torch', m.version('torch'))";

/// Such as `diffusers 0.42.1 · torch 2.13.0`.
pub(super) async fn version(python: &Path) -> Result<String, EngineError> {
    let fail = |what: String| unusable(python, &what, super::FETCH);
    let mut command = quiet_command(python, &super::SETTINGS);
    command.args(["-B", "-c", ASK]);
    let output = answer(command, "its packages", Duration::from_secs(20))
        .await
        .map_err(fail)?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() && text.starts_with("diffusers ") {
        true => Ok(text),
        false => {
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = printed.lines().last().unwrap_or("it printed nothing");
            Err(fail(format!("does not have them: {last}")))
        }
    }
}
