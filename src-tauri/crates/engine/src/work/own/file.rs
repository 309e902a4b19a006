//! A file of work, read whole: what is in it, what is wrong with it, and which file it is.

use super::entry::Entry;
use super::fault::{WorkFault, WorkFaultKind as Kind};
use super::{csv_table, json_lines};
use crate::digest;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Larger files are no work for one window.
const MOST_BYTES: u64 = 64 << 20;
/// More requests than that fill no window, and each is kept in memory.
const MOST_ENTRIES: usize = 10_000;
/// Faults that are kept; the others are counted.
const MOST_FAULTS: usize = 20;
/// Names that are kept of what is not read.
const MOST_NAMES: usize = 10;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An object on each line.
    JsonLines,
    /// A header and rows.
    Csv,
}

/// A file of work as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkFile {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of all its bytes, in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its requests, in its order.
    pub entries: Vec<Entry>,
    /// What is wrong in it, in its order; the first ones.
    pub faults: Vec<WorkFault>,
    /// How much is wrong in it.
    pub fault_count: usize,
    /// What it says beside requests, by name: nobody reads that.
    pub unread: BTreeSet<String>,
}

/// What comes of a file's bytes.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    file: String,
    entries: Vec<Entry>,
    faults: Vec<WorkFault>,
    fault_count: usize,
    unread: BTreeSet<String>,
}

impl Parsed {
    pub(super) fn entry(&mut self, entry: Entry) {
        if self.entries.len() == MOST_ENTRIES {
            self.fault(Some(entry.line), Kind::TooMany { most: MOST_ENTRIES });
            return;
        }
        self.entries.push(entry);
    }

    pub(super) fn fault(&mut self, line: Option<u64>, kind: Kind) {
        self.fault_count += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(WorkFault {
                file: self.file.clone(),
                line,
                kind,
            });
        }
    }

    pub(super) fn not_read(&mut self, name: &str) {
        if self.unread.len() < MOST_NAMES {
            self.unread.insert(wattsmith_domain::one_line(name, 40));
        }
    }

    /// Whether more is not looked at.
    pub(super) fn is_full(&self) -> bool {
        let too_many = |one: &WorkFault| matches!(one.kind, Kind::TooMany { .. });
        self.entries.len() == MOST_ENTRIES && self.faults.iter().any(too_many)
    }
}

/// Reads a file of work. Faults in single lines are in what comes of it.
///
/// # Errors
/// The file as a whole cannot be read.
pub async fn read_work(path: &Path) -> Result<WorkFile, WorkFault> {
    // A session goes on from any folder.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let file = path.display().to_string();
    let fail = |kind| WorkFault {
        file: file.clone(),
        line: None,
        kind,
    };
    match tokio::task::spawn_blocking(move || read(&path)).await {
        Ok(read) => read.map_err(fail),
        Err(_) => Err(fail(Kind::Unreadable("reading it ended early".to_owned()))),
    }
}

fn read(path: &Path) -> Result<WorkFile, Kind> {
    let unreadable = |error: std::io::Error| Kind::Unreadable(error.to_string());
    // Looked at before it is opened: opening a pipe would wait for somebody to write to it.
    let meta = path.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(Kind::NoFile);
    }
    if meta.len() > MOST_BYTES {
        return Err(Kind::TooLarge {
            bytes: meta.len(),
            most: MOST_BYTES,
        });
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let format = format_of(path, &bytes).ok_or(Kind::UnknownFormat)?;
    Ok(of_bytes(path, &bytes, format))
}

/// By the name's ending, else by how it begins.
fn format_of(path: &Path, bytes: &[u8]) -> Option<Format> {
    let suffix = path.extension().unwrap_or_default().to_ascii_lowercase();
    match suffix.to_str().unwrap_or_default() {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" | "json" => Some(Format::JsonLines),
        _ => {
            let begin = without_mark(bytes).trim_ascii_start();
            begin.starts_with(b"{").then_some(Format::JsonLines)
        }
    }
}

pub(super) fn of_bytes(path: &Path, bytes: &[u8], format: Format) -> WorkFile {
    let mut parsed = Parsed {
        file: path.display().to_string(),
        ..Parsed::default()
    };
    let text = without_mark(bytes);
    match format {
        Format::JsonLines => json_lines::parse(text, &mut parsed),
        Format::Csv => csv_table::parse(text, &mut parsed),
    }
    if parsed.entries.is_empty() && parsed.faults.is_empty() {
        parsed.fault(None, Kind::NoEntries);
    }
    WorkFile {
        path: path.to_owned(),
        sha256: digest::of(bytes),
        bytes: bytes.len() as u64,
        entries: parsed.entries,
        faults: parsed.faults,
        fault_count: parsed.fault_count,
        unread: parsed.unread,
    }
}

/// Without the mark that some programs set before UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
