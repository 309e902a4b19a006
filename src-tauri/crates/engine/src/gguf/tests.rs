//! Files that are sound and not what was taken for granted.

use super::*;
use tempfile::TempDir;
use wattsmith_testkit::gguf::Gguf;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn refused(path: &Path) -> (FailureCause, String) {
    let fault = inspect(path).unwrap_err();
    (fault.cause(), fault.to_string())
}

/// A set of three parts, the first without tensors, as splitting tools write it.
fn set(folder: &Path, front: &str) -> Vec<PathBuf> {
    let name = |number| folder.join(parts::name_of(front, number, 3));
    let first = Gguf::model("llama")
        .number("general.file_type", 7)
        .without_tensors()
        .part(1, 3, 2);
    let tensor = |index: u32| {
        Gguf::empty().part(index as u16 + 2, 3, 2).tensor(
            &format!("blk.{index}.attn_q.weight"),
            &[32, 32],
            8,
            1088,
        )
    };
    vec![
        first.write(name(1)),
        tensor(0).write(name(2)),
        tensor(1).write(name(3)),
    ]
}

#[test]
fn a_set_of_parts_is_one_model_of_their_sum() {
    let folder = folder();
    let files = set(folder.path(), "Smol-Q8_0");
    let model = inspect(&files[0]).unwrap();
    let sum: u64 = files
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert_eq!((model.name.as_str(), model.bytes), ("Smol", sum));
    assert_eq!(model.parts, files);
    assert_eq!(model.weights_in_words(), "Q8_0, 8.50 bits per weight");
}

#[test]
fn another_part_than_the_first_names_the_first() {
    let folder = folder();
    let files = set(folder.path(), "Smol");
    let (cause, words) = refused(&files[1]);
    assert_eq!(cause, FailureCause::ModelUnfit);
    assert_eq!(
        words,
        "This is part 2 of 3; choose part 1 (Smol-00001-of-00003.gguf)."
    );
    std::fs::remove_file(&files[0]).unwrap();
    let (cause, words) = refused(&files[2]);
    assert_eq!(cause, FailureCause::ModelNotFound);
    assert!(
        words.contains("part 3 of 3, and part 1 is missing (Smol-00001-of-00003.gguf)"),
        "{words}"
    );
}

#[test]
fn a_missing_part_is_named_and_seen_where_it_lies() {
    let folder = folder();
    let files = set(&folder.path().join("a"), "Smol");
    // Beside, below and above: downloads in several goes end like this.
    for other in ["b", "a/more", "."] {
        let there = folder.path().join(other);
        std::fs::create_dir_all(&there).unwrap();
        let moved = there.join("Smol-00003-of-00003.gguf");
        std::fs::rename(&files[2], &moved).unwrap();
        let (cause, words) = refused(&files[0]);
        assert_eq!(cause, FailureCause::ModelNotFound);
        assert!(
            words.starts_with("Part 3 of 3 is missing (Smol-00003-of-00003.gguf); one of that"),
            "{words}"
        );
        std::fs::rename(&moved, &files[2]).unwrap();
    }
    std::fs::remove_file(&files[1]).unwrap();
    std::fs::remove_file(&files[2]).unwrap();
    let (_, words) = refused(&files[0]);
    assert!(
        words.starts_with(
            "Parts 2, 3 of 3 are missing (Smol-00002-of-00003.gguf, Smol-00003-of-00003.gguf). "
        ),
        "{words}"
    );
}

