//! Holds the meter against the GPU of this machine and writes a page about it. Called by
//! `scripts/validate-gpu`, which see.

mod validation;

use std::path::PathBuf;
use std::process::ExitCode;
use validation::Options;

fn main() -> ExitCode {
    let result = arguments().and_then(|(options, out)| {
        let page = validation::validate(&options)?;
        match out {
            Some(file) => std::fs::write(&file, page)
                .map_err(|error| format!("{} cannot be written: {error}", file.display()))?,
            None => print!("{page}"),
        }
        Ok(())
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("validate-gpu: {why}");
            ExitCode::FAILURE
        }
    }
}

/// `--out FILE --load COMMAND --seconds N --nvml FILE --nvidia-smi FILE --about TEXT`, all optional.
fn arguments() -> Result<(Options, Option<PathBuf>), String> {
    let mut options = Options::default();
    let mut out = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("{word} needs a value"))?;
        match word.as_str() {
            "--out" => out = Some(value.into()),
            "--load" => options.load = Some(value),
            "--seconds" => {
                options.seconds = value
                    .parse()
                    .ok()
                    .filter(|seconds| (1.0..=600.0).contains(seconds))
                    .ok_or("--seconds wants a number from 1 to 600")?;
            }
            "--nvml" => options.library = Some(value.into()),
            "--nvidia-smi" => options.nvidia_smi = value.into(),
            "--about" => options.about = value,
            _ => return Err(format!("{word} is not known")),
        }
    }
    Ok((options, out))
}
