//! Asking an LLM: a prompt out, a reply in, a checked proposal, an answer, or a reason why not. What
//! came and went is stored verbatim.

use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::Job;
use crate::machine::models::blocking;
use crate::session::next::{Next, provider};
use crate::tuner::{Tuner, fresh_id};
use crate::turn::claims;
use crate::turn::exchange::blank_exchange;
use crate::turn::heard::Heard;
use crate::turn::offer::is_small;
use crate::turn::proposals::{blank_proposal, observations};
use crate::turn::spending::{self, Tally};
use crate::turn::{Errand, Prepared, TRIES};
use std::time::Instant;
use wattsmith_chat::{Chat, ChatError, ChatReply, ChatRequest, Delta, ParsedReply, ReplyError};
use wattsmith_domain::{
    Advisor, Connection, Ending, Exchange, ExchangeId, ExchangeKind, ExchangeOutcome, Proposal,
    SessionId, SessionRecord, bounded,
};
use wattsmith_fail_points::fail_point;
use wattsmith_search::Pool;
use wattsmith_stats::Analysis;

/// What the preview of the talk template asks.
const SAMPLE_QUESTION: &str = "Why did the last trial use more, or less, than the default?";

/// Characters that are kept of the reasons in a reply; the reply itself is kept whole.
const MOST_REASON: usize = 4000;

/// What came of a prompt.
struct Came {
    reply: Result<ChatReply, ChatError>,
    /// What was streamed.
    text: String,
    /// Why it was stopped, where it was.
    stopped: Option<String>,
}

impl Tuner {
    /// The prompt as it would be sent now, with its template's name.
    ///
    /// # Errors
    /// The session cannot be read, or the template is broken.
    pub async fn preview(&self, session: &SessionId) -> Result<(String, String), TunerError> {
        let prepared = self.prepare(session, &Errand::Proposal, None).await?;
        Ok((prepared.template.name, prepared.prompt))
    }

    /// What the template called `name` would give in this session with a text that is being edited.
    ///
    /// # Errors
    /// The session cannot be read, or the text is no working template.
    pub async fn preview_of(
        &self,
        session: &SessionId,
        name: &str,
        text: &str,
    ) -> Result<String, TunerError> {
        let errand = match name {
            "talk" => Errand::Talk {
                id: ExchangeId(fresh_id()),
                question: SAMPLE_QUESTION.to_owned(),
            },
            _ => Errand::Proposal,
        };
        Ok(self.prepare(session, &errand, Some(text)).await?.prompt)
    }

    pub(crate) async fn prepare(
        &self,
        session: &SessionId,
        errand: &Errand,
        text: Option<&str>,
    ) -> Result<Prepared, TunerError> {
        fail_point!("tuner::turn::prompt_written", TunerError::at_fail_point());
        let record = self.record(session).await?;
        let template = self
            .templates
            .get(errand.template(record.session.advisor))?;
        let (errand, text) = (errand.clone(), text.map(str::to_owned));
        blocking(move || {
            let pool = Pool::from(&record.session.space);
            Prepared::of(record, pool, template, &errand, text.as_deref())
        })
        .await?
    }

