//! The head of a GGUF file: what model it is, without loading it. The file may be anything, so
//! every length is checked against what is left of the file before it is believed.

use crate::error::EngineError;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use wattsmith_domain::FailureCause;

/// Text longer than this is skipped, not kept.
const TEXT_LIMIT: u64 = 4096;
/// Arrays of arrays deeper than this are no model's.
const DEPTH_LIMIT: u32 = 4;

/// What the head of a model file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// The file.
    pub path: PathBuf,
    /// For people: the file's name without its ending and without the quantisation, such as
    /// `SmolLM2-135M-Instruct`.
    pub name: String,
    /// The name that the file gives itself (`general.name`), which is often a training run's.
    pub title: Option<String>,
    /// Such as `llama`.
    pub architecture: Option<String>,
    /// Such as `Q4_1`; empty when unknown.
    pub quantisation: String,
    /// Size of the file.
    pub bytes: u64,
    /// The longest context that the model was trained for, tokens.
    pub context_length: Option<u64>,
}

/// Reads the head of a GGUF file.
///
/// # Errors
/// `ModelNotFound` when the file cannot be opened; `ModelCorrupt` when it is no GGUF, of a kind that
/// is not read, damaged, or shorter than its head says.
pub async fn inspect_model(path: &Path) -> Result<ModelFile, EngineError> {
    let path = path.to_owned();
    let shown = path.display().to_string();
    tokio::task::spawn_blocking(move || inspect(&path))
        .await
        .unwrap_or_else(|_| Err(corrupt(&shown, "it could not be read")))
}

fn inspect(path: &Path) -> Result<ModelFile, EngineError> {
    let shown = path.display().to_string();
    let not_found = |error: &dyn std::fmt::Display| {
        EngineError::failed(
            FailureCause::ModelNotFound,
            format!(
                "The model {shown} cannot be read: {error}. Run `make setup` to fetch the pinned \
                 model, or choose a GGUF file that exists."
            ),
        )
    };
    let file = File::open(path).map_err(|error| not_found(&error))?;
    let meta = file.metadata().map_err(|error| not_found(&error))?;
    if !meta.is_file() {
        return Err(not_found(&"it is no file"));
    }
    let head = read_head(BufReader::new(file), meta.len())
        .map_err(|fault| corrupt(&shown, &fault.to_string()))?;
    let quantisation = head.file_type.map(quantisation_name).unwrap_or_default();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(ModelFile {
        path: path.to_owned(),
        name: short_name(&stem, quantisation),
        title: head.title,
        architecture: head.architecture,
        quantisation: quantisation.to_owned(),
        bytes: meta.len(),
        context_length: head.context_length,
    })
}

fn corrupt(path: &str, what: &str) -> EngineError {
    EngineError::failed(
        FailureCause::ModelCorrupt,
        format!("{path} is no usable model: {what}. Fetch the file again, or choose another GGUF."),
    )
}

/// `SmolLM2-135M-Instruct-Q4_1` → `SmolLM2-135M-Instruct`.
fn short_name(stem: &str, quantisation: &str) -> String {
    let cut = stem.len().saturating_sub(quantisation.len());
    match (stem.get(..cut), stem.get(cut..)) {
        (Some(front), Some(back))
            if !quantisation.is_empty() && back.eq_ignore_ascii_case(quantisation) =>
        {
            let front = front.trim_end_matches(['-', '.', '_']);
            if front.is_empty() { stem } else { front }.to_owned()
        }
        _ => stem.to_owned(),
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    title: Option<String>,
    architecture: Option<String>,
    file_type: Option<u64>,
    context_length: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("it does not begin like a GGUF file")]
    Magic,
    #[error("it is written for another byte order")]
    ByteOrder,
    #[error("it is GGUF version {0}; versions 2 and 3 are read")]
    Version(u32),
    #[error("it ends in the middle: the download was not finished, or the file is damaged")]
    Truncated,
    #[error("its head makes no sense ({0})")]
    Nonsense(&'static str),
    #[error("it cannot be read ({0})")]
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Truncated
        } else {
            Self::Io(error)
        }
    }
}

