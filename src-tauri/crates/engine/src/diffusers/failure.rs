//! What the script prints when something is wrong, and what helps.

use crate::supervise::failure::Signs;
use wattsmith_domain::FailureCause;

pub(super) const SIGNS: Signs<'static> = Signs {
    printed: &PRINTED,
    smaller_to_load: "a smaller model or a dtype of fewer bits",
    smaller_to_work: "a smaller batch-size, vae-tiling or vae-slicing",
    fetch: "Install diffusers, torch and transformers into it.",
    takes_all: "the diffusers version that docs/images.md names",
};

/// In the order in which it decides.
const PRINTED: [(FailureCause, &[&str]); 6] = [
    (
        FailureCause::EngineNotFound,
        &["no module named", "error while loading shared libraries"],
    ),
    (FailureCause::PortTaken, &["cannot be taken"]),
    (
        FailureCause::UnknownFlag,
        &[
            "unrecognized arguments",
            "invalid choice",
            "error: argument",
            " is not for ",
        ],
    ),
    (
        FailureCause::OutOfMemory,
        &["out of memory", "can't allocate memory", "memoryerror"],
    ),
    (FailureCause::ModelNotFound, &["model not found"]),
    (
        FailureCause::ModelUnfit,
        &[
            "has no denoising network",
            "does not make pictures",
            "the model cannot be loaded",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervise::failure::{Ended, Exit};
    use std::path::Path;

    #[test]
    fn what_the_script_prints_decides_the_cause() {
        use FailureCause::*;
        for (cause, code, log) in [
            (
                EngineNotFound,
                1,
                "ModuleNotFoundError: No module named 'diffusers'",
            ),
            (
                EngineNotFound,
                1,
                "error: the model cannot be loaded: ModuleNotFoundError: No module named 'torch'",
            ),
            (
                PortTaken,
                1,
                "error: port 40991 cannot be taken: [Errno 98] Address already in use",
            ),
            (
                UnknownFlag,
                2,
                "server.py: error: unrecognized arguments: --bogus 1",
            ),
            (
                UnknownFlag,
                2,
                "server.py: error: argument --dtype: invalid choice: 'int3' (choose from float32, bfloat16, float16)",
            ),
            (
                UnknownFlag,
                2,
                "error: --step-cache first-block is not for UNet2DConditionModel; try reuse-2",
            ),
            (
                OutOfMemory,
                1,
                "error: out of memory: RuntimeError: [enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory",
            ),
            (
                ModelNotFound,
                1,
                "error: model not found: /m holds no model_index.json",
            ),
            (
                ModelUnfit,
                1,
                "error: the model cannot be loaded: OSError: Error no file named config.json",
            ),
            (Crash, 1, "Traceback (most recent call last):"),
        ] {
            let error = SIGNS.ended_while_loading(&Ended {
                exit: Exit {
                    code: Some(code),
                    signal: None,
                    kernel_out_of_memory: false,
                },
                log,
                log_path: Path::new("state/engine-1.log"),
                program: Path::new("bin/python"),
                model: Path::new("models/m"),
            });
            assert_eq!(error.cause(), Some(cause), "{log}");
        }
    }
}
