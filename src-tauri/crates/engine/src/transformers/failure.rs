//! What the script prints when something is wrong, and what helps.

use crate::supervise::failure::Signs;
use wattsmith_domain::FailureCause;

pub(super) const SIGNS: Signs<'static> = Signs {
    printed: &PRINTED,
    smaller_to_load: "a smaller model, or a dtype or quantisation of fewer bits",
    smaller_to_work: "a smaller batch-size, or fewer cache-tokens",
    fetch: "Install transformers and torch into it.",
    takes_all: "the transformers version that docs/engines.md names",
};

/// In the order in which it decides.
const PRINTED: [(FailureCause, &[&str]); 7] = [
    (
        FailureCause::EngineNotFound,
        &[
            "no module named",
            "cannot import name",
            "error while loading shared libraries",
        ],
    ),
    (FailureCause::PortTaken, &["cannot be taken"]),
    (
        FailureCause::UnknownFlag,
        &[
            "unrecognized arguments",
            "invalid choice",
            "error: argument",
            " is not for ",
            " is for --",
        ],
    ),
    (
        FailureCause::OutOfMemory,
        &["out of memory", "can't allocate memory", "memoryerror"],
    ),
    (FailureCause::ModelNotFound, &["model not found"]),
    (FailureCause::ModelCorrupt, &["safetensorerror"]),
    (FailureCause::ModelUnfit, &["the model cannot be loaded"]),
];
