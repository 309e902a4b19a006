//! What Ollama and its llama-server say when something is wrong, and what helps.

use crate::error::EngineError;
use crate::supervise::failure::Signs;
use wattsmith_domain::{FailureCause, one_line};

const SMALLER: &str = "a smaller num-ctx, a lower num-parallel or a smaller model";

pub(super) const SIGNS: Signs<'static> = Signs {
    printed: &PRINTED,
    smaller_to_load: SMALLER,
    smaller_to_work: "a smaller num-ctx or a lower num-parallel",
    fetch: "Install Ollama anew.",
    takes_all: "the Ollama version that docs/engines.md names",
};

/// In the order in which it decides: memory first, because a failed allocation is followed by "failed to load
/// model". It tells its variables by name before anything happens, so that each of these is more than a name.
const PRINTED: [(FailureCause, &[&str]); 7] = [
    (
        FailureCause::EngineNotFound,
        &[
            "llama-server binary not found",
            "error while loading shared libraries",
        ],
    ),
    (FailureCause::PortTaken, &["address already in use"]),
    (
        FailureCause::UnknownFlag,
        &[
            "error: unknown command",
            "error: unknown flag",
            "error: invalid argument",
            "error while handling argument",
            "invalid option",
            "unsupported value",
            "unknown value for",
            "quantized v cache requires flash_attn",
        ],
    ),
    (
        FailureCause::OutOfMemory,
        &[
            "out of memory",
            "out of device memory",
            "cudamalloc failed",
            "hipmalloc failed",
            "failed to allocate",
            "allocation failed",
            "not enough memory",
            "insufficient memory",
            "requires more system memory",
            "cannot allocate memory",
            "std::bad_alloc",
        ],
    ),
    (
        FailureCause::ModelNotFound,
        &[
            "not found, try pulling it first",
            "failed to open gguf file",
        ],
    ),
    (
        FailureCause::ModelCorrupt,
        &[
            "invalid file magic",
            "invalid magic",
            "not within the file bounds",
            "corrupted or incomplete",
        ],
    ),
    (
        FailureCause::ModelUnfit,
        &[
            "unknown model architecture",
            "does not support generate",
            "this model may be incompatible",
            "no longer compatible with your version",
            "error loading model",
            "failed to load model",
            "unsupported model",
        ],
    ),
];

/// What the daemon answered in place of loading the model.
pub(super) fn refused(status: u16, said: &str, model: &str) -> EngineError {
    let said = one_line(said, 600);
    let lower = said.to_ascii_lowercase();
    let shown = PRINTED
        .iter()
        .find(|(_, needles)| needles.iter().any(|one| lower.contains(one)));
    let cause = match (status, shown) {
        (_, Some((cause, _))) => *cause,
        (404, None) => FailureCause::ModelNotFound,
        (_, None) => FailureCause::Crash,
    };
    let what_to_do = match cause {
        FailureCause::ModelNotFound => to_fetch(model),
        FailureCause::OutOfMemory => format!("Use {SMALLER}, or close other programs."),
        FailureCause::ModelCorrupt => {
            format!("Its file is damaged; fetch it again: ollama pull {model}.")
        }
        FailureCause::ModelUnfit => {
            format!(
                "Choose another model, fetch it again (ollama pull {model}), or use a newer Ollama."
            )
        }
        FailureCause::UnknownFlag => format!("Change that setting, or use {}.", SIGNS.takes_all),
        FailureCause::EngineNotFound => SIGNS.fetch.to_owned(),
        _ => "Run the trial again; if it fails again, leave these settings out.".to_owned(),
    };
    EngineError::failed(
        cause,
        format!("Ollama cannot load {model} ({status}: {said}). {what_to_do}"),
    )
}

/// What to do about a model that its store does not hold.
pub(super) fn to_fetch(model: &str) -> String {
    format!(
        "Fetch it with `ollama pull {model}`, or make it of a file with `ollama create {model} -f Modelfile`."
    )
}

/// A family of models that gets one slot whatever is asked for.
pub(super) fn one_slot(model: &str, family: &str, asked: i64) -> EngineError {
    EngineError::failed(
        FailureCause::UnknownFlag,
        format!(
            "num-parallel cannot be {asked} with {model}: Ollama works on one request at a time with models of \
             the family {family}, and says so in its log only. Set num-parallel to 1, or choose another model."
        ),
    )
}
