//! What a person says between the trials of a study: written once by somebody who saw trials alone, and said to
//! every run of an arm whose name ends in `+notes`, as if they had edited the feedback there.

use crate::error::TunerError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How the names of arms end whose feedback a person edited.
pub(super) const WITH_NOTES: &str = "+notes";

/// What is said after one trial, behind the drafted feedback on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The trial's number; the default is 1.
    pub after: u32,
    /// The person's words.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    note: Vec<Note>,
}

/// Reads notes: TOML, a `[[note]]` each with `after` and `text`.
///
/// # Errors
/// What is wrong with the file, and where.
pub fn read_notes(file: &Path) -> Result<Vec<Note>, TunerError> {
    let wrong = |what: String| {
        TunerError::Invalid(format!(
            "{} holds no notes for a study: {what} Each note is a [[note]] with after = the number of a trial \
             (the default is 1) and text = what is said then.",
            file.display()
        ))
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("{error}.")))?;
    let File { note: notes } =
        toml_edit::de::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    match notes
        .iter()
        .find(|one| one.after == 0 || one.text.trim().is_empty())
    {
        Some(one) => Err(wrong(format!(
            "the one after trial {} says nothing, or trials begin at 1.",
            one.after
        ))),
        None if notes.is_empty() => Err(wrong("there is none.".to_owned())),
        None => Ok(notes),
    }
}

/// What the feedback on a trial becomes; none where nothing is said after it.
pub(super) fn edited(notes: &[Note], trial: u32, draft: &str) -> Option<String> {
    let said: Vec<&str> = notes
        .iter()
        .filter(|one| one.after == trial)
        .map(|one| one.text.trim())
        .collect();
    (!said.is_empty()).then(|| format!("{draft}\n{}", said.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_note_is_refused_with_the_form_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.toml");
        for (text, said) in [
            ("note = 1", "[[note]]"),
            ("", "missing field"),
            ("note = []", "there is none"),
            ("[[note]]\nafter = 0\ntext = 'x'", "begin at 1"),
            ("[[note]]\nafter = 2\ntext = ' '", "says nothing"),
            ("[[note]]\nafter = 2\ntext = 'x'\nwhen = 3", "when"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read_notes(&path).unwrap_err().to_string();
            assert!(
                error.contains(said) && error.contains("notes.toml"),
                "{text}: {error}"
            );
        }
        let missing = read_notes(&folder.path().join("none.toml")).unwrap_err();
        assert!(missing.to_string().contains("none.toml"), "{missing}");
    }

    #[test]
    fn a_note_stands_behind_the_draft_of_its_trial_alone() {
        let note = |after, text: &str| Note {
            after,
            text: text.to_owned(),
        };
        let notes = [
            note(2, "Fewer threads.\n"),
            note(3, "Stay there."),
            note(2, "More slots."),
        ];
        let text = |trial| edited(&notes, trial, "Trial drafted.");
        assert_eq!(text(1), None);
        assert_eq!(
            text(2).unwrap(),
            "Trial drafted.\nFewer threads.\nMore slots."
        );
        assert_eq!(text(3).unwrap(), "Trial drafted.\nStay there.");
    }
}
