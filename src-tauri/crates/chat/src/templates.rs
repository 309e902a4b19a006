//! The prompt templates: built in, editable by the person, restorable.
//!
//! An edited template is a file `<name>.j2` in the folder that was opened; it beats the built-in
//! one until it is restored. Reads and writes are of small files and block for as long.

use crate::context::PromptContext;
use crate::render::{TemplateError, environment, explain, render, values};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const BUILT_IN: [(&str, &str); 3] = [
    ("enhanced", include_str!("../templates/enhanced.j2")),
    ("baseline", include_str!("../templates/baseline.j2")),
    ("talk", include_str!("../templates/talk.j2")),
];
/// Bytes that a template may have.
const MOST_BYTES: usize = 64 * 1024;
/// Functions of the template language, which are not placeholders.
const FUNCTIONS: [&str; 4] = ["range", "dict", "namespace", "debug"];

/// One template as it is used now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Template {
    /// `enhanced`, `baseline` or `talk`.
    pub name: String,
    /// The text, minijinja.
    pub text: String,
    /// Whether the person changed it.
    pub edited: bool,
    /// SHA-256 of the text, hex; kept with every exchange.
    pub hash: String,
}

impl Template {
    fn new(name: &str, text: String, edited: bool) -> Self {
        let hash = Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            name: name.to_owned(),
            text,
            edited,
            hash,
        }
    }
}

/// The templates of one data folder.
#[derive(Debug, Clone)]
pub struct Templates {
    folder: PathBuf,
}

impl Templates {
    /// Templates whose edits lie in `folder`; it is made when the first edit is saved.
    #[must_use]
    pub fn open(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Every template, as it is used now.
    ///
    /// # Errors
    /// [`TemplateError::File`] when an edited one cannot be read.
    pub fn list(&self) -> Result<Vec<Template>, TemplateError> {
        BUILT_IN.iter().map(|(name, _)| self.get(name)).collect()
    }

    /// The template called `name`: the person's edit where there is one.
    ///
    /// # Errors
    /// [`TemplateError::NotFound`], or [`TemplateError::File`].
    pub fn get(&self, name: &str) -> Result<Template, TemplateError> {
        let built_in = built_in(name)?;
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let edited = text != built_in;
                Ok(Template::new(name, text, edited))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Template::new(name, built_in.to_owned(), false))
            }
            Err(error) => Err(in_file(&path, error)),
        }
    }

    /// Checks an edited text and stores it.
    ///
    /// # Errors
    /// What [`Templates::check`] finds, [`TemplateError::NotFound`] or [`TemplateError::File`].
    pub fn save(&self, name: &str, text: &str) -> Result<Template, TemplateError> {
        built_in(name)?;
        Self::check(text)?;
        let path = self.path(name);
        wattsmith_files::keep(&path, text.as_bytes()).map_err(|error| in_file(&path, error))?;
        self.get(name)
    }

    /// Takes the person's edit back.
    ///
    /// # Errors
    /// [`TemplateError::NotFound`] or [`TemplateError::File`].
    pub fn restore(&self, name: &str) -> Result<Template, TemplateError> {
        built_in(name)?;
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(in_file(&path, error)),
            _ => self.get(name),
        }
    }

    /// Whether a text can be used as a template: its syntax, every name in it, and that it renders
    /// at the start of a session as well as in the middle.
    ///
    /// # Errors
    /// [`TemplateError::TooLong`], [`TemplateError::Syntax`] or
    /// [`TemplateError::UnknownPlaceholder`], with the line.
    pub fn check(text: &str) -> Result<(), TemplateError> {
        if text.len() > MOST_BYTES {
            return Err(TemplateError::TooLong {
                bytes: text.len(),
                most: MOST_BYTES,
            });
        }
        let full = PromptContext::sample();
        let environment = environment();
        let compiled = environment
            .template_from_str(text)
            .map_err(|error| explain(&error, text))?;
        // Names in branches that no sample takes are found here; those of loop variables below.
        let known = values(&full);
        let names: BTreeSet<String> = compiled.undeclared_variables(true).into_iter().collect();
        for name in names {
            if !FUNCTIONS.contains(&name.as_str()) && !is_known(&known, &name) {
                return Err(TemplateError::UnknownPlaceholder {
                    line: line_of(text, &name),
                    hint: format!("there are {}", neighbours(&known, &name)),
                    name,
                });
            }
        }
        let unlisted = PromptContext {
            shortlist: Vec::new(),
            ..full.clone()
        };
        for context in [full, unlisted, PromptContext::bare_sample()] {
            render(text, &context)?;
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.j2"))
    }
}

fn built_in(name: &str) -> Result<&'static str, TemplateError> {
    BUILT_IN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| TemplateError::NotFound {
            name: name.to_owned(),
            known: BUILT_IN
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
        })
}

fn in_file(path: &Path, source: io::Error) -> TemplateError {
    TemplateError::File {
        path: path.display().to_string(),
        source,
    }
}

/// Whether the dotted `name` leads somewhere. Below a list nothing is looked up: rendering does it.
fn is_known(known: &minijinja::Value, name: &str) -> bool {
    let mut here = known.clone();
    for part in name.split('.') {
        if here.kind() != minijinja::value::ValueKind::Map {
            return true;
        }
        match here.get_attr(part) {
            Ok(next) if !next.is_undefined() => here = next,
            _ => return false,
        }
    }
    true
}

/// The names that `name` could have been: those beside it.
fn neighbours(known: &minijinja::Value, name: &str) -> String {
    let parent = name.rsplit_once('.').map_or("", |(parent, _)| parent);
    let mut here = known.clone();
    for part in parent.split('.').filter(|part| !part.is_empty()) {
        here = here.get_attr(part).unwrap_or_default();
    }
    let prefix = if parent.is_empty() { "" } else { "." };
    let names = here.try_iter().into_iter().flatten();
    let names: Vec<String> = names
        .map(|name| format!("{parent}{prefix}{name}"))
        .collect();
    names.join(", ")
}

/// The first line that holds `name` as a whole word; 1 when it is written in another way.
fn line_of(text: &str, name: &str) -> usize {
    let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let holds = |line: &str| {
        line.match_indices(name).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + name.len()..].chars().next();
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })
    };
    text.lines().position(holds).map_or(1, |index| index + 1)
}
