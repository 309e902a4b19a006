//! `study`: advisors compared on a landscape, or on the engine itself.

use crate::Stop;
use crate::args::StudyArgs;
use crate::connection::key_from_environment;
use crate::progress::{Ended, Progress, last};
use crate::terminal::{Terminal, write};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wattsmith_tuner::domain::{Connection, Constraints};
use wattsmith_tuner::search::Landscape;
use wattsmith_tuner::{
    LivePlan, SaidWords, StudyPlan, StudyResult, Tuner, asks_a_chat, llm_share, read_landscape,
    read_notes, study_job, words, write_study,
};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: StudyArgs) -> Result<(), Stop> {
    // The folder that was named, and none above it.
    match std::fs::create_dir(&args.out) {
        Err(error) if !args.out.is_dir() => {
            let out = args.out.display();
            return Err(Stop::Failed(format!(
                "cannot make the folder {out}: {error}"
            )));
        }
        _ => {}
    }
    let (out, json) = (args.out.clone(), args.json);
    let mut args = args;
    let shares = args.llm_share.iter().map(|share| llm_share(*share));
    args.advisors.extend(shares);
    let study = compare(tuner, args).await?;
    if shown(json) {
        write(&mut std::io::stderr(), "\r\x1b[2K");
    }
    let files = write_study(&out, &study)?;
    if json {
        // The runs are in the file; a line of them all would be megabytes.
        let mut brief = study;
        brief.runs.clear();
        last(
            serde_json::json!({
                "event": "study",
                "study": brief,
                "json": files.json,
                "csv": files.csv,
                "html": files.html,
            }),
            Ended::Complete,
        );
    } else {
        as_text(&study);
        say!("The page: {}", files.html.display());
    }
    Ok(())
}

/// Runs the study, by whatever LLM the words name; replays what one said where they name none.
async fn compare(tuner: &Arc<Tuner>, args: StudyArgs) -> Result<StudyResult, Stop> {
    let terminal = Terminal::watch()?;
    let asked = args.reached.choice(tuner).await?;
    let connection = asked.and_then(|choice| choice.connection);
    key_from_environment(tuner, connection.as_ref());
    let usual = args.out.join("exchanges.jsonl");
    let exchanges = args.exchanges.clone().unwrap_or(usual);
    let asks = args.advisors.iter().any(|arm| asks_a_chat(arm));
    if asks && connection.is_none() && !exchanges.is_file() {
        return Err(Stop::Usage(
            "seeded, llm-…, enhanced, baseline and guided ask a chat model: name it with \
             --connection, or a recording with --exchanges"
                .to_owned(),
        ));
    }
    match &args.landscape {
        Some(file) => {
            let landscape = match (read_landscape(file)?, args.masked) {
                (landscape, true) => landscape.masked(),
                (landscape, false) => landscape,
            };
            on_landscape(tuner, &terminal, args, landscape, connection, exchanges).await
        }
        None => on_engine(tuner, &terminal, args, connection, exchanges).await,
    }
}

fn plan(args: &StudyArgs, constraints: Constraints) -> Result<StudyPlan, Stop> {
    let memory_from = args.memory_from.iter().map(|file| read_landscape(file));
    Ok(StudyPlan {
        arms: args.advisors.clone(),
        seeds: args.seeds,
        budget: args.budget,
        repeats: args.repeats,
        below_percent: args.below,
        constraints,
        memory_from: memory_from.collect::<Result<_, _>>()?,
        notes: args
            .notes
            .as_deref()
            .map(read_notes)
            .transpose()?
            .unwrap_or_default(),
    })
}

async fn on_landscape(
    tuner: &Arc<Tuner>,
    terminal: &Terminal,
    args: StudyArgs,
    landscape: Landscape,
    connection: Option<Connection>,
    exchanges: PathBuf,
) -> Result<StudyResult, Stop> {
    if args.swept.is_said() {
        return Err(Stop::Usage(
            "a landscape says by itself what was measured: leave --model, --workload and the like \
             out, or measure with --live in place of --landscape"
                .to_owned(),
        ));
    }
    let plan = plan(&args, args.limits.over(landscape.constraints))?;
    let (cancel, told) = (terminal.interrupted(), progress(args.json));
    if args.complete_recording {
        let completed = tuner.complete_recording(&landscape, &plan, &exchanges, cancel, told);
        let (study, known) = completed.await.map_err(Stop::of_words)?;
        if !args.json {
            say!("{known} exchanges of {} are complete.", exchanges.display());
        }
        return Ok(study);
    }
    let study = tuner
        .compare(landscape, plan, connection, &exchanges, cancel, told)
        .await
        .map_err(Stop::of_words);
    if matches!(study, Err(Stop::Interrupted)) && exchanges.is_file() && !args.json {
        hint("What was said", &exchanges);
    }
    study
}

