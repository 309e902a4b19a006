//! Which architectures an engine knows. No command tells: they are names in its library, where each
//! ends with a zero byte.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Names that are in every engine's table. Where one is missing, this is another kind of program,
/// and nothing follows from what it lacks.
const LONG_KNOWN: [&str; 5] = ["llama", "gptneox", "starcoder2", "command-r", "mamba"];
/// Names are no longer and no shorter than this.
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 2..=48;
/// Larger files are not searched.
const SIZE_LIMIT: u64 = 1 << 30;

/// The architectures that an engine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Architectures(HashSet<Box<str>>);

impl Architectures {
    /// Whether the engine names this architecture. Linkers share the ends of texts, so a name may be
    /// the end of a longer one; what is called known may then still be refused by the engine, and
    /// what is called unknown is.
    #[must_use]
    pub fn knows(&self, architecture: &str) -> bool {
        self.0.contains(architecture) || self.0.iter().any(|name| name.ends_with(architecture))
    }
}

/// The architectures that the engine `binary` knows; none where that cannot be told.
pub(super) async fn architectures(binary: &Path) -> Option<Architectures> {
    let binary = binary.to_owned();
    tokio::task::spawn_blocking(move || of_binary(&binary))
        .await
        .ok()
        .flatten()
}

fn of_binary(binary: &Path) -> Option<Architectures> {
    let binary = binary.canonicalize().ok()?;
    let mut names = HashSet::new();
    for file in libraries(&binary).into_iter().chain([binary]) {
        collect(&file, &mut names);
    }
    let known = Architectures(names);
    LONG_KNOWN
        .iter()
        .all(|name| known.knows(name))
        .then_some(known)
}

/// Files that look like llama.cpp's library, where a package puts them.
fn libraries(binary: &Path) -> Vec<PathBuf> {
    let Some(folder) = binary.parent() else {
        return Vec::new();
    };
    let beside = folder.parent().map(|above| above.join("lib"));
    let mut found: Vec<PathBuf> = [Some(folder.to_owned()), beside]
        .into_iter()
        .flatten()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with("libllama."))
        })
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Adds every text of a file that could be a name.
fn collect(path: &Path, names: &mut HashSet<Box<str>>) {
    let small = |file: &File| file.metadata().is_ok_and(|meta| meta.len() <= SIZE_LIMIT);
    let Some(file) = File::open(path).ok().filter(small) else {
        return;
    };
    let mut source = BufReader::with_capacity(1 << 16, file);
    let mut chunk = vec![0; 1 << 16];
    let mut text = String::new();
    while let Ok(read) = source.read(&mut chunk) {
        if read == 0 {
            break;
        }
        for byte in chunk.iter().take(read) {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => {
                    if text.len() <= *NAME_LENGTH.end() {
                        text.push(char::from(*byte));
                    }
                }
                0 => {
                    if NAME_LENGTH.contains(&text.len()) && !names.contains(text.as_str()) {
                        names.insert(text.as_str().into());
                    }
                    text.clear();
                }
                _ => text.clear(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(folder: &Path, names: &[&str]) -> PathBuf {
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        std::fs::create_dir_all(folder.join("lib")).unwrap();
        std::fs::write(folder.join("bin/llama-server"), b"\x7fELF").unwrap();
        let mut bytes = b"\x7fELF\x02\x01%s: unknown model architecture: '\0".to_vec();
        for name in names {
            bytes.extend(name.as_bytes());
            bytes.push(0);
        }
        std::fs::write(folder.join("lib/libllama.so.0"), bytes).unwrap();
        folder.join("bin/llama-server")
    }

    #[test]
    fn an_architecture_is_known_when_the_library_names_it() {
        let folder = tempfile::tempdir().unwrap();
        // "llama" is shared with the end of "codellama".
        let names = ["codellama", "gptneox", "starcoder2", "command-r", "mamba"];
        let known = of_binary(&engine(folder.path(), &names)).unwrap();
        assert!(known.knows("llama") && known.knows("mamba"));
        assert!(!known.knows("mamba9") && !known.knows("flux"));
    }

    #[test]
    fn nothing_is_said_of_a_program_that_is_no_such_engine() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_binary(&engine(folder.path(), &["llama"])), None);
        assert_eq!(of_binary(&folder.path().join("nowhere")), None);
    }
}
