//! A first look at a file of work, before anything is measured.

use super::entry::Content;
use super::file::WorkFile;
use wattsmith_domain::one_line;

/// Prompts that are shown.
const SHOWN: usize = 3;
/// Characters of each.
const MOST_SHOWN: usize = 100;

/// A first look at a file of work.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkPreview {
    /// Prompts and chats in it.
    pub requests: usize,
    /// How many of them are chats.
    pub chats: usize,
    /// How long they are; none without any.
    pub characters: Option<CharacterSpread>,
    /// How many say how long their answer is.
    pub with_length: usize,
    /// How many say when they arrive.
    pub with_arrival: usize,
    /// Seconds from the first arrival to the last, where all say when they arrive.
    pub arrivals_take_s: Option<f64>,
    /// The first ones, shortened.
    pub first: Vec<String>,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// What is wrong in it, in sentences; the first ones.
    pub faults: Vec<String>,
    /// How much is wrong in it.
    pub fault_count: usize,
    /// Names in it that nobody reads.
    pub unread: Vec<String>,
}

/// Characters of prompts; of a chat those of all its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CharacterSpread {
    /// Of the shortest.
    pub least: usize,
    /// Of the one in the middle.
    pub median: usize,
    /// Of the longest.
    pub most: usize,
}

impl WorkFile {
    /// A first look at it.
    #[must_use]
    pub fn preview(&self) -> WorkPreview {
        let entries = &self.entries;
        let mut lengths: Vec<usize> = entries.iter().map(|one| one.content.characters()).collect();
        lengths.sort_unstable();
        let arrivals: Option<Vec<f64>> = entries.iter().map(|one| one.arrival_s).collect();
        let ends = |all: Vec<f64>| {
            let (first, last) = (
                all.iter().copied().reduce(f64::min)?,
                all.iter().copied().reduce(f64::max)?,
            );
            Some(last - first)
        };
        WorkPreview {
            requests: entries.len(),
            chats: entries
                .iter()
                .filter(|one| matches!(one.content, Content::Chat(_)))
                .count(),
            characters: match lengths.as_slice() {
                [] => None,
                all => Some(CharacterSpread {
                    least: all[0],
                    median: all[all.len() / 2],
                    most: all[all.len() - 1],
                }),
            },
            with_length: entries
                .iter()
                .filter(|one| one.output_tokens.is_some())
                .count(),
            with_arrival: entries.iter().filter(|one| one.arrival_s.is_some()).count(),
            arrivals_take_s: arrivals.and_then(ends),
            first: entries
                .iter()
                .take(SHOWN)
                .map(|one| one_line(one.content.last_said(), MOST_SHOWN))
                .collect(),
            sha256: self.sha256.clone(),
            bytes: self.bytes,
            faults: self.faults.iter().map(ToString::to_string).collect(),
            fault_count: self.fault_count,
            unread: self.unread.iter().cloned().collect(),
        }
    }
}
