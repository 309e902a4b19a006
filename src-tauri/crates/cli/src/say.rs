//! `say`: one question to the session's chat LLM, one answer.

use crate::Stop;
use crate::args::SayArgs;
use crate::connection::{key_from_environment, not_agreed};
use crate::listing;
use crate::progress::{Ended, last};
use crate::terminal::Terminal;
use serde_json::json;
use std::sync::Arc;
use wattsmith_tuner::chat::settings;
use wattsmith_tuner::domain::{ExchangeKind, ExchangeOutcome};
use wattsmith_tuner::{Step, Tuner, TunerError};

pub(crate) async fn run(tuner: &Arc<Tuner>, args: SayArgs) -> Result<(), Stop> {
    let terminal = Terminal::watch()?;
    let id = listing::find(tuner, &args.session).await?;
    if let Some(choice) = args.reached.choice(tuner).await? {
        tuner
            .change_connection(&id, choice)
            .await
            .map_err(Stop::of_words)?;
    }
    if args.reached.agree {
        tuner.agree(&id).await?;
    }
    let connection = tuner.record(&id).await?.session.connection;
    key_from_environment(tuner, connection.as_ref());
    let question = args.text.join(" ");
    let asking = tuner.perform(&id, Step::Talk(question));
    match terminal.interruptible(tuner, &id, asking).await? {
        Err(TunerError::ConsentNeeded { provider }) => return Err(not_agreed(&provider)),
        done => done.map_err(Stop::of_words)?,
    }
    let mut record = tuner.record(&id).await?;
    let asked = |one: &&wattsmith_tuner::domain::Exchange| one.kind == ExchangeKind::Talk;
    if let Some(waiting) = record.exchanges.iter().rfind(asked)
        && waiting.outcome == ExchangeOutcome::Waiting
    {
        say!(
            "--- copy this into any chat ---\n{}\n--- end of the prompt ---",
            waiting.prompt
        );
        say!("Paste the reply, then a line that holds only a full stop.");
        let reply = terminal.until_full_stop().await?.unwrap_or_default();
        tuner.give_reply(&id, &waiting.id, &reply).await?;
        record = tuner.record(&id).await?;
    }
    let Some(exchange) = record.exchanges.iter().rfind(asked) else {
        return Ok(());
    };
    let offered = record
        .proposals
        .iter()
        .find(|one| one.exchange.as_ref() == Some(&exchange.id));
    if args.json {
        let ended = match exchange.outcome {
            ExchangeOutcome::Failed { .. } => Ended::Failed,
            _ => Ended::Complete,
        };
        let answer = json!({ "event": "answer", "exchange": exchange, "proposal": offered });
        last(answer, ended);
    } else {
        say!("{}", exchange.marked_reply().trim());
        if let Some(offered) = offered {
            let changes = settings(&offered.configuration, &record.session.space);
            say!(
                "\nIt proposes {changes}; nothing was run. `wattsmith-cli tune --session {id}` asks."
            );
        }
    }
    match &exchange.outcome {
        ExchangeOutcome::Failed { error } => Err(Stop::Failed(error.clone())),
        ExchangeOutcome::Answered { note } if !note.is_empty() && !args.json => {
            say!("\nNot offered: {note}");
            Ok(())
        }
        _ => Ok(()),
    }
}
