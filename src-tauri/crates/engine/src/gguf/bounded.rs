//! Reads values of a GGUF head. Every length is held against what is left of the file before it is
//! believed, and nothing is allocated by a length that the file claims.

use super::fault::Fault;
use std::io::{Read, Seek};

/// Text longer than this is skipped, not kept.
const TEXT_LIMIT: u64 = 4096;
/// Lists of lists deeper than this are no model's.
const DEPTH_LIMIT: u32 = 4;
/// Longer lists of texts are no model's: the largest vocabularies have some 300,000.
const LIST_LIMIT: u64 = 16 << 20;

/// A value, as far as anybody here reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Number(u64),
    Flag(bool),
    Text(String),
    /// A text too long to keep.
    LongText,
    List,
    Other,
}

/// A file, and what is left of it.
pub(super) struct Input<S> {
    source: S,
    length: u64,
    left: u64,
}

impl<S: Read + Seek> Input<S> {
    pub(super) fn new(source: S, length: u64) -> Self {
        Self {
            source,
            length,
            left: length,
        }
    }

    /// Bytes read or skipped so far.
    pub(super) fn position(&self) -> u64 {
        self.length - self.left
    }

    fn take(&mut self, bytes: u64) -> Result<(), Fault> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(Fault::EndsInHead {
            length: self.length,
        })?;
        Ok(())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.take(N as u64)?;
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        self.take(bytes)?;
        let bytes = i64::try_from(bytes).map_err(|_| Fault::Nonsense("a length beyond reason"))?;
        self.source.seek_relative(bytes)?;
        Ok(())
    }

    /// A text with its length before it; `None`, skipped, when it is longer than anybody reads.
    pub(super) fn text(&mut self) -> Result<Option<String>, Fault> {
        let length = self.u64()?;
        if length > TEXT_LIMIT {
            self.skip(length)?;
            return Ok(None);
        }
        self.take(length)?;
        let mut bytes = Vec::new();
        self.source.by_ref().take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(Fault::EndsInHead {
                length: self.length,
            });
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// A value of `kind`; each text in a list is shown to `on_text`.
    pub(super) fn value(
        &mut self,
        kind: u32,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Value, Fault> {
        // Signed numbers below zero are no counts; nobody here reads them.
        let unsigned = |number: i64| u64::try_from(number).map_or(Value::Other, Value::Number);
        Ok(match kind {
            0 => Value::Number(u64::from(self.array::<1>()?[0])),
            1 => unsigned(i64::from(i8::from_le_bytes(self.array()?))),
            2 => Value::Number(u64::from(u16::from_le_bytes(self.array()?))),
            3 => unsigned(i64::from(i16::from_le_bytes(self.array()?))),
            4 => Value::Number(u64::from(self.u32()?)),
            5 => unsigned(i64::from(i32::from_le_bytes(self.array()?))),
            7 => Value::Flag(self.array::<1>()?[0] != 0),
            8 => self.text()?.map_or(Value::LongText, Value::Text),
            9 => {
                self.list(0, on_text)?;
                Value::List
            }
            10 => Value::Number(self.u64()?),
            11 => unsigned(i64::from_le_bytes(self.array()?)),
            kind => {
                let size = fixed_size(kind).ok_or(Fault::Nonsense("a value of unknown kind"))?;
                self.skip(size)?;
                Value::Other
            }
        })
    }

    fn list(&mut self, depth: u32, on_text: &mut dyn FnMut(&str)) -> Result<(), Fault> {
        if depth >= DEPTH_LIMIT {
            return Err(Fault::Nonsense("lists too deep in one another"));
        }
        let kind = self.u32()?;
        let count = self.u64()?;
        if let Some(size) = fixed_size(kind) {
            let bytes = count.checked_mul(size);
            return self.skip(bytes.ok_or(Fault::Nonsense("a list beyond reason"))?);
        }
        if count > LIST_LIMIT {
            return Err(Fault::Nonsense("a list beyond reason"));
        }
        for _ in 0..count {
            match kind {
                8 => {
                    if let Some(text) = self.text()? {
                        on_text(&text);
                    }
                }
                9 => self.list(depth + 1, on_text)?,
                _ => return Err(Fault::Nonsense("a list of unknown kind")),
            }
        }
        Ok(())
    }
}

/// Bytes of one value, for kinds that have a fixed size.
fn fixed_size(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}
