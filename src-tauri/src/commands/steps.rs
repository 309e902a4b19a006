//! The steps of the loop. Those that take long are started here and watched over the live channel.

use super::{Answer, Core, configuration};
use crate::wire::Setting;
use std::sync::Arc;
use wattsmith_tuner::domain::{Busy, ExchangeId, ProposalId, SessionId, TrialId};
use wattsmith_tuner::{PATIENT_WAIT_S, Step, Tuner};

/// Trials that a session taken up again has left at least.
const MORE_TRIALS: u32 = 4;

fn start(core: &Core<'_>, id: String, step: Step) -> Answer<()> {
    Tuner::start(&Arc::clone(core), &SessionId(id), step)?;
    Ok(())
}

/// Measures the default.
#[tauri::command]
#[specta::specta]
pub async fn measure_default(core: Core<'_>, id: String) -> Answer<()> {
    start(&core, id, Step::MeasureDefault)
}

/// Measures the default again, where it is in doubt.
#[tauri::command]
#[specta::specta]
pub async fn check_default(core: Core<'_>, id: String) -> Answer<()> {
    start(&core, id, Step::CheckDefault)
}

/// Waits for a quiet machine, or measures all the same, and then measures the default.
#[tauri::command]
#[specta::specta]
pub async fn answer_busy(core: Core<'_>, id: String, wait: bool) -> Answer<()> {
    let choice = match wait {
        true => Busy::Wait {
            at_most_s: PATIENT_WAIT_S,
        },
        false => Busy::Measure,
    };
    core.answer_busy(&SessionId(id.clone()), choice).await?;
    start(&core, id, Step::MeasureDefault)
}

/// Asks the advisor.
#[tauri::command]
#[specta::specta]
pub async fn ask(core: Core<'_>, id: String) -> Answer<()> {
    start(&core, id, Step::Ask)
}

/// Asks the session's chat LLM a question of the person, whatever else runs.
#[tauri::command]
#[specta::specta]
pub async fn say(core: Core<'_>, id: String, text: String) -> Answer<()> {
    core.talk(&SessionId(id), &text).await?;
    Ok(())
}

/// Takes back a question that has no answer yet.
#[tauri::command]
#[specta::specta]
pub async fn take_back(core: Core<'_>, id: String, exchange_id: String) -> Answer<()> {
    let _ = core.take_back(&SessionId(id), &ExchangeId(exchange_id));
    Ok(())
}

/// Runs a proposal.
#[tauri::command]
#[specta::specta]
pub async fn run_proposal(core: Core<'_>, id: String, proposal_id: String) -> Answer<()> {
    start(&core, id, Step::Run(ProposalId(proposal_id)))
}

/// Measures more windows of a trial, until it is decided or enough.
#[tauri::command]
#[specta::specta]
pub async fn more_repeats(core: Core<'_>, id: String, trial_id: String) -> Answer<()> {
    start(&core, id, Step::MoreRepeats(TrialId(trial_id)))
}

/// Measures fresh repeats after a first crossing.
#[tauri::command]
#[specta::specta]
pub async fn confirm(core: Core<'_>, id: String) -> Answer<()> {
    start(&core, id, Step::Confirm)
}

/// Undoes each change of the confirmed winner by itself for at most so many minutes, then confirms the simpler
/// settings, where there are any.
#[tauri::command]
#[specta::specta]
pub async fn undo_each(core: Core<'_>, id: String, minutes: u32) -> Answer<()> {
    start(&core, id, Step::UndoEach(minutes))
}

/// Takes a proposal by numbers instead of the LLM's.
#[tauri::command]
#[specta::specta]
pub async fn numeric_proposal(core: Core<'_>, id: String) -> Answer<()> {
    start(&core, id, Step::Numeric)
}

/// Lets the session go on by itself, or pauses it after the current step.
#[tauri::command]
#[specta::specta]
pub async fn autopilot(core: Core<'_>, id: String, on: bool) -> Answer<()> {
    let session = SessionId(id.clone());
    let job = core.job(&session);
    if job.running && job.autopilot {
        core.pause(&session, !on);
        return Ok(());
    }
    if on {
        start(&core, id, Step::Autopilot)?;
    }
    Ok(())
}

/// Ends the running job and its engine.
#[tauri::command]
#[specta::specta]
pub async fn cancel(core: Core<'_>, id: String) -> Answer<()> {
    let _ = core.cancel(&SessionId(id));
    Ok(())
}

/// The person has set the server, which Wattsmith did not start, as was asked.
#[tauri::command]
#[specta::specta]
pub async fn set_by_hand(core: Core<'_>, id: String) -> Answer<()> {
    let _ = core.set_by_hand(&SessionId(id));
    Ok(())
}

/// Ends the session by hand.
#[tauri::command]
#[specta::specta]
pub async fn stop(core: Core<'_>, id: String) -> Answer<()> {
    let id = SessionId(id);
    let _ = core.cancel(&id);
    Ok(core.stop(&id).await?)
}

/// Takes an ended session up again.
#[tauri::command]
#[specta::specta]
pub async fn resume(core: Core<'_>, id: String) -> Answer<()> {
    Ok(core.resume(&SessionId(id), MORE_TRIALS).await?)
}

/// Takes a pasted reply.
#[tauri::command]
#[specta::specta]
pub async fn give_reply(
    core: Core<'_>,
    id: String,
    exchange_id: String,
    reply: String,
) -> Answer<()> {
    Ok(core
        .give_reply(&SessionId(id), &ExchangeId(exchange_id), &reply)
        .await?)
}

/// Changes a proposal.
#[tauri::command]
#[specta::specta]
pub async fn edit_proposal(
    core: Core<'_>,
    id: String,
    proposal_id: String,
    settings: Vec<Setting>,
) -> Answer<()> {
    let settings = configuration(settings);
    Ok(core
        .edit_proposal(&SessionId(id), &ProposalId(proposal_id), &settings)
        .await?)
}

/// Takes a proposal back.
#[tauri::command]
#[specta::specta]
pub async fn dismiss_proposal(core: Core<'_>, id: String, proposal_id: String) -> Answer<()> {
    Ok(core
        .dismiss_proposal(&SessionId(id), &ProposalId(proposal_id))
        .await?)
}

/// Offers the person's own settings.
#[tauri::command]
#[specta::specta]
pub async fn propose_by_hand(core: Core<'_>, id: String, settings: Vec<Setting>) -> Answer<()> {
    core.propose_by_hand(&SessionId(id), &configuration(settings))
        .await?;
    Ok(())
}

/// Keeps the person's feedback; none goes back to the draft.
#[tauri::command]
#[specta::specta]
pub async fn save_feedback(
    core: Core<'_>,
    id: String,
    trial_id: String,
    text: Option<String>,
) -> Answer<()> {
    Ok(core
        .save_feedback(&SessionId(id), &TrialId(trial_id), text.as_deref())
        .await?)
}

/// Agrees that prompts go to the session's provider.
#[tauri::command]
#[specta::specta]
pub async fn agree(core: Core<'_>, id: String) -> Answer<()> {
    Ok(core.agree(&SessionId(id)).await?)
}
