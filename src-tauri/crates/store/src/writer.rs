//! The thread that owns the connection.
//!
//! Work arrives over a channel and is answered over a oneshot. Writes that are queued together share
//! one transaction, and none is answered before the commit. Where a transaction of several fails,
//! each is tried again by itself, so that one refused record takes no other with it. The thread ends
//! when the last sender is gone, after it has done what was queued.
//!
//! While another program keeps the file to itself, writes are held in their order and tried again, for
//! as long as the store has patience; reading goes on meanwhile. After each commit the file is looked
//! for under its name: what went into one that nobody can find is not stored.

use crate::error::{Fault, StoreError};
use crate::place::Place;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::VecDeque;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// Most writes in one transaction.
const BATCH: usize = 64;
/// How long one try waits for another program. Reading waits with it.
const ONE_TRY: Duration = Duration::from_millis(200);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// Something to be written: run at least once, answered exactly once.
pub(crate) trait Write: Send {
    fn run(&mut self, db: &Connection) -> Result<(), Fault>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// How a closing is answered.
type Closed = oneshot::Sender<Result<(), StoreError>>;

/// What the thread can be asked for.
pub(crate) enum Command {
    Write(Box<dyn Write>),
    Read(Box<dyn FnOnce(&Connection) + Send>),
    Close(Closed),
}

/// A closure as a [`Write`]. It may be run again after a rollback, and therefore is no `FnOnce`.
pub(crate) struct Job<T, F> {
    pub work: F,
    pub made: Option<T>,
    pub reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write for Job<T, F>
where
    T: Send,
    F: Fn(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, db: &Connection) -> Result<(), Fault> {
        self.made = Some((self.work)(db)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { made, reply, .. } = *self;
        // Whoever asked may have stopped waiting; what was written stays written.
        let _ = reply.send(outcome.and_then(|()| made.ok_or(StoreError::Closed)));
    }
}

/// A write that waits, and until when it may.
struct Held {
    job: Box<dyn Write>,
    until: Instant,
}

/// The connection and what waits for it.
pub(crate) struct Writer {
    db: Connection,
    place: Place,
    /// How long a write is tried while another program keeps the file to itself.
    patience: Duration,
    /// Whether anything is held for that reason.
    held: watch::Sender<bool>,
    queue: VecDeque<Held>,
    /// Whether it was opened to be read only.
    reading: bool,
}

impl Writer {
    /// A connection that is written to.
    pub(crate) fn new(
        db: Connection,
        place: Place,
        patience: Duration,
        held: watch::Sender<bool>,
    ) -> Self {
        // From here on it is waited here, where reading can go on.
        let _ = db.busy_timeout(ONE_TRY.min(patience));
        Self {
            db,
            place,
            patience,
            held,
            queue: VecDeque::new(),
            reading: false,
        }
    }

    /// A connection that is read only.
    pub(crate) fn reading(db: Connection, place: Place, held: watch::Sender<bool>) -> Self {
        Self {
            reading: true,
            ..Self::new(db, place, Duration::ZERO, held)
        }
    }

    /// Runs until every sender is gone or it is told to close.
    pub(crate) fn run(mut self, commands: &mpsc::Receiver<Command>) {
        while let Ok(command) = commands.recv() {
            let Some(closed) = self.take(command, commands) else {
                continue;
            };
            let _ = closed.send(self.close());
            return;
        }
    }

    /// Does one command, and the writes that are queued behind it; gives back a wish to close.
    fn take(&mut self, command: Command, commands: &mpsc::Receiver<Command>) -> Option<Closed> {
        let mut next = Some(command);
        loop {
            match next.take() {
                Some(Command::Close(closed)) => {
                    while !self.queue.is_empty() && !self.write() {
                        std::thread::sleep(PAUSE);
                    }
                    return Some(closed);
                }
                // What was asked for before it is written before it, unless that has to wait.
                Some(Command::Read(read)) => {
                    if !self.queue.is_empty() {
                        self.write();
                    }
                    read(&self.db);
                }
                Some(Command::Write(job)) => self.hold(job),
                None => {
                    if self.write() {
                        return None;
                    }
                    next = match commands.recv_timeout(PAUSE) {
                        Ok(command) => Some(command),
                        Err(RecvTimeoutError::Timeout) => None,
                        Err(RecvTimeoutError::Disconnected) => {
                            std::thread::sleep(PAUSE);
                            None
                        }
                    };
                    continue;
                }
            }
            next = commands.try_recv().ok();
        }
    }

