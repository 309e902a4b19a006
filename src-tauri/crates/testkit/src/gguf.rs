//! GGUF files for tests: written from a few words, and real ones cut into parts.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot write its files has failed"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Tensors' data begin at multiples of this.
const ALIGNMENT: usize = 32;

/// A GGUF file that is being written.
#[derive(Debug, Clone)]
pub struct Gguf {
    version: u32,
    entries: Vec<Vec<u8>>,
    tensors: Vec<Tensor>,
}

#[derive(Debug, Clone)]
struct Tensor {
    name: String,
    sizes: Vec<u64>,
    kind: u32,
    bytes: usize,
}

impl Gguf {
    /// A file with no entries and no tensors.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            version: 3,
            entries: Vec::new(),
            tensors: Vec::new(),
        }
    }

    /// The head of a model of this architecture, with one small tensor of a first layer.
    #[must_use]
    pub fn model(architecture: &str) -> Self {
        Self::empty()
            .text("general.architecture", architecture)
            .tensor("blk.0.attn_norm.weight", &[64], 0, 256)
    }

    /// Of another version.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// An entry of any kind, its value as bytes.
    #[must_use]
    pub fn entry(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.entries
            .push([&text(key)[..], &kind.to_le_bytes(), value].concat());
        self
    }

    /// A text.
    #[must_use]
    pub fn text(self, key: &str, value: &str) -> Self {
        self.entry(key, 8, &text(value))
    }

    /// A whole number of 32 bits.
    #[must_use]
    pub fn number(self, key: &str, value: u32) -> Self {
        self.entry(key, 4, &value.to_le_bytes())
    }

    /// True or false.
    #[must_use]
    pub fn flag(self, key: &str, value: bool) -> Self {
        self.entry(key, 7, &[u8::from(value)])
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(self, key: &str, values: &[&str]) -> Self {
        let mut list = 8_u32.to_le_bytes().to_vec();
        list.extend((values.len() as u64).to_le_bytes());
        for value in values {
            list.extend(text(value));
        }
        self.entry(key, 9, &list)
    }

    /// A tensor of zeros: its sizes, the number of its type, and its bytes.
    #[must_use]
    pub fn tensor(mut self, name: &str, sizes: &[u64], kind: u32, bytes: usize) -> Self {
        self.tensors.push(Tensor {
            name: name.to_owned(),
            sizes: sizes.to_vec(),
            kind,
            bytes,
        });
        self
    }

    /// Without tensors.
    #[must_use]
    pub fn without_tensors(mut self) -> Self {
        self.tensors.clear();
        self
    }

    /// As part `number` (from 1) of `count`, of a set with so many tensors.
    #[must_use]
    pub fn part(self, number: u16, count: u16, tensors: u32) -> Self {
        self.entry("split.no", 2, &(number - 1).to_le_bytes())
            .entry("split.count", 2, &count.to_le_bytes())
            .entry("split.tensors.count", 5, &tensors.to_le_bytes())
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.entries.len() as u64).to_le_bytes());
        bytes.extend(self.entries.concat());
        let mut data = 0;
        for tensor in &self.tensors {
            bytes.extend(text(&tensor.name));
            bytes.extend((tensor.sizes.len() as u32).to_le_bytes());
            for size in &tensor.sizes {
                bytes.extend(size.to_le_bytes());
            }
            bytes.extend(tensor.kind.to_le_bytes());
            bytes.extend((data as u64).to_le_bytes());
            data += tensor.bytes.next_multiple_of(ALIGNMENT);
        }
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT) + data, 0);
        bytes
    }

    /// Writes the file, with its folder.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write to");
        std::fs::write(path, self.bytes()).expect("a file to write");
        path.to_path_buf()
    }
}

/// A text with its length before it.
#[must_use]
pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

