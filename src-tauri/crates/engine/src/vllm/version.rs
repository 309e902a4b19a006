//! Which vLLM it is. Its own `--version` imports all of torch first, which takes a quarter of a minute; the
//! Python that runs it knows without.

use crate::error::EngineError;
use crate::program::{answer, unusable};
use crate::python;
use crate::supervise::environment::quiet_command;
use std::path::Path;
use std::time::Duration;
use wattsmith_domain::one_line;

/// Where only the program itself can be asked.
const PATIENCE: Duration = Duration::from_secs(120);

/// Such as `vllm 0.32.0 · torch 2.13.0`.
pub(super) async fn version(program: &Path) -> Result<String, EngineError> {
    let script = program.to_path_buf();
    let found = tokio::task::spawn_blocking(move || python::of_script(&script)).await;
    if let Ok(Some(python)) = found
        && let Ok(text) =
            python::packages(&python, &["vllm", "torch"], &super::SETTINGS, super::FETCH).await
    {
        return Ok(text);
    }
    of_program(program).await
}

async fn of_program(program: &Path) -> Result<String, EngineError> {
    let fail = |what: String| unusable(program, &what, super::FETCH);
    let mut command = quiet_command(program, &super::SETTINGS);
    command.arg("--version");
    let output = answer(command, "its version", PATIENCE)
        .await
        .map_err(fail)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // What it warns of may stand before.
    let line = text
        .lines()
        .rev()
        .find(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    match line {
        Some(line) if output.status.success() => Ok(one_line(&format!("vllm {line}"), 120)),
        _ => {
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = printed.lines().last().unwrap_or("nothing").to_owned();
            Err(fail(format!(
                "says no version but: {}",
                one_line(&last, 200)
            )))
        }
    }
}
