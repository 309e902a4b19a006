//! Asking an LLM: a prompt out, a reply in, a checked proposal, an answer, or a reason why not. What
//! came and went is stored verbatim.

use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::exchange::blank_exchange;
use crate::job::Job;
use crate::next::{Next, provider};
use crate::prompt;
use crate::proposals::{blank_proposal, measured_as};
use crate::spending;
use crate::tuner::Tuner;
use std::time::Instant;
use wattsmith_chat::{
    Chat, ChatError, ChatReply, ChatRequest, ParsedReply, Template, parse_reply, render_within,
    reply_schema,
};
use wattsmith_domain::{
    Advisor, Configuration, Connection, Ending, Exchange, ExchangeId, ExchangeKind,
    ExchangeOutcome, Proposal, SessionId, SessionRecord,
};
use wattsmith_stats::Analysis;

/// Tries in one turn: the first, and two more that are told what was wrong.
const TRIES: u32 = 3;
/// Room for prompt and reply in a local advisor, tokens.
pub(crate) const ADVISOR_CONTEXT: u32 = 8192;
/// Longest reply of a local advisor, tokens.
const LOCAL_REPLY: u32 = 700;
/// Longest reply of a server, tokens: many models think before they answer, and it counts.
const SERVER_REPLY: u32 = 4096;
/// Longest prompt, tokens: what chat models of today read well, and what can be carried by hand.
const LONGEST_PROMPT: u64 = 16_000;
/// What the preview of the talk template asks.
const SAMPLE_QUESTION: &str = "Why did the last trial use more, or less, than the default?";

/// What an LLM is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The next proposal.
    Proposal,
    /// An answer to the person.
    Talk {
        /// What they ask.
        question: String,
    },
}

impl Errand {
    pub(crate) fn kind(&self) -> ExchangeKind {
        match self {
            Self::Proposal => ExchangeKind::Proposal,
            Self::Talk { .. } => ExchangeKind::Talk,
        }
    }

    pub(crate) fn question(&self) -> &str {
        match self {
            Self::Proposal => "",
            Self::Talk { question } => question,
        }
    }

    /// What an exchange was for.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        match exchange.kind {
            ExchangeKind::Proposal => Self::Proposal,
            ExchangeKind::Talk => Self::Talk {
                question: exchange.question.clone(),
            },
        }
    }
}

