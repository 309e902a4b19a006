//! The head and the last lines of a CSV file.

use super::several;
use crate::outside::number::{NoNumber, number, split_unit};
use crate::outside::refusal::MeterRefusal;
use crate::outside::unit;
use std::fs::File;
use std::io::{Error, Read as _, Seek as _, SeekFrom};

/// Bytes read from the end, and at most from the head; longer than any line.
const TAIL: u64 = 16 * 1024;
/// Columns that tell of which of several devices a line is.
const WHOSE: [&str; 22] = [
    "index",
    "gpu",
    "gpu_index",
    "gpu_id",
    "gpu id",
    "uuid",
    "gpu_uuid",
    "pci.bus_id",
    "device",
    "dev",
    "channel",
    "phase",
    "sensor",
    "outlet",
    "socket",
    "plug",
    "node",
    "host",
    "hostname",
    "id",
    "name",
    "gpu_name",
];
/// Last lines that are compared for that.
const COMPARED: usize = 32;

/// What is read of a file.
#[derive(Debug)]
pub(super) struct Table {
    /// The columns of its first line.
    head: Vec<String>,
    /// Its last whole lines below that, the newest last.
    lines: Vec<Vec<String>>,
    /// Bytes of each of them with its end.
    lengths: Vec<usize>,
}

impl Table {
    /// Reads `file`, which is `length` bytes long. The inner error is about what it holds.
    pub(super) fn read(
        file: &mut File,
        length: u64,
        separator: char,
    ) -> Result<Result<Self, MeterRefusal>, Error> {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        (&mut *file).take(TAIL).read_to_end(&mut head)?;
        let mut tail = Vec::new();
        let from = length.saturating_sub(TAIL);
        file.seek(SeekFrom::Start(from))?;
        (&mut *file).take(TAIL).read_to_end(&mut tail)?;
        Ok(Self::parse(&head, &tail, from == 0, separator))
    }

    /// `whole` says that the tail is the whole file.
    fn parse(head: &[u8], tail: &[u8], whole: bool, separator: char) -> Result<Self, MeterRefusal> {
        let wide = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        if wide || head.iter().take(512).any(|byte| *byte == 0) {
            return Err(MeterRefusal::unreadable(
                "it is not UTF-8 but UTF-16 or no text at all; let the meter write UTF-8",
            ));
        }
        let head = String::from_utf8_lossy(head);
        // The invisible mark that some programs begin a file with.
        let head = head.strip_prefix('\u{feff}').unwrap_or(&head);
        // Excel's way to tell the separator.
        let first = head
            .lines()
            .map(str::trim_end)
            .find(|line| !line.trim().is_empty() && !line.starts_with("sep="));
        let first = first.map(str::to_owned).unwrap_or_default();
        let tail = String::from_utf8_lossy(tail);
        let ended = tail.rfind('\n').map_or("", |end| &tail[..=end]);
        let mut lines = Vec::new();
        let mut lengths = Vec::new();
        // In a longer file the first of these lines may be but the end of one.
        for line in ended.split_inclusive('\n').skip(usize::from(!whole)) {
            let text = line.trim_start_matches('\u{feff}').trim_end();
            if text.trim().is_empty() || text.starts_with("sep=") {
                continue;
            }
            lines.push(fields(text, separator));
            lengths.push(line.len());
        }
        let mut table = Self {
            head: fields(first.trim_start_matches('#'), separator),
            lines,
            lengths,
        };
        if whole && table.has_names() && !table.lines.is_empty() {
            table.lines.remove(0);
            table.lengths.remove(0);
        }
        Ok(table)
    }

    /// How many lines the last `bytes` bytes hold.
    pub(super) fn lines_in(&self, bytes: u64) -> usize {
        let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
        let newest = self.lengths.iter().rev();
        newest
            .take_while(|length| match left.checked_sub(**length) {
                Some(rest) => {
                    left = rest;
                    true
                }
                None => false,
            })
            .count()
    }

