//! `servers`: what can be started here, what runs already, and how fast one of these is.

use crate::Stop;
use crate::args::ServersArgs;
use crate::progress::{Ended, last};
use crate::terminal::Terminal;
use serde_json::json;
use std::sync::Arc;
use wattsmith_tuner::{Found, Place, Timed, Tuner};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: &ServersArgs) -> Result<(), Stop> {
    if let Some(address) = &args.time {
        return time(tuner, address, args).await;
    }
    let known = tuner.known_servers();
    let running = tuner.running_servers().await;
    if args.json {
        let known: Vec<_> = known
            .iter()
            .map(|one| {
                json!({
                    "name": one.name,
                    "pictures": one.pictures,
                    "program": one.program.as_ref().ok(),
                    "missing": one.program.as_ref().err(),
                })
            })
            .collect();
        let running: Vec<_> = running
            .iter()
            .map(|one| {
                json!({
                    "url": one.url,
                    "version": one.version,
                    "model": one.model,
                    "place": words(&one.place),
                    "here": matches!(one.place, Place::Here { .. }),
                })
            })
            .collect();
        last(
            json!({ "known": known, "running": running }),
            Ended::Complete,
        );
        return Ok(());
    }
    if running.is_empty() {
        say!("No server runs on the usual ports of this machine.");
    } else {
        say!("Running already; measure what you run with `wattsmith-cli tune --attach URL`:");
        for Found {
            url,
            version,
            model,
            place,
        } in &running
        {
            say!("  {url}  {version}, serves {model}; {}", words(place));
        }
    }
    say!();
    say!("To be started with `--engine NAME`:");
    for one in &known {
        let work = if one.pictures { "pictures" } else { "tokens" };
        match &one.program {
            Ok(program) => say!("  {:<18} {work:<9} {program}", one.name),
            Err(missing) => say!("  {:<18} {work:<9} not here: {missing}", one.name),
        }
    }
    say!();
    say!("Any other: `--engine FILE` with a file that describes it (docs/engines.md).");
    Ok(())
}

async fn time(tuner: &Arc<Tuner>, address: &str, args: &ServersArgs) -> Result<(), Stop> {
    let terminal = Terminal::watch()?;
    let timed = tuner
        .time_running(
            address,
            &args.workload,
            args.size.size(),
            terminal.interrupted(),
        )
        .await
        .map_err(Stop::of_words)?;
    let Timed {
        version,
        model,
        place,
        workload,
        output_tokens,
        performance,
    } = &timed;
    if args.json {
        let figures = json!({
            "url": address,
            "version": version,
            "model": model,
            "place": words(place),
            "workload": workload.name,
            "output_tokens": output_tokens,
            "tokens_per_second": performance.tokens_per_second,
            "time_to_first_token_s": {
                "p50": performance.time_to_first_token_s.p50,
                "p95": performance.time_to_first_token_s.p95,
            },
            "joules_per_token": null,
            "joules_missing": MISSING,
        });
        last(figures, Ended::Complete);
        return Ok(());
    }
    say!("{version} with {model}; {}", words(place));
    say!(
        "{output_tokens} tokens of {} at {:.1} tokens/s; first token after {:.2} s (95 % within {:.2} s)",
        workload.name,
        performance.tokens_per_second,
        performance.time_to_first_token_s.p50,
        performance.time_to_first_token_s.p95
    );
    say!("Joules per token: unavailable. {MISSING}");
    Ok(())
}

const MISSING: &str = "Only times and tokens were asked for; nothing was measured.";

fn words(place: &Place) -> String {
    match place {
        Place::Here { pid, program } => format!("here: {program}, pid {pid}"),
        Place::Elsewhere { host } => format!("on {host}"),
        Place::NotKnown { why } => format!("where is not known: {why}"),
    }
}
