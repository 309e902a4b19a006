//! What is wrong with a catalogue file, and where.

use std::fmt;
use std::ops::Range;

/// A fault in a catalogue file. Its words name the line and the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CatalogueFault {
    /// From 1.
    pub line: usize,
    /// What the line begins with: a key, or the heading of a table; empty where the line holds none.
    pub key: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for CatalogueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.is_empty() {
            true => write!(f, "line {}: {}", self.line, self.what),
            false => write!(f, "line {}, {}: {}", self.line, self.key, self.what),
        }
    }
}

impl CatalogueFault {
    /// A fault at this place of `text`.
    pub(crate) fn at(text: &str, place: Range<usize>, what: impl Into<String>) -> Self {
        let begin = (0..=place.start.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        let before = &text[..begin];
        let line = before.matches('\n').count();
        let content = text.lines().nth(line).unwrap_or_default().trim();
        let key = content.split('=').next().unwrap_or_default().trim();
        Self {
            line: line + 1,
            key: key.chars().take(60).collect(),
            what: what.into(),
        }
    }

    /// What the TOML parser found.
    pub(crate) fn of(text: &str, error: &toml_edit::de::Error) -> Self {
        let place = error.span().unwrap_or(0..0);
        Self::at(text, place, error.message().trim().replace('\n', ", "))
    }
}
