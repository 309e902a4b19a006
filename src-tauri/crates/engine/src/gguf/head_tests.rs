//! Heads written byte by byte, whole and broken.

use super::*;
use proptest::prelude::*;
use std::io::Cursor;
use wattsmith_domain::FailureCause;
use wattsmith_testkit::gguf::{Gguf, text};

fn sample() -> Vec<u8> {
    // A list of lists of flags, and numbers of every kind.
    let nested = [
        &9_u32.to_le_bytes()[..],
        &1_u64.to_le_bytes(),
        &7_u32.to_le_bytes(),
        &2_u64.to_le_bytes(),
        &[0, 1],
    ];
    Gguf::model("llama")
        .text("general.name", "A Model")
        .texts("tokenizer.ggml.tokens", &["a", "bc", "<|im_start|>"])
        .entry("nested", 9, &nested.concat())
        .number("llama.context_length", 8192)
        .number("general.file_type", 15)
        .entry("llama.pooling_type", 11, &(-1_i64).to_le_bytes())
        .flag("a.flag", true)
        .tensor("blk.0.attn_q.weight", &[256, 4], 12, 576)
        .tensor("token_embd.weight", &[32, 8], 8, 272)
        .bytes()
}

fn head_of(bytes: &[u8]) -> Result<Head, Fault> {
    read_head(Cursor::new(bytes), bytes.len() as u64)
}

#[test]
fn what_a_head_says_is_read() {
    let head = head_of(&sample()).unwrap();
    assert_eq!(head.text("general.name"), Some("A Model"));
    assert_eq!(head.architecture(), Some("llama"));
    assert_eq!(head.number("general.file_type"), Some(15));
    assert_eq!(head.context_limit(), Some(8192));
    // Below zero is no count.
    assert_eq!(head.number("llama.pooling_type"), None);
    assert!(head.chatml && !head.chat_template);
    assert_eq!(head.tensors.count, 3);
    let weights = head.tensors.weights();
    assert_eq!(
        (weights.count, weights.bytes),
        (64 + 1024 + 256, 256 + 576 + 272)
    );
    assert_eq!(weights.main_type().unwrap().0.name, "Q4_K");
}

#[test]
fn the_context_limit_is_the_architectures_own_whatever_scales_positions() {
    let limit = |gguf: Gguf| head_of(&gguf.bytes()).unwrap().context_limit();
    // Qwen 2.5 with YaRN switched on: 32,768 trained, 131,072 declared.
    let scaled = Gguf::model("qwen2")
        .number("qwen2.context_length", 131_072)
        .text("qwen2.rope.scaling.type", "yarn")
        .entry("qwen2.rope.scaling.factor", 6, &4_f32.to_le_bytes())
        .number("qwen2.rope.scaling.original_context_length", 32_768);
    assert_eq!(limit(scaled), Some(131_072));
    // Scaling that is declared beside the trained length does not lengthen it: engines cap there.
    let short = Gguf::model("qwen2")
        .number("qwen2.context_length", 1024)
        .text("qwen2.rope.scaling.type", "yarn")
        .entry("qwen2.rope.scaling.factor", 6, &4_f32.to_le_bytes());
    assert_eq!(limit(short), Some(1024));
    // Another architecture's entry, written before the architecture is said.
    let other = Gguf::empty()
        .number("clip.context_length", 77)
        .number("gpt2.context_length", 1024)
        .text("general.architecture", "gpt2");
    assert_eq!(limit(other), Some(1024));
    // Numbers of other widths, and none at all.
    let wide = Gguf::model("llama").entry("llama.context_length", 10, &4096_u64.to_le_bytes());
    assert_eq!(limit(wide), Some(4096));
    let narrow = Gguf::model("llama").entry("llama.context_length", 2, &512_u16.to_le_bytes());
    assert_eq!(limit(narrow), Some(512));
    assert_eq!(limit(Gguf::model("mamba")), None);
    assert_eq!(
        limit(Gguf::model("llama").number("llama.context_length", 0)),
        None
    );
}

#[test]
fn versions_and_byte_orders_that_engines_do_not_read_are_no_damage() {
    let told = |bytes: Vec<u8>| {
        let fault = head_of(&bytes).unwrap_err();
        assert_eq!(fault.cause(), FailureCause::ModelUnfit, "{fault}");
        fault.to_string()
    };
    let version = |version: u32| Gguf::model("llama").version(version).bytes();
    assert!(told(version(1)).contains("GGUF version 1"));
    assert!(told(version(4)).contains("GGUF version 4"));
    assert!(told(version(3_u32.swap_bytes())).contains("big-endian"));
    assert!(head_of(&version(2)).is_ok());
    assert_eq!(
        head_of(&version(0)).unwrap_err().cause(),
        FailureCause::ModelCorrupt
    );
}

