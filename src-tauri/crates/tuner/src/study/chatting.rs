//! An arm that asks a chat LLM, turn by turn as a session does.

use super::StudyPlan;
use super::arm::ArmTurn;
use super::bench::{Footing, Shown};
use super::exchanges::{Asker, Exchanges};
use super::known::{Known, WORDS, analysis, sequence};
use super::played::Played;
use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::session::next::spent;
use crate::turn::exchange::blank_exchange;
use crate::turn::offer::surrogate;
use crate::turn::proposals::next_point;
use crate::turn::{Errand, Prepared, TRIES};
use std::sync::Arc;
use wattsmith_chat::{Template, Templates};
use wattsmith_domain::{Advisor, Configuration, ExchangeOutcome, Memory};
use wattsmith_search::{NumericAdvisor, Pool};

/// The LLM of a study's arms, and what is said to it. How it is reached decides whether the choice is
/// from a list, as in a session.
#[derive(Debug, Clone)]
pub struct StudyChat {
    /// Says what was said, or asks.
    pub exchanges: Arc<Exchanges>,
    /// The templates that are used.
    pub templates: Templates,
}

impl StudyChat {
    /// Who answers.
    pub(super) fn label(&self) -> String {
        self.exchanges.connection().label()
    }
}

pub(super) struct Chatting {
    name: String,
    advisor: Advisor,
    pub(super) played: Played,
    pool: Pool,
    template: Template,
    exchanges: Arc<Exchanges>,
    connection: String,
    seed: u64,
}

impl Chatting {
    pub fn new(
        name: &str,
        advisor: Advisor,
        footing: &Footing,
        plan: &StudyPlan,
        memory: Memory,
        chat: &StudyChat,
        seed: u64,
    ) -> Result<Self, TunerError> {
        let connection = chat.exchanges.connection();
        let mut played = Played::new(&footing.landscape, plan, advisor, connection.clone(), seed);
        played.record.session.memory = memory;
        Ok(Self {
            name: name.to_owned(),
            advisor,
            played,
            pool: footing.pool.clone(),
            template: chat.templates.get(Errand::Proposal.template(advisor))?,
            exchanges: Arc::clone(&chat.exchanges),
            connection: connection.label(),
            seed,
        })
    }

    /// Takes one turn: up to [`TRIES`] prompts, then what a session falls back on.
    pub async fn turn(&mut self, shown: &[Shown]) -> Result<ArmTurn, TunerError> {
        let asked = self.ask(shown).await?;
        Ok(ArmTurn {
            configuration: asked
                .configuration
                .or_else(|| self.without_words(shown.len())),
            prompts: asked.prompts,
        })
    }

    /// What the LLM proposes within [`TRIES`] prompts; no configuration where nothing usable was said.
    pub async fn ask(&mut self, shown: &[Shown]) -> Result<ArmTurn, TunerError> {
        for one in &shown[self.played.record.trials.len()..] {
            self.played.tell(one);
        }
        let words = self.words(shown.len());
        let pool = self.pool.clone().with_sequence(sequence(words));
        let mut prompts = 0;
        while prompts < TRIES {
            let (record, pool) = (self.played.record.clone(), pool.clone());
            let template = self.template.clone();
            let prepared = blocking(move || {
                let analysis = analysis(words, &record);
                Prepared::by(analysis, record, pool, template, &Errand::Proposal, None)
            })
            .await??;
            if prepared.offer.entries.is_empty() && self.advisor == Advisor::Guided {
                break;
            }
            let request = prepared.request(&Errand::Proposal, u64::from(prompts));
            let asker = Asker {
                arm: &self.name,
                seed: self.seed,
                trials: shown.len(),
                tries: prompts,
                known: Known::of(&prepared, request.seed),
            };
            let judge = |reply: &str| self.within(&prepared, reply);
            let heard = self.exchanges.reply(asker, request, judge).await?;
            prompts += 1;
            let mut exchange = blank_exchange(&prepared, &self.connection, &Errand::Proposal);
            exchange.reply = heard.reply;
            match heard.read {
                Ok(configuration) => {
                    return Ok(ArmTurn {
                        configuration: Some(configuration),
                        prompts: Some(prompts),
                    });
                }
                Err(reason) => {
                    exchange.outcome = ExchangeOutcome::Refused { reason };
                    self.played.note(exchange);
                }
            }
        }
        Ok(ArmTurn {
            configuration: None,
            prompts: Some(prompts),
        })
    }

    /// The version of the words in which a turn is, or was, asked.
    fn words(&self, trials: usize) -> u32 {
        let words = self.exchanges.words_of(&self.name, self.seed, trials);
        words.unwrap_or(WORDS)
    }

    /// The proposal in a reply, where the landscape holds it.
    fn within(&self, prepared: &Prepared, reply: &str) -> Result<Configuration, String> {
        let parsed = prepared.judge(reply)?;
        match self.pool.holds(&parsed.configuration.key()) {
            true => Ok(parsed.configuration),
            false => Err("this configuration cannot be run here; propose another".to_owned()),
        }
    }

    /// What a session falls back on when its advisor is stuck.
    fn without_words(&self, trials: usize) -> Option<Configuration> {
        let pool = self.pool.clone();
        let pool = pool.with_sequence(sequence(self.words(trials)));
        let (pool, record) = (&pool, &self.played.record);
        let spent = spent(record);
        match self.advisor {
            Advisor::Guided => surrogate(record, pool).ask(&spent),
            _ => next_point(record, pool, &spent).map(|(_, one)| one),
        }
    }
}
