//! From a description's words to a command line: each placeholder is filled in within its word, so that
//! a path with blanks stays one word and nothing is read by a shell.

use crate::server::Asked;
use std::collections::BTreeMap;

/// Where the settings go, as a word by itself.
const SETTINGS: &str = "{settings}";

/// What placeholders stand for.
pub(super) struct Filling {
    places: [(&'static str, String); 4],
}

impl Filling {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        Self {
            places: [
                ("{program}", asked.program.display().to_string()),
                ("{model}", asked.model.display().to_string()),
                ("{port}", asked.port.to_string()),
                ("{key}", asked.api_key.to_owned()),
            ],
        }
    }

    /// One pass over the text, so that what is filled in is never read again.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            match self.places.iter().find(|(mark, _)| from.starts_with(mark)) {
                Some((mark, value)) => {
                    filled.push_str(value);
                    rest = &from[mark.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &from[1..];
                }
            }
        }
        filled + rest
    }

    /// The command line; the settings stand where the description wants them, else at the end.
    pub(super) fn command(
        &self,
        words: &[String],
        knobs: &[String],
        more: &[String],
    ) -> Vec<String> {
        let mut line = Vec::new();
        let mut placed = false;
        for word in words {
            match word == SETTINGS {
                true => {
                    line.extend_from_slice(knobs);
                    placed = true;
                }
                false => line.push(self.fill(word)),
            }
        }
        if !placed {
            line.extend_from_slice(knobs);
        }
        line.extend_from_slice(more);
        line
    }

    pub(super) fn variables(&self, given: &BTreeMap<String, String>) -> Vec<(String, String)> {
        let filled = given.iter();
        filled
            .map(|(name, value)| (name.clone(), self.fill(value)))
            .collect()
    }
}
