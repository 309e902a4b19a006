//! Options that would change nothing in this call. Whoever gives one believes that it does something, so
//! that it is bad usage, and said before anything is measured.

use super::{Cli, Command, ConnectionArgs, TuneArgs};
use clap::ArgMatches;
use clap::parser::ValueSource;

/// What a new session is made of. One that is stored has all this already.
const OF_A_NEW_SESSION: [&str; 26] = [
    "engine",
    "attach",
    "runs_on",
    "model",
    "draft_model",
    "server_chooses",
    "workload",
    "work_file",
    "arrivals",
    "requests",
    "concurrency",
    "output_tokens",
    "settings",
    "repeats",
    "keep_disturbed",
    "quick",
    "advisor",
    "threshold",
    "parameters",
    "tune_gpu",
    "min_tokens_per_second",
    "max_time_to_first_token",
    "allow_output_changes",
    "no_memory",
    "name",
    "seed",
];

/// How a chat model is reached.
const OF_A_CONNECTION: [&str; 6] = [
    "connection",
    "base_url",
    "agree",
    "price_in",
    "price_out",
    "spending_cap",
];

/// Whether the words ask for JSON.
pub(crate) fn wants_json(matches: &ArgMatches) -> bool {
    let own = matches.try_get_one::<bool>("json").ok().flatten();
    let below = matches.subcommand().is_some_and(|(_, of)| wants_json(of));
    own.copied().unwrap_or(false) || below
}

/// The first option without effect, in a sentence.
pub(crate) fn without_effect(cli: &Cli, matches: &ArgMatches) -> Option<String> {
    let (_, given) = matches.subcommand()?;
    match &cli.command {
        Command::Tune(args) => of_tune(args, given),
        Command::Say(args) => of_connection(&args.reached, given, true),
        Command::Study(args) => of_connection(&args.reached, given, false),
        _ => None,
    }
}

fn of_tune(args: &TuneArgs, given: &ArgMatches) -> Option<String> {
    if args.session.is_some() {
        let ignored = first(given, &OF_A_NEW_SESSION).map(|option| {
            format!(
                "--session goes on with a stored session as it is, so {option} has no effect. Leave it \
                 out, or leave --session out and start a new session"
            )
        });
        return ignored.or_else(|| of_connection(&args.reached, given, true));
    }
    let advisor = args.advisor;
    if !advisor.needs_connection()
        && let Some(option) = first(given, &OF_A_CONNECTION)
    {
        return Some(format!(
            "the advisor {advisor} asks no chat model, so {option} has no effect. Leave it out, or choose \
             enhanced, baseline or guided"
        ));
    }
    if args.no_memory && !advisor.uses_memory() {
        return Some(format!(
            "the advisor {advisor} makes no use of earlier sessions, so --no-memory has no effect. Leave \
             it out"
        ));
    }
    of_connection(&args.reached, given, false)
}

/// `stored` says whether there may be a connection without naming one.
fn of_connection(reached: &ConnectionArgs, given: &ArgMatches, stored: bool) -> Option<String> {
    let of_a_server = |options: &[&str]| first(given, options);
    match reached.connection.as_deref() {
        None => {
            let options: &[&str] = if stored { &["base_url"] } else { &["base_url", "agree"] };
            of_a_server(options).map(|option| {
                format!("{option} belongs to a connection; name it with --connection")
            })
        }
        Some(how) if how == "local" || how == "paste" || how.starts_with("local:") => {
            of_a_server(&["base_url", "agree"]).map(|option| {
                format!(
                    "with --connection {how} no prompt goes to a server, so {option} has no effect. Leave \
                     it out"
                )
            })
        }
        Some(_) => None,
    }
}

/// The first of these that was typed, as it was.
fn first(given: &ArgMatches, options: &[&str]) -> Option<String> {
    let typed = |option: &&&str| {
        given.try_contains_id(option).unwrap_or(false)
            && given.value_source(option) == Some(ValueSource::CommandLine)
    };
    options.iter().find(typed).map(|option| match *option {
        "settings" => "--set".to_owned(),
        "work_file" => "--work".to_owned(),
        other => format!("--{}", other.replace('_', "-")),
    })
}
