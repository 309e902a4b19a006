//! A prompt that the person carries to any chat by hand, and the reply that they bring back.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::job::Job;
use crate::tuner::Tuner;
use crate::turn::Errand;
use crate::turn::exchange::blank_exchange;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{
    Connection, Exchange, ExchangeId, ExchangeKind, ExchangeOutcome, SessionId,
};

/// Bytes that a pasted reply may have, as one from a server.
const MOST_PASTED: usize = 1 << 18;

impl Tuner {
    /// Makes the prompt, which then waits for its reply.
    pub(crate) async fn ask_by_paste(&self, job: &Job, errand: &Errand) -> Result<(), TunerError> {
        let prepared = self.prepare(&job.session, errand, None).await?;
        let exchange = blank_exchange(&prepared, &Connection::Paste.label(), errand);
        if *errand == Errand::Proposal {
            self.mark_sent(&prepared.record, &exchange.id).await?;
        }
        self.store.put_exchange(&exchange).await?;
        Ok(())
    }

    /// Takes a pasted reply. A proposal or an answer comes of it, or the exchange records why not.
    ///
    /// # Errors
    /// There is no such exchange waiting, the reply is empty, or it cannot be stored.
    pub async fn give_reply(
        &self,
        session: &SessionId,
        exchange: &ExchangeId,
        reply: &str,
    ) -> Result<(), TunerError> {
        if reply.len() > MOST_PASTED {
            return Err(TunerError::Invalid(format!(
                "The reply has {} bytes; more than {MOST_PASTED} are no proposal. Paste the answer alone.",
                reply.len()
            )));
        }
        if reply.trim().is_empty() {
            return Err(TunerError::Invalid(
                "The reply is empty. Paste what the chat answered.".to_owned(),
            ));
        }
        let job = self.jobs.beside(session, CancellationToken::new());
        // One after the other, so that none is taken twice.
        let _line = self.questions.line(&job).await?;
        let mut exchange = self.waiting(session, exchange).await?;
        // An answer changes nothing of what runs.
        let _claim = match exchange.kind {
            ExchangeKind::Proposal => Some(self.jobs.begin(session, false)?),
            ExchangeKind::Talk => None,
        };
        let prepared = self.prepare(session, &Errand::of(&exchange), None).await?;
        exchange.reply = reply.to_owned();
        self.judge(&prepared, exchange).await?;
        job.emit(EventKind::Changed);
        Ok(())
    }

    async fn waiting(
        &self,
        session: &SessionId,
        exchange: &ExchangeId,
    ) -> Result<Exchange, TunerError> {
        let record = self.record(session).await?;
        let mut exchanges = record.exchanges.into_iter();
        exchanges
            .find(|one| one.id == *exchange && one.outcome == ExchangeOutcome::Waiting)
            .ok_or_else(|| TunerError::NotFound("No prompt waits for a reply here.".to_owned()))
    }
}
