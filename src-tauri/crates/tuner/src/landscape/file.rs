//! Landscapes as files. Written whole under another name and moved into place, so that a file is
//! never half of one.

use super::Recording;
use crate::error::TunerError;
use std::path::{Path, PathBuf};
use wattsmith_domain::OwnWork;
use wattsmith_search::{Landscape, Noise};

/// Reads a landscape and checks it.
///
/// # Errors
/// The file cannot be read, is no landscape, or cannot be studied: every reason.
pub fn read_landscape(path: &Path) -> Result<Landscape, TunerError> {
    usable(read(path)?, &path.display().to_string())
}

fn read(path: &Path) -> Result<Landscape, TunerError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| TunerError::io(format!("cannot read {}", path.display()), source))?;
    parse(&text, &path.display().to_string())
}

/// The landscape in the text of the file `name`.
pub(super) fn parse(text: &str, name: &str) -> Result<Landscape, TunerError> {
    serde_json::from_str(text)
        .map_err(|error| TunerError::Invalid(format!("{name} is no landscape: {error}.")))
}

/// The landscape, where it can be studied.
pub(super) fn usable(landscape: Landscape, name: &str) -> Result<Landscape, TunerError> {
    landscape.validate().map_err(|flaws| {
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        TunerError::Invalid(format!("{name} cannot be used: {}.", flaws.join("; ")))
    })?;
    Ok(landscape)
}

/// Where the state of a recording lies until it is done.
pub(crate) fn partial_path(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    out.with_file_name(name)
}

/// What was begun, where something was.
pub(super) fn read_partial(path: &Path) -> Result<Option<Landscape>, TunerError> {
    if !path.exists() {
        return Ok(None);
    }
    read(path).map(Some)
}

fn write(path: &Path, landscape: &Landscape) -> Result<(), TunerError> {
    let fail = |source| TunerError::io(format!("cannot write {}", path.display()), source);
    let mut landscape = landscape.clone();
    // Where things lie on this machine is nobody's business.
    let own = landscape.workload.own.as_ref();
    landscape.workload.own = own.map(OwnWork::without_folder);
    let text = serde_json::to_string(&landscape)
        .map_err(|error| TunerError::Invalid(format!("cannot write a landscape: {error}")))?;
    // One window a line: small enough to read, and a change shows where it is.
    let text = text.replace("},{", "},\n{");
    wattsmith_files::write(path, (text + "\n").as_bytes()).map_err(fail)
}

impl Recording {
    /// Writes down what is done so far.
    pub(super) fn save(&self) -> Result<(), TunerError> {
        write(&self.partial(), &self.landscape)
    }

    /// Puts the finished landscape in its place and removes the state.
    pub(crate) fn finish(mut self) -> Result<Landscape, TunerError> {
        let pooled = self.landscape.pooled().ok_or_else(|| {
            TunerError::Invalid(
                "No configuration gave two usable windows, so its noise is unknown and nothing can \
                 be replayed. Record more passes, on a machine where nothing else runs."
                    .to_owned(),
            )
        })?;
        self.landscape.noise = Noise {
            log_sd: pooled.sd,
            df: pooled.df,
        };
        self.landscape.validate().map_err(|flaws| {
            let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            TunerError::Invalid(format!(
                "What was recorded cannot be used: {}. It is kept in {}.",
                flaws.join("; "),
                self.partial().display()
            ))
        })?;
        write(&self.out, &self.landscape)?;
        // The landscape is whole; a state left behind would only be taken up in vain.
        let _ = std::fs::remove_file(self.partial());
        Ok(self.landscape)
    }
}
