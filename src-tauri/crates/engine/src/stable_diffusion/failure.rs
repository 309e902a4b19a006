//! What sd-server prints when something is wrong, and what helps.

use crate::supervise::failure::Signs;
use wattsmith_domain::FailureCause;

pub(super) const SIGNS: Signs<'static> = Signs {
    printed: &PRINTED,
    smaller_to_load: "a smaller model or one of fewer bits",
    smaller_to_work: "vae-tiling, or smaller pictures",
    fetch: "Build it again.",
    takes_all: "the version of stable-diffusion.cpp that docs/images.md names",
};

/// In the order in which it decides: memory first, because a failed allocation is followed by words
/// about the model.
const PRINTED: [(FailureCause, &[&str]); 6] = [
    (
        FailureCause::EngineNotFound,
        &["error while loading shared libraries", "version `glibc"],
    ),
    (
        FailureCause::UnknownFlag,
        &[
            "unknown argument",
            "error: invalid",
            "error: the following arguments",
        ],
    ),
    (
        FailureCause::OutOfMemory,
        &[
            "out of memory",
            "failed to allocate",
            "unable to allocate",
            "cannot allocate memory",
            "std::bad_alloc",
            "alloc params backend buffer failed",
        ],
    ),
    (
        FailureCause::ModelNotFound,
        &["failed to open", "file does not exist", "no such file"],
    ),
    (
        FailureCause::ModelCorrupt,
        &["invalid safetensor", "invalid magic", "corrupt"],
    ),
    (
        FailureCause::ModelUnfit,
        &[
            "get sd version from file failed",
            "init model loader from file failed",
            "unknown model version",
            "new_sd_ctx_t failed",
        ],
    ),
];
