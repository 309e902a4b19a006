//! `wattsmith-cli`: the loop without a window, for scripts, CI and machines without a display.
//!
//! Thin over the tuner: `args` says what can be asked, one module per command does it, `progress`
//! shows what runs. Exit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted.

/// A line for the person on standard output. Once nobody reads it any more, the work goes on: the
/// figures are in the store, and a panic in its middle would leave an engine behind.
macro_rules! say {
    () => { say!("") };
    ($($words:tt)*) => {
        $crate::terminal::write(&mut std::io::stdout(), &format!("{}\n", format_args!($($words)*)))
    };
}

mod args;
mod connection;
mod doctor;
mod landscape;
mod last_words;
mod ledger;
mod listing;
mod meters;
mod progress;
mod say;
mod study;
mod terminal;
mod told;
mod trial;
mod tune;

use args::{Cli, Command};
use clap::Parser as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use wattsmith_tuner::{Tuner, TunerError, TunerOptions};

/// Why a command ended early.
pub(crate) enum Stop {
    /// Wrong words on the command line.
    Usage(String),
    /// Something failed.
    Failed(String),
    /// Ctrl-C or TERM.
    Interrupted,
}

impl From<TunerError> for Stop {
    fn from(error: TunerError) -> Self {
        match error {
            TunerError::Cancelled => Self::Interrupted,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl Stop {
    /// For use cases whose input are the words of the command line.
    pub(crate) fn of_words(error: TunerError) -> Self {
        match error {
            TunerError::Invalid(text) => Self::Usage(text),
            other => other.into(),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("WATTSMITH_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Usage(text)) => complain(&text, 2),
        Err(Stop::Failed(text)) => complain(&text, 1),
        Err(Stop::Interrupted) => complain("interrupted; the engine has been ended", 130),
    }
}

fn complain(text: &str, code: u8) -> ExitCode {
    terminal::write(&mut std::io::stderr(), &format!("wattsmith-cli: {text}\n"));
    ExitCode::from(code)
}

async fn run(cli: Cli) -> Result<(), Stop> {
    let tuner = Tuner::open(TunerOptions {
        data_dir: cli.data_dir,
        fresh_probe: matches!(&cli.command, Command::Doctor(args) if args.fresh),
        ..TunerOptions::default()
    })
    .await?;
    let done = match cli.command {
        Command::Doctor(args) => doctor::run(&tuner, &args).await,
        Command::Trial(args) => trial::run(&tuner, args).await,
        Command::Tune(args) => tune::run(&tuner, *args).await,
        Command::Landscape(command) => landscape::run(&tuner, command).await,
        Command::Say(args) => say::run(&tuner, args).await,
        Command::Sessions(args) => match args.of {
            Some(args::OfSession::Ledger { session, out }) => {
                ledger::write(&tuner, &session, out.as_deref()).await
            }
            None => listing::sessions(&tuner, &args.listed).await,
        },
        Command::Study(args) => study::run(&tuner, *args).await,
        Command::Models(args) => listing::models(&tuner, &args).await,
        Command::Meters(command) => meters::run(&tuner, command).await,
        Command::Report(args) => listing::report(&tuner, args).await,
    };
    tuner.shut_down().await;
    done
}
