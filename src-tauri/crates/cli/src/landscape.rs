//! `landscape record` and `landscape show`.

use crate::Stop;
use crate::args::{LandscapeCommand, RecordArgs, ShowArgs};
use crate::progress::{Ended, Progress, last};
use crate::terminal::{Terminal, write};
use std::sync::Arc;
use wattsmith_tuner::domain::Constraints;
use wattsmith_tuner::search::{Landscape, Summary};
use wattsmith_tuner::{LandscapePlan, Tuner, read_landscape, words};

pub(crate) async fn run(tuner: &Arc<Tuner>, command: LandscapeCommand) -> Result<(), Stop> {
    match command {
        LandscapeCommand::Record(args) => record(tuner, *args).await,
        LandscapeCommand::Show(args) => show(&args),
    }
}

async fn record(tuner: &Arc<Tuner>, args: RecordArgs) -> Result<(), Stop> {
    let terminal = Terminal::watch()?;
    let json = args.json;
    let recording = tuner
        .plan_landscape(plan(args))
        .await
        .map_err(Stop::of_words)?;
    let (done, all) = recording.progress();
    if !json {
        let configurations = recording.landscape().entries.len();
        say!("{configurations} configurations, about {all} windows, {done} of them done.");
    }
    let session = recording.session().clone();
    let partial = recording.partial();
    let progress = Progress::show(tuner, &session, json);
    let work = tuner.record_landscape(recording);
    let finished = terminal.interruptible(tuner, &session, work).await;
    drop(progress);
    if matches!(finished, Err(Stop::Interrupted)) && !json {
        let hint = format!(
            "\nWhat is done is kept in {}; the same command goes on from there.\n",
            partial.display()
        );
        write(&mut std::io::stderr(), &hint);
    }
    let landscape = finished??;
    tell(&landscape, &landscape.constraints, json)
}

fn plan(args: RecordArgs) -> LandscapePlan {
    LandscapePlan {
        work: args.swept.work(&args.limits, args.seed),
        points: args.points,
        passes: args.passes,
        top: args.top,
        fresh: args.fresh,
        sweep_from: args.sweep_from,
        out: args.out,
    }
}

fn show(args: &ShowArgs) -> Result<(), Stop> {
    let landscape = read_landscape(&args.file)?;
    let constraints = args.limits.over(landscape.constraints);
    tell(&landscape, &constraints, args.json)
}

fn tell(landscape: &Landscape, constraints: &Constraints, json: bool) -> Result<(), Stop> {
    let summary = landscape.summary(constraints).ok_or_else(|| {
        Stop::Failed(
            "no configuration that works keeps the limits, or the default fails".to_owned(),
        )
    })?;
    if json {
        last(
            serde_json::json!({
                "event": "landscape",
                "name": landscape.name,
                "synthetic": landscape.synthetic,
                "source": landscape.source,
                "measured": landscape.measured,
                "scope": landscape.scope,
                "recorded_at": landscape.recorded_at,
                "engine": landscape.engine,
                "model": landscape.model,
                "workload": landscape.workload,
                "machine": landscape.machine.cpu,
                "noise": landscape.noise,
                "constraints": constraints,
                "summary": summary,
            }),
            Ended::Complete,
        );
    } else {
        as_text(landscape, constraints, &summary);
    }
    Ok(())
}

fn as_text(landscape: &Landscape, constraints: &Constraints, summary: &Summary) {
    let work = landscape.workload.unit;
    let unit = work.noun();
    let kind = match (landscape.synthetic, landscape.measured) {
        (true, _) => "INVENTED for tests",
        (false, true) => "measured",
        (false, false) => "ESTIMATED",
    };
    say!("{} ({kind}, {})", landscape.name, landscape.source);
    say!(
        "  {} · {} · {} cores · recorded {} by Wattsmith {}",
        landscape.engine.version,
        landscape.machine.cpu,
        landscape.machine.physical_cores,
        landscape.recorded_at.get(..10).unwrap_or_default(),
        landscape.recorded_by,
    );
    say!(
        "  {} configurations ({} failed, {} keep the limits), {} windows used, {} not",
        summary.configurations,
        summary.failed,
        summary.eligible,
        summary.windows,
        summary.spoiled,
    );
    say!(
        "  noise of one window: {:.1} %; drift of the machine meanwhile: {:.0} %, taken out",
        landscape.noise.log_sd * 100.0,
        summary.drift_percent,
    );
    if let Some(most) = constraints.max_time_to_first_token_s {
        say!("  limit: {} within {most} s (95 %)", work.awaited());
    }
    if let Some(least) = constraints.min_tokens_per_second {
        say!("  limit: at least {least} {}", work.rate());
    }
    say!(
        "  default: {} J/{unit}, place {} of {}{}",
        words::figure(summary.default_joules_per_unit),
        summary.default_rank,
        summary.configurations - summary.failed,
        if summary.default_keeps {
            ""
        } else {
            ", breaks a limit"
        },
    );
    say!(
        "  best: {} J/{unit}, {:.1} % below the default: {}",
        words::figure(summary.best_joules_per_unit),
        summary.attainable_percent,
        summary.best,
    );
    say!(
        "  within 5 % of the best: {} ({:.1} % of what can be tried){}",
        summary.good,
        summary.good_share * 100.0,
        if summary.is_hard {
            ""
        } else {
            "; good settings are easy to find here"
        },
    );
}