/// Cuts a sound GGUF into parts of `per_part` tensors, the first with the entries alone, and writes
/// them as `PREFIX-00001-of-0000N.gguf`. Gives their paths in order.
///
/// # Panics
/// The file is no sound little-endian GGUF of version 3, or the parts cannot be written.
pub fn split(file: &Path, prefix: &Path, per_part: usize) -> Vec<PathBuf> {
    let whole = std::fs::read(file).expect("a file to split");
    let mut at = 8;
    let tensors = number(&whole, &mut at) as usize;
    let entries = number(&whole, &mut at);
    let begin = at;
    for _ in 0..entries {
        at += 8 + u64_at(&whole, at) as usize;
        let kind = u32_at(&whole, at);
        at += 4;
        at = behind_value(&whole, at, kind);
    }
    let own = &whole[begin..at];
    let mut infos = Vec::new();
    for _ in 0..tensors {
        let from = at;
        at += 8 + u64_at(&whole, at) as usize;
        at += 4 + u32_at(&whole, at) as usize * 8 + 4;
        infos.push((whole[from..at].to_vec(), u64_at(&whole, at) as usize));
        at += 8;
    }
    let data = &whole[at.next_multiple_of(ALIGNMENT)..];
    let end_of = |index: usize| infos.get(index + 1).map_or(data.len(), |next| next.1);
    let groups: Vec<Vec<usize>> = std::iter::once(Vec::new())
        .chain(
            (0..tensors)
                .collect::<Vec<_>>()
                .chunks(per_part)
                .map(<[usize]>::to_vec),
        )
        .collect();
    let count = groups.len();
    let mut paths = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let marks = Gguf::empty()
            .part(place as u16 + 1, count as u16, tensors as u32)
            .entries;
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend((group.len() as u64).to_le_bytes());
        let own_entries = if place == 0 { entries } else { 0 };
        bytes.extend((marks.len() as u64 + own_entries).to_le_bytes());
        bytes.extend(if place == 0 { own } else { &[] });
        bytes.extend(marks.concat());
        let mut offset = 0_usize;
        for index in group {
            bytes.extend(&infos[*index].0);
            bytes.extend((offset as u64).to_le_bytes());
            offset += (end_of(*index) - infos[*index].1).next_multiple_of(ALIGNMENT);
        }
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        for index in group {
            bytes.extend(&data[infos[*index].1..end_of(*index)]);
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        }
        let mut name = prefix.file_name().expect("a name").to_os_string();
        let mut suffix = String::new();
        let _ = write!(suffix, "-{:05}-of-{count:05}.gguf", place + 1);
        name.push(suffix);
        let path = prefix.with_file_name(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write to");
        std::fs::write(&path, bytes).expect("a part to write");
        paths.push(path);
    }
    paths
}

/// A copy of a GGUF in which one entry of 32 bits has another value.
///
/// # Panics
/// The file has no such entry, or the copy cannot be written.
pub fn with_number(file: &Path, copy: &Path, key: &str, value: u32) {
    let mut bytes = std::fs::read(file).expect("a file to change");
    let mark = [&text(key)[..], &4_u32.to_le_bytes()].concat();
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)
        .expect("the entry")
        + mark.len();
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    std::fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder to write to");
    std::fs::write(copy, bytes).expect("a copy to write");
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

fn number(bytes: &[u8], at: &mut usize) -> u64 {
    *at += 8;
    u64_at(bytes, *at - 8)
}

fn behind_value(bytes: &[u8], at: usize, kind: u32) -> usize {
    let size = |kind| match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        _ => 8,
    };
    match kind {
        8 => at + 8 + u64_at(bytes, at) as usize,
        9 => {
            let (kind, count) = (u32_at(bytes, at), u64_at(bytes, at + 4) as usize);
            let at = at + 12;
            match kind {
                8 | 9 => (0..count).fold(at, |at, _| behind_value(bytes, at, kind)),
                kind => at + count * size(kind),
            }
        }
        kind => at + size(kind),
    }
}
