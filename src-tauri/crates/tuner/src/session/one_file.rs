//! A session as one file: all that happened in it with the power of every window, for another machine or
//! another person. What comes in is data: it ends what was open, agrees to nothing, and has to fit together
//! before a row of it is stored.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::tuner::{Tuner, now};
use serde::{Deserialize, Serialize};
use std::path::Path;
use wattsmith_domain::{
    ConfirmationId, Ending, EnergyReading, PowerSample, SessionId, SessionRecord, TrialId,
    TrialState, WindowOf,
};
use wattsmith_report::KeptSamples;
use wattsmith_store::{Owner, Side, StoreError};

/// Version of the format.
const FORMAT: u32 = 1;
/// A larger file is none of ours.
const MOST_BYTES: u64 = 512 << 20;

/// What a file holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct File {
    /// [`FORMAT`]; its name says whose file it is.
    wattsmith_session: u32,
    /// Wattsmith's version that wrote it.
    written_by: String,
    pub(super) record: SessionRecord,
    power: Vec<Power>,
}

/// Power of one window by device, as it was sampled.
#[derive(Debug, Serialize, Deserialize)]
struct Power {
    of: WindowOf,
    devices: Vec<(String, Vec<PowerSample>)>,
    /// What energy counters told around it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    readings: Vec<(String, Vec<EnergyReading>)>,
}

impl Tuner {
    /// Writes a session into one new file; one that is there already is not written over.
    ///
    /// # Errors
    /// There is no such session, something of that name is there, or the file cannot be written.
    pub async fn export_session_anew(&self, id: &SessionId, to: &Path) -> Result<(), TunerError> {
        if tokio::fs::symlink_metadata(to).await.is_ok() {
            return Err(TunerError::Invalid(format!(
                "There is a file {} already. Choose another name.",
                to.display()
            )));
        }
        self.export_session(id, to).await
    }

    /// Writes a session into one file; a file that is there is replaced.
    ///
    /// # Errors
    /// There is no such session, or the file cannot be written.
    pub async fn export_session(&self, id: &SessionId, to: &Path) -> Result<(), TunerError> {
        let record = self.record(id).await?;
        let kept = self.kept(&record).await?;
        let power = kept
            .into_iter()
            .map(|(of, KeptSamples { power, readings })| Power {
                of,
                devices: power,
                readings,
            })
            .collect();
        let file = File {
            wattsmith_session: FORMAT,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            record: wattsmith_report::without_secrets(&record, &[]),
            power,
        };
        let to = to.to_owned();
        blocking(move || {
            let text = serde_json::to_vec(&file).map_err(|error| {
                TunerError::Invalid(format!(
                    "This session cannot be written as a file: {error}."
                ))
            })?;
            wattsmith_files::write(&to, &text)
                .map_err(|source| TunerError::io(format!("cannot write {}", to.display()), source))
        })
        .await?
    }

    /// What was kept of each window of a record, as it was sampled; of the others nothing was.
    pub(super) async fn kept(
        &self,
        record: &SessionRecord,
    ) -> Result<Vec<(WindowOf, KeptSamples)>, TunerError> {
        let mut all = Vec::new();
        for of in WindowOf::all(record) {
            let power = match &of {
                WindowOf::Trial(id, index) => self.store.samples(id, *index, usize::MAX).await,
                WindowOf::Best(id, index) => self.power_of(id, Side::Best, *index).await,
                WindowOf::Default(id, index) => self.power_of(id, Side::Default, *index).await,
                WindowOf::DiscardedOfTrial(id, nth) => {
                    let owner = Owner::Trial(id.clone());
                    self.store.discarded_samples(&owner, *nth, usize::MAX).await
                }
                WindowOf::DiscardedOfConfirmation(id, nth) => {
                    let owner = Owner::Confirmation(id.clone());
                    self.store.discarded_samples(&owner, *nth, usize::MAX).await
                }
            }?;
            let readings = self.store.readings(&record.session.id, &of).await?;
            if !power.is_empty() || !readings.is_empty() {
                all.push((of, KeptSamples { power, readings }));
            }
        }
        Ok(all)
    }

    async fn power_of(
        &self,
        id: &ConfirmationId,
        side: Side,
        index: u32,
    ) -> Result<Vec<(String, Vec<PowerSample>)>, StoreError> {
        let store = &self.store;
        store
            .confirmation_samples(id, side, index, usize::MAX)
            .await
    }

