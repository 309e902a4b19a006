//! SHA-256 of files, texts and bytes, in hex.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Of a file, with its size; read in pieces, since models are larger than memory. Blocks.
///
/// # Errors
/// The file cannot be read.
pub fn of_file(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = std::fs::File::open(path)?;
    let mut sha = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((hex(&sha.finalize()), bytes)),
            read => {
                sha.update(&piece[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// Files of a model lie this deep at most: a folder for each of its parts.
const NESTED: u32 = 2;

/// Of a model's folder, with its size: the hash of a list with a line `SHA256  NAME` for each file by
/// name. Hidden files are left out. Blocks.
///
/// # Errors
/// Something in it cannot be read.
pub fn of_folder(folder: &Path) -> std::io::Result<(String, u64)> {
    let mut files = Vec::new();
    collect(folder, NESTED, &mut files)?;
    files.sort();
    let mut list = String::new();
    let mut bytes = 0;
    for file in &files {
        let (sha256, size) = of_file(file)?;
        bytes += size;
        let name = file.strip_prefix(folder).unwrap_or(file);
        let _ = writeln!(list, "{sha256}  {}", name.display());
    }
    Ok((of(&list), bytes))
}

fn collect(folder: &Path, deeper: u32, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            files.push(path);
        } else if path.is_dir() && !hidden && deeper > 0 {
            collect(&path, deeper - 1, files)?;
        }
    }
    Ok(())
}

/// Of bytes or of a text.
#[must_use]
pub fn of(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
