//! Questions of the person that have no answer yet. They live in memory: an answer is on disk before it is
//! told, and a question that Wattsmith was closed on can be asked again.

use crate::error::TunerError;
use crate::job::Job;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{ExchangeId, SessionId};

/// A question that has no answer yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The exchange that is going to answer it; later ones sort after earlier ones.
    pub id: ExchangeId,
    /// What the person asked.
    pub text: String,
    /// Why it is not asked yet, in whole sentences; empty once it is.
    pub waits: String,
}

struct Open {
    question: Question,
    cancel: CancellationToken,
}

#[derive(Default)]
struct Table {
    open: HashMap<SessionId, Vec<Open>>,
    lines: HashMap<SessionId, Arc<tokio::sync::Mutex<()>>>,
    /// Wattsmith is being closed: nothing is asked any more.
    closed: bool,
}

/// The open questions of all sessions.
#[derive(Clone, Default)]
pub(crate) struct Questions(Arc<Mutex<Table>>);

impl Questions {
    /// Adds one; gives what ends it.
    pub fn add(&self, session: &SessionId, question: Question) -> CancellationToken {
        let cancel = CancellationToken::new();
        self.table()
            .open
            .entry(session.clone())
            .or_default()
            .push(Open {
                question,
                cancel: cancel.clone(),
            });
        cancel
    }

    /// Those of a session, in the order in which they were asked.
    pub fn of(&self, session: &SessionId) -> Vec<Question> {
        let table = self.table();
        let open = table.open.get(session).into_iter().flatten();
        open.map(|one| one.question.clone()).collect()
    }

    /// Whether one waits to be asked.
    pub fn wait(&self, session: &SessionId) -> bool {
        let table = self.table();
        let mut open = table.open.get(session).into_iter().flatten();
        !table.closed && open.any(|one| !one.question.waits.is_empty())
    }

    /// The first that waits, which is asked from now on, and what tells that it is taken back.
    pub fn next(&self, session: &SessionId) -> Option<(Question, CancellationToken)> {
        let mut table = self.table();
        if table.closed {
            return None;
        }
        let mut open = table.open.get_mut(session)?.iter_mut();
        let next = open.find(|one| !one.question.waits.is_empty())?;
        next.question.waits.clear();
        Some((next.question.clone(), next.cancel.clone()))
    }

    /// Says what a question that is about to be asked waits for.
    pub fn says(&self, session: &SessionId, id: &ExchangeId, waits: &str) {
        let mut table = self.table();
        let mut open = table.open.get_mut(session).into_iter().flatten();
        if let Some(one) = open.find(|one| one.question.id == *id) {
            one.question.waits = waits.to_owned();
        }
    }

    /// Takes one out, which was answered or can not be.
    pub fn done(&self, session: &SessionId, id: &ExchangeId) {
        if let Some(open) = self.table().open.get_mut(session) {
            open.retain(|one| one.question.id != *id);
        }
    }

    /// Takes one back: it is not asked, or its answer is broken off. Whether it was there.
    pub fn take_back(&self, session: &SessionId, id: &ExchangeId) -> bool {
        let mut table = self.table();
        let Some(open) = table.open.get_mut(session) else {
            return false;
        };
        let Some(at) = open.iter().position(|one| one.question.id == *id) else {
            return false;
        };
        open[at].cancel.cancel();
        if !open[at].question.waits.is_empty() {
            open.remove(at);
        }
        true
    }

    /// Takes all of a session back.
    pub fn forget(&self, session: &SessionId) {
        let open = self.table().open.remove(session);
        open.iter().flatten().for_each(|one| one.cancel.cancel());
    }

    /// Takes all back, and every one to come.
    pub fn close(&self) {
        let mut table = self.table();
        table.closed = true;
        for open in table.open.values_mut() {
            open.iter().for_each(|one| one.cancel.cancel());
            open.retain(|one| one.question.waits.is_empty());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.table().open.values().all(Vec::is_empty)
    }

    /// A session's line to its chat model: one exchange at a time, so that each sees what came of the one
    /// before, and no two pass the cap together.
    ///
    /// # Errors
    /// The job was cancelled meanwhile.
    pub async fn line(&self, job: &Job) -> Result<tokio::sync::OwnedMutexGuard<()>, TunerError> {
        let line = Arc::clone(self.table().lines.entry(job.session.clone()).or_default());
        tokio::select! {
            guard = line.lock_owned() => Ok(guard),
            () = job.cancel.cancelled() => Err(TunerError::Cancelled),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(id: &str, waits: &str) -> Question {
        Question {
            id: ExchangeId::from(id),
            text: "Why?".to_owned(),
            waits: waits.to_owned(),
        }
    }

    #[test]
    fn what_waits_is_asked_in_its_order_and_what_is_taken_back_is_not() {
        let (questions, session) = (Questions::default(), SessionId::from("s"));
        for id in ["1", "2", "3"] {
            questions.add(&session, question(id, "A trial runs."));
        }
        assert!(questions.take_back(&session, &ExchangeId::from("2")));
        let next = || questions.next(&session).map(|(question, _)| question);
        assert_eq!(next(), Some(question("1", "")));
        assert_eq!(next(), Some(question("3", "")));
        assert_eq!(next(), None);
        assert!(!questions.wait(&session) && !questions.is_empty());
        questions.done(&session, &ExchangeId::from("1"));
        questions.done(&session, &ExchangeId::from("3"));
        assert!(questions.is_empty());
    }

    #[test]
    fn a_question_that_is_being_answered_is_broken_off_and_stays_until_that_is_over() {
        let (questions, session) = (Questions::default(), SessionId::from("s"));
        let cancel = questions.add(&session, question("1", ""));
        assert!(questions.take_back(&session, &ExchangeId::from("1")));
        assert!(cancel.is_cancelled());
        assert_eq!(questions.of(&session).len(), 1);
        assert!(!questions.take_back(&session, &ExchangeId::from("other")));
    }

    #[test]
    fn nothing_is_asked_any_more_once_wattsmith_is_closed() {
        let (questions, session) = (Questions::default(), SessionId::from("s"));
        questions.add(&session, question("1", "A trial runs."));
        questions.close();
        assert!(questions.is_empty() && !questions.wait(&session));
        questions.add(&session, question("2", "A trial runs."));
        assert!(questions.next(&session).is_none());
    }
}
