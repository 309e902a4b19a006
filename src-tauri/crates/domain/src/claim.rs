//! Claims of a chat LLM that the record contradicts, and how they are shown.

use serde::{Deserialize, Serialize};

/// A claim in a reason that is clearly not so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Where it begins in the text, bytes.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What was said.
    pub said: String,
    /// What the record says.
    pub so: String,
}

impl Claim {
    /// A text with what the record says behind each claim that it contradicts.
    #[must_use]
    pub fn mark(text: &str, claims: &[Self]) -> String {
        let mut marked = String::with_capacity(text.len());
        let mut from = 0;
        for claim in claims {
            // A text that was changed since is shown as it is.
            if let Some(before) = text.get(from..claim.to)
                && text.get(claim.from..claim.to) == Some(claim.said.as_str())
            {
                marked.push_str(before);
                marked.push_str(&format!(" [not so: {}]", claim.so));
                from = claim.to;
            }
        }
        marked.push_str(text.get(from..).unwrap_or_default());
        marked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_so_is_said_behind_the_claim() {
        let claim = |from: usize, said: &str, so: &str| Claim {
            from,
            to: from + said.len(),
            said: said.to_owned(),
            so: so.to_owned(),
        };
        let text = "ä is one. Trial 2 used 9 J. The end.";
        let claims = [
            claim(0, "ä is one", "it is two"),
            claim(11, "Trial 2 used 9 J", "8 J"),
        ];
        assert_eq!(
            Claim::mark(text, &claims),
            "ä is one [not so: it is two]. Trial 2 used 9 J [not so: 8 J]. The end."
        );
        assert_eq!(Claim::mark("another text", &claims), "another text");
        assert_eq!(Claim::mark(text, &[]), text);
    }
}
