//! `tune`: the loop, step by step as the next step follows from the record.

use crate::Stop;
use crate::args::TuneArgs;
use crate::connection::{key_from_environment, not_agreed};
use crate::last_words::LastWords;
use crate::ledger;
use crate::listing;
use crate::progress::{Ended, Progress, json_line, last};
use crate::terminal::{Terminal, write};
use crate::told::Told;
use serde_json::json;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wattsmith_tuner::domain::{
    Busy, Constraints, Ending, ExchangeId, ExchangeOutcome, ProposalId, SessionId, SessionRecord,
    TrialState,
};
use wattsmith_tuner::stats::Analysis;
use wattsmith_tuner::{Format, Ledger, Next, PATIENT_WAIT_S, SessionPlan, Step, Tuner, TunerError};

/// Trials after the default where nobody says how many.
const USUAL_BUDGET: u32 = 8;

pub(crate) async fn run(tuner: &Arc<Tuner>, args: TuneArgs) -> Result<(), Stop> {
    // Told now and not after an hour of measuring.
    let format = args.report.as_deref().map(format_of).transpose()?;
    let ledger = args.ledger.as_deref().map(ledger::read).transpose()?;
    let terminal = Terminal::watch()?;
    let begun = open(tuner, &terminal, &args).await;
    let session = begun?;
    let connection = tuner.record(&session).await?.session.connection;
    key_from_environment(tuner, connection.as_ref());
    let turned = turns(tuner, &terminal, &args, &session, ledger.as_ref()).await;
    // Who interrupts may want to go on.
    let refused = matches!(&turned, Err(stop) if !matches!(stop, Stop::Interrupted));
    if refused && args.session.is_none() {
        tuner.drop_if_untouched(&session).await?;
    }
    if matches!(turned, Err(Stop::Interrupted)) && !args.work.json {
        let hint = format!("\nGo on later: wattsmith-cli tune --session {session}\n");
        write(&mut std::io::stderr(), &hint);
    }
    turned?;
    let report = match (&args.report, format) {
        (Some(out), Some(format)) => Some(tuner.report(&session, format, Some(out)).await?),
        _ => None,
    };
    finish(tuner, &args, &session, report).await
}

/// Turn after turn until the session ends.
async fn turns(
    tuner: &Arc<Tuner>,
    terminal: &Terminal,
    args: &TuneArgs,
    session: &SessionId,
    ledger: Option<&Ledger>,
) -> Result<(), Stop> {
    let mut told = Told::default();
    let track = tuner.track_record().await?;
    loop {
        if let Some(ledger) = ledger {
            while tuner.replay(session, ledger).await? {}
        }
        let record = tuner.record(session).await?;
        let analysis = Analysis::of(&record);
        told.news(&record, &analysis, args.work.json);
        told.session_forecast(&record, &track, args.work.json);
        let step = match Next::of(&record, &analysis) {
            Next::MeasureDefault => {
                if let Some(TrialState::Failed { message, .. }) =
                    record.default_trial().map(|trial| &trial.state)
                    && told.started
                {
                    return Err(Stop::Failed(format!(
                        "the default cannot be measured: {message}"
                    )));
                }
                Step::MeasureDefault
            }
            Next::Busy(load) => {
                answer_busy(
                    tuner,
                    terminal,
                    &record,
                    &load,
                    args.work.on_busy(!args.auto),
                )
                .await?;
                continue;
            }
            Next::CheckDefault(check) => {
                told.check(&record, check, args.work.json);
                Step::CheckDefault
            }
            Next::Ask => Step::Ask,
            Next::Confirm(trial) => {
                told.crossing(&record, &trial, args.work.json);
                Step::Confirm
            }
            Next::Decide(proposal) => {
                match decide(tuner, terminal, args, &record, &proposal).await? {
                    Some(step) => step,
                    None => continue,
                }
            }
            Next::Paste(exchange) => {
                paste(tuner, terminal, args, &record, &exchange).await?;
                continue;
            }
            // What failed and what is taken instead is told as news.
            Next::Stuck { .. } => Step::Numeric,
            Next::Consent { provider } => {
                if !args.reached.agree {
                    return Err(not_agreed(&provider));
                }
                tuner.agree(session).await?;
                continue;
            }
            Next::Ended(_) => return Ok(()),
        };
        told.started = true;
        if matches!(step, Step::MeasureDefault | Step::Run(_)) {
            told.trial_forecast(&record, args.work.json);
        }
        let progress = Progress::show(tuner, session, args.work.json);
        let performing = tuner.perform(session, step);
        let done = terminal.interruptible(tuner, session, performing).await;
        drop(progress);
        done?.map_err(|error| {
            let later = matches!(
                error,
                TunerError::TooBusy { .. } | TunerError::Surroundings { .. } | TunerError::Store(_)
            );
            let stop = Stop::from(error);
            match later {
                true => stop.and(&format!(
                    "Go on later: wattsmith-cli tune --session {session}"
                )),
                false => stop,
            }
        })?;
    }
}

