//! The catalogue file as it is written, before anything about it is checked but its form. Every
//! server's table has this form, those that ship and those that a person writes.

use super::words::{Bound, BoundedBy, Levels, Options, When};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_spanned::Spanned;
use std::collections::BTreeMap;
use std::fmt;
use wattsmith_domain::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    pub at_once: Option<Spanned<String>>,
    /// What starts the server, in a file that describes it: not the catalogue's matter.
    #[serde(default, rename = "server")]
    pub _server: Option<de::IgnoredAny>,
    #[serde(default)]
    pub parameter: Vec<Spanned<FileParameter>>,
    #[serde(default)]
    pub rule: Vec<Spanned<FileRule>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FileParameter {
    pub name: Spanned<String>,
    pub kind: Spanned<KindWord>,
    pub min: Option<Spanned<Bound>>,
    pub max: Option<Spanned<Bound>>,
    pub levels: Option<Spanned<Levels>>,
    pub options: Option<Spanned<Options>>,
    pub more_options: Option<Spanned<MoreOptions>>,
    pub default: Spanned<Given>,
    pub default_without_gpu: Option<Spanned<Given>>,
    pub told: Spanned<Told>,
    #[serde(default)]
    pub formerly: Vec<Spanned<Told>>,
    pub effect: String,
    #[serde(default)]
    pub danger: Danger,
    #[serde(default)]
    pub changes_output: bool,
    pub when: Option<When>,
    pub bounded_by: Option<Spanned<BoundedBy>>,
    pub since: Option<Spanned<String>>,
    pub until: Option<Spanned<String>>,
    pub read: Option<Spanned<FileRead>>,
}

/// Options that are there only with something else.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoreOptions {
    pub when: When,
    pub options: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KindWord {
    Int,
    Float,
    Bool,
    Choice,
}

/// A default: a value, of which a word may be one of the machine's where a number is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Given(pub Value);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueReader).map(Self)
    }
}

/// Reads a [`Value`] and says in plain words what one is.
struct ValueReader;

impl Visitor<'_> for ValueReader {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, true, false or a word")
    }
    fn visit_bool<E: de::Error>(self, on: bool) -> Result<Value, E> {
        Ok(Value::Bool(on))
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }
    fn visit_str<E: de::Error>(self, word: &str) -> Result<Value, E> {
        Ok(Value::Choice(word.to_owned()))
    }
}

/// How the server is told, by exactly one of these keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Told {
    Flag(String),
    Optional(String),
    Switch(Switch),
    Words(BTreeMap<String, String>),
    Product(Product),
    Variable(String),
    Field(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    pub on: String,
    pub off: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    pub flag: String,
    pub factor: String,
}

/// In which direction a value is dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Direction {
    Rising,
    Falling,
    Always,
}

/// One sentence, or a clause for each direction, in the order in which they are to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Danger {
    #[default]
    None,
    Sentence(String),
    Clauses(Vec<(Direction, String)>),
}

impl Danger {
    /// As one sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Sentence(sentence) => sentence.clone(),
            Self::Clauses(clauses) => {
                let words: Vec<&str> = clauses.iter().map(|(_, words)| words.as_str()).collect();
                format!("{}.", words.join("; "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Danger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Danger;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sentence, or a table of rising, falling and always")
            }
            fn visit_str<E: de::Error>(self, sentence: &str) -> Result<Danger, E> {
                Ok(Danger::Sentence(sentence.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Danger, A::Error> {
                let mut clauses = Vec::new();
                while let Some(clause) = map.next_entry()? {
                    clauses.push(clause);
                }
                Ok(match clauses.is_empty() {
                    true => Danger::None,
                    false => Danger::Clauses(clauses),
                })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Where the server tells the value it uses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FileRead {
    /// JSON pointer into what the server tells over HTTP; of several the first that holds a value counts.
    pub pointer: Option<Marks>,
    /// What the value follows in a line of the log; several follow each other.
    pub log: Option<Marks>,
    /// When it is the same as what was asked for; otherwise when it is equal.
    pub same: Option<Same>,
    /// The value that leaves the choice to the server.
    pub open: Option<String>,
    /// What the server says, and the value that it means; what is not named here is not read.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
}

/// One mark or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marks(pub Vec<String>);

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Marks;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: de::Error>(self, mark: &str) -> Result<Marks, E> {
                Ok(Marks(vec![mark.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Marks, A::Error> {
                let mut marks = Vec::new();
                while let Some(mark) = list.next_element()? {
                    marks.push(mark);
                }
                Ok(Marks(marks))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// How a value that is read back is held against the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Same {
    /// More than asked is no difference.
    AtLeast,
    /// It is told as `12/31`: all of them is what the greatest value asks for, and whoever asked for
    /// more than there are has got it.
    Share,
}

/// A relation, by exactly one of these keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum FileRule {
    AtMost(AtMost),
    Excludes(Excludes),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtMost {
    pub parameter: String,
    pub limit: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Excludes {
    pub parameter: String,
    pub values: Vec<Given>,
    pub other: String,
    pub value: Given,
}
