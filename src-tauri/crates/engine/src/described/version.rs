//! What a described server says of its version.

use super::file::Description;
use crate::error::EngineError;
use crate::program::{answer, unusable};
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;
use wattsmith_domain::one_line;

/// Python servers import half a minute's worth of packages before they answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The first line that holds a digit.
pub(super) async fn version(about: &Description, program: &Path) -> Result<String, EngineError> {
    let fail = |what: String| unusable(program, &what, &about.fetch);
    let settings: Vec<&str> = about.settings.iter().map(String::as_str).collect();
    let mut command = quiet_command(program, &settings);
    command.args(&about.version);
    let output = answer(command, "its version", PATIENCE)
        .await
        .map_err(fail)?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text
        .lines()
        .find(|line| line.contains(|c: char| c.is_ascii_digit()));
    match line {
        Some(line) if output.status.success() => Ok(one_line(line, 120)),
        _ => {
            let first = text.lines().next().unwrap_or("nothing");
            Err(fail(format!(
                "says no version but: {}",
                one_line(first, 200)
            )))
        }
    }
}