/// The format that a file's suffix asks for.
fn format_of(out: &Path) -> Result<Format, Stop> {
    let suffix = out.extension().and_then(|suffix| suffix.to_str());
    suffix.unwrap_or("html").parse().map_err(Stop::Usage)
}

/// The session to go on with, or a new one.
async fn open(tuner: &Arc<Tuner>, terminal: &Terminal, args: &TuneArgs) -> Result<SessionId, Stop> {
    let choice = args.reached.choice(tuner).await?;
    if let Some(word) = &args.session {
        let id = listing::find(tuner, word).await?;
        let session = tuner.record(&id).await?.session;
        match (&session.ending, args.budget) {
            (None, None) => {}
            (Some(_), Some(more)) => tuner.resume(&id, more).await?,
            (None, Some(_)) => {
                return Err(Stop::Usage(
                    "this session has not ended, so --budget has no effect. Leave it out; once the \
                     session has ended, it adds trials"
                        .to_owned(),
                ));
            }
            (Some(ending), None) => add_trials(tuner, terminal, args, &id, ending).await?,
        }
        if let Some(choice) = choice {
            tuner
                .change_connection(&id, choice)
                .await
                .map_err(Stop::of_words)?;
        }
        return Ok(id);
    }
    let choice = choice.unwrap_or_default();
    tuner
        .create_session(SessionPlan {
            name: args.name.clone(),
            model: args.work.what.model.clone(),
            draft: args.work.draft_model.clone(),
            server_chooses: args.work.server_chooses,
            workload: args.work.what.workload.clone(),
            work_file: args.work.what.work_file.clone(),
            size: args.work.what.size(),
            pictures: args.work.what.pictures(),
            engine: args.work.what.engine.clone(),
            attach: args.work.what.attach.clone(),
            runs_on: args.work.what.runs_on.clone(),
            advisor: args.advisor,
            connection: choice.connection,
            price: choice.price,
            spending_cap: choice.spending_cap,
            threshold: args.threshold,
            constraints: Constraints {
                min_tokens_per_second: args.min_tokens_per_second,
                max_time_to_first_token_s: args.max_time_to_first_token,
                quality_lock: !args.allow_output_changes,
                min_picture_likeness_db: args.min_likeness,
                min_same_tokens: args.min_same_tokens,
            },
            tuned: args.parameters.clone(),
            start: args.work.what.start(),
            tune_gpu: args.tune_gpu,
            budget: args.budget.unwrap_or(USUAL_BUDGET),
            repeats: args.work.repeats(),
            adaptive: args.work.repeats.is_none(),
            rerun: !args.work.keep_disturbed,
            busy: args.work.on_busy(!args.auto),
            quick: args.work.quick,
            memory: !args.no_memory,
            seed: args.seed,
        })
        .await
        .map_err(Stop::of_words)
}

/// A session that has ended goes on only by the person's wish: each trial costs time and energy.
async fn add_trials(
    tuner: &Arc<Tuner>,
    terminal: &Terminal,
    args: &TuneArgs,
    id: &SessionId,
    ending: &Ending,
) -> Result<(), Stop> {
    let ended = format!("this session has ended: {}", ending.label());
    let person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if args.auto || args.work.json || !person {
        return Err(Stop::Usage(format!(
            "{ended}. Say with --budget N how many trials more it gets"
        )));
    }
    say!(
        "T{}. How many trials more? Enter leaves it as it is.",
        &ended[1..]
    );
    let line = terminal.line().await?.unwrap_or_default();
    match line.trim() {
        "" => Err(Stop::Failed(format!("{ended}; nothing was added"))),
        number => match number.parse::<u32>() {
            Ok(more @ 1..=500) => Ok(tuner.resume(id, more).await?),
            _ => Err(Stop::Usage(format!(
                "{number:?} is no number of trials; 1 to 500 can be added"
            ))),
        },
    }
}

