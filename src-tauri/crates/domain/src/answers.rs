//! The beginnings of greedy answers to a fixed set of prompts, by which settings are held against the default:
//! whether they change what the model says, and by how much.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The beginning of one answer as a server gave it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// As they came, about a token each.
    pub pieces: Vec<String>,
    /// ln of each piece's probability; empty where the server does not tell it of every one.
    pub logs: Vec<f64>,
}

/// The beginnings of answers under one configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// For each prompt the pieces of its answer as they came, about a token each.
    pub pieces: Vec<Vec<String>>,
    /// ln of each piece's probability, prompt by prompt; a list is empty where the server does not tell them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<Vec<f64>>,
    /// How far they agree with the default's that were given one at a time; of the default itself those
    /// that it gives with the workload's clients, which is the floor of the comparison.
    pub agreement: Agreement,
    /// By how much their log-probabilities are apart from those of the same answers; none where the server does
    /// not tell them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<LogApart>,
}

impl Answers {
    /// Of these answers, held against the default's.
    #[must_use]
    pub fn beside(default: &[Given], own: Vec<Given>) -> Self {
        let pieces = |all: &[Given]| -> Vec<Vec<String>> {
            all.iter().map(|one| one.pieces.clone()).collect()
        };
        Self {
            agreement: Agreement::between(&pieces(default), &pieces(&own)),
            apart: LogApart::between(default, &own),
            ..Self::default()
        }
        .keeping(own)
    }

    /// The same comparison, with these answers kept in place of those that were compared.
    #[must_use]
    pub fn keeping(self, given: Vec<Given>) -> Self {
        let (pieces, logs): (_, Vec<Vec<f64>>) =
            given.into_iter().map(|one| (one.pieces, one.logs)).unzip();
        let untold = logs.iter().all(Vec::is_empty);
        Self {
            pieces,
            logs: if untold { Vec::new() } else { logs },
            ..self
        }
    }

    /// As they were given.
    #[must_use]
    pub fn given(&self) -> Vec<Given> {
        let logs = self
            .logs
            .iter()
            .cloned()
            .chain(std::iter::repeat(Vec::new()));
        let both = self.pieces.iter().cloned().zip(logs);
        both.map(|(pieces, logs)| Given { pieces, logs }).collect()
    }
}

/// By how much the log-probabilities of two configurations are apart, over what both answered alike: up to the
/// first other token both have read the same text, so that the default's own answer is the text they are held to.
/// Unlike the share of equal tokens this tells a small difference that changes no word.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogApart {
    /// Mean of |difference of ln p|, a token; 0 or more.
    pub mean: f64,
    /// Tokens that it is the mean of.
    pub tokens: u64,
}

impl LogApart {
    /// Prompt by prompt; none where no token of an answer has both.
    #[must_use]
    pub fn between(default: &[Given], own: &[Given]) -> Option<Self> {
        let told = |one: &&Given| one.logs.len() == one.pieces.len();
        let (mut sum, mut tokens) = (0.0, 0);
        for (default, own) in default.iter().zip(own) {
            let (Some(default), Some(own)) = (Some(default).filter(told), Some(own).filter(told))
            else {
                continue;
            };
            let alike = default.pieces.iter().zip(&own.pieces);
            let alike = alike.take_while(|(one, other)| one == other).count();
            let logs = default.logs.iter().zip(&own.logs).take(alike);
            sum += logs.map(|(one, other)| (one - other).abs()).sum::<f64>();
            tokens += alike as u64;
        }
        let mean = sum / tokens as f64;
        (tokens > 0 && mean.is_finite()).then_some(Self { mean, tokens })
    }
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

    fn given(all: &[(&[&str], &[f64])]) -> Vec<Given> {
        let own = |(pieces, logs): &(&[&str], &[f64])| Given {
            pieces: pieces.iter().map(ToString::to_string).collect(),
            logs: logs.to_vec(),
        };
        all.iter().map(own).collect()
    }

    #[test]
    fn log_probabilities_are_compared_up_to_the_first_other_token_and_only_where_both_are_told() {
        let default = given(&[
            (&["The", " fox", " runs"], &[-1.0, -2.0, -0.5]),
            (&["One"], &[-0.25]),
        ]);
        let apart =
            |own: &[Given]| LogApart::between(&default, own).map(|one| (one.mean, one.tokens));
        assert_eq!(apart(&default), Some((0.0, 4)));
        // Of the second token on the first answer is another.
        let other = given(&[
            (&["The", " dog", " runs"], &[-1.5, -2.0, -9.0]),
            (&["One"], &[-0.25]),
        ]);
        assert_eq!(apart(&other), Some((0.25, 2)));
        let untold = given(&[(&["The", " fox", " runs"], &[]), (&["One"], &[-0.75])]);
        assert_eq!(apart(&untold), Some((0.5, 1)));
        for nothing in [
            given(&[(&["A"], &[-1.0]), (&["Two"], &[-1.0])]),
            given(&[(&["The", " fox", " runs"], &[-1.0]), (&["One"], &[])]),
            Vec::new(),
        ] {
            assert_eq!(apart(&nothing), None, "{nothing:?}");
        }
        let kept = Answers::beside(&default, other.clone());
        assert_eq!(kept.given(), other);
        assert_eq!((kept.agreement.same, kept.agreement.of), (2, 4));
        let words = given(&[(&["The"], &[]), (&["One"], &[])]);
        let untold = Answers::beside(&default, words.clone());
        assert_eq!((untold.logs.len(), untold.apart), (0, None));
        assert_eq!(untold.given(), words);
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
