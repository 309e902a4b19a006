//! The beginnings of greedy answers to a fixed set of prompts, by which settings are held against the default:
//! whether they change what the model says, and by how much.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The beginnings of answers under one configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// For each prompt the pieces of its answer as they came, about a token each.
    pub pieces: Vec<Vec<String>>,
    /// How far they agree with the default's that were given one at a time; of the default itself those
    /// that it gives with the workload's clients, which is the floor of the comparison.
    pub agreement: Agreement,
}

/// How many of the first tokens of answers are the same as the default's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The default's tokens before the first other one, summed over the prompts: from there on two greedy
    /// answers go ways of their own.
    pub same: u64,
    /// The default's tokens.
    pub of: u64,
}

impl Agreement {
    /// Of `own` with `default`, prompt by prompt. Texts are compared: where a server hands over several tokens
    /// in one piece, that is no difference. An answer that is missing agrees in nothing.
    #[must_use]
    pub fn between(default: &[Vec<String>], own: &[Vec<String>]) -> Self {
        let mut agreement = Self::default();
        for (at, pieces) in default.iter().enumerate() {
            agreement.of += pieces.len() as u64;
            let own = own.get(at).map(|pieces| pieces.concat());
            let mut rest = own.as_deref().unwrap_or_default();
            for piece in pieces {
                let Some(after) = rest.strip_prefix(piece.as_str()) else {
                    break;
                };
                rest = after;
                agreement.same += 1;
            }
        }
        agreement
    }

    /// 0 to 1; none where there was nothing to compare.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| self.same as f64 / self.of as f64)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.share() {
            Some(share) => write!(
                f,
                "{:.1} % of the first tokens are the same ({} of {})",
                100.0 * share,
                self.same,
                self.of
            ),
            None => f.write_str("no answers to compare"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(texts: &[&[&str]]) -> Vec<Vec<String>> {
        let owned = |one: &&[&str]| one.iter().map(ToString::to_string).collect();
        texts.iter().map(owned).collect()
    }

    #[test]
    fn tokens_count_up_to_the_first_other_one() {
        let default = pieces(&[&["The", " fox", " runs"], &["One", " two"]]);
        for (own, same) in [
            (pieces(&[&["The", " fox", " runs"], &["One", " two"]]), 5),
            (pieces(&[&["The fox", " runs away"], &["One two"]]), 5),
            (pieces(&[&["The", " dog", " runs"], &["One", " two"]]), 3),
            (pieces(&[&["A"], &["One", " three"]]), 1),
            (pieces(&[&["The", " fox"]]), 2),
            (Vec::new(), 0),
        ] {
            let agreement = Agreement::between(&default, &own);
            assert_eq!((agreement.same, agreement.of), (same, 5), "{own:?}");
        }
        let told = Agreement::between(&default, &default).to_string();
        assert_eq!(told, "100.0 % of the first tokens are the same (5 of 5)");
        assert_eq!(Agreement::default().share(), None);
    }

    proptest! {
        #[test]
        fn answers_agree_with_themselves_and_nothing_is_counted_twice(
            one in proptest::collection::vec(proptest::collection::vec("\\PC{1,4}", 0..6), 0..4),
            other in proptest::collection::vec(proptest::collection::vec("\\PC{1,4}", 0..6), 0..4),
        ) {
            let own = Agreement::between(&one, &one);
            prop_assert_eq!(own.same, own.of);
            let across = Agreement::between(&one, &other);
            prop_assert!(across.same <= across.of && across.of == own.of);
        }
    }
}
