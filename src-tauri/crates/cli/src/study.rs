//! `study`: advisors compared on a landscape.

use crate::Stop;
use crate::args::StudyArgs;
use crate::progress::json_line;
use crate::terminal::write;
use std::io::IsTerminal as _;
use wattsmith_tuner::{StudyPlan, StudyResult, read_landscape, run_study, words, write_study};

pub(crate) async fn run(args: StudyArgs) -> Result<(), Stop> {
    let landscape = read_landscape(&args.landscape)?;
    let plan = StudyPlan {
        arms: args.advisors,
        seeds: args.seeds,
        budget: args.budget,
        repeats: args.repeats,
        below_percent: args.below,
        constraints: args.limits.over(landscape.constraints),
    };
    let terminal = !args.json && std::io::stderr().is_terminal();
    let tell = |done: u64, all: u64| {
        if terminal {
            write(
                &mut std::io::stderr(),
                &format!("\r\x1b[2K  {done} of {all} runs"),
            );
        }
    };
    let study = run_study(&landscape, &plan, tell)
        .await
        .map_err(Stop::of_words)?;
    if terminal {
        write(&mut std::io::stderr(), "\r\x1b[2K");
    }
    let files = write_study(&args.out, &study)?;
    if args.json {
        // The runs are in the file; a line of them all would be megabytes.
        let mut brief = study;
        brief.runs.clear();
        json_line(&serde_json::json!({
            "event": "study",
            "study": brief,
            "json": files.json,
            "csv": files.csv,
            "html": files.html,
        }));
    } else {
        as_text(&study);
        say!("The page: {}", files.html.display());
    }
    Ok(())
}

fn as_text(study: &StudyResult) {
    say!(
        "{}: {} configurations, {} within 5 % of the best, default at place {}",
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
    for arm in &study.arms {
        let good = &arm.to_good;
        say!(
            "  {:13} {:>3} · {:4.1} ({}/{})   final {} J/token   attainable after 5: {}   false stops {}",
            arm.name,
            good.median
                .map_or_else(|| "–".to_owned(), |one| format!("{one:.0}")),
            good.restricted_mean,
            good.reached,
            study.seeds,
            arm.truth
                .last()
                .map_or_else(String::new, |one| words::figure(one.mean)),
            arm.early_share.map_or_else(
                || "–".to_owned(),
                |one| format!("{:.0} %", one.mean * 100.0)
            ),
            arm.false_stops,
        );
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
