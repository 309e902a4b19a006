//! The async face of the store.

use crate::digests::{self, Head};
use crate::error::{Fault, StoreError};
use crate::open::{self, StoreOptions};
use crate::place::Place;
use crate::writer::{Command, Job, Writer};
use crate::{backup, readings, records, sampled, space};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use wattsmith_domain::{
    Confirmation, ConfirmationId, DiscardedRepeat, EnergyReading, Exchange, Feedback, PowerSample,
    Proposal, Repeat, Session, SessionId, SessionRecord, Trial, TrialId, Undoing, WindowOf,
};
use wattsmith_fail_points::fail_point;

/// Which side of a confirmation a repeat belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The trial that crossed the threshold.
    Best,
    /// The default.
    Default,
}

/// Whose window was discarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A trial's.
    Trial(TrialId),
    /// A confirmation's, of either side.
    Confirmation(ConfirmationId),
}

impl Owner {
    /// Its table, its noun and column, its identity.
    pub(crate) fn place(&self) -> (&'static str, &'static str, &str) {
        match self {
            Self::Trial(id) => ("trials", "trial", &id.0),
            Self::Confirmation(id) => ("confirmations", "confirmation", &id.0),
        }
    }
}

impl Side {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Default => "default",
        }
    }
}

/// A handle to the database; clones share one connection.
///
/// Every method may fail with any [`StoreError`]; `Full`, `Locked` and `Io` depend on the machine
/// and not on the arguments. Dropping a future does not take back what it asked for.
#[derive(Clone)]
pub struct Store {
    commands: mpsc::Sender<Command>,
    path: Arc<PathBuf>,
    held: watch::Receiver<bool>,
    reading: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish()
    }
}

