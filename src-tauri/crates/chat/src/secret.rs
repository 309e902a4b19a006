//! An API key that does not show itself.

use std::fmt;

/// An API key. Debug output is masked, and there is no Display and no serialisation: the only way
/// to the text is [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key; white space around it (a pasted line break, say) is dropped.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(key.trim().to_owned())
    }

    /// The key itself, for the request header and the keyring.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` without this key in it, for messages of a server that repeats what it was sent.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        if self.0.is_empty() {
            text.to_owned()
        } else {
            text.replace(&self.0, "[key]")
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(masked)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_part_of_debug_output() {
        let key = Secret::new(" sk-very-secret\n");
        assert_eq!(
            format!("{key:?} {:?}", Some(&key)),
            "Secret(masked) Some(Secret(masked))"
        );
        assert_eq!(key.expose(), "sk-very-secret");
        assert_eq!(key.redact("no sk-very-secret here"), "no [key] here");
        assert_eq!(Secret::new("").redact("as it is"), "as it is");
    }
}