/// Asks whether to wait for a quiet machine; does by `on_busy` where that is no question.
pub(crate) async fn answer_busy(
    tuner: &Arc<Tuner>,
    terminal: &Terminal,
    record: &SessionRecord,
    load: &str,
    on_busy: Busy,
) -> Result<(), Stop> {
    let session = &record.session.id;
    if on_busy != Busy::Ask {
        return Ok(tuner.answer_busy(session, on_busy).await?);
    }
    say!(
        "The machine is busy: {load}. The default is what everything is compared with, so it should \
         be measured on a quiet one.\nEnter waits (at most {} min), m measures all the same, q stops \
         here.",
        PATIENT_WAIT_S / 60
    );
    let wait = Busy::Wait {
        at_most_s: PATIENT_WAIT_S,
    };
    let choice = match terminal.line().await?.as_deref().map(str::trim) {
        Some("m" | "M") => Busy::Measure,
        Some("q" | "Q") | None => {
            return Err(Stop::Failed(format!(
                "nothing was measured; go on later with --session {session}"
            )));
        }
        Some(_) => wait,
    };
    Ok(tuner.answer_busy(session, choice).await?)
}

/// What the person wants done with a proposal; none when they took it back.
async fn decide(
    tuner: &Arc<Tuner>,
    terminal: &Terminal,
    args: &TuneArgs,
    record: &SessionRecord,
    id: &ProposalId,
) -> Result<Option<Step>, Stop> {
    if args.auto || args.work.json {
        return Ok(Some(Step::Run(id.clone())));
    }
    say!("Run it? Enter runs it, n takes it back and asks again, q stops here.");
    match terminal.line().await? {
        Some(answer) if answer.trim().eq_ignore_ascii_case("n") => {
            tuner.dismiss_proposal(&record.session.id, id).await?;
            Ok(None)
        }
        Some(answer) if !answer.trim().eq_ignore_ascii_case("q") => Ok(Some(Step::Run(id.clone()))),
        _ => {
            tuner.stop(&record.session.id).await?;
            Ok(None)
        }
    }
}

/// Shows the prompt and takes the reply.
async fn paste(
    tuner: &Arc<Tuner>,
    terminal: &Terminal,
    args: &TuneArgs,
    record: &SessionRecord,
    id: &ExchangeId,
) -> Result<(), Stop> {
    let prompt = record
        .exchanges
        .iter()
        .find(|exchange| exchange.id == *id)
        .map(|exchange| exchange.prompt.as_str())
        .unwrap_or_default();
    if args.work.json {
        json_line(&json!({"event": "prompt", "exchange": id, "prompt": prompt}));
    } else {
        say!("--- copy this into any chat ---\n{prompt}\n--- end of the prompt ---");
        say!("Paste the reply, then a line that holds only a full stop.");
    }
    let Some(reply) = terminal.until_full_stop().await? else {
        return Err(Stop::Failed(format!(
            "the input ended before a reply came; go on later with --session {}",
            record.session.id
        )));
    };
    tuner.give_reply(&record.session.id, id, &reply).await?;
    let record = tuner.record(&record.session.id).await?;
    if let Some(ExchangeOutcome::Refused { reason }) = record
        .exchanges
        .iter()
        .find(|exchange| exchange.id == *id)
        .map(|exchange| &exchange.outcome)
    {
        if args.work.json {
            json_line(&json!({"event": "refused", "exchange": id, "reason": reason}));
        } else {
            say!("That gave no proposal: {reason}");
        }
        // The next prompt tells the chat what was wrong.
        tuner.perform(&record.session.id, Step::Ask).await?;
    }
    Ok(())
}

async fn finish(
    tuner: &Arc<Tuner>,
    args: &TuneArgs,
    session: &SessionId,
    report: Option<PathBuf>,
) -> Result<(), Stop> {
    let record = tuner.record(session).await?;
    let words = LastWords::of(&record, report);
    if args.work.json {
        last(words.json(), Ended::Complete);
    } else {
        say!("\n{}", words.text());
    }
    Ok(())
}
