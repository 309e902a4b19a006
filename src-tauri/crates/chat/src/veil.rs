//! What a server says, as it comes and without the key that it was sent: one that repeats its request, or
//! whose model was told to, would else have the key shown, stored and reported.

use crate::secret::Secret;

/// What stands where the key was.
const MASK: &str = "[key]";

/// Text that comes in pieces. What may be the beginning of the key waits for the next piece.
#[derive(Debug, Default)]
pub(crate) struct Veil {
    key: Option<Secret>,
    waiting: String,
}

impl Veil {
    pub(crate) fn over(key: Option<&Secret>) -> Self {
        Self {
            key: key.filter(|key| !key.is_empty()).cloned(),
            waiting: String::new(),
        }
    }

    /// What can be shown once `piece` has come.
    pub(crate) fn take(&mut self, piece: &str) -> String {
        let Some(key) = self.key.as_ref().map(Secret::expose) else {
            return piece.to_owned();
        };
        self.waiting.push_str(piece);
        let mut shown = self.waiting.replace(key, MASK);
        let held = (1..key.len())
            .rev()
            .filter(|length| key.is_char_boundary(*length))
            .find(|length| shown.ends_with(&key[..*length]))
            .unwrap_or(0);
        self.waiting = shown.split_off(shown.len() - held);
        shown
    }

    /// What is left once nothing more comes: no whole key is in it.
    pub(crate) fn rest(&mut self) -> String {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heard(key: &str, pieces: &[&str]) -> String {
        let mut veil = Veil::over(Some(&Secret::new(key)));
        let mut shown: String = pieces.iter().map(|piece| veil.take(piece)).collect();
        shown.push_str(&veil.rest());
        shown
    }

    #[test]
    fn a_key_is_masked_however_it_is_cut_into_pieces() {
        let key = "sk-very-secret";
        assert_eq!(heard(key, &["it is sk-very-secret."]), "it is [key].");
        assert_eq!(
            heard(key, &["it is sk-", "very-", "secret."]),
            "it is [key]."
        );
        assert_eq!(heard(key, &["sk-very", " nice"]), "sk-very nice");
        assert_eq!(heard(key, &["s", "sk-very-secret", "sk-"]), "s[key]sk-");
        assert_eq!(Veil::over(None).take("as it is"), "as it is");
    }

    proptest! {
        #[test]
        fn no_cut_lets_a_key_through(
            before in "[a-c]{0,6}", after in "[a-c]{0,6}", cuts in proptest::collection::vec(0_usize..22, 0..5),
        ) {
            let text = format!("{before}abcabd{after}");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
            prop_assert!(!heard("abcabd", &pieces).contains("abcabd"));
            prop_assert_eq!(heard("abcabd", &pieces), text.replace("abcabd", "[key]"));
        }
    }
}