/// A prompt that was rendered, and what belongs to it.
pub(crate) struct Prepared {
    pub record: SessionRecord,
    pub analysis: Analysis,
    pub shortlist: Vec<Configuration>,
    pub template: Template,
    pub prompt: String,
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
        let record = self.record(session).await?;
        let analysis = Analysis::of(&record);
        let name = match (errand, record.session.advisor) {
            (Errand::Talk { .. }, _) => "talk",
            (Errand::Proposal, Advisor::Baseline) => "baseline",
            (Errand::Proposal, _) => "enhanced",
        };
        let template = self.templates.get(name)?;
        let shortlist = match errand {
            Errand::Proposal => prompt::shortlist(&record, &analysis),
            Errand::Talk { .. } => Vec::new(),
        };
        let mut context = prompt::context(&record, &analysis, &shortlist);
        if let Errand::Talk { question } = errand {
            context.question.clone_from(question);
            context.talk = prompt::talk(&record);
        }
        let most = match record.session.connection {
            Some(Connection::Local { .. }) => u64::from(ADVISOR_CONTEXT - LOCAL_REPLY),
            _ => LONGEST_PROMPT,
        };
        let prompt = render_within(text.unwrap_or(&template.text), &context, most)?;
        Ok(Prepared {
            record,
            analysis,
            shortlist,
            template,
            prompt,
        })
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
        self.reach(job, &record, &Errand::Proposal).await
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
            let request = request(&prepared, errand, exchanges.len() as u64);
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
            let began = Instant::now();
            let mut came = String::new();
            let mut on_delta = |text: &str| {
                came.push_str(text);
                job.emit(EventKind::Reply(text.to_owned()));
            };
            let reply = chat.complete(request, &mut on_delta, &job.cancel).await;
            exchange.duration_s = began.elapsed().as_secs_f64();
            let session = &prepared.record.session;
            exchange.cost = spending::cost(session, &prepared.prompt, &came, &reply);
            let settled = self.settle(&prepared, exchange, reply, came).await;
            job.emit(EventKind::Changed);
            if settled? {
                break;
            }
        }
        Ok(exchanges)
    }

    /// Stores what came of an exchange. Whether the turn is over.
    async fn settle(
        &self,
        prepared: &Prepared,
        mut exchange: Exchange,
        reply: Result<ChatReply, ChatError>,
        came: String,
    ) -> Result<bool, TunerError> {
        match reply {
            Ok(reply) => {
                exchange.reply = reply.text;
                exchange.prompt_tokens = reply.prompt_tokens;
                exchange.reply_tokens = reply.reply_tokens;
                exchange.reasoning_tokens = reply.reasoning_tokens;
                self.judge(prepared, exchange).await
            }
            Err(error) => {
                // What came before it broke off is part of the record.
                exchange.reply = came;
                let cancelled = error == ChatError::Cancelled;
                exchange.outcome = match cancelled {
                    true => ExchangeOutcome::Cancelled,
                    false => ExchangeOutcome::Failed {
                        error: error.to_string(),
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

    /// Ends the session when a shortlist was wanted and nothing untried is left for it.
    async fn exhausted(&self, prepared: &Prepared) -> Result<bool, TunerError> {
        let wants_list = matches!(
            prepared.record.session.connection,
            Some(Connection::Local { .. })
        );
        if !wants_list || !prepared.shortlist.is_empty() {
            return Ok(false);
        }
        self.change(&prepared.record.session.id, |session| {
            session.ending = Some(Ending::SpaceExhausted);
        })
        .await?;
        Ok(true)
    }

    async fn ask_by_paste(&self, job: &Job, errand: &Errand) -> Result<(), TunerError> {
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
        let _claim = self.jobs.begin(session, false)?;
        if reply.trim().is_empty() {
            return Err(TunerError::Invalid(
                "The reply is empty. Paste what the chat answered.".to_owned(),
            ));
        }
        let record = self.record(session).await?;
        let mut exchange = record
            .exchanges
            .into_iter()
            .find(|one| one.id == *exchange && one.outcome == ExchangeOutcome::Waiting)
            .ok_or_else(|| TunerError::NotFound("No prompt waits for a reply here.".to_owned()))?;
        let prepared = self.prepare(session, &Errand::of(&exchange), None).await?;
        exchange.reply = reply.to_owned();
        self.judge(&prepared, exchange).await?;
        Ok(())
    }

    /// Makes of a reply what it was asked for. Whether the turn is over.
    async fn judge(&self, prepared: &Prepared, exchange: Exchange) -> Result<bool, TunerError> {
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
        let shortlist = (!prepared.shortlist.is_empty()).then_some(&prepared.shortlist[..]);
        let base = prompt::base(record, &prepared.analysis);
        let parsed = parse_reply(&exchange.reply, &record.session.space, &base, shortlist)
            .map_err(|error| error.for_llm())
            .and_then(|parsed| match measured_as(record, &parsed.configuration) {
                Some(number) => Err(format!(
                    "{} was measured already, in trial {number}; propose something untried",
                    wattsmith_chat::settings(&parsed.configuration, &record.session.space)
                )),
                None => Ok(parsed),
            });
        match parsed {
            Ok(parsed) => {
                exchange.outcome = ExchangeOutcome::Accepted;
                self.store.put_exchange(&exchange).await?;
                let proposal = proposal(record, parsed, &exchange.id);
                self.store.put_proposal(&proposal).await?;
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

/// The request for a prompt: a proposal is held to its schema, an answer is free.
fn request(prepared: &Prepared, errand: &Errand, tries: u64) -> ChatRequest {
    let session = &prepared.record.session;
    let max_tokens = match session.connection {
        Some(Connection::Local { .. }) => LOCAL_REPLY,
        _ => SERVER_REPLY,
    };
    let list = (!prepared.shortlist.is_empty()).then_some(&prepared.shortlist[..]);
    ChatRequest {
        schema: (*errand == Errand::Proposal).then(|| reply_schema(&session.space, list)),
        max_tokens,
        seed: Some(session.seed + tries),
        temperature: Some(0.2),
        ..ChatRequest::new(prepared.prompt.clone())
    }
}

pub(crate) fn proposal(
    record: &SessionRecord,
    parsed: ParsedReply,
    exchange: &ExchangeId,
) -> Proposal {
    Proposal {
        advisor: record.session.advisor,
        reason: parsed.reason,
        knob_reasons: parsed.knob_reasons,
        predicted_joules_per_unit: parsed.predicted,
        exchange: Some(exchange.clone()),
        ..blank_proposal(record, parsed.configuration)
    }
}
