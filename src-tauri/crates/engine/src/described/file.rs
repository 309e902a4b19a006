//! The head of a description: its table `[server]`. The knobs beside it are a catalogue's.

use crate::catalogue::CatalogueFault;
use crate::protocol::{Length, OpenAi, OpenAiRoute, Protocol};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use serde_spanned::Spanned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What may stand in braces in the words of a command.
pub(super) const PLACES: [&str; 4] = ["program", "model", "port", "settings"];
/// The key may stand in the environment only.
const KEY: &str = "key";

#[derive(Debug, Deserialize)]
struct File {
    server: Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: Spanned<String>,
    program: Spanned<String>,
    fetch: String,
    command: Spanned<Vec<String>>,
    environment: Option<Spanned<BTreeMap<String, String>>>,
    version: Option<Vec<String>>,
    #[serde(default)]
    model: ModelKind,
    ready: Spanned<String>,
    #[serde(default)]
    pages: Vec<Spanned<String>>,
    #[serde(default)]
    settings: Vec<String>,
    speaks: OpenAiRoute,
    #[serde(default)]
    fields: Option<Fields>,
    #[serde(default)]
    length: Length,
    checked: Option<String>,
}

/// Fields of a request, as TOML has them; a key with an empty table is one that the server does not take.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Fields(BTreeMap<String, Json>);

/// What kind of thing the model is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ModelKind {
    /// A GGUF file.
    Gguf,
    /// A folder with `config.json`.
    #[default]
    Folder,
}

/// What a description says of its server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Description {
    pub(super) name: String,
    pub(super) program: String,
    pub(super) fetch: String,
    pub(super) command: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) version: Vec<String>,
    pub(super) model: ModelKind,
    pub(super) ready: String,
    pub(super) pages: Vec<String>,
    pub(super) settings: Vec<String>,
    openai: OpenAi,
    /// Against what the file was checked, where it comes with Wattsmith.
    pub(super) checked: String,
}

impl Description {
    pub(super) fn parse(text: &str) -> Result<Self, CatalogueFault> {
        let file: File =
            toml_edit::de::from_str(text).map_err(|error| CatalogueFault::of(text, &error))?;
        let table = file.server;
        let fault = |place, what: &str| CatalogueFault::at(text, place, what);
        let name = table.name.get_ref();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(allowed) {
            let what = "a server's name is made of lower case letters, digits and hyphens";
            return Err(fault(table.name.span(), what));
        }
        if table.program.get_ref().trim().is_empty() {
            return Err(fault(table.program.span(), "this names no program"));
        }
        let words = table.command.get_ref();
        if words.first().map(String::as_str) != Some("{program}") {
            let what = "a command begins with \"{program}\", by itself";
            return Err(fault(table.command.span(), what));
        }
        for place in ["model", "port"] {
            let mark = format!("{{{place}}}");
            if !words.iter().any(|word| word.contains(&mark)) {
                let what = format!("the command needs {mark} in one of its words");
                return Err(fault(table.command.span(), &what));
            }
        }
        if let Some(word) = words.iter().find(|word| word.contains("{key}")) {
            let what = format!(
                "every user of the machine can read a command line, so {word:?} may stand in the \
                 environment only"
            );
            return Err(fault(table.command.span(), &what));
        }
        let in_words = words
            .iter()
            .map(|word| (word, &PLACES[..], table.command.span()));
        let in_variables = table.environment.iter().flat_map(|given| {
            let words = given.get_ref().values();
            words.map(|word| (word, &[KEY, "model", "port"][..], given.span()))
        });
        for (word, known, place) in in_words.chain(in_variables) {
            if let Some(unknown) = unknown_mark(word, known) {
                let known = known.iter().map(|one| format!("{{{one}}}"));
                let known: Vec<String> = known.collect();
                let what = format!("there is no {{{unknown}}}, only {}", known.join(", "));
                return Err(fault(place, &what));
            }
        }
        for route in [&table.ready].into_iter().chain(&table.pages) {
            if !route.get_ref().starts_with('/') {
                return Err(fault(route.span(), "a route begins with a slash"));
            }
        }
        let usual = OpenAi::default();
        let fields = table.fields.map(|Fields(fields)| {
            // TOML has no null; an empty table says the same.
            let nothing = |value: &Json| value.as_object().is_some_and(Map::is_empty);
            let given = fields.into_iter();
            let given = given.map(|(name, value)| match nothing(&value) {
                true => (name, Json::Null),
                false => (name, value),
            });
            given.collect()
        });
        Ok(Self {
            name: table.name.into_inner(),
            program: table.program.into_inner(),
            fetch: table.fetch.trim_end_matches('.').to_owned(),
            command: table.command.into_inner(),
            environment: table
                .environment
                .map(Spanned::into_inner)
                .unwrap_or_default(),
            version: table
                .version
                .unwrap_or_else(|| vec!["--version".to_owned()]),
            model: table.model,
            ready: table.ready.into_inner(),
            pages: table.pages.into_iter().map(Spanned::into_inner).collect(),
            settings: table.settings,
            openai: OpenAi {
                route: table.speaks,
                fields: fields.unwrap_or(usual.fields),
                length: table.length,
            },
            checked: table.checked.unwrap_or_default(),
        })
    }

    /// The environment variable by which another program is named.
    pub(super) fn variable(&self) -> String {
        format!(
            "WATTSMITH_{}",
            self.name.to_ascii_uppercase().replace('-', "_")
        )
    }

    pub(super) fn protocol(&self) -> Protocol {
        Protocol::OpenAi(Arc::new(self.openai.clone()))
    }
}

/// The first mark in braces of a word that is none of these.
fn unknown_mark<'a>(word: &'a str, known: &[&str]) -> Option<&'a str> {
    let mut rest = word;
    while let Some((_, after)) = rest.split_once('{') {
        let (mark, behind) = after.split_once('}')?;
        let plain = !mark.is_empty() && mark.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if plain && !known.contains(&mark) {
            return Some(mark);
        }
        rest = behind;
    }
    None
}