#[test]
fn parts_whose_names_or_heads_do_not_fit_are_told_apart() {
    let folder = folder();
    let files = set(folder.path(), "Smol");
    // Renamed on the way (made).
    let renamed = folder.path().join("my-model.gguf");
    std::fs::copy(&files[0], &renamed).unwrap();
    let (_, words) = refused(&renamed);
    assert!(words.contains("part 1 of 3 by its head"), "{words}");
    assert!(words.contains("NAME-00001-of-00003.gguf"), "{words}");
    // A part of another set under the name of this one (made).
    let stranger = Gguf::empty()
        .part(2, 4, 9)
        .tensor("blk.7.attn_q.weight", &[32], 8, 34);
    stranger.write(&files[1]);
    let (cause, words) = refused(&files[0]);
    assert_eq!(cause, FailureCause::ModelUnfit);
    assert!(words.contains("its head says part 2 of 4"), "{words}");
    // The right place, but of a finer set: another number of tensors (made).
    let finer = Gguf::empty()
        .part(2, 3, 5)
        .tensor("blk.0.attn_q.weight", &[32], 8, 34)
        .tensor("blk.0.attn_k.weight", &[32], 8, 34);
    finer.write(&files[1]);
    let (_, words) = refused(&files[0]);
    assert!(
        words.contains("hold 3 tensors together and should hold 2"),
        "{words}"
    );
    // A whole model that merely has such a name is a model.
    let whole = Gguf::model("llama").write(folder.path().join("Other-00002-of-00003.gguf"));
    assert_eq!(inspect(&whole).unwrap().parts, [whole]);
    // A damaged part.
    std::fs::write(&files[1], b"GGUF\x03\0\0\0\x01").unwrap();
    let (cause, words) = refused(&files[0]);
    assert_eq!(cause, FailureCause::ModelCorrupt);
    assert!(
        words.contains("part 2 (Smol-00002-of-00003.gguf)"),
        "{words}"
    );
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = folder();
    let pipe = folder.path().join("pipe.gguf");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for path in [
        pipe,
        folder.path().to_owned(),
        folder.path().join("none.gguf"),
    ] {
        assert_eq!(refused(&path).0, FailureCause::ModelNotFound);
    }
}

#[test]
fn a_piece_that_was_cut_by_hand_is_to_be_joined() {
    let folder = folder();
    let bytes = Gguf::model("llama").bytes();
    let (front, back) = bytes.split_at(bytes.len() - 100);
    // As people and packages name them; the second begins anywhere.
    for (name, piece) in [
        ("m.gguf.part1of2", front),
        ("m.gguf-split-a", front),
        ("m.gguf.part00", front),
        ("m.gguf.001", front),
        ("m.gguf.part01", &back[3..]),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, piece).unwrap();
        let (cause, words) = refused(&path);
        assert_eq!(cause, FailureCause::ModelUnfit, "{name}: {words}");
        assert!(words.contains("Join the pieces"), "{words}");
    }
}

