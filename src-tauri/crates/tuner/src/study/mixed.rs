//! Arms in which a chat LLM and the surrogate take turns. Every figure is known to both, whoever asked
//! for it: the LLM reads it in its prompt, the surrogate learns from it.
//!
//! `seeded` is after Helion's search that an LLM opens; `llm-25` and its like, with a share of the turns
//! in per cent, after Centaur (arXiv 2603.24647), where the best share was small.

use super::arm::ArmTurn;
use super::bench::Shown;
use super::chatting::Chatting;
use crate::error::TunerError;
use crate::machine::models::blocking;
use std::collections::BTreeSet;
use wattsmith_search::{NumericAdvisor, Surrogate};

/// The name of the arm that an LLM opens.
pub(super) const SEEDED: &str = "seeded";
/// Proposals with which it opens.
const OPENING: u64 = 3;
/// How the names of arms begin that leave a share of the turns to the LLM.
const SHARED: &str = "llm-";

/// Which turns are the LLM's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turns {
    /// The first so many.
    First(u64),
    /// So many of a hundred, spread evenly.
    Share(u64),
}

impl Turns {
    /// Of the arm of that name; none where it is no arm of this kind.
    pub fn of(name: &str) -> Option<Self> {
        if name == SEEDED {
            return Some(Self::First(OPENING));
        }
        let share = name.strip_prefix(SHARED)?.parse().ok()?;
        (share <= 100 && name == shared(share)).then_some(Self::Share(share))
    }

    /// Whether the LLM has any turn at all.
    pub fn asks(self) -> bool {
        self != Self::Share(0)
    }

    /// Whether a turn is the LLM's, counted from 0. Seeds begin at different places of the pattern, so
    /// that a share is not always the first turn or the last.
    pub fn is_chats(self, turn: u64, seed: u64) -> bool {
        match self {
            Self::First(some) => turn < some,
            Self::Share(share) => {
                let place = turn + seed;
                (place + 1) * share / 100 > place * share / 100
            }
        }
    }
}

/// The name of the arm that leaves so many turns of a hundred to an LLM.
#[must_use]
pub fn shared(percent: u64) -> String {
    format!("{SHARED}{percent}")
}

/// A run in which both propose.
pub(super) struct Mixed {
    pub turns: Turns,
    /// The LLM; none where it has no turn.
    pub chatting: Option<Chatting>,
    pub surrogate: Surrogate,
    pub seed: u64,
    /// Observations that the surrogate was told already.
    pub heard: usize,
}

impl Mixed {
    /// Takes one turn. Where the LLM says nothing usable the surrogate takes its place.
    pub async fn turn(mut self, shown: &[Shown]) -> Result<(Self, ArmTurn), TunerError> {
        // The default was nobody's proposal.
        let turn = shown.len().saturating_sub(1) as u64;
        let mut asked = ArmTurn {
            configuration: None,
            // A turn of the surrogate in a run that asks costs no prompt.
            prompts: self.chatting.as_ref().map(|_| 0),
        };
        if let Some(chatting) = &mut self.chatting
            && self.turns.is_chats(turn, self.seed)
        {
            asked = chatting.ask(shown).await?;
        }
        for one in &shown[self.heard..] {
            self.surrogate.tell(one.observation.clone());
        }
        self.heard = shown.len();
        if asked.configuration.is_some() {
            return Ok((self, asked));
        }
        blocking(move || {
            let turn = ArmTurn {
                configuration: self.surrogate.ask(&BTreeSet::new()),
                prompts: asked.prompts,
            };
            (self, turn)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_turns_is_kept_over_any_hundred() {
        for share in [0, 25, 33, 50, 100] {
            let turns = Turns::of(&shared(share)).unwrap();
            for seed in 0..7 {
                let chats = (0..100).filter(|turn| turns.is_chats(*turn, seed));
                assert_eq!(chats.count() as u64, share);
            }
        }
        let quarter = Turns::Share(25);
        let firsts = (0..4).filter(|seed| quarter.is_chats(0, *seed));
        assert_eq!(
            firsts.count(),
            1,
            "every place of the pattern comes first once"
        );
    }

    #[test]
    fn names_of_other_arms_are_none_of_these() {
        assert_eq!(Turns::of("seeded"), Some(Turns::First(3)));
        for name in ["llm-101", "llm-", "llm-05", "llm-+5", "llm", "surrogate"] {
            assert_eq!(Turns::of(name), None, "{name}");
        }
        assert!(!Turns::Share(0).asks() && Turns::Share(1).asks());
    }
}
