//! `wattsmith-cli`: the loop without a window, for scripts, CI and machines without a display.
//!
//! Thin over the tuner: `args` says what can be asked, one module per command does it, `progress`
//! shows what runs. Exit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `args`, `args/` | the words of the command line, and those that would change nothing |
//! | `tune`, `trial`, `study`, `landscape`, `say` | what measures or asks |
//! | `doctor`, `noise`, `meters`, `servers`, `listing`, `ledger` | what looks, lists and writes |
//! | `fetch` | models from the network |
//! | `progress`, `told`, `last_words`, `terminal` | what is shown while it runs and at the end |
//! | `connection` | how a chat LLM is reached, and its key from the environment |
//!
//! # Stopping
//!
//! Ctrl-C, TERM and a closed terminal cancel the session's job and wait until it has returned, so that no
//! engine is left; with `--json` the last object says `interrupted`.

/// A line for the person on standard output.
macro_rules! say {
    () => { say!("") };
    ($($words:tt)*) => {
        $crate::terminal::out(&format!("{}\n", format_args!($($words)*)))
    };
}

mod args;
mod connection;
mod doctor;
mod fetch;
mod landscape;
mod last_words;
mod ledger;
mod listing;
mod meters;
mod noise;
mod progress;
mod say;
mod servers;
mod settings;
mod study;
mod terminal;
mod told;
mod trial;
mod tune;
mod turns;
mod undo;
mod work;

use args::{Cli, Command, MetersCommand, OfModels, OfSession};
use clap::{CommandFactory as _, FromArgMatches as _};
use progress::Ended;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use wattsmith_tuner::domain::{masked, plain};
use wattsmith_tuner::{Access, ModelFolders, TALKATIVE, Tuner, TunerError, TunerOptions};

/// Why a command ended early.
pub(crate) enum Stop {
    /// Wrong words on the command line.
    Usage(String),
    /// Something failed.
    Failed(String),
    /// Something failed that has a name for programs.
    Fault {
        /// The name, such as `model-not-found` or `busy`.
        cause: String,
        /// What, where and what to do.
        text: String,
    },
    /// Ctrl-C or TERM.
    Interrupted,
}

