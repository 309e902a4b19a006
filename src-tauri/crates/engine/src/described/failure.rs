//! What such servers print when something is wrong: words that Python, CUDA and the usual web servers
//! share. A description adds none, since what a stranger's file calls a cause would be believed.

use super::file::Description;
use crate::supervise::failure::Signs;
use wattsmith_domain::FailureCause;

pub(super) fn signs(about: &Description) -> Signs<'_> {
    Signs {
        printed: &PRINTED,
        smaller_to_load: "a smaller model, or less memory for the cache",
        smaller_to_work: "fewer requests at once",
        fetch: &about.fetch,
        takes_all: match about.checked.as_str() {
            "" => "a version that takes what its description says",
            checked => checked,
        },
    }
}

/// In the order in which it decides.
const PRINTED: [(FailureCause, &[&str]); 6] = [
    (
        FailureCause::EngineNotFound,
        &[
            "error while loading shared libraries",
            "modulenotfounderror",
            "importerror",
        ],
    ),
    (
        FailureCause::PortTaken,
        &["address already in use", "couldn't bind"],
    ),
    (
        FailureCause::UnknownFlag,
        &[
            "unrecognized arguments",
            "invalid argument",
            "unexpected argument",
            "no such option",
            "invalid choice",
            "unknown argument",
            "error: argument ",
        ],
    ),
    (
        FailureCause::OutOfMemory,
        &[
            "out of memory",
            "outofmemoryerror",
            "cannot allocate memory",
            "unable to allocate",
            "failed to allocate",
            "memoryerror",
            "std::bad_alloc",
        ],
    ),
    (
        FailureCause::ModelNotFound,
        &[
            "no such file or directory",
            "hfvalidationerror",
            "repository not found",
            "failed to open",
        ],
    ),
    (
        FailureCause::ModelUnfit,
        &[
            "unsupported architecture",
            "are not supported for now",
            "unknown model architecture",
            "failed to load model",
            "safetensorerror",
        ],
    ),
];
