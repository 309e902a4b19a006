//! The head of one GGUF file: what it says about itself, and what its list of tensors shows.

use super::bounded::{Input, Value};
use super::cache;
use super::fault::Fault;
use super::foreign;
use super::tensors::{Tensors, read_tensors};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// More entries or tensors than this are no model's: the largest have some thousands.
const COUNT_LIMIT: u64 = 1 << 20;
/// Tensors' data begin at a multiple of this where the file does not say otherwise.
const USUAL_ALIGNMENT: u64 = 32;

/// Names of architectures are a word.
const ARCHITECTURE_LENGTH: usize = 64;

/// What is read of a head: these entries, or those that end like this.
const KEPT: [&str; 18] = [
    "general.name",
    "general.architecture",
    "general.type",
    "general.file_type",
    "general.alignment",
    "adapter.type",
    "split.no",
    "split.count",
    "split.tensors.count",
    "imatrix.chunk_count",
    "clip.has_vision_encoder",
    "clip.has_audio_encoder",
    ".context_length",
    ".pooling_type",
    ".attention.causal",
    ".block_count",
    ".nextn_predict_layers",
    ".classifier.output_labels",
];

/// The head of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    entries: BTreeMap<String, Value>,
    /// Whether it brings a chat template.
    pub chat_template: bool,
    /// Whether its vocabulary has the marks of ChatML, which engines fall back on.
    pub chatml: bool,
    /// What its tensors are.
    pub tensors: Tensors,
}

/// A file's place in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub number: u64,
    /// Files in the set.
    pub count: u64,
    /// Tensors in all files together, where it says so.
    pub tensors: Option<u64>,
}

impl Head {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.entries.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        match self.entries.get(key) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.entries.get(key) {
            Some(Value::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn architecture(&self) -> Option<&str> {
        self.text("general.architecture")
    }

    /// An entry of the architecture's own, such as `context_length`.
    pub(super) fn own(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture().unwrap_or_default())
    }

    /// The longest context that the engine gives one request. Scaled positions (YaRN and the like)
    /// do not lengthen it: engines take this entry as it stands.
    pub(super) fn context_limit(&self) -> Option<u64> {
        self.number(&self.own("context_length"))
            .filter(|limit| *limit > 0)
    }

    /// Where it belongs, when it is a part of a set.
    pub(super) fn place(&self) -> Option<Place> {
        let count = self.number("split.count").filter(|count| *count > 1)?;
        Some(Place {
            number: self.number("split.no").unwrap_or(0).saturating_add(1),
            count,
            tensors: self.number("split.tensors.count"),
        })
    }
}

/// Reads the head of a file, with the file's size.
pub(super) fn read_file(path: &Path) -> Result<(Head, u64), Fault> {
    // Looked at before it is opened: opening a pipe would wait for somebody to write to it.
    let meta = path.metadata().map_err(Fault::Io)?;
    if !meta.is_file() {
        return Err(Fault::Io(std::io::Error::other("it is no file")));
    }
    let file = File::open(path).map_err(Fault::Io)?;
    let head = read_head(BufReader::new(file), meta.len())?;
    Ok((head, meta.len()))
}

pub(super) fn read_head(mut source: impl Read + Seek, length: u64) -> Result<Head, Fault> {
    let mut start = Vec::new();
    source
        .by_ref()
        .take(foreign::LOOKED_AT as u64)
        .read_to_end(&mut start)?;
    if !start.starts_with(b"GGUF") {
        return Err(foreign::named(&start, length));
    }
    source.seek(SeekFrom::Start(0))?;
    let mut input = Input::new(source, length);
    input.skip(4)?;
    check_version(input.u32()?)?;
    let (tensors, entries) = (input.u64()?, input.u64()?);
    if tensors > COUNT_LIMIT || entries > COUNT_LIMIT {
        return Err(Fault::Nonsense("a count beyond reason"));
    }
    let mut head = Head::default();
    for _ in 0..entries {
        let key = input.text()?.ok_or(Fault::Nonsense("a key is too long"))?;
        let kind = input.u32()?;
        let mut chatml = false;
        let is_vocabulary = key == "tokenizer.ggml.tokens";
        let value = input.value(kind, &mut |text| {
            chatml |= is_vocabulary && text == "<|im_start|>";
        })?;
        head.chatml |= chatml;
        if key == "tokenizer.chat_template" {
            head.chat_template = match &value {
                Value::Text(text) => !text.trim().is_empty(),
                value => *value == Value::LongText,
            };
        }
        if KEPT
            .iter()
            .chain(&cache::READ)
            .any(|kept| key == *kept || (kept.starts_with('.') && key.ends_with(kept)))
        {
            let value = match value {
                Value::Text(text) => Value::Text(printable(&text)),
                other => other,
            };
            head.entries.insert(key, value);
        }
    }
    if head
        .architecture()
        .is_some_and(|name| name.len() > ARCHITECTURE_LENGTH)
    {
        return Err(Fault::Nonsense("an architecture with a name beyond reason"));
    }
    let alignment = head.number("general.alignment").unwrap_or(USUAL_ALIGNMENT);
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(Fault::Nonsense("an alignment that is none"));
    }
    head.tensors = read_tensors(&mut input, tensors, alignment, length)?;
    Ok(head)
}

/// What a file says is shown in terminals: it may hold anything, and must not steer one.
pub(super) fn printable(text: &str) -> String {
    let shown = |one: char| if one.is_control() { '\u{fffd}' } else { one };
    text.chars().map(shown).collect()
}

fn check_version(version: u32) -> Result<(), Fault> {
    match version {
        2 | 3 => Ok(()),
        1 => Err(Fault::Unfit(
            "This is GGUF version 1 of August 2023, which engines no longer read. Fetch the model \
             again; newer files are version 3."
                .to_owned(),
        )),
        version if matches!(version.swap_bytes(), 1..=0xffff) => Err(Fault::Unfit(
            "This GGUF was written for big-endian machines. Fetch the little-endian file of the \
             model."
                .to_owned(),
        )),
        version @ 4..=0xffff => Err(Fault::Unfit(format!(
            "This is GGUF version {version}; versions 2 and 3 are read here. Fetch an older file \
             of the model, or use a newer Wattsmith."
        ))),
        _ => Err(Fault::Nonsense("a version beyond reason")),
    }
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