#[test]
fn what_is_no_model_by_itself_is_named_outright() {
    let lora = Gguf::empty().text("general.architecture", "llama").tensor(
        "blk.0.attn_q.weight.lora_a",
        &[64],
        0,
        256,
    );
    let with = |architecture: &str, key: &str, value: u32| {
        Gguf::model(architecture).number(&format!("{architecture}.{key}"), value)
    };
    let cases = [
        (
            "vision part",
            Gguf::model("clip")
                .text("general.type", "mmproj")
                .flag("clip.has_vision_encoder", true),
        ),
        (
            "audio part",
            Gguf::model("clip").flag("clip.has_audio_encoder", true),
        ),
        (
            "vision and audio part",
            Gguf::model("clip")
                .flag("clip.has_vision_encoder", true)
                .flag("clip.has_audio_encoder", true),
        ),
        ("old projector", Gguf::model("clip")),
        (
            "adapter",
            Gguf::model("llama")
                .text("general.type", "adapter")
                .text("adapter.type", "lora"),
        ),
        ("adapter by its tensors", lora),
        ("control vector", Gguf::model("controlvector")),
        ("embedding", Gguf::model("nomic-bert")),
        (
            "embedding of a chat architecture",
            with("qwen3", "pooling_type", 3),
        ),
        ("reranker", with("qwen3", "pooling_type", 4)),
        ("encoder", Gguf::model("t5encoder")),
        ("vocabulary", Gguf::model("llama").without_tensors()),
        (
            "importance matrix",
            Gguf::empty().text("general.type", "imatrix").tensor(
                "blk.0.ffn_down.weight.in_sum2",
                &[64],
                0,
                256,
            ),
        ),
        ("draft head", Gguf::model("eagle3")),
        (
            "draft layers",
            Gguf::empty()
                .text("general.architecture", "glm4moe")
                .number("glm4moe.nextn_predict_layers", 1)
                .tensor("blk.46.nextn.eh_proj.weight", &[64], 0, 256),
        ),
        ("images", Gguf::model("flux")),
        (
            "images without an architecture",
            Gguf::empty().tensor(
                "model.diffusion_model.input_blocks.0.0.weight",
                &[64],
                0,
                256,
            ),
        ),
        ("text filled in", Gguf::model("llada")),
        (
            "both directions",
            Gguf::model("llama").flag("llama.attention.causal", false),
        ),
        ("sound", Gguf::model("wavtokenizer-dec")),
        (
            "another type",
            Gguf::model("llama").text("general.type", "vocoder"),
        ),
        ("no architecture", Gguf::empty().tensor("a", &[64], 0, 256)),
        (
            "a type that was taken out",
            Gguf::model("llama").tensor("blk.0.attn_q.weight", &[32], 31, 18),
        ),
    ];
    let folder = folder();
    let mut told = String::new();
    for (name, gguf) in cases {
        let path = gguf.write(folder.path().join("m.gguf"));
        let (cause, words) = refused(&path);
        assert_eq!(cause, FailureCause::ModelUnfit, "{name}: {words}");
        told.push_str(&format!("{name}: {words}\n"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn models_that_look_a_little_like_something_else_are_models() {
    let folder = folder();
    for gguf in [
        Gguf::model("pangu-embedded"),
        Gguf::model("llama").text("general.type", "model"),
        Gguf::model("qwen3").number("qwen3.pooling_type", 0),
        Gguf::model("llama").flag("llama.attention.causal", true),
        // Guesses ahead with a layer of its own, and has all others.
        Gguf::model("glm4moe").number("glm4moe.nextn_predict_layers", 1),
        Gguf::model("mamba"),
    ] {
        let path = gguf.write(folder.path().join("m.gguf"));
        let found = inspect(&path);
        assert!(found.is_ok(), "{found:?}");
    }
}

#[test]
fn a_base_model_cannot_be_talked_to() {
    let folder = folder();
    let chats = |gguf: Gguf| {
        let path = gguf.write(folder.path().join("m.gguf"));
        inspect(&path).unwrap().chats
    };
    assert!(!chats(Gguf::model("gemma3")));
    assert!(chats(
        Gguf::model("gemma3").text("tokenizer.chat_template", "{{ m }}")
    ));
    // Engines fall back on ChatML, which is right where its marks are tokens.
    let marks = ["<|im_start|>", "<|im_end|>"];
    assert!(chats(
        Gguf::model("qwen2").texts("tokenizer.ggml.tokens", &marks)
    ));
}

#[test]
fn a_survey_lists_models_first_and_tells_why_the_rest_is_none() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let mut files = set(folder.path(), "Smol");
    files.push(Gguf::model("clip").write(at("mmproj-Smol-F16.gguf")));
    files.push(Gguf::model("llama").write(at("Tiny.gguf")));
    // Two orphans of one set are told once.
    for number in [2, 3] {
        let part = Gguf::empty()
            .part(number, 3, 2)
            .tensor("blk.1.a", &[64], 0, 256);
        files.push(part.write(at(&parts::name_of("Lost", u64::from(number), 3))));
    }
    std::fs::write(at("page.gguf"), "<!doctype html><title>Sign in").unwrap();
    files.push(at("page.gguf"));
    let survey = survey::survey(&files);
    let models: Vec<&str> = survey.models.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(models, ["Smol", "Tiny"]);
    let unfit: Vec<&str> = survey.unfit.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(unfit, ["mmproj-Smol-F16", "Lost-00002-of-00003", "page"]);
    assert!(survey.unfit[1].reason.contains("part 1 is missing"));
}