    /// The column's place in a line, from 0.
    pub(super) fn place(&self, column: &str) -> Result<usize, MeterRefusal> {
        if let Ok(number) = column.parse::<usize>() {
            return Ok(number.saturating_sub(1));
        }
        let base = |name: &str| unit::of_column(name).0.to_owned();
        let same: [&dyn Fn(&str) -> bool; 3] = [
            &|name| name == column,
            &|name| base(name) == column,
            &|name| base(name).to_lowercase() == column.to_lowercase(),
        ];
        for is in same {
            let found: Vec<usize> = (0..self.head.len())
                .filter(|place| is(&self.head[*place]))
                .collect();
            match found.as_slice() {
                [] => {}
                [one] => return Ok(*one),
                many => {
                    return Err(several(format!(
                        "its first line names {} columns {column:?}; give the number of the one \
                         that is meant, from 1",
                        many.len()
                    )));
                }
            }
        }
        let hint = match self.head.as_slice() {
            [only] => [';', ',', '\t', '|']
                .into_iter()
                .find(|other| only.contains(*other))
                .map(|other| format!(" Is its separator {other:?}?"))
                .unwrap_or_default(),
            _ => String::new(),
        };
        Err(MeterRefusal::unreadable(format!(
            "its first line names no column {column:?}, but {}.{hint}",
            self.head.join(", ")
        )))
    }

    /// What the first line says of a column, where it names columns.
    pub(super) fn heading(&self, place: usize) -> Option<&str> {
        let name = self.head.get(place)?;
        let value = number(split_unit(name).0, None);
        (value == Err(NoNumber::Other)).then_some(name)
    }

    /// The newest line with values.
    pub(super) fn last(&self) -> Result<&Vec<String>, MeterRefusal> {
        self.lines
            .last()
            .ok_or_else(|| MeterRefusal::unreadable("it holds no whole line of values yet"))
    }

    /// Whether its first line names columns: not one of them is a number.
    fn has_names(&self) -> bool {
        (0..self.head.len()).all(|place| self.heading(place).is_some())
    }

    /// Its last values in one column.
    pub(super) fn column(&self, place: usize) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter_map(move |line| line.get(place).map(String::as_str))
    }

    /// Where a comma separates columns, it must not stand before decimals, too: then lines have more
    /// columns than there are names, or not all as many.
    pub(super) fn check_commas(&self, line: &[String]) -> Result<(), MeterRefusal> {
        let filled = |line: &[String]| {
            let empty = line.iter().rev().take_while(|cell| cell.is_empty());
            line.len() - empty.count()
        };
        let (wanted, most) = match self.has_names() {
            true => (filled(&self.head), filled(line)),
            false => {
                let least = self.lines.iter().map(Vec::len).min();
                let most = self.lines.iter().map(|line| filled(line)).max();
                (least.unwrap_or_default(), most.unwrap_or_default())
            }
        };
        if most <= wanted {
            return Ok(());
        }
        Err(MeterRefusal::unreadable(format!(
            "its lines have {wanted} and {most} columns: is a comma both between columns and before \
             decimals? Let the meter separate columns by a semicolon, or write a point"
        )))
    }

    /// Lines that take turns between several devices are several values.
    pub(super) fn check_rows(&self, value: usize) -> Result<(), MeterRefusal> {
        if !self.has_names() {
            return Ok(());
        }
        for (place, name) in self.head.iter().enumerate() {
            let whose = WHOSE.contains(&name.to_lowercase().as_str());
            if place == value || !whose {
                continue;
            }
            let recent: Vec<&str> = self.column(place).collect();
            let recent = &recent[recent.len().saturating_sub(COMPARED)..];
            let Some(last) = recent.last() else {
                continue;
            };
            // A number that never comes again counts lines.
            let again = recent.iter().filter(|cell| cell == &last).count() > 1;
            let mut different = recent.to_vec();
            different.sort_unstable();
            different.dedup();
            if again && different.len() > 1 {
                return Err(several(format!(
                    "its lines take turns between {} by {name:?} ({}): write one file for each, or \
                     a line with all of them",
                    different.len(),
                    different.join(", ")
                )));
            }
        }
        Ok(())
    }
}

/// The columns of a line; quotes around one may hold the separator, and two of them are one.
fn fields(line: &str, separator: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '"' {
            let doubled = quoted && letters.next_if_eq(&'"').is_some();
            match (doubled, fields.last_mut()) {
                (true, Some(last)) => last.push('"'),
                _ => quoted = !quoted,
            }
        } else if letter == separator && !quoted {
            fields.push(String::new());
        } else if let Some(last) = fields.last_mut() {
            last.push(letter);
        }
    }
    for field in &mut fields {
        *field = field.trim().to_owned();
    }
    fields
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