impl Store {
    /// Opens the database at `path`, or creates it; its folder must exist. Brings an older one up
    /// to date. Waits for the disk: call it at start, or from a thread that may block.
    ///
    /// # Errors
    /// `NewerSchema` and `Corrupt` leave the file as it was; `Locked`, `Full`, `Io`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, StoreOptions::default())
    }

    /// Like [`Store::open`], with options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let patience = options.patience.unwrap_or(open::BUSY_TIMEOUT);
        Self::start(path, patience, false, move |path| open::open(path, options))
    }

    /// Opens the database to read it: no byte of it changes, nor is any file made. One that is not
    /// there is empty. What writes answers [`StoreError::ReadOnly`].
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        Self::start(path, Duration::ZERO, true, open::open_to_read)
    }

    fn start(
        path: &Path,
        patience: Duration,
        reading: bool,
        open: impl FnOnce(&Path) -> Result<Connection, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (commands, queue) = mpsc::channel();
        let (ready, opened) = mpsc::channel();
        let (holding, held) = watch::channel(false);
        let own = path.to_path_buf();
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                space::outlive_file_size_limit();
                match open(&own) {
                    Err(error) => drop(ready.send(Err(error))),
                    Ok(db) => {
                        let place = Place::of(&own);
                        if ready.send(Ok(())).is_ok() {
                            let writer = match reading {
                                true => Writer::reading(db, place, holding),
                                false => Writer::new(db, place, patience, holding),
                            };
                            writer.run(&queue);
                        }
                    }
                }
            })
            .map_err(|error| StoreError::Io {
                path: path.to_path_buf(),
                what: format!("no thread for it could be started: {error}"),
            })?;
        opened.recv().map_err(|_| StoreError::Closed)??;
        Ok(Self {
            commands,
            path: Arc::new(path.to_path_buf()),
            held,
            reading,
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether something is held at this moment because another program keeps the database to itself.
    /// It is tried again for as long as the store has patience.
    #[must_use]
    pub fn held(&self) -> watch::Receiver<bool> {
        self.held.clone()
    }

    /// Stores a session, or replaces what is stored of it. Its trials stay.
    ///
    /// # Errors
    /// `Refused` when a figure is no finite number.
    pub async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |db| {
            fail_point!("store::session::before_commit", Fault::full());
            records::put_session(db, &session)
        })
        .await
    }

    /// Stores a trial without its repeats, or replaces what is stored of it. Repeats already stored
    /// stay; see [`Store::add_repeat`].
    ///
    /// # Errors
    /// `NotFound` without its session; `Refused` when a figure is no finite number.
    pub async fn put_trial(&self, trial: &Trial) -> Result<(), StoreError> {
        let trial = trial.clone();
        self.write(move |db| records::put_trial(db, &trial)).await
    }

    /// Stores a trial and the proposal that it carries out, both or neither: a proposal is never used up
    /// without its trial, nor given back without it.
    ///
    /// # Errors
    /// As [`Store::put_trial`].
    pub async fn put_run(&self, trial: &Trial, proposal: &Proposal) -> Result<(), StoreError> {
        let (trial, proposal) = (trial.clone(), proposal.clone());
        self.write(move |db| {
            records::put_proposal(db, &proposal)?;
            fail_point!("store::run::before_commit", Fault::full());
            records::put_trial(db, &trial)
        })
        .await
    }

    /// Stores an exchange and the proposal that came of it, both or neither: a reply that was paid for
    /// is never taken without what it said.
    ///
    /// # Errors
    /// As [`Store::put_trial`].
    pub async fn put_answer(
        &self,
        exchange: &Exchange,
        proposal: &Proposal,
    ) -> Result<(), StoreError> {
        let (exchange, proposal) = (exchange.clone(), proposal.clone());
        self.write(move |db| {
            records::put_exchange(db, &exchange)?;
            fail_point!("store::answer::before_commit", Fault::full());
            records::put_proposal(db, &proposal)
        })
        .await
    }

    /// Stores a finished repeat and its power samples by device. It survives a killed process and a
    /// power cut from the moment this returns.
    ///
    /// # Errors
    /// `NotFound` without its trial; `Refused` when the trial has a repeat with this index, or a
    /// figure is no finite number.
    pub async fn add_repeat(
        &self,
        trial: &TrialId,
        repeat: &Repeat,
        samples: &[(String, Vec<PowerSample>)],
    ) -> Result<(), StoreError> {
        let (trial, repeat, samples) = (trial.clone(), repeat.clone(), samples.to_vec());
        self.write(move |db| sampled::add_repeat(db, &trial, &repeat, &samples))
            .await
    }

    /// Stores a confirmation without its repeats, or replaces what is stored of it.
    ///
    /// # Errors
    /// As [`Store::put_trial`].
    pub async fn put_confirmation(&self, confirmation: &Confirmation) -> Result<(), StoreError> {
        let confirmation = confirmation.clone();
        self.write(move |db| records::put_confirmation(db, &confirmation))
            .await
    }

    /// Stores what undoing each change of a session's winner showed so far, in place of what was there.
    ///
    /// # Errors
    /// `NotFound` without its session; `Refused` when a figure is no finite number.
    pub async fn put_undoing(&self, undoing: &Undoing) -> Result<(), StoreError> {
        let undoing = undoing.clone();
        self.write(move |db| records::put_undoing(db, &undoing))
            .await
    }

    /// Stores a finished repeat of a confirmation and its power samples by device. Indices count
    /// for each side by itself.
    ///
    /// # Errors
    /// As [`Store::add_repeat`].
    pub async fn add_confirmation_repeat(
        &self,
        confirmation: &ConfirmationId,
        side: Side,
        repeat: &Repeat,
        samples: &[(String, Vec<PowerSample>)],
    ) -> Result<(), StoreError> {
        let (confirmation, repeat) = (confirmation.clone(), repeat.clone());
        let samples = samples.to_vec();
        self.write(move |db| {
            sampled::add_confirmation_repeat(db, &confirmation, side, &repeat, &samples)
        })
        .await
    }

    /// Stores a window that something disturbed, with its samples; it belongs to no figure.
    ///
    /// # Errors
    /// `NotFound` without its owner; `Refused` when a figure is no finite number.
    pub async fn add_discarded(
        &self,
        owner: &Owner,
        discarded: &DiscardedRepeat,
        samples: &[(String, Vec<PowerSample>)],
    ) -> Result<(), StoreError> {
        let (owner, discarded, samples) = (owner.clone(), discarded.clone(), samples.to_vec());
        self.write(move |db| sampled::add_discarded(db, &owner, &discarded, &samples))
            .await
    }

    /// Stores what energy counters told around a window, by device, in place of what was there of it.
    ///
    /// # Errors
    /// `NotFound` without its session.
    pub async fn put_readings(
        &self,
        session: &SessionId,
        of: &WindowOf,
        devices: &[(String, Vec<EnergyReading>)],
    ) -> Result<(), StoreError> {
        let (session, of, devices) = (session.clone(), of.clone(), devices.to_vec());
        self.write(move |db| readings::put(db, &session, &of, &devices))
            .await
    }

    /// Stores a proposal, or replaces it.
    ///
    /// # Errors
    /// As [`Store::put_trial`].
    pub async fn put_proposal(&self, proposal: &Proposal) -> Result<(), StoreError> {
        let proposal = proposal.clone();
        self.write(move |db| {
            fail_point!("store::proposal::before_commit", Fault::full());
            records::put_proposal(db, &proposal)
        })
        .await
    }

    /// Stores an exchange, or replaces it.
    ///
    /// # Errors
    /// As [`Store::put_trial`].
    pub async fn put_exchange(&self, exchange: &Exchange) -> Result<(), StoreError> {
        let exchange = exchange.clone();
        self.write(move |db| {
            fail_point!("store::exchange::before_commit", Fault::full());
            records::put_exchange(db, &exchange)
        })
        .await
    }

    /// Stores the feedback on a trial, or replaces it.
    ///
    /// # Errors
    /// `NotFound` without its session or trial.
    pub async fn put_feedback(
        &self,
        session: &SessionId,
        feedback: &Feedback,
    ) -> Result<(), StoreError> {
        let (session, feedback) = (session.clone(), feedback.clone());
        self.write(move |db| {
            fail_point!("store::feedback::before_commit", Fault::full());
            records::put_feedback(db, &session, &feedback)
        })
        .await
    }

    /// A session with all that happened in it, as of one moment.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` when a stored record does not make sense.
    pub async fn record(&self, session: &SessionId) -> Result<SessionRecord, StoreError> {
        let session = session.clone();
        self.read(move |db| {
            fail_point!(
                "store::record::read",
                Fault::Corrupt("fail point".to_owned())
            );
            records::record(db, &session)
        })
        .await
    }

    /// The same, and how often it was changed, for [`Store::put_digest`].
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn record_as_of(
        &self,
        session: &SessionId,
    ) -> Result<(SessionRecord, i64), StoreError> {
        let id = session.clone();
        self.read(move |db| Ok((records::record(db, &id)?, digests::changes(db, &id)?)))
            .await
    }

    /// A session without what happened in it.
    ///
    /// # Errors
    /// As [`Store::record`].
    pub async fn session(&self, session: &SessionId) -> Result<Session, StoreError> {
        let id = session.clone();
        self.read(move |db| records::session(db, &id)).await
    }

    /// Every session, newest first, with the digest that `made_by` put down of it, where that still
    /// stands. Takes no longer for long sessions than for short ones.
    ///
    /// # Errors
    /// None of its own.
    pub async fn heads(&self, made_by: &str) -> Result<Vec<Head>, StoreError> {
        let made_by = made_by.to_owned();
        self.read(move |db| digests::heads(db, &made_by)).await
    }

    /// Keeps digests of records, each as [`Store::record_as_of`] gave it with its changes. One stands
    /// until its record changes.
    ///
    /// # Errors
    /// None of its own.
    pub async fn put_digests(
        &self,
        made_by: &str,
        digests: Vec<(SessionId, i64, String)>,
    ) -> Result<(), StoreError> {
        let made_by = made_by.to_owned();
        self.write(move |db| {
            digests.iter().try_for_each(|(id, made_of, body)| {
                digests::put(db, id, (&made_by, *made_of), body)
            })
        })
        .await
    }

    /// Every session with all that happened in it, newest first; one that cannot be read is left out,
    /// and does not take the others with it.
    ///
    /// # Errors
    /// None of its own.
    pub async fn records(&self) -> Result<Vec<SessionRecord>, StoreError> {
        self.read(records::records).await
    }

    /// Writes all that is stored into the new file `to`, whole by itself. It is read back before this
    /// returns, and on disk.
    ///
    /// # Errors
    /// There is a file at `to`, it cannot be written, or something that is stored cannot be read. Then
    /// nothing is left of it.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let (path, to) = (Arc::clone(&self.path), to.to_path_buf());
        self.send(Command::Read(Box::new(move |db| {
            let _ = reply.send(backup::write(db, &path, &to));
        })))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Deletes a session and all that happened in it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_session(&self, session: &SessionId) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |db| records::delete_session(db, &session))
            .await
    }

    /// Power samples of one window of a trial by device, thinned to at most `max_points` for each
    /// (at least 2) in a way that keeps peaks and troughs.
    ///
    /// # Errors
    /// `NotFound` without this repeat; `Corrupt` when the samples are damaged.
    pub async fn samples(
        &self,
        trial: &TrialId,
        repeat_index: u32,
        max_points: usize,
    ) -> Result<Vec<(String, Vec<PowerSample>)>, StoreError> {
        let trial = trial.clone();
        self.read(move |db| sampled::of_trial(db, &trial, repeat_index, max_points))
            .await
    }

    /// Like [`Store::samples`], for a window of a confirmation.
    ///
    /// # Errors
    /// As [`Store::samples`].
    pub async fn confirmation_samples(
        &self,
        confirmation: &ConfirmationId,
        side: Side,
        repeat_index: u32,
        max_points: usize,
    ) -> Result<Vec<(String, Vec<PowerSample>)>, StoreError> {
        let id = confirmation.clone();
        self.read(move |db| sampled::of_confirmation(db, &id, side, repeat_index, max_points))
            .await
    }

    /// Like [`Store::samples`], for the `nth` discarded window (from 0) of a trial or confirmation.
    ///
    /// # Errors
    /// `NotFound` without this window; `Corrupt` when the samples are damaged.
    pub async fn discarded_samples(
        &self,
        owner: &Owner,
        nth: u32,
        max_points: usize,
    ) -> Result<Vec<(String, Vec<PowerSample>)>, StoreError> {
        let owner = owner.clone();
        self.read(move |db| sampled::of_discarded(db, &owner, nth, max_points))
            .await
    }

    /// What energy counters told around a window, by device; none where none were kept.
    ///
    /// # Errors
    /// `Corrupt` when the readings are damaged.
    pub async fn readings(
        &self,
        session: &SessionId,
        of: &WindowOf,
    ) -> Result<Vec<(String, Vec<EnergyReading>)>, StoreError> {
        let (session, of) = (session.clone(), of.clone());
        self.read(move |db| readings::of(db, &session, &of)).await
    }

    /// What is set for `key`.
    ///
    /// # Errors
    /// None of its own.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.read(move |db| records::setting(db, &key)).await
    }

    /// Sets `key`. Not for secrets: those belong in the OS keyring.
    ///
    /// # Errors
    /// None of its own.
    pub async fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(move |db| records::set_setting(db, &key, &value))
            .await
    }

    /// Discards every trial that is still marked as running, and names them; their finished repeats
    /// stay, and their proposals are offered again, so that each goes on where it was. Call it at start, **while holding the machine-wide measuring lock**: without it, a
    /// trial that another process runs in this moment would be discarded under its hands.
    ///
    /// # Errors
    /// `Corrupt` when a stored record does not make sense.
    pub async fn interrupted(&self) -> Result<Vec<TrialId>, StoreError> {
        self.write(records::interrupted).await
    }

    /// Finishes what is queued, folds the log into the file and closes it. Other clones then answer
    /// with [`StoreError::Closed`]. Dropping every clone closes too, without waiting for it.
    ///
    /// # Errors
    /// `Closed` when it was closed before.
    pub async fn close(self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Close(reply))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        if self.reading {
            return Err(StoreError::ReadOnly {
                path: self.path.to_path_buf(),
            });
        }
        let (reply, answer) = oneshot::channel();
        self.send(Command::Write(Box::new(Job {
            work,
            made: None,
            reply,
        })))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let path = Arc::clone(&self.path);
        self.send(Command::Read(Box::new(move |db| {
            let _ = reply.send(work(db).map_err(|fault| fault.at(&path)));
        })))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    fn send(&self, command: Command) -> Result<(), StoreError> {
        self.commands.send(command).map_err(|_| StoreError::Closed)
    }
}
