//! The statements: every noun into its table and back.

use crate::body::{decode, encode};
use crate::digests;
use crate::error::Fault;
use crate::sampled;
use rusqlite::{Connection, ErrorCode, OptionalExtension, ToSql, params};
use serde::de::DeserializeOwned;
use wattsmith_domain::{
    Confirmation, Exchange, Feedback, Proposal, ProposalStatus, Session, SessionId, SessionRecord,
    Trial, TrialId, TrialState, Undoing,
};

type Outcome<T> = Result<T, Fault>;

/// What an interrupted trial is discarded for.
pub(crate) const INTERRUPTED: &str = "the app ended while this trial ran";

pub(crate) fn put_session(db: &Connection, session: &Session) -> Outcome<()> {
    let body = encode(&format!("session {}", session.id), session)?;
    db.prepare_cached(
        "INSERT INTO sessions (id, created_at, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET created_at = ?2, body = ?3",
    )?
    .execute(params![session.id.0, session.created_at, body])?;
    Ok(())
}

pub(crate) fn put_trial(db: &Connection, trial: &Trial) -> Outcome<()> {
    known_session(db, &trial.session)?;
    // Repeats live in their own table, each written once.
    let bare = Trial {
        repeats: Vec::new(),
        discarded: Vec::new(),
        ..trial.clone()
    };
    let body = encode(&format!("trial {}", trial.id), &bare)?;
    db.prepare_cached(
        "INSERT INTO trials (id, session, number, state, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET number = ?3, state = ?4, body = ?5",
    )?
    .execute(params![
        trial.id.0,
        trial.session.0,
        trial.number,
        state_word(&trial.state),
        body
    ])
    .map_err(|error| numbered_twice(error, "trial", trial.number))?;
    Ok(())
}

/// Two that measure one session at once would number alike.
fn numbered_twice(error: rusqlite::Error, noun: &str, number: u32) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Fault::Refused(format!(
            "there is another {noun} {number} in this session already: something else measures it at \
             this moment. Let only one of them go on"
        )),
        _ => error.into(),
    }
}

pub(crate) fn put_confirmation(db: &Connection, confirmation: &Confirmation) -> Outcome<()> {
    known_session(db, &confirmation.session)?;
    let bare = Confirmation {
        best: Vec::new(),
        default: Vec::new(),
        discarded: Vec::new(),
        ..confirmation.clone()
    };
    let body = encode(&format!("confirmation {}", confirmation.id), &bare)?;
    db.prepare_cached(
        "INSERT INTO confirmations (id, session, number, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET number = ?3, body = ?4",
    )?
    .execute(params![
        confirmation.id.0,
        confirmation.session.0,
        confirmation.number,
        body
    ])
    .map_err(|error| numbered_twice(error, "confirmation", confirmation.number))?;
    Ok(())
}

pub(crate) fn put_undoing(db: &Connection, undoing: &Undoing) -> Outcome<()> {
    known_session(db, &undoing.session)?;
    let body = encode(&format!("undoing of session {}", undoing.session), undoing)?;
    db.prepare_cached(
        "INSERT INTO undoings (session, body) VALUES (?1, ?2)
         ON CONFLICT (session) DO UPDATE SET body = ?2",
    )?
    .execute(params![undoing.session.0, body])?;
    Ok(())
}

pub(crate) fn put_proposal(db: &Connection, proposal: &Proposal) -> Outcome<()> {
    known_session(db, &proposal.session)?;
    let body = encode(&format!("proposal {}", proposal.id), proposal)?;
    db.prepare_cached(
        "INSERT INTO proposals (id, session, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET body = ?3",
    )?
    .execute(params![proposal.id.0, proposal.session.0, body])?;
    Ok(())
}

pub(crate) fn put_exchange(db: &Connection, exchange: &Exchange) -> Outcome<()> {
    known_session(db, &exchange.session)?;
    let body = encode(&format!("exchange {}", exchange.id), exchange)?;
    db.prepare_cached(
        "INSERT INTO exchanges (id, session, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET body = ?3",
    )?
    .execute(params![exchange.id.0, exchange.session.0, body])?;
    Ok(())
}

pub(crate) fn put_feedback(
    db: &Connection,
    session: &SessionId,
    feedback: &Feedback,
) -> Outcome<()> {
    known_session(db, session)?;
    sampled::known(db, "trials", "trial", &feedback.trial.0)?;
    let body = encode(&format!("feedback on trial {}", feedback.trial), feedback)?;
    db.prepare_cached(
        "INSERT INTO feedback (session, trial, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (session, trial) DO UPDATE SET body = ?3",
    )?
    .execute(params![session.0, feedback.trial.0, body])?;
    Ok(())
}

/// Everything about a session as it was at one moment.
pub(crate) fn record(db: &Connection, id: &SessionId) -> Outcome<SessionRecord> {
    let moment = db.unchecked_transaction()?;
    let record = read_record(db, session(db, id)?)?;
    moment.finish()?;
    Ok(record)
}

pub(crate) fn records(db: &Connection) -> Outcome<Vec<SessionRecord>> {
    let moment = db.unchecked_transaction()?;
    let mut records = Vec::new();
    for head in digests::heads(db, "")? {
        match session(db, &head.id).and_then(|session| read_record(db, session)) {
            Ok(record) => records.push(record),
            Err(fault @ Fault::Corrupt(_)) => drop(fault),
            Err(fault) => return Err(fault),
        }
    }
    moment.finish()?;
    Ok(records)
}

