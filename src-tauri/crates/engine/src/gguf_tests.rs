//! Heads built byte by byte, whole and broken.

use super::*;
use proptest::prelude::*;
use std::io::Cursor;

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

fn entry(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    [&text(key)[..], &kind.to_le_bytes(), value].concat()
}

fn list(kind: u32, count: u64, items: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &count.to_le_bytes(), items].concat()
}

fn sample() -> Vec<u8> {
    let words = [text("a"), text("bc")].concat();
    let entries = [
        entry("general.architecture", 8, &text("llama")),
        entry("general.name", 8, &text("A Model")),
        entry("tokenizer.ggml.tokens", 9, &list(8, 2, &words)),
        entry("tokenizer.ggml.scores", 9, &list(6, 3, &[0; 12])),
        entry("nested", 9, &list(9, 1, &list(7, 2, &[0, 1]))),
        entry("llama.context_length", 4, &8192_u32.to_le_bytes()),
        entry("general.file_type", 4, &15_u32.to_le_bytes()),
        entry("a.flag", 7, &[1]),
    ];
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend((entries.len() as u64).to_le_bytes());
    bytes.extend(entries.concat());
    bytes.extend(text("tensor"));
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(4_u64.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend([0; 48]);
    bytes
}

fn head_of(bytes: &[u8]) -> Result<Head, Fault> {
    read_head(Cursor::new(bytes), bytes.len() as u64)
}

#[test]
fn name_kind_quantisation_and_context_are_read() {
    assert_eq!(
        head_of(&sample()).unwrap(),
        Head {
            title: Some("A Model".into()),
            architecture: Some("llama".into()),
            file_type: Some(15),
            context_length: Some(8192),
        }
    );
    assert_eq!(quantisation_name(15), "Q4_K_M");
}

#[test]
fn a_file_that_is_something_else_is_told_apart() {
    let with = |at: usize, bytes: &[u8]| {
        let mut sample = sample();
        sample[at..at + bytes.len()].copy_from_slice(bytes);
        head_of(&sample).unwrap_err().to_string()
    };
    assert!(with(0, b"PK").contains("does not begin like a GGUF"));
    assert!(with(4, &1_u32.to_le_bytes()).contains("version 1"));
    assert!(with(4, &3_u32.to_be_bytes()).contains("byte order"));
    // A number of entries or a length beyond all reason ends the reading, not the memory.
    assert!(with(16, &u64::MAX.to_le_bytes()).contains("ends in the middle"));
    assert!(with(24, &u64::MAX.to_le_bytes()).contains("ends in the middle"));
}

#[test]
fn a_file_cut_anywhere_in_its_head_is_called_truncated() {
    let whole = sample();
    for length in 4..whole.len() - 48 {
        let fault = head_of(&whole[..length]).unwrap_err();
        assert!(matches!(fault, Fault::Truncated), "{length}: {fault}");
    }
}

#[test]
fn the_name_for_people_leaves_out_the_quantisation() {
    assert_eq!(
        short_name("SmolLM2-135M-Instruct-Q4_1", "Q4_1"),
        "SmolLM2-135M-Instruct"
    );
    assert_eq!(
        short_name("SmolLM2-135M-Instruct.Q4_1", "Q4_1"),
        "SmolLM2-135M-Instruct"
    );
    assert_eq!(
        short_name("qwen2.5-coder-1.5b-instruct-q4_k_m", "Q4_K_M"),
        "qwen2.5-coder-1.5b-instruct"
    );
    assert_eq!(short_name("model", ""), "model");
    assert_eq!(short_name("Q4_1", "Q4_1"), "Q4_1");
    assert_eq!(short_name("é", "Q4_1"), "é");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = head_of(&bytes);
    }

    #[test]
    fn a_damaged_head_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = sample();
        for (index, byte) in changes {
            let at = 8 + index.index(bytes.len() - 8); // keep magic and version: go deep
            bytes[at] = byte;
        }
        let _ = head_of(&bytes);
    }
}
