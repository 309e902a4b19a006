//! Asking an advisor: a prompt out, a reply in, a checked proposal or a reason why not. What came
//! and went is stored verbatim.

use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::Job;
use crate::next::{Next, provider};
use crate::prompt;
use crate::proposals::{blank_proposal, measured_as};
use crate::tuner::{Tuner, fresh_id, now};
use std::time::{Duration, Instant};
use wattsmith_chat::{
    Chat, ChatRequest, OpenAiCompatible, ParsedReply, Secret, Template, Timeouts, parse_reply,
    render, reply_schema,
};
use wattsmith_domain::{
    Advisor, Clock as _, Configuration, Connection, Ending, Exchange, ExchangeId, ExchangeOutcome,
    Proposal, SessionId, SessionRecord, SystemClock,
};
use wattsmith_engine::{EngineError, LaunchOptions};
use wattsmith_stats::Analysis;

/// Tries in one turn: the first, and two more that are told what was wrong.
const TRIES: u32 = 3;
/// Room for prompt and reply in a local advisor.
const ADVISOR_CONTEXT: u32 = 8192;
/// Longest reply.
const REPLY_TOKENS: u32 = 700;
/// Longest wait until the advisor's model is loaded.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

/// A prompt that was rendered, and what belongs to it.
struct Prepared {
    record: SessionRecord,
    analysis: Analysis,
    shortlist: Vec<Configuration>,
    template: Template,
    prompt: String,
}

impl Tuner {
    /// The prompt as it would be sent now, with its template's name.
    ///
    /// # Errors
    /// The session cannot be read, or the template is broken.
    pub async fn preview(&self, session: &SessionId) -> Result<(String, String), TunerError> {
        let prepared = self.prepare(session, None).await?;
        Ok((prepared.template.name, prepared.prompt))
    }

    /// The same with a template's text that is being edited.
    ///
    /// # Errors
    /// The session cannot be read, or the text is no working template.
    pub async fn preview_of(&self, session: &SessionId, text: &str) -> Result<String, TunerError> {
        Ok(self.prepare(session, Some(text)).await?.prompt)
    }

    async fn prepare(
        &self,
        session: &SessionId,
        text: Option<&str>,
    ) -> Result<Prepared, TunerError> {
        let record = self.record(session).await?;
        let analysis = Analysis::of(&record);
        let name = match record.session.advisor {
            Advisor::Baseline => "baseline",
            _ => "enhanced",
        };
        let template = self.templates.get(name)?;
        let shortlist = prompt::shortlist(&record, &analysis);
        let context = prompt::context(&record, &analysis, &shortlist);
        let prompt = render(text.unwrap_or(&template.text), &context)?;
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
        match record.session.connection.clone() {
            None => self.propose_numeric(&job.session, "").await,
            Some(Connection::Paste) => self.ask_by_paste(job).await,
            Some(Connection::Local { model }) => self.ask_locally(job, &record, &model).await,
            Some(Connection::OpenAi { base_url, model }) => {
                if !record.session.consent
                    && let Some(connection) = &record.session.connection
                    && connection.is_remote()
                {
                    return Err(TunerError::ConsentNeeded {
                        provider: provider(connection),
                    });
                }
                job.phase(PhaseKind::Asking, &model, None);
                let key = self.keys.get(&base_url).await.map(|(key, _)| key);
                match OpenAiCompatible::new(&base_url, &model, key, Timeouts::default()) {
                    Ok(chat) => self.converse(job, &chat, &model).await.map(|_| ()),
                    Err(error) => self.unanswered(job, &model, error.to_string()).await,
                }
            }
        }
    }

    /// Up to [`TRIES`] exchanges, until one gives a proposal. Gives the identities of the exchanges.
    async fn converse(
        &self,
        job: &Job,
        chat: &dyn Chat,
        connection: &str,
    ) -> Result<Vec<ExchangeId>, TunerError> {
        let mut exchanges = Vec::new();
        for _ in 0..TRIES {
            job.check()?;
            let prepared = self.prepare(&job.session, None).await?;
            if self.exhausted(&prepared).await? {
                break;
            }
            let schema = reply_schema(
                &prepared.record.session.space,
                (!prepared.shortlist.is_empty()).then_some(&prepared.shortlist[..]),
            );
            let request = ChatRequest {
                schema: Some(schema),
                max_tokens: REPLY_TOKENS,
                seed: Some(prepared.record.session.seed + exchanges.len() as u64),
                temperature: Some(0.2),
                ..ChatRequest::new(prepared.prompt.clone())
            };
            self.mark_sent(&prepared.record).await?;
            let mut exchange = blank_exchange(&prepared, connection);
            exchanges.push(exchange.id.clone());
            let began = Instant::now();
            let mut on_delta = |text: &str| job.emit(EventKind::Reply(text.to_owned()));
            let reply = chat.complete(request, &mut on_delta, &job.cancel).await;
            exchange.duration_s = began.elapsed().as_secs_f64();
            match reply {
                Ok(reply) => {
                    exchange.reply = reply.text;
                    exchange.prompt_tokens = reply.prompt_tokens;
                    exchange.reply_tokens = reply.reply_tokens;
                    if self.judge(&prepared, exchange).await? {
                        job.emit(EventKind::Changed);
                        break;
                    }
                }
                Err(wattsmith_chat::ChatError::Cancelled) => return Err(TunerError::Cancelled),
                Err(error) => {
                    exchange.outcome = ExchangeOutcome::Failed {
                        error: error.to_string(),
                    };
                    self.store.put_exchange(&exchange).await?;
                    job.emit(EventKind::Changed);
                    break;
                }
            }
            job.emit(EventKind::Changed);
        }
        Ok(exchanges)
    }