    /// Takes a session in from a file. It comes as ended, and to no chat model anything is agreed: going on
    /// with it is a choice of its own.
    ///
    /// # Errors
    /// The file cannot be read, is none of these, does not fit together, or the session is here already.
    pub async fn import_session(&self, from: &Path) -> Result<SessionId, TunerError> {
        self.import(from, false).await
    }

    /// Takes a session in from a file as an example: to look at, and part of nothing else.
    ///
    /// # Errors
    /// As [`Tuner::import_session`].
    pub async fn import_example(&self, from: &Path) -> Result<SessionId, TunerError> {
        self.import(from, true).await
    }

    async fn import(&self, from: &Path, example: bool) -> Result<SessionId, TunerError> {
        let name = from.display().to_string();
        let from = from.to_owned();
        let mut file = blocking(move || read(&from)).await??;
        fits_together(&file.record, &name)?;
        file.record.session.example = example;
        file.record.session.imported_at = Some(now());
        if let Some(here) = self.name_of(&file).await? {
            return Err(TunerError::Invalid(format!(
                "The session of {name} is here already, as “{here}”: nothing was changed. Delete that one first, \
                 if this one is to take its place."
            )));
        }
        self.take_in(file).await
    }

    /// The name of the session that a file holds, where it is here already.
    pub(super) async fn name_of(&self, file: &File) -> Result<Option<String>, TunerError> {
        match self.store.session(&file.record.session.id).await {
            Ok(here) => Ok(Some(here.name)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores what a file holds, all of it or nothing.
    pub(super) async fn take_in(
        &self,
        File { record, power, .. }: File,
    ) -> Result<SessionId, TunerError> {
        let id = record.session.id.clone();
        if let Err(error) = self.store_all(&record, &power).await {
            // Half a session is none.
            let _ = self.store.delete_session(&id).await;
            return Err(error);
        }
        self.refresh_digest(&id).await;
        Ok(id)
    }

    async fn store_all(&self, record: &SessionRecord, power: &[Power]) -> Result<(), TunerError> {
        let devices = |of: &WindowOf| -> Vec<(String, Vec<PowerSample>)> {
            let own = power.iter().find(|one| one.of == *of);
            own.map(|one| one.devices.clone()).unwrap_or_default()
        };
        let mut session = record.session.clone();
        (session.consent, session.agreed) = (false, Vec::new());
        session.ending.get_or_insert(Ending::Stopped);
        let store = &self.store;
        store.put_session(&session).await?;
        for exchange in &record.exchanges {
            store.put_exchange(exchange).await?;
        }
        for proposal in &record.proposals {
            store.put_proposal(proposal).await?;
        }
        for trial in &record.trials {
            let mut bare = trial.clone();
            // Nothing of it runs here.
            if matches!(bare.state, TrialState::Running | TrialState::Pending) {
                bare.state = TrialState::Discarded {
                    cause: "it was not done when the session was written as a file".to_owned(),
                };
            }
            let (repeats, discarded) = (
                std::mem::take(&mut bare.repeats),
                std::mem::take(&mut bare.discarded),
            );
            store.put_trial(&bare).await?;
            for repeat in &repeats {
                let of = WindowOf::Trial(trial.id.clone(), repeat.index);
                store.add_repeat(&trial.id, repeat, &devices(&of)).await?;
            }
            for (nth, one) in (0..).zip(&discarded) {
                let of = WindowOf::DiscardedOfTrial(trial.id.clone(), nth);
                let owner = Owner::Trial(trial.id.clone());
                store.add_discarded(&owner, one, &devices(&of)).await?;
            }
        }
        for feedback in &record.feedback {
            store.put_feedback(&session.id, feedback).await?;
        }
        for confirmation in &record.confirmations {
            let id = &confirmation.id;
            let mut bare = confirmation.clone();
            let (best, default, discarded) = (
                std::mem::take(&mut bare.best),
                std::mem::take(&mut bare.default),
                std::mem::take(&mut bare.discarded),
            );
            store.put_confirmation(&bare).await?;
            for repeat in &best {
                let power = devices(&WindowOf::Best(id.clone(), repeat.index));
                store
                    .add_confirmation_repeat(id, Side::Best, repeat, &power)
                    .await?;
            }
            for repeat in &default {
                let power = devices(&WindowOf::Default(id.clone(), repeat.index));
                store
                    .add_confirmation_repeat(id, Side::Default, repeat, &power)
                    .await?;
            }
            for (nth, one) in (0..).zip(&discarded) {
                let power = devices(&WindowOf::DiscardedOfConfirmation(id.clone(), nth));
                let owner = Owner::Confirmation(id.clone());
                store.add_discarded(&owner, one, &power).await?;
            }
        }
        if let Some(undoing) = &record.undoing {
            store.put_undoing(undoing).await?;
        }
        for one in power.iter().filter(|one| !one.readings.is_empty()) {
            store
                .put_readings(&session.id, &one.of, &one.readings)
                .await?;
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<File, TunerError> {
    let fail = |source| TunerError::io(format!("cannot read {}", path.display()), source);
    let size = std::fs::metadata(path).map_err(fail)?.len();
    if size > MOST_BYTES {
        let name = path.display().to_string();
        return Err(none_of_ours(&name, &format!("it has {} MB", size >> 20)));
    }
    let bytes = std::fs::read(path).map_err(fail)?;
    parse(&bytes, &path.display().to_string())
}

/// What is in a file called `name`.
pub(super) fn parse(bytes: &[u8], name: &str) -> Result<File, TunerError> {
    let head: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| match begins_as_ours(bytes) {
            true => damaged(name, &error),
            false => none_of_ours(name, &error.to_string()),
        })?;
    match head["wattsmith_session"].as_u64() {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(newer) => {
            return Err(TunerError::Invalid(format!(
                "{name} has the format {newer}, which a newer Wattsmith wrote; this one knows {FORMAT}. Take that \
                 version to read it."
            )));
        }
        None => return Err(none_of_ours(name, "it does not say that it is one")),
    }
    serde_json::from_value(head).map_err(|error| damaged(name, &error))
}

/// The record that a file's bytes hold, where it could be taken in: for tests that offer anything.
///
/// # Errors
/// As [`Tuner::import_session`], but for what is here already.
#[doc(hidden)]
pub fn session_of_file(bytes: &[u8]) -> Result<SessionRecord, TunerError> {
    let file = parse(bytes, "the file")?;
    fits_together(&file.record, "the file")?;
    Ok(file.record)
}

/// Whether the first bytes are those of a session's file, however it goes on.
fn begins_as_ours(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{\"wattsmith_session\":")
}

fn none_of_ours(name: &str, why: &str) -> TunerError {
    TunerError::Invalid(format!(
        "{name} is no session written by Wattsmith: {why}. “Export…” in a session's menu writes one, and so does \
         `wattsmith-cli sessions export`."
    ))
}

fn damaged(name: &str, error: &serde_json::Error) -> TunerError {
    TunerError::Invalid(format!(
        "{name} is a session, but damaged or cut off: {error}. Nothing of it was taken in. Copy it again, or have it \
         written again."
    ))
}

/// Whether all parts of a record are of one session.
fn fits_together(record: &SessionRecord, name: &str) -> Result<(), TunerError> {
    let id = &record.session.id;
    let wrong = |what: &str| {
        Err(TunerError::Invalid(format!(
            "The session of {name} does not fit together: {what}. Have it written again."
        )))
    };
    if record.trials.iter().any(|trial| trial.session != *id) {
        return wrong("one of its trials is of another session");
    }
    let mut numbers: Vec<u32> = record.trials.iter().map(|trial| trial.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() != record.trials.len() {
        return wrong("two of its trials have one number");
    }
    if record.proposals.iter().any(|one| one.session != *id)
        || record.exchanges.iter().any(|one| one.session != *id)
        || record.confirmations.iter().any(|one| one.session != *id)
    {
        return wrong("a proposal, prompt or confirmation is of another session");
    }
    if record
        .undoing
        .as_ref()
        .is_some_and(|one| one.session != *id)
    {
        return wrong("what was undone is of another session");
    }
    let known = |trial: &TrialId| record.trial(trial).is_some();
    if !record.feedback.iter().all(|one| known(&one.trial))
        || !record.confirmations.iter().all(|one| known(&one.trial))
        || !record.undoing.iter().all(|one| known(&one.trial))
    {
        return wrong("something is said of a trial that it does not hold");
    }
    Ok(())
}
