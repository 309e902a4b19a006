//! `wattsmith-gpu-control`: sets an NVIDIA board's power limit or clock, as root. See the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words = std::env::args_os().skip(1);
    // What is no Unicode is no verb.
    let words: Vec<String> = words
        .map(|word| word.into_string().unwrap_or_default())
        .collect();
    let code =
        wattsmith_gpu_control::run(&words, &mut std::io::stdin().lock(), &mut std::io::stdout());
    ExitCode::from(code)
}