    /// Asks the session's advisor.
    pub(crate) async fn ask(&self, job: &Job) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        match Next::of(&record, &Analysis::of(&record)) {
            Next::Ask | Next::Stuck { .. } => {}
            Next::Consent { provider } => return Err(TunerError::ConsentNeeded { provider }),
            Next::MeasureDefault => {
                return Err(TunerError::Invalid(
                    "Measure the default first: every proposal is compared with it.".to_owned(),
                ));
            }
            _ => {
                return Err(TunerError::Invalid(
                    "The advisor is not asked at this point; see what the session waits for."
                        .to_owned(),
                ));
            }
        }
        if record.session.connection.is_none() || !record.session.advisor.needs_connection() {
            return self.propose_numeric(&job.session, "").await;
        }
        if record.session.advisor != Advisor::Guided {
            return self.reach(job, &record, &Errand::Proposal).await;
        }
        if observations(&record)
            .iter()
            .all(|one| one.outcome.is_none())
        {
            // Without a single figure there is no list to choose from.
            return self.propose_numeric(&job.session, "").await;
        }
        self.reach(job, &record, &Errand::Proposal).await?;
        let record = self.record(&job.session).await?;
        match Next::of(&record, &Analysis::of(&record)) {
            // The list stands without the LLM: it costs nothing but the words.
            Next::Stuck { reason } => self.propose_numeric(&job.session, &reason).await,
            _ => Ok(()),
        }
    }

    /// Carries an errand to the LLM, whichever way the session reaches it.
    pub(crate) async fn reach(
        &self,
        job: &Job,
        record: &SessionRecord,
        errand: &Errand,
    ) -> Result<(), TunerError> {
        match &record.session.connection {
            None => Err(TunerError::Invalid(
                "No chat model belongs to this session yet; choose a connection for it.".to_owned(),
            )),
            Some(Connection::Paste) => self.ask_by_paste(job, errand).await,
            Some(Connection::Local { model }) => self.ask_locally(job, record, model, errand).await,
            Some(server) => {
                if server.is_remote() && !record.session.consent {
                    return Err(TunerError::ConsentNeeded {
                        provider: provider(server),
                    });
                }
                let label = server.label();
                job.phase(PhaseKind::Asking, &label, None);
                let _line = self.questions.line(job).await?;
                match self.client(server).await {
                    Ok(chat) => self.converse(job, &chat, &label, errand).await.map(|_| ()),
                    Err(error) => {
                        self.unanswered(job, &label, errand, error.to_string())
                            .await
                    }
                }
            }
        }
    }

    /// Up to [`TRIES`] exchanges, until one gives a proposal; one for a question. Gives the
    /// identities of the exchanges.
    pub(crate) async fn converse(
        &self,
        job: &Job,
        chat: &dyn Chat,
        connection: &str,
        errand: &Errand,
    ) -> Result<Vec<ExchangeId>, TunerError> {
        let mut exchanges = Vec::new();
        let tries = match errand {
            Errand::Proposal => TRIES,
            Errand::Talk { .. } => 1,
        };
        for _ in 0..tries {
            job.check()?;
            let prepared = self.prepare(&job.session, errand, None).await?;
            if *errand == Errand::Proposal && self.exhausted(&prepared).await? {
                break;
            }
            let request = prepared.request(errand, exchanges.len() as u64);
            let mut exchange = blank_exchange(&prepared, connection, errand);
            if let Err(error) =
                spending::allow(&prepared.record, &prepared.prompt, request.max_tokens)
            {
                if let Errand::Talk { .. } = errand {
                    return Err(error);
                }
                // Nothing was sent; the session says so, and can go on by another connection.
                exchange.outcome = ExchangeOutcome::Failed {
                    error: error.to_string(),
                };
                self.store.put_exchange(&exchange).await?;
                break;
            }
            if *errand == Errand::Proposal {
                self.mark_sent(&prepared.record, &exchange.id).await?;
            }
            exchanges.push(exchange.id.clone());
            let came = self
                .listen(job, chat, request, &prepared, &mut exchange)
                .await;
            fail_point!("tuner::turn::reply_heard", TunerError::at_fail_point());
            let settled = self.settle(&prepared, exchange, came).await;
            job.emit(EventKind::Changed);
            if settled? {
                break;
            }
        }
        Ok(exchanges)
    }

    /// Sends a prompt and hears the reply to its end, or until it costs more than it may; writes down
    /// in `exchange` what it took.
    async fn listen(
        &self,
        job: &Job,
        chat: &dyn Chat,
        request: ChatRequest,
        prepared: &Prepared,
        exchange: &mut Exchange,
    ) -> Came {
        let (began, allowed) = (Instant::now(), request.max_tokens);
        let mut text = String::new();
        let mut tally = Tally::of(&prepared.record, &prepared.prompt);
        let enough = job.cancel.child_token();
        let mut stopped = false;
        let mut heard = Heard::of(job, exchange);
        let mut on_delta = |delta: Delta| {
            if !delta.text().is_empty() {
                text.push_str(delta.text());
                heard.more(delta.text());
            }
            if !tally.take(delta) && !stopped {
                stopped = true;
                enough.cancel();
            }
        };
        let reply = chat.complete(request, &mut on_delta, &enough).await;
        heard.told();
        exchange.duration_s = began.elapsed().as_secs_f64();
        exchange.cost = tally.cost(&reply);
        (exchange.prompt_tokens, exchange.reply_tokens) = tally.counted();
        exchange.unbounded = tally.is_beyond(allowed);
        // A reply that was there already when it passed the cap is a whole one, and paid for.
        let stopped = (stopped && reply.is_err()).then(|| tally.stopped(&prepared.record));
        Came {
            reply,
            text,
            stopped: stopped.filter(|_| !job.cancel.is_cancelled()),
        }
    }

    /// Stores what came of an exchange. Whether the turn is over.
    async fn settle(
        &self,
        prepared: &Prepared,
        mut exchange: Exchange,
        came: Came,
    ) -> Result<bool, TunerError> {
        match came.reply {
            Ok(reply) => {
                exchange.reply = reply.text;
                exchange.prompt_tokens = reply.prompt_tokens;
                exchange.reply_tokens = reply.reply_tokens;
                exchange.reasoning_tokens = reply.reasoning_tokens;
                if reply.cut_off {
                    return self.judge_half(exchange).await;
                }
                self.judge(prepared, exchange).await
            }
            Err(error) => {
                // What came before it broke off is part of the record.
                exchange.reply = came.text;
                let cancelled = error == ChatError::Cancelled && came.stopped.is_none();
                exchange.outcome = match cancelled {
                    true => ExchangeOutcome::Cancelled,
                    false => ExchangeOutcome::Failed {
                        error: came.stopped.unwrap_or_else(|| error.to_string()),
                    },
                };
                self.store.put_exchange(&exchange).await?;
                if cancelled {
                    return Err(TunerError::Cancelled);
                }
                Ok(true)
            }
        }
    }

    /// Nothing is taken from a reply that ended at its limit, however whole a part of it looks.
    async fn judge_half(&self, mut exchange: Exchange) -> Result<bool, TunerError> {
        let over = exchange.kind == ExchangeKind::Talk;
        exchange.outcome = match exchange.kind {
            ExchangeKind::Proposal => ExchangeOutcome::Refused {
                reason: ReplyError::CutOff.for_llm(),
            },
            ExchangeKind::Talk => ExchangeOutcome::Answered {
                note: "it ended at its limit of tokens, so nothing in it is offered".to_owned(),
            },
        };
        self.store.put_exchange(&exchange).await?;
        Ok(over)
    }

    /// Ends the session when a shortlist was wanted and nothing untried is left for it.
    async fn exhausted(&self, prepared: &Prepared) -> Result<bool, TunerError> {
        let session = &prepared.record.session;
        let wants_list = session.advisor == Advisor::Guided || is_small(session);
        if !wants_list || !prepared.offer.entries.is_empty() {
            return Ok(false);
        }
        self.change(&prepared.record.session.id, |session| {
            session.ending = Some(Ending::SpaceExhausted);
        })
        .await?;
        Ok(true)
    }

    /// Makes of a reply what it was asked for. Whether the turn is over.
    pub(crate) async fn judge(
        &self,
        prepared: &Prepared,
        exchange: Exchange,
    ) -> Result<bool, TunerError> {
        match exchange.kind {
            ExchangeKind::Proposal => self.judge_proposal(prepared, exchange).await,
            ExchangeKind::Talk => self.judge_answer(prepared, exchange).await,
        }
    }

    /// Makes a proposal of a reply, or records why it is refused. Whether there is a proposal.
    async fn judge_proposal(
        &self,
        prepared: &Prepared,
        mut exchange: Exchange,
    ) -> Result<bool, TunerError> {
        let record = &prepared.record;
        let (judged, reply) = (prepared.clone(), exchange.reply.clone());
        let parsed = blocking(move || judged.judge(&reply)).await?;
        match parsed {
            Ok(parsed) => {
                exchange.outcome = ExchangeOutcome::Accepted;
                let proposal = proposal(record, parsed, &exchange.id);
                fail_point!("tuner::turn::judged", TunerError::at_fail_point());
                self.store.put_answer(&exchange, &proposal).await?;
                Ok(true)
            }
            Err(reason) => {
                exchange.outcome = ExchangeOutcome::Refused { reason };
                self.store.put_exchange(&exchange).await?;
                Ok(false)
            }
        }
    }
}

pub(crate) fn proposal(
    record: &SessionRecord,
    parsed: ParsedReply,
    exchange: &ExchangeId,
) -> Proposal {
    Proposal {
        advisor: record.session.advisor,
        claims: claims::false_claims(record, &parsed.reason),
        reason: bounded(&parsed.reason, MOST_REASON),
        knob_reasons: parsed.knob_reasons,
        predicted_joules_per_unit: parsed.predicted,
        exchange: Some(exchange.clone()),
        ..blank_proposal(record, parsed.configuration)
    }
}
