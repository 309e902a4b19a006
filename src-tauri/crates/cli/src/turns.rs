//! `turns`: two settings held against each other while both are loaded.

use crate::Stop;
use crate::args::TurnsArgs;
use crate::progress::{Ended, Progress, last};
use crate::terminal::Terminal;
use serde_json::json;
use std::sync::Arc;
use wattsmith_tuner::domain::Interval;
use wattsmith_tuner::stats::{Loaded, said};
use wattsmith_tuner::{TookTurns, Tuner, TurnsWish, turns_job, words};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: TurnsArgs) -> Result<(), Stop> {
    let terminal = Terminal::watch()?;
    let json = args.json;
    let wish = TurnsWish {
        changes: args.changes(),
        size: args.size(),
        engine: args.engine,
        model: args.model,
        launches: args.launches,
        fours: args.fours,
    };
    let session = turns_job();
    let progress = Progress::show(tuner, &session, json);
    let work = tuner.take_turns(wish);
    let finished = terminal.interruptible(tuner, &session, work).await;
    drop(progress);
    let took = finished?.map_err(Stop::of_words)?;
    match json {
        true => last(as_json(&took), Ended::Complete),
        false => crate::terminal::out(&text(&took)),
    }
    Ok(())
}

fn as_json(took: &TookTurns) -> serde_json::Value {
    let loaded = |one: &Loaded| json!({ "ratio": one.log_ratio.exp(), "error": one.error, "alike": one.is_alike() });
    json!({
        "event": "turns",
        "estimated": !took.measured,
        "source": took.source,
        "ratio_by_turns": took.by_turns,
        "ratio_by_windows": took.by_windows,
        "corrected": took.corrected,
        "loaded": took.loaded.each_ref().map(loaded),
        "joules_per_unit_alone": took.alone,
        "passes_in_a_slice": took.passes,
        "seconds": took.seconds,
    })
}

fn text(took: &TookTurns) -> String {
    let ratio = |one: &Interval| {
        format!(
            "{} than the default (ratio {:.3}, 95 %: {:.3} to {:.3}, {} launches)",
            said::less_or_more(one.mean),
            one.mean,
            one.low,
            one.high,
            one.n
        )
    };
    let [own, default] = took
        .loaded
        .each_ref()
        .map(|one| format!("{:+.1} %", 100.0 * (one.log_ratio.exp() - 1.0)));
    let by_windows = took.by_windows.as_ref().map_or("nothing".to_owned(), ratio);
    let [turns_s, windows_s] = took.seconds.map(|seconds| words::span(seconds.0));
    let corrected = match took.corrected {
        true => "the ratio by turns is corrected by that, with its error",
        false => "certainly below 1 %, so that nothing is corrected",
    };
    format!(
        "By turns ({turns_s}): {}\nBy windows ({windows_s}): {by_windows}\nAlone: {} and {} J per unit ({}{})\n\
         With the other engine loaded each costs {own} and {default} more: {corrected}.\n",
        ratio(&took.by_turns),
        words::figure(took.alone[0]),
        words::figure(took.alone[1]),
        took.source,
        if took.measured { "" } else { ", ESTIMATED" },
    )
}
