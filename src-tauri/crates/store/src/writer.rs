//! The thread that owns the connection.
//!
//! Work arrives over a channel and is answered over a oneshot. Writes that are queued together share
//! one transaction, and none is answered before the commit. Where a transaction of several fails,
//! each is tried again by itself, so that one refused record takes no other with it. The thread ends
//! when the last sender is gone, after it has done what was queued.

use crate::error::{Fault, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;
use std::sync::mpsc;
use tokio::sync::oneshot;

/// Most writes in one transaction.
const BATCH: usize = 64;

/// Something to be written: run at least once, answered exactly once.
pub(crate) trait Write: Send {
    fn run(&mut self, db: &Connection) -> Result<(), Fault>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// What the thread can be asked for.
pub(crate) enum Command {
    Write(Box<dyn Write>),
    Read(Box<dyn FnOnce(&Connection) + Send>),
    Close(oneshot::Sender<Result<(), StoreError>>),
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

/// Runs until every sender is gone or it is told to close.
pub(crate) fn run(mut db: Connection, path: &Path, commands: &mpsc::Receiver<Command>) {
    let mut held = None;
    while let Some(command) = held.take().or_else(|| commands.recv().ok()) {
        match command {
            Command::Read(read) => read(&db),
            Command::Close(done) => {
                let closed = db.close().map_err(|(_, error)| Fault::from(error).at(path));
                let _ = done.send(closed);
                return;
            }
            Command::Write(first) => {
                let mut batch = vec![first];
                while batch.len() < BATCH && held.is_none() {
                    match commands.try_recv() {
                        Ok(Command::Write(next)) => batch.push(next),
                        Ok(other) => held = Some(other),
                        Err(_) => break,
                    }
                }
                write(&mut db, path, batch);
            }
        }
    }
}

fn write(db: &mut Connection, path: &Path, mut batch: Vec<Box<dyn Write>>) {
    if batch.len() > 1 && together(db, &mut batch).is_ok() {
        for job in batch {
            job.answer(Ok(()));
        }
        return;
    }
    for job in batch {
        let mut alone = [job];
        let outcome = together(db, &mut alone).map_err(|fault| fault.at(path));
        let [job] = alone;
        job.answer(outcome);
    }
}

/// All of `batch` in one transaction, or nothing of it.
fn together(db: &mut Connection, batch: &mut [Box<dyn Write>]) -> Result<(), Fault> {
    // Taking the write lock at once means waiting for another process here, where the busy timeout
    // counts, and not failing in the middle.
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        job.run(&transaction)?;
    }
    Ok(transaction.commit()?)
}
