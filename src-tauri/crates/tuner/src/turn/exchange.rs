//! Exchanges as they are stored: what goes into one before it is sent, and what sending leaves behind.

use crate::error::TunerError;
use crate::job::Job;
use crate::tuner::{Tuner, fresh_id, now};
use crate::turn::{Errand, Prepared};
use wattsmith_domain::{Exchange, ExchangeId, ExchangeOutcome, SessionRecord};

impl Tuner {
    /// Records that the LLM could not even be asked: the session says so and can go on without.
    pub(crate) async fn unanswered(
        &self,
        job: &Job,
        connection: &str,
        errand: &Errand,
        error: String,
    ) -> Result<(), TunerError> {
        let prepared = self.prepare(&job.session, errand, None).await?;
        let exchange = Exchange {
            outcome: ExchangeOutcome::Failed { error },
            ..blank_exchange(&prepared, connection, errand)
        };
        self.store.put_exchange(&exchange).await?;
        Ok(())
    }

    /// Keeps what of the last feedback goes out with `exchange`, as it is at this moment.
    pub(crate) async fn mark_sent(
        &self,
        record: &SessionRecord,
        exchange: &ExchangeId,
    ) -> Result<(), TunerError> {
        wattsmith_fail_points::fail_point!(
            "tuner::turn::feedback_sent",
            TunerError::at_fail_point()
        );
        if let Some(last) = record.feedback.last()
            && !last.sent
        {
            let mut feedback = last.clone();
            feedback.sent = true;
            feedback.sent_text = Some(feedback.text().to_owned());
            feedback.sent_in = Some(exchange.clone());
            self.store
                .put_feedback(&record.session.id, &feedback)
                .await?;
        }
        Ok(())
    }
}

/// An exchange that waits for its reply.
pub(crate) fn blank_exchange(prepared: &Prepared, connection: &str, errand: &Errand) -> Exchange {
    Exchange {
        id: match errand {
            Errand::Proposal => ExchangeId(fresh_id()),
            // Known by it since it was asked.
            Errand::Talk { id, .. } => id.clone(),
        },
        session: prepared.record.session.id.clone(),
        kind: errand.kind(),
        question: errand.question().to_owned(),
        template: prepared.template.name.clone(),
        template_hash: prepared.template.hash.clone(),
        connection: connection.to_owned(),
        prompt: prepared.prompt.clone(),
        reply: String::new(),
        prompt_tokens: None,
        reply_tokens: None,
        reasoning_tokens: None,
        cost: None,
        unbounded: false,
        duration_s: 0.0,
        joules: None,
        claims: Vec::new(),
        outcome: ExchangeOutcome::Waiting,
        created_at: now(),
    }
}
