//! A Python, the packages in it, and the servers of our own that it runs (`python/`).

use crate::catalogue::arguments;
use crate::error::EngineError;
use crate::program::{self, answer, unusable};
use crate::server::{Asked, CommandLine, File};
use crate::supervise::environment::quiet_command;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What our servers have in common; a script imports it.
pub(crate) const SERVED: File = File {
    name: "served.py",
    text: include_str!("python/served.py"),
};
/// How a server's own script is called.
pub(crate) const SCRIPT: &str = "server.py";
/// By which a script takes the key that it asks for.
pub(crate) const API_KEY: &str = "WATTSMITH_SERVER_KEY";

/// Asks for the packages' own versions; none of them is loaded for that, which would take seconds.
const ASK: &str = "import importlib.metadata as m, sys; \
    print(' · '.join(f'{one} {m.version(one)}' for one in sys.argv[1:]))";
/// A shebang is one short line; what is longer is no script.
const LONGEST_SHEBANG: u64 = 4096;

/// The Python that `variable` names, else the one at `place` in the folders of assets, else the first of PATH.
///
/// # Errors
/// None is here; `fetch` says what to do.
pub(crate) fn find(
    variable: &'static str,
    place: &str,
    assets: &[PathBuf],
    fetch: &str,
) -> Result<PathBuf, String> {
    let places = program::in_assets(assets, place).chain(program::in_path("python3"));
    program::find(variable, places, || {
        format!("No Python was found. {fetch}.")
    })
}

/// How a script of ours is started: `model` is how it is told its model.
pub(crate) fn command(asked: &Asked<'_>, model: &[&str]) -> CommandLine {
    let mut words = vec![
        asked.program.display().to_string(),
        // Nothing is written beside the script.
        "-B".to_owned(),
        asked.files.join(SCRIPT).display().to_string(),
    ];
    words.extend(model.iter().map(|word| (*word).to_owned()));
    words.extend(["--port".to_owned(), asked.port.to_string()]);
    words.extend(arguments(asked.space, asked.configuration));
    words.extend_from_slice(asked.extra_args);
    CommandLine {
        words,
        variables: vec![(API_KEY.to_owned(), asked.api_key.to_owned())],
        ..CommandLine::default()
    }
}

/// The versions of these packages, such as `diffusers 0.42.1 · torch 2.13.0`.
///
/// # Errors
/// `EngineNotFound` when one of them is not there; `fetch` says what to do.
pub(crate) async fn packages(
    python: &Path,
    names: &[&str],
    settings: &[&str],
    fetch: &str,
) -> Result<String, EngineError> {
    let fail = |what: String| unusable(python, &what, fetch);
    let mut command = quiet_command(python, settings);
    command.args(["-B", "-c", ASK]).args(names);
    let output = answer(command, "its packages", Duration::from_secs(20))
        .await
        .map_err(fail)?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() && names.iter().all(|name| text.contains(name)) {
        true => Ok(text),
        false => {
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = printed.lines().last().unwrap_or("it printed nothing");
            Err(fail(format!("does not have them: {last}")))
        }
    }
}

/// The Python by which a script that pip installed is run; none where it is no such script. Blocks for one
/// line of a file.
pub(crate) fn of_script(script: &Path) -> Option<PathBuf> {
    use std::io::Read as _;
    let file = std::fs::File::open(script).ok()?;
    let mut line = String::new();
    BufReader::new(file.take(LONGEST_SHEBANG))
        .read_line(&mut line)
        .ok()?;
    let named = line.strip_prefix("#!")?.split_whitespace().next()?;
    let path = PathBuf::from(named);
    let name = path.file_name()?.to_str()?;
    name.starts_with("python").then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_python_of_a_script_is_that_of_its_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("vllm");
        for (text, python) in [
            (
                "#!/opt/v/bin/python3.11\nimport sys\n",
                Some("/opt/v/bin/python3.11"),
            ),
            ("#! /opt/v/bin/python -I\n", Some("/opt/v/bin/python")),
            ("#!/bin/sh\nexec python\n", None),
            ("\u{7f}ELF", None),
            ("", None),
        ] {
            std::fs::write(&script, text).unwrap();
            assert_eq!(of_script(&script), python.map(PathBuf::from), "{text}");
        }
    }
}
