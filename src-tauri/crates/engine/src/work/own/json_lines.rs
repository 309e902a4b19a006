//! JSONL: an object on each line.

use super::entry::{self, Content, Entry};
use super::fault::WorkFaultKind as Kind;
use super::file::Parsed;
use serde_json::{Map, Value};

/// Names under which a request may say what it asks.
const CONTENTS: [&str; 3] = ["prompt", "text", "messages"];

pub(super) fn parse(bytes: &[u8], parsed: &mut Parsed) {
    let begin = bytes.trim_ascii_start();
    if begin.starts_with(b"[") {
        parsed.fault(None, Kind::OneList);
        return;
    }
    for (line, bytes) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match std::str::from_utf8(bytes) {
            Err(_) => parsed.fault(Some(line), Kind::NotUtf8),
            Ok(text) => match read(line, text, parsed) {
                Ok(entry) => parsed.entry(entry),
                Err(kind) => parsed.fault(Some(line), kind),
            },
        }
        if parsed.is_full() {
            return;
        }
    }
}

fn read(line: u64, text: &str, parsed: &mut Parsed) -> Result<Entry, Kind> {
    let value: Value = serde_json::from_str(text).map_err(|error| Kind::NotJson(words(&error)))?;
    let Value::Object(object) = value else {
        return Err(Kind::NoObject);
    };
    let content = content(&object)?;
    let told = |name: &str| object.get(name).filter(|value| !value.is_null());
    let output_tokens = told("output_tokens")
        .map(|value| entry::output_tokens(value.as_u64(), &value.to_string()))
        .transpose()?;
    let arrival_s = told("arrival_s")
        .map(|value| entry::arrival_s(value.as_f64(), &value.to_string()))
        .transpose()?;
    for name in object.keys() {
        if !CONTENTS.contains(&name.as_str()) && name != "output_tokens" && name != "arrival_s" {
            parsed.not_read(name);
        }
    }
    Ok(Entry {
        line,
        content,
        output_tokens,
        arrival_s,
    })
}

fn content(object: &Map<String, Value>) -> Result<Content, Kind> {
    let told = |name: &&&str| object.get(**name).is_some_and(|value| !value.is_null());
    let mut named = CONTENTS.iter().filter(told);
    let name = *named.next().ok_or(Kind::NoContent)?;
    if let Some(other) = named.next() {
        return Err(Kind::TwoContents(name, other));
    }
    let value = &object[name];
    match (name, value.as_str()) {
        ("messages", _) => entry::chat(value),
        (name, Some(text)) => entry::prompt(name, text),
        (name, None) => Err(Kind::NoText(name)),
    }
}

/// The parser's words without its own count of lines: each line is a text of its own to it.
pub(super) fn words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words
        .rsplit_once(" at line ")
        .map_or(words.as_str(), |(words, _)| words);
    format!("{words} at column {}", error.column())
}