impl From<TunerError> for Stop {
    fn from(error: TunerError) -> Self {
        match error {
            TunerError::Cancelled => Self::Interrupted,
            other => Self::Fault {
                cause: other.name(),
                text: other.to_string(),
            },
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

    /// The same with another sentence behind it.
    pub(crate) fn and(self, more: &str) -> Self {
        match self {
            Self::Failed(text) => Self::Failed(format!("{text} {more}")),
            Self::Fault { cause, text } => Self::Fault {
                cause,
                text: format!("{text} {more}"),
            },
            other => other,
        }
    }

    /// Kind, cause for programs, text and exit code.
    fn parts(self) -> (Ended, Option<String>, String, u8) {
        match self {
            Self::Usage(text) => (Ended::Usage, None, text, 2),
            Self::Failed(text) => (Ended::Failed, None, text, 1),
            Self::Fault { cause, text } => (Ended::Failed, Some(cause), text, 1),
            Self::Interrupted => {
                let text = "interrupted; the engine has been ended".to_owned();
                (Ended::Interrupted, None, text, 130)
            }
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    wattsmith_tuner::keep_to_owner();
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return not_understood(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    tracing_subscriber::fmt()
        .with_env_filter(log_filter())
        .with_writer(std::io::stderr)
        .init();
    let json = args::wants_json(&matches);
    let done = match args::without_effect(&cli, &matches) {
        Some(text) => Err(Stop::Usage(text)),
        None => run(cli).await,
    };
    let code = match done {
        Ok(()) => 0,
        Err(stop) => {
            let (ended, cause, text, code) = stop.parts();
            complain(&text, json, ended, cause, code)
        }
    };
    let broken = terminal::broken();
    match broken.filter(|_| code == 0) {
        Some(error) => {
            let text = format!(
                "standard output could not be written ({error}). What was measured is stored"
            );
            ExitCode::from(complain(&text, false, Ended::Failed, None, 1))
        }
        None => ExitCode::from(code),
    }
}

/// What is logged: by the environment variable `WATTSMITH_LOG`, and never what could hold a secret.
fn log_filter() -> EnvFilter {
    let asked = EnvFilter::try_from_env("WATTSMITH_LOG").unwrap_or_else(|_| "warn".into());
    TALKATIVE
        .iter()
        .filter_map(|library| format!("{library}=off").parse().ok())
        .fold(asked, EnvFilter::add_directive)
}

/// What clap has to say of words that are none of ours, or help that was asked for.
fn not_understood(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let code = error.exit_code();
    if code != 0 && std::env::args().any(|word| word == "--json") {
        let text = error.kind().to_string();
        progress::last_of_failure(Ended::Usage, None, &text, 2);
    }
    ExitCode::from(u8::try_from(code).unwrap_or(2))
}

/// Says why it ended, to the person, and to a program that asked for JSON. Addresses that somebody typed
/// may hold a password.
fn complain(text: &str, json: bool, ended: Ended, cause: Option<String>, code: u8) -> u8 {
    let text = masked(&plain(text));
    terminal::write(&mut std::io::stderr(), &format!("wattsmith-cli: {text}\n"));
    if json {
        progress::last_of_failure(ended, cause.as_deref(), &text, code);
    }
    code
}

/// What a command needs of the core: one that only reads takes no lock, writes nothing and marks nothing.
fn access(command: &Command) -> Access {
    match command {
        Command::Sessions(args) if matches!(args.of, Some(OfSession::Import { .. })) => {
            Access::Full
        }
        Command::Sessions(_) | Command::Report(_) => Access::Records,
        // A file of their own: neither sensors nor the database are needed.
        Command::Settings(_) => Access::Records,
        Command::Landscape(args::LandscapeCommand::Show(_)) => Access::Records,
        Command::Models(args) if args.of.is_some() => Access::Full,
        // Looking anew is meant to be kept.
        Command::Doctor(args) if args.fresh || args.noise => Access::Full,
        Command::Doctor(_) | Command::Models(_) | Command::Servers(_) | Command::Work(_) => {
            Access::Look
        }
        Command::Meters(MetersCommand::List(_) | MetersCommand::Test(_)) => Access::Look,
        Command::Meters(MetersCommand::Reader(args)) if args.reader.is_none() => Access::Look,
        Command::Meters(_)
        | Command::Landscape(_)
        | Command::Trial(_)
        | Command::Tune(_)
        | Command::Turns(_)
        | Command::Undo(_)
        | Command::Say(_)
        | Command::Study(_) => Access::Full,
    }
}

async fn run(cli: Cli) -> Result<(), Stop> {
    let tuner = Tuner::open(TunerOptions {
        data_dir: cli.data_dir,
        lock_file: cli.lock,
        access: access(&cli.command),
        model_folders: Some(ModelFolders::of_environment().and_named(cli.models_folders)),
        fresh_probe: matches!(&cli.command, Command::Doctor(args) if args.fresh),
        ..TunerOptions::default()
    })
    .await?;
    let done = match cli.command {
        Command::Doctor(args) if args.noise => noise::run(&tuner, args).await,
        Command::Doctor(args) => doctor::run(&tuner, &args).await,
        Command::Trial(args) => trial::run(&tuner, args).await,
        Command::Tune(args) => tune::run(&tuner, *args).await,
        Command::Undo(args) => undo::run(&tuner, args).await,
        Command::Turns(args) => turns::run(&tuner, args).await,
        Command::Landscape(command) => landscape::run(&tuner, command).await,
        Command::Say(args) => say::run(&tuner, args).await,
        Command::Sessions(args) => match args.of {
            Some(OfSession::Ledger { session, out }) => {
                ledger::write(&tuner, &session, out.as_deref()).await
            }
            Some(OfSession::Export { session, out, json }) => {
                listing::export_session(&tuner, &session, &out, json).await
            }
            Some(OfSession::Import {
                file,
                example,
                json,
            }) => listing::import_session(&tuner, &file, example, json).await,
            Some(OfSession::Backup { file, json }) => listing::back_up(&tuner, &file, json).await,
            Some(OfSession::Forecasts(args)) => listing::forecasts(&tuner, &args).await,
            None => listing::sessions(&tuner, &args.listed).await,
        },
        Command::Study(args) => study::run(&tuner, *args).await,
        Command::Work(args) => work::run(&tuner, &args).await,
        Command::Models(args) => match args.of {
            Some(OfModels::Fetch(wish)) => fetch::run(&tuner, wish).await,
            None => listing::models(&tuner, &args.listed).await,
        },
        Command::Servers(args) => servers::run(&tuner, &args).await,
        Command::Meters(command) => meters::run(&tuner, command).await,
        Command::Report(args) => listing::report(&tuner, args).await,
        Command::Settings(args) => settings::run(&tuner, args).await,
    };
    let closed = tuner.shut_down().await;
    done.and(closed.map_err(Stop::from))
}