async fn on_engine(
    tuner: &Arc<Tuner>,
    terminal: &Terminal,
    args: StudyArgs,
    connection: Option<Connection>,
    exchanges: PathBuf,
) -> Result<StudyResult, Stop> {
    let json = args.json;
    let landscape = args.out.join("landscape.json");
    let constraints = args.limits.constraints();
    let study = plan(&args, constraints)?;
    let work = args.swept.work(&args.limits, 1);
    let live = LivePlan {
        study: StudyPlan {
            constraints: work.constraints,
            ..study
        },
        work,
        fresh: args.fresh,
        connection,
        exchanges,
        landscape,
    };
    if !json && !live.landscape.exists() {
        say!("At most {} windows.", live.most_windows());
    }
    let progress = Progress::show(tuner, &study_job(), json);
    let work = tuner.study_live(live);
    let study = terminal.interruptible(tuner, &study_job(), work).await;
    drop(progress);
    if matches!(study, Err(Stop::Interrupted)) && !json {
        hint("What is done", &args.out);
    }
    study?.map_err(Stop::of_words)
}

/// Where an interrupted study lies.
fn hint(what: &str, place: &Path) {
    let hint = format!(
        "\n{what} is kept in {}; the same command goes on from there.\n",
        place.display()
    );
    write(&mut std::io::stderr(), &hint);
}

fn shown(json: bool) -> bool {
    !json && std::io::stderr().is_terminal()
}

/// Shows how many runs are done.
fn progress(json: bool) -> impl FnMut(u64, u64) {
    let shown = shown(json);
    move |done, all| {
        if shown {
            write(
                &mut std::io::stderr(),
                &format!("\r\x1b[2K  {done} of {all} trials"),
            );
        }
    }
}

fn as_text(study: &StudyResult) {
    let live = if study.live { "live, " } else { "" };
    say!(
        "{}: {live}{} configurations, {} within 5 % of the best, default at place {}",
        study.landscape,
        study.summary.configurations,
        study.summary.good,
        study.summary.default_rank,
    );
    say!(
        "{} seeds, {} trials after the default. To within 5 %: median · mean (runs that got there).",
        study.seeds,
        study.budget
    );
    if let Some(llm) = &study.llm {
        say!("Arms that ask: {llm}");
    }
    if let Some(words) = study.said.as_ref().and_then(SaidWords::sentence) {
        say!("{words}");
    }
    for arm in &study.arms {
        let good = &arm.to_good;
        say!(
            "  {:13} {:>3} · {:4.1} ({}/{})   final {} J/{}   attainable after 5: {}   false stops {}",
            arm.name,
            good.median
                .map_or_else(|| "–".to_owned(), |one| format!("{one:.0}")),
            good.restricted_mean,
            good.reached,
            study.seeds,
            arm.truth
                .last()
                .map_or_else(String::new, |one| words::figure(one.mean)),
            study.unit.noun(),
            arm.early_share.map_or_else(
                || "–".to_owned(),
                |one| format!("{:.0} %", one.mean * 100.0)
            ),
            arm.false_stops,
        );
        if arm.prompts > 0.0 {
            let goal = &arm.asks_to_goal;
            say!(
                "  {:13} {:.1} prompts a run, retries among them; to {} % below the default {:.1} ({}/{})",
                "",
                arm.prompts,
                study.below_percent,
                goal.restricted_mean,
                goal.reached,
                study.seeds
            );
        }
    }
    for one in &study.comparisons {
        let most = one.upper.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        say!(
            "  against {:13} upper bound of the regret difference at every budget: {:.2} % of the \
             default · p {:.3} (Holm), effect {:.2}",
            one.other,
            most * 100.0,
            one.p_regret_holm,
            one.effect_regret,
        );
    }
    if let Some(check) = &study.random_check {
        say!(
            "  check: random search needs {:.2} draws, by counting {:.2} ({:+.1} standard errors)",
            check.seen,
            check.expected,
            check.standard_errors
        );
    }
}
