//! A CSV file to which some other meter adds lines; the newest whole line counts.

use super::Reading;
use crate::sensor::ReadError;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes read from the end; longer than any line.
const TAIL: u64 = 16 * 1024;

/// The end of a file.
pub(super) struct Tail {
    path: PathBuf,
    column: String,
    separator: char,
    /// A last line older than this is no reading any more.
    stale: Duration,
    grown: Mutex<Option<(u64, Instant)>>,
}

impl Tail {
    pub(super) fn new(path: &Path, column: &str, separator: char, stale: Duration) -> Self {
        Self {
            path: path.to_owned(),
            column: column.to_owned(),
            separator,
            stale,
            grown: Mutex::default(),
        }
    }

    fn failed(&self, what: impl std::fmt::Display) -> ReadError {
        ReadError(format!("{}: {what}", self.path.display()))
    }

    /// Whether lines still come: by the file's own time at first, by its length from then on.
    fn check_growth(&self, file: &File) -> Result<u64, ReadError> {
        let facts = file.metadata().map_err(|error| self.failed(error))?;
        let length = facts.len();
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        let age = match *grown {
            Some((before, since)) if before == length => since.elapsed(),
            Some(_) => Duration::ZERO,
            None => facts
                .modified()
                .ok()
                .and_then(|modified| modified.elapsed().ok())
                .unwrap_or_default(),
        };
        if grown.is_none_or(|(before, _)| before != length) {
            let since = Instant::now().checked_sub(age).unwrap_or_else(Instant::now);
            *grown = Some((length, since));
        }
        if age > self.stale {
            return Err(self.failed(format_args!(
                "no new line for {:.0} s; does the meter still write it?",
                age.as_secs_f64()
            )));
        }
        Ok(length)
    }

    /// The column's place in a line, from 0.
    fn place(&self, file: &File) -> Result<usize, ReadError> {
        if let Ok(number) = self.column.parse::<usize>() {
            return Ok(number.saturating_sub(1));
        }
        let mut head = String::new();
        BufReader::new(file.take(TAIL))
            .read_line(&mut head)
            .map_err(|error| self.failed(error))?;
        fields(head.trim_end(), self.separator)
            .iter()
            .position(|name| *name == self.column)
            .ok_or_else(|| {
                self.failed(format_args!(
                    "its first line names no column {:?}",
                    self.column
                ))
            })
    }

    /// The last line that is whole.
    fn last_line(&self, file: &mut File, length: u64) -> Result<String, ReadError> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
            .and_then(|_| file.take(TAIL).read_to_end(&mut bytes))
            .map_err(|error| self.failed(error))?;
        let text = String::from_utf8_lossy(&bytes);
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .ok_or_else(|| self.failed("it holds no whole line yet"))
    }
}

impl Reading for Tail {
    fn value(&self) -> Result<f64, ReadError> {
        let mut file = File::open(&self.path).map_err(|error| self.failed(error))?;
        let length = self.check_growth(&file)?;
        let place = self.place(&file)?;
        let line = self.last_line(&mut file, length)?;
        let all = fields(&line, self.separator);
        let field = all.get(place).ok_or_else(|| {
            self.failed(format_args!(
                "its last line has {} columns, and none with number {}",
                all.len(),
                place + 1
            ))
        })?;
        field
            .parse()
            .map_err(|_| self.failed(format_args!("{field:?} in its last line is no number")))
    }
}

/// The columns of a line; quotes around one may hold the separator.
fn fields(line: &str, separator: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        if letter == '"' {
            quoted = !quoted;
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