    fn hold(&mut self, job: Box<dyn Write>) {
        let until = Instant::now() + self.patience;
        self.queue.push_back(Held { job, until });
        if self.queue.len() >= BATCH {
            self.write();
        }
    }

    /// Writes all that waits. Whether nothing waits any more.
    fn write(&mut self) -> bool {
        while !self.queue.is_empty() {
            let length = self.queue.len().min(BATCH);
            let mut batch: Vec<Held> = self.queue.drain(..length).collect();
            match self.together(&mut batch) {
                Ok(()) => batch.into_iter().for_each(|one| one.job.answer(Ok(()))),
                Err(fault) if fault.is_busy() => {
                    self.wait_on(batch);
                    return self.queue.is_empty();
                }
                Err(fault) if batch.len() == 1 => {
                    let error = fault.at(&self.place.path);
                    batch
                        .into_iter()
                        .for_each(|one| one.job.answer(Err(error.clone())));
                }
                Err(_) => {
                    let mut rest: VecDeque<Held> = batch.into();
                    while let Some(one) = rest.pop_front() {
                        let mut alone = [one];
                        let outcome = self.together(&mut alone);
                        let [one] = alone;
                        match outcome {
                            Err(fault) if fault.is_busy() => {
                                rest.push_front(one);
                                self.wait_on(rest.into());
                                return self.queue.is_empty();
                            }
                            outcome => {
                                let outcome = outcome.map_err(|fault| fault.at(&self.place.path));
                                one.job.answer(outcome);
                            }
                        }
                    }
                }
            }
        }
        self.held.send_if_modified(std::mem::take);
        true
    }

    /// Puts back what could not be written yet, and answers what has waited long enough.
    fn wait_on(&mut self, batch: Vec<Held>) {
        let now = Instant::now();
        for one in batch.into_iter().rev() {
            if one.until > now {
                self.queue.push_front(one);
            } else {
                one.job.answer(Err(StoreError::Locked {
                    path: self.place.path.clone(),
                    seconds: self.patience.as_secs(),
                }));
            }
        }
        let any = !self.queue.is_empty();
        self.held
            .send_if_modified(|held| std::mem::replace(held, any) != any);
    }

    /// All of `batch` in one transaction, or nothing of it.
    fn together(&mut self, batch: &mut [Held]) -> Result<(), Fault> {
        // Taking the write lock at once means waiting for another process here, where the busy timeout
        // counts, and not failing in the middle.
        let transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for one in batch {
            one.job.run(&transaction)?;
        }
        transaction.commit()?;
        wattsmith_fail_points::fail_point!(
            "store::writer::committed",
            Fault::Removed(self.place.path.clone())
        );
        self.place.still_there()
    }

    /// Folds the log into the file, so that the file alone holds all.
    fn close(self) -> Result<(), StoreError> {
        let path = self.place.path.clone();
        if self.reading {
            let closed = self.db.close().map_err(|(_, error)| Fault::from(error));
            return closed.map_err(|fault| fault.at(&path));
        }
        // Another Wattsmith that has it open keeps its log; then it is folded in by that one.
        let folded = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let there = self.place.still_there();
        let closed = self.db.close().map_err(|(_, error)| Fault::from(error));
        let folded = match folded.map_err(Fault::from) {
            Err(fault) if fault.is_busy() => Ok(()),
            other => other,
        };
        there
            .and(folded)
            .and(closed)
            .map_err(|fault| fault.at(&path))
    }
}
