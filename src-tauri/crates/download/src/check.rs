//! SHA-256 of what is there.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// Whether a text is a SHA-256 in hex, in lower case.
#[must_use]
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Of a file, in pieces, since models are larger than memory; none where `go_on` says so in between. It is told
/// how many bytes were read. Blocks.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_of(
    path: &Path,
    mut go_on: impl FnMut(u64) -> bool,
) -> std::io::Result<Option<String>> {
    let mut file = std::fs::File::open(path)?;
    let mut sha = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        if !go_on(bytes) {
            return Ok(None);
        }
        match file.read(&mut piece)? {
            0 => return Ok(Some(hex(&sha.finalize()))),
            read => {
                sha.update(&piece[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