#[test]
fn a_count_or_a_length_beyond_reason_ends_the_reading_and_takes_no_memory() {
    let broken = |at: usize, bytes: &[u8]| {
        let mut sample = sample();
        sample[at..at + bytes.len()].copy_from_slice(bytes);
        head_of(&sample).unwrap_err()
    };
    for (at, value) in [
        (8, u64::MAX),
        (16, u64::MAX),
        (16, 1 << 19),
        (24, u64::MAX),
        (24, 1 << 62),
    ] {
        let fault = broken(at, &value.to_le_bytes());
        assert_eq!(fault.cause(), FailureCause::ModelCorrupt, "{at}: {fault}");
    }
    // A list that claims 2^40 texts.
    let mut list = 8_u32.to_le_bytes().to_vec();
    list.extend((1_u64 << 40).to_le_bytes());
    let long = Gguf::model("llama").entry("tokenizer.ggml.tokens", 9, &list);
    assert!(matches!(head_of(&long.bytes()), Err(Fault::Nonsense(_))));
    // A tensor whose sizes multiply beyond 2^64, and an alignment that is none.
    let huge = Gguf::model("llama").tensor("a", &[1 << 40, 1 << 40], 0, 0);
    assert!(matches!(head_of(&huge.bytes()), Err(Fault::Nonsense(_))));
    let odd = Gguf::model("llama").number("general.alignment", 33);
    assert!(matches!(head_of(&odd.bytes()), Err(Fault::Nonsense(_))));
}

#[test]
fn a_file_cut_anywhere_is_damaged_and_says_where() {
    let whole = sample();
    // The last tensor ends here; what follows is padding.
    let end = whole.len() - (272_usize.next_multiple_of(32) - 272);
    for length in 4..end {
        let fault = head_of(&whole[..length]).unwrap_err();
        assert!(
            matches!(fault, Fault::EndsInHead { .. } | Fault::EndsInData { .. }),
            "{length}: {fault}"
        );
    }
    assert!(head_of(&whole[..end]).is_ok());
    let fault = head_of(&whole[..end - 72]).unwrap_err().to_string();
    assert_eq!(
        fault,
        format!(
            "The file is damaged: it has {} bytes, and its tensor token_embd.weight ends at byte \
             {end}, so 72 bytes are missing. Fetch it again.",
            end - 72
        )
    );
}

#[test]
fn the_bits_of_types_that_are_not_known_are_told_by_the_room_they_take() {
    let novel = Gguf::model("llama")
        .tensor("blk.0.a.weight", &[256, 8], 144, 1024)
        .tensor("blk.0.b.weight", &[256, 8], 144, 1024);
    let weights = head_of(&novel.bytes()).unwrap().tensors.weights();
    let (main, _) = weights.main_type().unwrap();
    assert_eq!(
        (main.name.as_str(), main.count, main.bytes),
        ("type 144", 4096, 2048)
    );
}

#[test]
fn a_chat_template_counts_when_it_says_something() {
    let has = |gguf: Gguf| head_of(&gguf.bytes()).unwrap().chat_template;
    let key = "tokenizer.chat_template";
    assert!(has(Gguf::model("llama").text(key, "{{ messages }}")));
    assert!(has(
        Gguf::model("llama").text(key, &"{# long #}".repeat(1000))
    ));
    assert!(!has(Gguf::model("llama").text(key, " ")));
    assert!(!has(Gguf::model("llama")));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = head_of(&bytes);
        let _ = head_of(&[b"GGUF\x03\0\0\0", bytes.as_slice()].concat());
    }

    #[test]
    fn a_damaged_head_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = sample();
        for (index, byte) in changes {
            let at = 8 + index.index(bytes.len() - 8); // keep magic and version: go deep
            bytes[at] = byte;
        }
        if let Ok(head) = head_of(&bytes) {
            let weights = head.tensors.weights();
            prop_assert!(weights.bytes as usize <= bytes.len() * 3, "{weights:?}");
            let _ = super::super::role::unfit(&head);
        }
    }

    #[test]
    fn numbers_of_any_size_never_panic(at in any::<prop::sample::Index>(), value in any::<u64>()) {
        let mut bytes = sample();
        let at = 8 + at.index(bytes.len() - 16);
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let _ = head_of(&bytes);
    }
}

#[test]
fn what_a_file_says_does_not_steer_a_terminal() {
    let head = head_of(
        &Gguf::model("llama")
            .text("general.name", "a\u{1b}[2Jb")
            .bytes(),
    );
    assert_eq!(head.unwrap().text("general.name"), Some("a\u{fffd}[2Jb"));
}

#[test]
fn a_key_longer_than_anybody_writes_is_no_model() {
    let long = Gguf::model("llama").entry(&"k".repeat(5000), 7, &[1]);
    let fault = head_of(&long.bytes()).unwrap_err();
    assert!(fault.to_string().contains("a key is too long"), "{fault}");
    assert_eq!(text("ab").len(), 10);
}
