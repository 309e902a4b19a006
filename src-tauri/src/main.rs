//! The app's binary.

use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(log_filter())
        .with_writer(std::io::stderr)
        .init();
    let display = ["DISPLAY", "WAYLAND_DISPLAY"];
    if cfg!(target_os = "linux") && display.iter().all(|name| std::env::var_os(name).is_none()) {
        eprintln!(
            "wattsmith: there is no display to open a window on. Use wattsmith-cli, which does the \
             same without a window, or set DISPLAY."
        );
        return ExitCode::FAILURE;
    }
    wattsmith_app::prefer_plain_buffers();
    wattsmith_tuner::keep_to_owner();
    match wattsmith_app::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wattsmith: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is logged: by the environment variable `WATTSMITH_LOG`, and never what could hold a secret.
fn log_filter() -> EnvFilter {
    let asked = EnvFilter::try_from_env("WATTSMITH_LOG").unwrap_or_else(|_| "warn".into());
    wattsmith_tuner::TALKATIVE
        .iter()
        .filter_map(|library| format!("{library}=off").parse().ok())
        .fold(asked, EnvFilter::add_directive)
}
