//! The arms of a study. Numeric ones are here; those that ask a chat LLM in `chatting`.

use super::chatting::{Chatting, StudyChat};
use super::{StudyPlan, WITH_MEMORY, context, pool};
use crate::error::TunerError;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use wattsmith_domain::{Advisor, Configuration};
use wattsmith_search::{
    Landscape, MOST_ENTRIES, NumericAdvisor, Observation, SplitMix, Surrogate, advisor,
};

/// What came of one turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArmTurn {
    /// The proposal; none when there is nothing left.
    pub configuration: Option<Configuration>,
    /// Prompts it took, retries among them; none where nobody was asked.
    pub prompts: Option<u32>,
}

/// Somebody who proposes in a study.
pub trait Arm: Send {
    /// Its name in tables.
    fn name(&self) -> String;

    /// The next proposal after all that was told, oldest first; the default is the first of it.
    fn propose<'a>(
        &'a mut self,
        told: &'a [Observation],
    ) -> Pin<Box<dyn Future<Output = Result<ArmTurn, TunerError>> + Send + 'a>>;
}

/// The name of the arm that chooses blindly from the surrogate's short list: what `guided` cannot
/// fall below, whatever its LLM says.
const BLIND: &str = "guided-blind";

/// Names of all arms.
#[must_use]
pub fn arm_names() -> Vec<String> {
    Advisor::CHOICES
        .into_iter()
        .map(|one| one.label().to_owned())
        .chain([BLIND.to_owned()])
        .collect()
}

/// Whether the arm of that name asks a chat LLM.
#[must_use]
pub fn asks_a_chat(name: &str) -> bool {
    let short = name.strip_suffix(WITH_MEMORY).unwrap_or(name);
    short.parse().is_ok_and(Advisor::needs_connection)
}

/// The arm of that name.
pub(super) fn arm(
    name: &str,
    landscape: &Landscape,
    plan: &StudyPlan,
    chat: Option<&StudyChat>,
    seed: u64,
) -> Result<Box<dyn Arm>, TunerError> {
    let memory = plan.memory(name, landscape);
    let (pool, context) = (pool(landscape), context(landscape, plan, &memory));
    let short = name.strip_suffix(WITH_MEMORY).unwrap_or(name);
    if short == BLIND {
        return Ok(Box::new(Blind {
            name: name.to_owned(),
            surrogate: Surrogate::new(&pool, context, seed),
            heard: 0,
            dice: SplitMix(seed),
        }));
    }
    let unknown = || {
        TunerError::Invalid(format!(
            "There is no arm called {name}; choose among {}.",
            arm_names().join(", ")
        ))
    };
    let named: Advisor = short.parse().map_err(|_| unknown())?;
    if named.needs_connection() {
        let chat = chat.ok_or_else(|| {
            TunerError::Invalid(format!(
                "The arm {name} asks a chat model: say how it is reached, or what recording is \
                 replayed."
            ))
        })?;
        let mut arm = Chatting::new(named, landscape, plan, chat, seed)?;
        arm.remember(name, memory);
        return Ok(Box::new(arm));
    }
    Ok(Box::new(Numeric {
        name: name.to_owned(),
        advisor: advisor(named, &pool, &context, seed).ok_or_else(unknown)?,
        heard: 0,
    }))
}

struct Numeric {
    name: String,
    advisor: Box<dyn NumericAdvisor + Send>,
    /// Observations that it was told already.
    heard: usize,
}

impl Arm for Numeric {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn propose<'a>(
        &'a mut self,
        told: &'a [Observation],
    ) -> Pin<Box<dyn Future<Output = Result<ArmTurn, TunerError>> + Send + 'a>> {
        for one in &told[self.heard..] {
            self.advisor.tell(one.clone());
        }
        self.heard = told.len();
        let configuration = self.advisor.ask(&BTreeSet::new());
        let turn = ArmTurn {
            configuration,
            prompts: None,
        };
        Box::pin(std::future::ready(Ok(turn)))
    }
}

struct Blind {
    name: String,
    surrogate: Surrogate,
    heard: usize,
    dice: SplitMix,
}

impl Arm for Blind {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn propose<'a>(
        &'a mut self,
        told: &'a [Observation],
    ) -> Pin<Box<dyn Future<Output = Result<ArmTurn, TunerError>> + Send + 'a>> {
        for one in &told[self.heard..] {
            self.surrogate.tell(one.clone());
        }
        self.heard = told.len();
        let list = self.surrogate.shortlist(&BTreeSet::new(), MOST_ENTRIES);
        let configuration = match list.len() {
            0 => self.surrogate.ask(&BTreeSet::new()),
            n => list
                .into_iter()
                .nth((self.dice.next() % n as u64) as usize)
                .map(|one| one.configuration),
        };
        let turn = ArmTurn {
            configuration,
            prompts: None,
        };
        Box::pin(std::future::ready(Ok(turn)))
    }
}