fn read_head(source: impl Read + Seek, length: u64) -> Result<Head, Fault> {
    let mut input = Input {
        source,
        left: length,
    };
    if input.array::<4>()? != *b"GGUF" {
        return Err(Fault::Magic);
    }
    match u32::from_le_bytes(input.array()?) {
        2 | 3 => {}
        version if matches!(version.swap_bytes(), 1..=3) => return Err(Fault::ByteOrder),
        version => return Err(Fault::Version(version)),
    }
    let tensors = input.u64()?;
    let entries = input.u64()?;
    let mut head = Head::default();
    for _ in 0..entries {
        let key = input.text()?.ok_or(Fault::Nonsense("a key is too long"))?;
        let kind = input.u32()?;
        let value = input.value(kind, 0)?;
        match (key.as_str(), value) {
            ("general.name", Value::Text(text)) => head.title = Some(text),
            ("general.architecture", Value::Text(text)) => head.architecture = Some(text),
            ("general.file_type", Value::Number(number)) => head.file_type = Some(number),
            (key, Value::Number(number)) if key.ends_with(".context_length") => {
                head.context_length = Some(number);
            }
            _ => {}
        }
    }
    // The tensors' data lies behind the head; where it begins beyond the end, data is missing.
    let mut furthest = 0;
    for _ in 0..tensors {
        input
            .text()?
            .ok_or(Fault::Nonsense("a tensor's name is too long"))?;
        let dimensions = input.u32()?;
        if dimensions > 8 {
            return Err(Fault::Nonsense("a tensor has too many dimensions"));
        }
        input.skip(u64::from(dimensions) * 8 + 4)?;
        furthest = furthest.max(input.u64()?);
    }
    if tensors > 0 && furthest >= input.left {
        return Err(Fault::Truncated);
    }
    Ok(head)
}

enum Value {
    Number(u64),
    Text(String),
    Other,
}

struct Input<S> {
    source: S,
    /// Bytes between here and the end of the file.
    left: u64,
}

impl<S: Read + Seek> Input<S> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.left = self.left.checked_sub(N as u64).ok_or(Fault::Truncated)?;
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        self.left = self.left.checked_sub(bytes).ok_or(Fault::Truncated)?;
        let bytes = i64::try_from(bytes).map_err(|_| Fault::Truncated)?;
        self.source.seek_relative(bytes)?;
        Ok(())
    }

    /// A text with its length before it; `None`, skipped, when it is longer than anybody reads.
    fn text(&mut self) -> Result<Option<String>, Fault> {
        let length = self.u64()?;
        if length > TEXT_LIMIT {
            self.skip(length)?;
            return Ok(None);
        }
        self.left = self.left.checked_sub(length).ok_or(Fault::Truncated)?;
        let mut bytes = Vec::new();
        self.source.by_ref().take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != length {
            return Err(Fault::Truncated);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn value(&mut self, kind: u32, depth: u32) -> Result<Value, Fault> {
        match kind {
            4 => Ok(Value::Number(u64::from(self.u32()?))),
            10 => Ok(Value::Number(self.u64()?)),
            8 => Ok(self.text()?.map_or(Value::Other, Value::Text)),
            9 => {
                self.list(depth)?;
                Ok(Value::Other)
            }
            kind => {
                let size = fixed_size(kind).ok_or(Fault::Nonsense("a value of unknown kind"))?;
                self.skip(size)?;
                Ok(Value::Other)
            }
        }
    }

    fn list(&mut self, depth: u32) -> Result<(), Fault> {
        if depth >= DEPTH_LIMIT {
            return Err(Fault::Nonsense("lists too deep in one another"));
        }
        let kind = self.u32()?;
        let count = self.u64()?;
        if let Some(size) = fixed_size(kind) {
            return self.skip(count.checked_mul(size).ok_or(Fault::Truncated)?);
        }
        for _ in 0..count {
            match kind {
                8 => {
                    let length = self.u64()?;
                    self.skip(length)?;
                }
                9 => self.list(depth + 1)?,
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

/// The quantisation's name for `general.file_type`; empty when unknown.
fn quantisation_name(file_type: u64) -> &'static str {
    match file_type {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4",
        _ => "",
    }
}

#[cfg(test)]
#[path = "gguf_tests.rs"]
mod tests;
