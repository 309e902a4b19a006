//! What vLLM prints when something is wrong, and what helps.

use crate::supervise::failure::Signs;
use wattsmith_domain::FailureCause;

pub(super) const SIGNS: Signs<'static> = Signs {
    printed: &PRINTED,
    smaller_to_load: "a smaller max-model-len, less memory for the cache or a smaller model",
    smaller_to_work: "a smaller max-num-seqs or max-num-batched-tokens",
    fetch: "Install vLLM anew, in its build for this kind of device.",
    takes_all: "the vLLM version that docs/engines.md names",
};

/// In the order in which it decides: memory before settings, because a cache that does not fit is told as a
/// wrong value. Its log tells all settings by name before anything happens, and warns of much that does not
/// matter, so that each of these is more than a name.
const PRINTED: [(FailureCause, &[&str]); 8] = [
    (
        FailureCause::EngineNotFound,
        &[
            "modulenotfounderror: ",
            "importerror: ",
            "error while loading shared libraries",
            "failed to infer device type",
        ],
    ),
    (FailureCause::PortTaken, &["address already in use"]),
    // A damaged file's head is taken for a length, which no memory holds: before memory.
    (
        FailureCause::ModelCorrupt,
        &["length_of_metadata", "safetensorerror"],
    ),
    (
        FailureCause::OutOfMemory,
        &[
            "out of memory",
            "outofmemoryerror",
            "no available memory for the cache blocks",
            "is larger than the available kv cache memory",
            "is larger than the maximum number of tokens that can be stored in kv cache",
            "is less than desired gpu memory utilization",
            "can't allocate memory",
            "cannot allocate memory",
        ],
    ),
    (
        FailureCause::ModelNotFound,
        &[
            "hfvalidationerror",
            "repository not found",
            "invalid repository id or local directory",
        ],
    ),
    (
        FailureCause::ModelUnfit,
        &[
            "are not supported for now",
            "does not recognize this architecture",
            "cannot find any model weights",
        ],
    ),
    // Says what is wrong with a setting, behind a line that says where.
    (FailureCause::UnknownFlag, &["value error, "]),
    (
        FailureCause::UnknownFlag,
        &[
            "unrecognized arguments",
            "error: argument ",
            "invalid choice",
            "validation error for",
            "is greater than the derived max_model_len",
            "must be divisible by",
        ],
    ),
];
