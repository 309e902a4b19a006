//! The arms of a study. Numeric ones are here; those that ask a chat LLM in `chatting`.

use super::bench::{Footing, Shown};
use super::chatting::{Chatting, StudyChat};
use super::mixed::{Mixed, SEEDED, Turns, shared};
use super::{StudyPlan, WITH_NOTES, context};
use crate::error::TunerError;
use crate::machine::models::blocking;
use std::collections::BTreeSet;
use wattsmith_domain::{Advisor, Configuration, Memory};
use wattsmith_search::{MOST_ENTRIES, NumericAdvisor, Observation, SplitMix, Surrogate, advisor};

/// What came of one turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ArmTurn {
    /// The proposal; none when there is nothing left.
    pub configuration: Option<Configuration>,
    /// Prompts it took, retries among them; none where nobody was asked.
    pub prompts: Option<u32>,
}

/// Somebody who proposes in a study.
pub(super) enum Arm {
    /// By numbers alone.
    Numeric {
        advisor: Box<dyn NumericAdvisor + Send>,
        /// Observations that it was told already.
        heard: usize,
    },
    /// By asking an LLM.
    Chatting(Box<Chatting>),
    /// Both in turns.
    Mixed(Box<Mixed>),
}

impl Arm {
    fn numeric(advisor: Box<dyn NumericAdvisor + Send>) -> Self {
        Self::Numeric { advisor, heard: 0 }
    }

    /// The next proposal after all that was shown, oldest first; the default is the first of it.
    pub async fn propose(self, shown: &[Shown]) -> Result<(Self, ArmTurn), TunerError> {
        match self {
            Self::Numeric { mut advisor, heard } => {
                let news = shown[heard..].iter();
                let news: Vec<Observation> = news.map(|one| one.observation.clone()).collect();
                let heard = shown.len();
                blocking(move || {
                    for one in news {
                        advisor.tell(one);
                    }
                    let turn = ArmTurn {
                        configuration: advisor.ask(&BTreeSet::new()),
                        prompts: None,
                    };
                    (Self::Numeric { advisor, heard }, turn)
                })
                .await
            }
            Self::Chatting(mut chatting) => {
                let turn = chatting.turn(shown).await?;
                Ok((Self::Chatting(chatting), turn))
            }
            Self::Mixed(mixed) => {
                let (mixed, turn) = mixed.turn(shown).await?;
                Ok((Self::Mixed(Box::new(mixed)), turn))
            }
        }
    }
}

/// How the names of arms end that remember other landscapes.
pub const WITH_MEMORY: &str = "+memory";

/// The name of the arm that chooses blindly from the surrogate's short list: what `guided` cannot
/// fall below, whatever its LLM says.
const BLIND: &str = "guided-blind";

/// Shares of an LLM's turns that are usually compared, in per cent; any other whole one can be named.
const SHARES: [u64; 3] = [25, 50, 100];

/// Names of all arms.
#[must_use]
pub fn arm_names() -> Vec<String> {
    Advisor::CHOICES
        .into_iter()
        .map(|one| one.label().to_owned())
        .chain([BLIND.to_owned(), SEEDED.to_owned()])
        .chain(SHARES.map(shared))
        .collect()
}

/// Whether there is an arm of that name.
pub(super) fn known(name: &str) -> Result<(), TunerError> {
    let (short, noted) = bare(name);
    let own = short == BLIND || Turns::of(short).is_some();
    match own || short.parse::<Advisor>().is_ok() {
        true if noted && !asks_a_chat(name) => Err(TunerError::Invalid(format!(
            "{name} asks no chat model, so that nobody would read the notes."
        ))),
        true => Ok(()),
        false => Err(unknown(name)),
    }
}

/// The name without what it remembers and who writes its feedback; whether a person does.
fn bare(name: &str) -> (&str, bool) {
    let short = name.strip_suffix(WITH_MEMORY).unwrap_or(name);
    match short.strip_suffix(WITH_NOTES) {
        Some(short) => (short, true),
        None => (short, false),
    }
}

fn unknown(name: &str) -> TunerError {
    TunerError::Invalid(format!(
        "There is no arm called {name}; choose among {}.",
        arm_names().join(", ")
    ))
}

/// Whether the arm of that name asks a chat LLM.
#[must_use]
pub fn asks_a_chat(name: &str) -> bool {
    let (short, _) = bare(name);
    let mixed = Turns::of(short).is_some_and(Turns::asks);
    mixed || short.parse().is_ok_and(Advisor::needs_connection)
}

/// Whether earlier sessions teach the arm of that name anything.
#[must_use]
pub fn can_remember(name: &str) -> bool {
    use Advisor::{Gp, Guided, Surrogate, Tpe};
    name.parse()
        .is_ok_and(|one: Advisor| matches!(one, Surrogate | Gp | Tpe | Guided))
}

/// The arm of that name; `memory` is for those whose name says that they remember.
pub(super) fn arm(
    name: &str,
    footing: &Footing,
    plan: &StudyPlan,
    memory: &Memory,
    chat: Option<&StudyChat>,
    seed: u64,
) -> Result<Arm, TunerError> {
    let memory = match name.ends_with(WITH_MEMORY) {
        true => memory.clone(),
        false => Memory::default(),
    };
    let (short, noted) = bare(name);
    let (pool, context) = (&footing.pool, context(footing, plan, &memory));
    if short == BLIND {
        return Ok(Arm::numeric(Box::new(Blind {
            surrogate: Surrogate::new(pool, context, seed),
            dice: SplitMix(seed),
        })));
    }
    let ask = |advisor: Advisor| -> Result<Chatting, TunerError> {
        let chat = chat.ok_or_else(|| {
            TunerError::Invalid(format!(
                "The arm {name} asks a chat model: say how it is reached, or what recording is \
                 replayed."
            ))
        })?;
        let mut chatting = Chatting::new(name, advisor, footing, plan, memory.clone(), chat, seed)?;
        if noted {
            chatting.played.notes.clone_from(&plan.notes);
        }
        Ok(chatting)
    };
    if let Some(turns) = Turns::of(short) {
        return Ok(Arm::Mixed(Box::new(Mixed {
            turns,
            chatting: match turns.asks() {
                true => Some(ask(Advisor::Enhanced)?),
                false => None,
            },
            surrogate: Surrogate::new(pool, context, seed),
            seed,
            heard: 0,
        })));
    }
    let named: Advisor = short.parse().map_err(|_| unknown(name))?;
    if named.needs_connection() {
        return Ok(Arm::Chatting(Box::new(ask(named)?)));
    }
    let advisor = advisor(named, pool, &context, seed).ok_or_else(|| unknown(name))?;
    Ok(Arm::numeric(advisor))
}

/// Picks from the surrogate's short list at random.
struct Blind {
    surrogate: Surrogate,
    dice: SplitMix,
}

impl NumericAdvisor for Blind {
    fn tell(&mut self, observation: Observation) {
        self.surrogate.tell(observation);
    }

    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration> {
        let list = self.surrogate.shortlist(tried, MOST_ENTRIES);
        match list.len() {
            0 => self.surrogate.ask(tried),
            n => list
                .into_iter()
                .nth((self.dice.next() % n as u64) as usize)
                .map(|one| one.configuration),
        }
    }
}
