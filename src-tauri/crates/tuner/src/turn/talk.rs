//! Free talk: the person asks anything in the middle of a session. The LLM sees the session's facts;
//! a proposal in its answer is offered like any other, and run by nobody but the person or autopilot.

use crate::error::TunerError;
use crate::job::Job;
use crate::tuner::Tuner;
use crate::turn::ask::proposal;
use crate::turn::prompt;
use crate::turn::proposals::measured_as;
use crate::turn::{Errand, Prepared};
use wattsmith_chat::{find_proposal, settings};
use wattsmith_domain::{Advisor, Exchange, ExchangeOutcome, Proposal};

impl Tuner {
    /// Asks the session's LLM a question of the person.
    pub(crate) async fn say(&self, job: &Job, question: &str) -> Result<(), TunerError> {
        let question = question.trim();
        if question.is_empty() {
            return Err(TunerError::Invalid(
                "There is no question yet; write one.".to_owned(),
            ));
        }
        let record = self.record(&job.session).await?;
        let errand = Errand::Talk {
            question: question.to_owned(),
        };
        self.reach(job, &record, &errand).await
    }

    /// Keeps an answer, and offers the proposal in it where there is one that can be run.
    pub(crate) async fn judge_answer(
        &self,
        prepared: &Prepared,
        mut exchange: Exchange,
    ) -> Result<bool, TunerError> {
        let record = &prepared.record;
        let space = &record.session.space;
        let base = prompt::base(record, &prepared.analysis);
        let mut offered = None;
        exchange.outcome = match find_proposal(&exchange.reply, space, &base) {
            Ok(None) => ExchangeOutcome::Answered {
                note: String::new(),
            },
            Err(error) => ExchangeOutcome::Answered {
                note: error.to_string(),
            },
            Ok(Some(parsed)) => match measured_as(record, &parsed.configuration) {
                Some(number) => ExchangeOutcome::Answered {
                    note: format!(
                        "the settings in it ({}) were measured already, in trial {number}",
                        settings(&parsed.configuration, space)
                    ),
                },
                None => {
                    offered = Some(parsed);
                    ExchangeOutcome::Accepted
                }
            },
        };
        if let Some(parsed) = offered {
            let mut offer: Proposal = proposal(record, parsed, &exchange.id);
            if !record.session.advisor.needs_connection() {
                // A session of numbers, in which a chat was asked all the same.
                offer.advisor = Advisor::Enhanced;
            }
            self.store.put_answer(&exchange, &offer).await?;
        } else {
            self.store.put_exchange(&exchange).await?;
        }
        Ok(true)
    }
}
