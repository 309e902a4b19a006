//! One turn with an LLM, worked out from a record alone: the prompt, the request, and what a reply
//! is worth. Sessions ([`ask`]) and studies take their turns by it, so that a study shows what a
//! session would do.
//!
//! The life of a proposal: [`feedback`] drafts what the last trial says ([`bottleneck`] what held it
//! back, [`core_use`] who used the cores); [`offer`] lists what may be chosen; [`prompt`] renders all of
//! it; [`ask`] sends it through the connection of [`connect`] ([`local`] starts a chat model here, [`paste`]
//! lets the person carry it) while [`spending`] counts; [`claims`] holds the reasons against the record;
//! [`proposals`] takes decisions.
//! [`fallback`] says what stands in for a reply that could not be used. [`exchange`] stores each
//! prompt and reply, [`heard`] tells of a reply while it comes; [`talk`] answers the person's questions,
//! [`questions`] holds those that wait.
//!
//! Cancelled, a turn leaves its exchange marked as such, and no local model running.

pub(crate) mod ask;
pub(crate) mod bottleneck;
pub(crate) mod claims;
pub(crate) mod connect;
pub(crate) mod core_use;
pub(crate) mod exchange;
pub(crate) mod fallback;
pub mod feedback;
pub(crate) mod heard;
pub(crate) mod local;
pub(crate) mod offer;
pub(crate) mod paste;
pub(crate) mod prompt;
pub(crate) mod proposals;
pub(crate) mod questions;
pub(crate) mod spending;
pub(crate) mod talk;

use crate::error::TunerError;
use crate::turn::offer::Offer;
use crate::turn::proposals::measured_as;
use wattsmith_chat::{
    ChatRequest, ParsedReply, Template, parse_reply, render_within, reply_schema,
};
use wattsmith_domain::{
    Advisor, Configuration, Connection, Exchange, ExchangeId, ExchangeKind, SessionRecord,
};
use wattsmith_search::Pool;
use wattsmith_stats::Analysis;

/// Tries in one turn: the first, and two more that are told what was wrong.
pub(crate) const TRIES: u32 = 3;
/// Room for prompt and reply in a local advisor, tokens.
pub(crate) const ADVISOR_CONTEXT: u32 = 8192;
/// Longest reply of a local advisor, tokens.
const LOCAL_REPLY: u32 = 700;
/// Longest reply of a server, tokens: many models think before they answer, and it counts.
const SERVER_REPLY: u32 = 4096;
/// Longest prompt, tokens: what chat models of today read well, and what can be carried by hand.
const LONGEST_PROMPT: u64 = 16_000;

/// What an LLM is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Errand {
    /// The next proposal.
    Proposal,
    /// An answer to the person.
    Talk {
        /// The exchange that is going to answer it.
        id: ExchangeId,
        /// What they ask.
        question: String,
    },
}

impl Errand {
    pub fn kind(&self) -> ExchangeKind {
        match self {
            Self::Proposal => ExchangeKind::Proposal,
            Self::Talk { .. } => ExchangeKind::Talk,
        }
    }

    pub fn question(&self) -> &str {
        match self {
            Self::Proposal => "",
            Self::Talk { question, .. } => question,
        }
    }

    /// What an exchange was for.
    pub fn of(exchange: &Exchange) -> Self {
        match exchange.kind {
            ExchangeKind::Proposal => Self::Proposal,
            ExchangeKind::Talk => Self::Talk {
                id: exchange.id.clone(),
                question: exchange.question.clone(),
            },
        }
    }

    /// The name of the template that says it.
    pub fn template(&self, advisor: Advisor) -> &'static str {
        match (self, advisor) {
            (Self::Talk { .. }, _) => "talk",
            (Self::Proposal, Advisor::Baseline) => "baseline",
            (Self::Proposal, _) => "enhanced",
        }
    }
}

/// A prompt that was rendered, and what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub record: SessionRecord,
    pub analysis: Analysis,
    pub pool: Pool,
    pub offer: Offer,
    pub template: Template,
    pub prompt: String,
}

impl Prepared {
    /// Renders `template`, or `text` in its place. Takes a while where a surrogate is asked: not for
    /// async code.
    ///
    /// # Errors
    /// The template is broken.
    pub fn of(
        record: SessionRecord,
        pool: Pool,
        template: Template,
        errand: &Errand,
        text: Option<&str>,
    ) -> Result<Self, TunerError> {
        let analysis = Analysis::of(&record);
        Self::by(analysis, record, pool, template, errand, text)
    }

    /// The same by an analysis that is given: a recording speaks of what was the best then.
    ///
    /// # Errors
    /// The template is broken.
    pub fn by(
        analysis: Analysis,
        record: SessionRecord,
        pool: Pool,
        template: Template,
        errand: &Errand,
        text: Option<&str>,
    ) -> Result<Self, TunerError> {
        let offer = match errand {
            Errand::Proposal => Offer::of(&record, &analysis, &pool),
            Errand::Talk { .. } => Offer::default(),
        };
        let mut context = prompt::context(&record, &analysis, &offer);
        if let Errand::Talk { question, .. } = errand {
            context.question.clone_from(question);
            context.talk = prompt::talk(&record);
        }
        let most = match record.session.connection {
            Some(Connection::Local { .. }) => u64::from(ADVISOR_CONTEXT - LOCAL_REPLY),
            _ => LONGEST_PROMPT,
        };
        let prompt = render_within(text.unwrap_or(&template.text), &context, most)?;
        Ok(Self {
            record,
            analysis,
            pool,
            offer,
            template,
            prompt,
        })
    }

    /// The request: a proposal is held to its schema, an answer is free.
    pub fn request(&self, errand: &Errand, tries: u64) -> ChatRequest {
        let session = &self.record.session;
        let max_tokens = match session.connection {
            Some(Connection::Local { .. }) => LOCAL_REPLY,
            _ => SERVER_REPLY,
        };
        ChatRequest {
            schema: (*errand == Errand::Proposal)
                .then(|| reply_schema(&session.space, session.workload.unit, self.offer.form())),
            max_tokens,
            seed: Some(session.seed + tries),
            temperature: Some(0.2),
            ..ChatRequest::new(self.prompt.clone())
        }
    }

    /// What a partial answer changes.
    pub fn base(&self) -> Configuration {
        prompt::base(&self.record, &self.analysis)
    }

    /// The proposal in a reply. May ask a surrogate: not for async code.
    ///
    /// # Errors
    /// What to tell the LLM.
    pub fn judge(&self, reply: &str) -> Result<ParsedReply, String> {
        let record = &self.record;
        let space = &record.session.space;
        let base = self.base();
        let parsed = parse_reply(reply, space, &base, self.offer.form().list())
            .map_err(|error| error.for_llm())?;
        match measured_as(record, &parsed.configuration) {
            Some(number) => Err(format!(
                "{} was measured already, in trial {number}; propose something untried",
                wattsmith_chat::settings(&parsed.configuration, space)
            )),
            None => self.offer.allow(record, &self.pool, parsed),
        }
    }
}