    /// Records that the advisor could not even be asked: the session says so and can go on without.
    async fn unanswered(
        &self,
        job: &Job,
        connection: &str,
        error: String,
    ) -> Result<(), TunerError> {
        let prepared = self.prepare(&job.session, None).await?;
        let exchange = Exchange {
            outcome: ExchangeOutcome::Failed { error },
            ..blank_exchange(&prepared, connection)
        };
        self.store.put_exchange(&exchange).await?;
        Ok(())
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

    async fn ask_by_paste(&self, job: &Job) -> Result<(), TunerError> {
        let prepared = self.prepare(&job.session, None).await?;
        self.mark_sent(&prepared.record).await?;
        let exchange = blank_exchange(&prepared, &Connection::Paste.label());
        self.store.put_exchange(&exchange).await?;
        Ok(())
    }

    /// Takes a pasted reply. A proposal comes of it, or the exchange records why not.
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
        let prepared = self.prepare(session, None).await?;
        let mut exchange = prepared
            .record
            .exchanges
            .iter()
            .find(|one| one.id == *exchange && one.outcome == ExchangeOutcome::Waiting)
            .cloned()
            .ok_or_else(|| TunerError::NotFound("No prompt waits for a reply here.".to_owned()))?;
        exchange.reply = reply.to_owned();
        self.judge(&prepared, exchange).await?;
        Ok(())
    }

    /// Runs the local advisor, asks it, and ends it before anything is measured.
    async fn ask_locally(
        &self,
        job: &Job,
        record: &SessionRecord,
        model: &str,
    ) -> Result<(), TunerError> {
        let _lock = self.claim_machine()?;
        let label = Connection::Local {
            model: model.to_owned(),
        }
        .label();
        job.phase(PhaseKind::LoadingAdvisor, &label, None);
        let mut options = LaunchOptions::chat_server(
            &record.session.engine.path,
            model,
            &record.session.machine,
            ADVISOR_CONTEXT,
            self.paths.engines_state(),
        );
        options.ready_timeout = READY_TIMEOUT;
        let engine = match wattsmith_engine::launch(options, &job.cancel).await {
            Ok(engine) => engine,
            Err(EngineError::Cancelled) => return Err(TunerError::Cancelled),
            Err(error) => return self.unanswered(job, &label, error.to_string()).await,
        };
        let recording = self.meter().record(Some(engine.pid()), |_| {});
        let from = SystemClock.now();
        job.phase(PhaseKind::Asking, &label, None);
        let asked = match OpenAiCompatible::new(
            &format!("{}/v1", engine.base_url()),
            &label,
            Some(Secret::new(engine.api_key())),
            Timeouts::default(),
        ) {
            Ok(chat) => self.converse(job, &chat, &label).await,
            Err(error) => Err(error.into()),
        };
        let to = SystemClock.now();
        let load = engine.load();
        job.phase(PhaseKind::StoppingEngine, &label, None);
        engine.stop().await;
        let recorded = crate::models::blocking(move || recording.finish()).await?;
        let exchanges = asked?;
        // Loading is priced at the power of what followed; the last exchange carries the whole turn.
        if let (Some(power), Some(last)) = (recorded.mean_power(from, to), exchanges.last()) {
            let joules = power.0 * (to.since(from).0 + load.0);
            let record = self.record(&job.session).await?;
            if let Some(exchange) = record.exchanges.iter().find(|one| one.id == *last) {
                let mut exchange = exchange.clone();
                exchange.joules = Some(joules);
                self.store.put_exchange(&exchange).await?;
            }
        }
        Ok(())
    }

    /// Makes a proposal of a reply, or records why it is refused. Whether there is a proposal.
    async fn judge(&self, prepared: &Prepared, mut exchange: Exchange) -> Result<bool, TunerError> {
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

    async fn mark_sent(&self, record: &SessionRecord) -> Result<(), TunerError> {
        if let Some(last) = record.feedback.last()
            && !last.sent
        {
            let mut feedback = last.clone();
            feedback.sent = true;
            self.store
                .put_feedback(&record.session.id, &feedback)
                .await?;
        }
        Ok(())
    }
}

fn blank_exchange(prepared: &Prepared, connection: &str) -> Exchange {
    Exchange {
        id: ExchangeId(fresh_id()),
        session: prepared.record.session.id.clone(),
        template: prepared.template.name.clone(),
        template_hash: prepared.template.hash.clone(),
        connection: connection.to_owned(),
        prompt: prepared.prompt.clone(),
        reply: String::new(),
        prompt_tokens: None,
        reply_tokens: None,
        duration_s: 0.0,
        joules: None,
        outcome: ExchangeOutcome::Waiting,
        created_at: now(),
    }
}

fn proposal(record: &SessionRecord, parsed: ParsedReply, exchange: &ExchangeId) -> Proposal {
    Proposal {
        advisor: record.session.advisor,
        reason: parsed.reason,
        knob_reasons: parsed.knob_reasons,
        predicted_joules_per_unit: parsed.predicted,
        exchange: Some(exchange.clone()),
        ..blank_proposal(record, parsed.configuration)
    }
}