fn read_record(db: &Connection, session: Session) -> Outcome<SessionRecord> {
    let id = &session.id.0;
    let mut trials: Vec<Trial> = bodies(
        db,
        "trial",
        "SELECT body FROM trials WHERE session = ?1 ORDER BY number, rowid",
        &[id],
    )?;
    for trial in &mut trials {
        trial.repeats = bodies(
            db,
            "repeat",
            "SELECT body FROM repeats WHERE trial = ?1 ORDER BY number",
            &[&trial.id.0],
        )?;
        trial.discarded = bodies(
            db,
            "discarded repeat",
            "SELECT body FROM discarded WHERE trial = ?1 ORDER BY id",
            &[&trial.id.0],
        )?;
    }
    let mut confirmations: Vec<Confirmation> = bodies(
        db,
        "confirmation",
        "SELECT body FROM confirmations WHERE session = ?1 ORDER BY number, rowid",
        &[id],
    )?;
    for confirmation in &mut confirmations {
        let side = |side: &str| {
            bodies(
                db,
                "repeat of a confirmation",
                "SELECT body FROM confirmation_repeats
                 WHERE confirmation = ?1 AND side = ?2 ORDER BY number",
                &[&confirmation.id.0, &side],
            )
        };
        let (best, default) = (side("best")?, side("default")?);
        confirmation.best = best;
        confirmation.default = default;
        confirmation.discarded = bodies(
            db,
            "discarded repeat",
            "SELECT body FROM discarded WHERE confirmation = ?1 ORDER BY id",
            &[&confirmation.id.0],
        )?;
    }
    let undoing = bodies(
        db,
        "undoing of changes",
        "SELECT body FROM undoings WHERE session = ?1",
        &[id],
    )?
    .pop();
    let list = "WHERE session = ?1 ORDER BY rowid";
    Ok(SessionRecord {
        trials,
        confirmations,
        undoing,
        proposals: bodies(
            db,
            "proposal",
            &format!("SELECT body FROM proposals {list}"),
            &[id],
        )?,
        exchanges: bodies(
            db,
            "exchange",
            &format!("SELECT body FROM exchanges {list}"),
            &[id],
        )?,
        feedback: bodies(
            db,
            "feedback",
            &format!("SELECT body FROM feedback {list}"),
            &[id],
        )?,
        session,
    })
}

pub(crate) fn session(db: &Connection, id: &SessionId) -> Outcome<Session> {
    bodies(
        db,
        "session",
        "SELECT body FROM sessions WHERE id = ?1",
        &[&id.0],
    )?
    .pop()
    .ok_or_else(|| Fault::NotFound(format!("session {id}")))
}

fn known_session(db: &Connection, id: &SessionId) -> Outcome<()> {
    sampled::known(db, "sessions", "session", &id.0)
}

/// With everything that belongs to it.
pub(crate) fn delete_session(db: &Connection, id: &SessionId) -> Outcome<()> {
    match db.execute("DELETE FROM sessions WHERE id = ?1", [&id.0])? {
        0 => Err(Fault::NotFound(format!("session {id}"))),
        _ => Ok(()),
    }
}

/// Discards the trials that are still marked as running, and offers their proposals again; their
/// finished repeats stay.
pub(crate) fn interrupted(db: &Connection) -> Outcome<Vec<TrialId>> {
    let running: Vec<String> = db
        .prepare_cached("SELECT body FROM trials WHERE state = 'running' ORDER BY rowid")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    running
        .iter()
        // One that cannot be read is no reason not to start.
        .filter_map(|body| decode::<Trial>("trial", body).ok())
        .map(|mut trial| {
            trial.state = TrialState::Discarded {
                cause: INTERRUPTED.to_owned(),
            };
            put_trial(db, &trial)?;
            if let Some(proposal) = &trial.proposal {
                let found: Vec<Proposal> = bodies(
                    db,
                    "proposal",
                    "SELECT body FROM proposals WHERE id = ?1",
                    &[&proposal.0],
                )?;
                for mut proposal in found {
                    proposal.status = ProposalStatus::Offered;
                    put_proposal(db, &proposal)?;
                }
            }
            Ok(trial.id)
        })
        .collect()
}

pub(crate) fn setting(db: &Connection, key: &str) -> Outcome<Option<String>> {
    Ok(db
        .query_row("SELECT value FROM settings WHERE key = ?1", [key], |row| {
            row.get(0)
        })
        .optional()?)
}

pub(crate) fn set_setting(db: &Connection, key: &str, value: &str) -> Outcome<()> {
    db.execute(
        "INSERT INTO settings (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = ?2",
        [key, value],
    )?;
    Ok(())
}

fn bodies<T: DeserializeOwned>(
    db: &Connection,
    what: &str,
    query: &str,
    values: &[&dyn ToSql],
) -> Outcome<Vec<T>> {
    let mut statement = db.prepare_cached(query)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(what, row.get_ref(0)?.as_str().map_err(from_sql)?)?);
    }
    Ok(found)
}

fn from_sql(error: rusqlite::types::FromSqlError) -> Fault {
    Fault::Corrupt(format!("a stored text cannot be read: {error}"))
}

fn state_word(state: &TrialState) -> &'static str {
    match state {
        TrialState::Pending => "pending",
        TrialState::Running => "running",
        TrialState::Complete => "complete",
        TrialState::Failed { .. } => "failed",
        TrialState::Discarded { .. } => "discarded",
    }
}
