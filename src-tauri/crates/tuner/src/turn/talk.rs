//! Free talk: the person asks anything, at any time. The LLM sees the session's facts; what it says is held
//! against them, and a proposal in its answer is offered like any other, and run by nobody but the person or
//! autopilot.
//!
//! A model elsewhere is asked beside whatever runs here. One on this machine would be part of what is
//! measured: a question to it waits until the step that runs is done, and autopilot takes it between two
//! steps.

use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::Job;
use crate::session::next::provider;
use crate::tuner::{Step, Tuner, fresh_id};
use crate::turn::ask::proposal;
use crate::turn::claims;
use crate::turn::prompt;
use crate::turn::proposals::measured_as;
use crate::turn::questions::Question;
use crate::turn::{Errand, Prepared};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{find_proposal, settings};
use wattsmith_domain::{
    Advisor, Connection, Exchange, ExchangeId, ExchangeOutcome, Proposal, SessionId, SessionRecord,
};

/// Why a question to a model on this machine is not asked at once.
const AFTER_THIS_STEP: &str = "This chat model runs on this machine, and would be part of what is measured. \
                               It is asked as soon as the step that runs now is done.";
/// How often it is looked whether the machine is free.
const LOOK: Duration = Duration::from_secs(1);

impl Tuner {
    /// Asks the session's LLM a question of the person, whatever else runs, and returns at once; gives the
    /// exchange that is going to answer it. Watch [`EventKind::Answer`] and [`EventKind::Changed`].
    ///
    /// # Errors
    /// There is no question, nobody to ask, or the person has not agreed that prompts go there.
    pub async fn talk(
        self: &Arc<Self>,
        session: &SessionId,
        question: &str,
    ) -> Result<ExchangeId, TunerError> {
        let text = asked(question)?;
        let record = self.record(session).await?;
        let connection = connection_of(&record)?;
        let id = ExchangeId(fresh_id());
        let open = |waits: &str| Question {
            id: id.clone(),
            text: text.to_owned(),
            waits: waits.to_owned(),
        };
        if *connection == Connection::Paste {
            let job = self.jobs.beside(session, CancellationToken::new());
            let errand = Errand::from(open(""));
            self.ask_by_paste(&job, &errand).await?;
            // Nothing else runs that would tell of the prompt that stands there now.
            job.emit(EventKind::Changed);
        } else if connection.is_remote() {
            let cancel = self.questions.add(session, open(""));
            let job = self.jobs.beside(session, cancel);
            job.emit(EventKind::Changed);
            let (tuner, question) = (Arc::clone(self), open(""));
            tokio::spawn(async move { tuner.answer(&job, question, &job.cancel).await });
        } else {
            self.questions.add(session, open(AFTER_THIS_STEP));
            self.jobs.emit(session, EventKind::Changed);
            // Whatever runs already takes it along.
            let _ = self.start(session, Step::Answers);
        }
        Ok(id)
    }

    /// Takes back a question that has no answer yet. Whether there was such a one.
    #[must_use]
    pub fn take_back(&self, session: &SessionId, question: &ExchangeId) -> bool {
        let found = self.questions.take_back(session, question);
        self.jobs.emit(session, EventKind::Changed);
        found
    }

    /// Asks what waits, one after the other.
    pub(crate) async fn answer_waiting(&self, job: &Job) -> Result<(), TunerError> {
        loop {
            job.check()?;
            let Some((question, taken_back)) = self.questions.next(&job.session) else {
                return Ok(());
            };
            job.emit(EventKind::Changed);
            self.answer(job, question, &taken_back).await;
        }
    }

    /// Has a question answered, or keeps why it could not be.
    async fn answer(&self, job: &Job, question: Question, taken_back: &CancellationToken) {
        let (session, id) = (&job.session, question.id.clone());
        let errand = Errand::from(question);
        if let Err(error) = self.carry(job, &errand, &id, taken_back).await
            && !matches!(error, TunerError::Cancelled)
        {
            let kept = self.keep_unanswered(job, &errand, &error).await;
            if let Err(error) = kept {
                job.emit(EventKind::Failed(error.to_string()));
            }
        }
        self.questions.done(session, &id);
        job.emit(EventKind::Changed);
    }

    async fn keep_unanswered(
        &self,
        job: &Job,
        errand: &Errand,
        error: &TunerError,
    ) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let connection = record.session.connection.map(|one| one.label());
        let label = connection.unwrap_or_default();
        self.unanswered(job, &label, errand, error.to_string())
            .await
    }

    /// Carries a question to the LLM, once the machine is free for one that runs here.
    async fn carry(
        &self,
        job: &Job,
        errand: &Errand,
        id: &ExchangeId,
        taken_back: &CancellationToken,
    ) -> Result<(), TunerError> {
        loop {
            let record = self.record(&job.session).await?;
            let why = match self.reach_alone(job, &record, errand).await {
                Err(TunerError::Busy(why)) => why,
                other => return other,
            };
            self.questions.says(&job.session, id, &why);
            job.phase(PhaseKind::WaitingForLock, "", None);
            job.emit(EventKind::Changed);
            while self.is_machine_taken() {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = job.cancel.cancelled() => return Err(TunerError::Cancelled),
                    () = taken_back.cancelled() => return Err(TunerError::Cancelled),
                }
            }
            self.questions.says(&job.session, id, "");
            job.emit(EventKind::Changed);
        }
    }

    /// Reaches an LLM; beside one on this machine nothing is measured, whoever started it.
    async fn reach_alone(
        &self,
        job: &Job,
        record: &SessionRecord,
        errand: &Errand,
    ) -> Result<(), TunerError> {
        let connection = connection_of(record)?;
        let is_server_here = connection.as_server().is_some() && !connection.is_remote();
        let _lock = match is_server_here {
            true => Some(self.claim_machine()?),
            false => None,
        };
        self.reach(job, record, errand).await
    }

    /// Asks the session's LLM a question of the person, and returns when it is answered.
    pub(crate) async fn say(&self, job: &Job, question: &str) -> Result<(), TunerError> {
        let errand = Errand::Talk {
            id: ExchangeId(fresh_id()),
            question: asked(question)?.to_owned(),
        };
        let record = self.record(&job.session).await?;
        self.reach(job, &record, &errand).await
    }

    /// Keeps an answer, and offers the proposal in it where there is one that can be run.
    pub(crate) async fn judge_answer(
        &self,
        prepared: &Prepared,
        mut exchange: Exchange,
    ) -> Result<bool, TunerError> {
        // What was measured while the answer came counts for it, too.
        let record = &self.record(&prepared.record.session.id).await?;
        let space = &record.session.space;
        let base = prompt::base(record, &prepared.analysis);
        exchange.claims = claims::false_claims_in_answer(record, &exchange.reply);
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

impl From<Question> for Errand {
    fn from(question: Question) -> Self {
        Self::Talk {
            id: question.id,
            question: question.text,
        }
    }
}

fn asked(question: &str) -> Result<&str, TunerError> {
    match question.trim() {
        "" => Err(TunerError::Invalid(
            "There is no question yet; write one.".to_owned(),
        )),
        text => Ok(text),
    }
}

/// Who is asked, where the person agreed to that.
fn connection_of(record: &SessionRecord) -> Result<&Connection, TunerError> {
    match &record.session.connection {
        None => Err(TunerError::Invalid(
            "No chat model belongs to this session yet; choose a connection for it.".to_owned(),
        )),
        Some(remote) if remote.is_remote() && !record.session.consent => {
            Err(TunerError::ConsentNeeded {
                provider: provider(remote),
            })
        }
        Some(connection) => Ok(connection),
    }
}
