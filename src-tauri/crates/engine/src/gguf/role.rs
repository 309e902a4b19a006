//! Whether a sound GGUF is a model that writes text by itself, and what it is otherwise.

use super::head::Head;

/// Architectures of image and video models, as their converters name them.
const IMAGES: [&str; 18] = [
    "flux",
    "flux2",
    "sd1",
    "sd2",
    "sdxl",
    "sd3",
    "aura",
    "hidream",
    "cosmos",
    "ltxv",
    "hyvid",
    "wan",
    "lumina2",
    "qwen_image",
    "chroma",
    "pixart",
    "z_image",
    "pig",
];

/// Architectures that guess ahead for another model.
const DRAFTS: [&str; 7] = [
    "eagle",
    "eagle2",
    "eagle3",
    "dflash",
    "dflash-draft",
    "gemma4-assistant",
    "gemma4_assistant",
];

/// Architectures that fill a text in, in any order.
const FILLING: [&str; 4] = ["dream", "llada", "llada-moe", "rnd1"];

/// Why this file is no model that is run by itself, in sentences; none when it is one. Of a set the
/// head is that of part 1 with the tensors of all.
pub(super) fn unfit(head: &Head) -> Option<String> {
    let architecture = head.architecture().unwrap_or_default();
    let kind = head.text("general.type").unwrap_or("model");
    let what = match (kind, architecture) {
        ("mmproj" | "projector", _) | (_, "clip") => projector(head),
        ("imatrix", _) => IMATRIX.to_owned(),
        _ if head.has("imatrix.chunk_count") => IMATRIX.to_owned(),
        (_, "controlvector") | ("controlvector", _) => {
            "This is a control vector, which steers another model. Choose the model that it was \
             made for."
                .to_owned()
        }
        ("adapter", _) => adapter(head),
        _ if head.has("adapter.type") || head.tensors.has_lora => adapter(head),
        _ if IMAGES.contains(&architecture) || head.tensors.has_image_parts => {
            let named = match architecture {
                "" => String::new(),
                name => format!(" ({name})"),
            };
            format!(
                "This makes images{named}, and this engine runs models that write text. Choose a \
                 text model."
            )
        }
        _ if head.tensors.count == 0 => {
            "This holds a vocabulary only, without weights. Choose the model itself.".to_owned()
        }
        ("model", "") => {
            "This GGUF does not say its architecture, so no engine can run it. Choose another file."
                .to_owned()
        }
        ("model", _) if DRAFTS.contains(&architecture) => draft(architecture),
        ("model", _) if is_draft_only(head) => draft(architecture),
        ("model", "wavtokenizer-dec") => {
            "This turns codes into sound for a speech model. Choose the model that it belongs to."
                .to_owned()
        }
        ("model", _) if FILLING.contains(&architecture) => filling(architecture),
        ("model", _) => return embedding(head, architecture),
        (kind, _) => format!(
            "This is of the type {kind}, no model by itself. Choose the model that it belongs to."
        ),
    };
    Some(what)
}

const IMATRIX: &str = "This is an importance matrix, which is used to quantise another model. \
                       Choose the model itself.";

fn projector(head: &Head) -> String {
    let flag = |key| head.flag(key).unwrap_or(false);
    let part = match (
        flag("clip.has_vision_encoder"),
        flag("clip.has_audio_encoder"),
    ) {
        (true, true) => "the vision and audio part",
        (false, true) => "the audio part",
        (true, false) => "the vision part",
        (false, false) => "the vision or audio part",
    };
    format!(
        "This is {part} of another model (a projector), and writes no text by itself. Choose the \
         model that it belongs to."
    )
}

fn adapter(head: &Head) -> String {
    let kind = match head.text("adapter.type") {
        Some("lora") => "LoRA".to_owned(),
        Some(kind) => kind.to_owned(),
        None => "LoRA".to_owned(),
    };
    format!(
        "This is an adapter ({kind}), which changes another model. Choose the model that it was \
         made for, or merge the two."
    )
}

fn draft(architecture: &str) -> String {
    format!(
        "This is a draft head ({architecture}), which guesses ahead for another model. Choose the \
         model that it belongs to."
    )
}

fn filling(architecture: &str) -> String {
    format!(
        "This fills a text in, in any order ({architecture}), and llama-server writes one token \
         after another. Choose another model."
    )
}

/// Only the layers that guess ahead (multi-token prediction): they come after a model's own layers,
/// and the first of those is missing.
fn is_draft_only(head: &Head) -> bool {
    let guessing = head
        .number(&head.own("nextn_predict_layers"))
        .is_some_and(|layers| layers > 0);
    guessing && head.tensors.has_layers && !head.tensors.has_first_layer
}

fn embedding(head: &Head, architecture: &str) -> Option<String> {
    const RANKS: u64 = 4;
    let pooling = head.number(&head.own("pooling_type"));
    if pooling == Some(RANKS) || head.has(&head.own("classifier.output_labels")) {
        return Some(
            "This is a reranker: it scores texts and writes none. Choose a model that writes text."
                .to_owned(),
        );
    }
    let by_name = architecture.contains("bert")
        || architecture.ends_with("-embed")
        || architecture.contains("-embedding")
        || architecture == "t5encoder";
    let pools = pooling.is_some_and(|pooling| pooling > 0);
    if by_name || pools {
        return Some(
            "This is an embedding model: it turns texts into vectors and writes none. Choose a \
             model that writes text."
                .to_owned(),
        );
    }
    (head.flag(&head.own("attention.causal")) == Some(false)).then(|| filling(architecture))
}
