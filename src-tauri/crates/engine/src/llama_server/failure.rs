//! What llama-server prints when something is wrong, and what helps.

use crate::supervise::failure::Signs;
use wattsmith_domain::FailureCause;

pub(super) const SIGNS: Signs<'static> = Signs {
    printed: &PRINTED,
    smaller_to_load: "a smaller context-per-slot, fewer parallel slots or a smaller model",
    smaller_to_work: "a smaller context-per-slot or fewer parallel slots",
    fetch: "Run `make setup` to fetch it again.",
    takes_all: "the engine version that Wattsmith fetches",
};

/// What the log says, in the order in which it decides: memory first, because a failed allocation
/// is followed by "failed to load model".
const PRINTED: [(FailureCause, &[&str]); 7] = [
    (
        FailureCause::EngineNotFound,
        &["error while loading shared libraries", "version `glibc"],
    ),
    (
        FailureCause::PortTaken,
        &["couldn't bind", "address already in use"],
    ),
    (
        FailureCause::UnknownFlag,
        &[
            "invalid argument:",
            "error while handling argument",
            "unknown value for",
            "quantized v cache requires flash_attn",
        ],
    ),
    (
        FailureCause::OutOfMemory,
        &[
            "insufficient memory",
            "out of memory",
            "outofdevicememory",
            "outofhostmemory",
            "failed to allocate",
            "unable to allocate",
            "cannot allocate memory",
            "std::bad_alloc",
        ],
    ),
    (FailureCause::ModelNotFound, &["failed to open gguf file"]),
    (
        FailureCause::ModelCorrupt,
        &[
            "invalid magic",
            "failed to read key-value",
            "failed to read tensor info",
            "corrupted or incomplete",
            "not within the file bounds",
            "unexpectedly reached end of file",
        ],
    ),
    (
        FailureCause::ModelUnfit,
        &[
            "unknown model architecture",
            "gguf_init_from",
            "error loading model",
            "failed to load model",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervise::failure::{Ended, Exit};
    use std::path::Path;

    const EXIT_1: Exit = Exit {
        code: Some(1),
        signal: None,
        kernel_out_of_memory: false,
    };

    fn ended(exit: Exit, log: &str) -> Ended<'_> {
        Ended {
            exit,
            log,
            log_path: Path::new("state/engine-1.log"),
            program: Path::new("bin/llama-server"),
            model: Path::new("models/m.gguf"),
        }
    }

    fn loading(exit: Exit, log: &str) -> (FailureCause, String) {
        let error = SIGNS.ended_while_loading(&ended(exit, log));
        (error.cause().unwrap(), error.to_string())
    }

    #[test]
    fn what_the_server_prints_decides_the_cause() {
        use FailureCause::*;
        let cases = [
            (
                ModelNotFound,
                "0.00.012.691 E gguf_init_from_file: failed to open GGUF file 'missing.gguf' (No such file or directory)\n0.00.012.774 E llama_model_load: error loading model: llama_model_loader: failed to load model from missing.gguf",
            ),
            (
                ModelCorrupt,
                "0.00.028.047 E llama_model_load: error loading model: tensor 'token_embd.weight' data is not within the file bounds, model is corrupted or incomplete",
            ),
            (
                ModelCorrupt,
                "0.00.009.261 E gguf_init_from_reader: invalid magic characters: '??je', expected 'GGUF'",
            ),
            (
                ModelUnfit,
                "0.00.042.110 E llama_model_load: error loading model: unknown model architecture: 'novel9'\n0.00.042.240 E llama_model_load_from_file_impl: failed to load model",
            ),
            (
                ModelUnfit,
                "0.00.011.482 E llama_model_load: error loading model: illegal split file idx: 1 (file: m-00002-of-00007.gguf), model must be loaded with the first split",
            ),
            (
                ModelUnfit,
                "0.00.016.377 E llama_model_load: error loading model: CLIP cannot be used as main model, use it with --mmproj instead",
            ),
            (UnknownFlag, "error: invalid argument: --no-such-flag"),
            (
                UnknownFlag,
                "error while handling argument \"--threads\": stoi",
            ),
            (
                UnknownFlag,
                "0.00.090.411 E llama_init_from_model: quantized V cache requires flash_attn to be enabled\n0.00.100.083 E failed to load model",
            ),
            (
                OutOfMemory,
                "0.01.556.391 E ggml_aligned_malloc: insufficient memory (attempted to allocate 878906.25 MB)\n0.01.712.607 E srv  llama_server: exiting due to model loading error",
            ),
            (
                PortTaken,
                "0.00.006.254 E srv         start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 9912",
            ),
            (
                EngineNotFound,
                "llama-server: error while loading shared libraries: libllama.so.0: cannot open shared object file: No such file or directory",
            ),
            (Crash, "free(): invalid pointer"),
        ];
        let mut seen = String::new();
        for (cause, log) in cases {
            let (found, message) = loading(EXIT_1, log);
            assert_eq!(found, cause, "{log}");
            seen.push_str(&message);
            seen.push('\n');
        }
        insta::assert_snapshot!("messages_while_loading", seen);
    }

    #[test]
    fn a_kill_by_the_kernel_for_memory_is_not_called_a_crash() {
        let killed = Exit {
            code: None,
            signal: Some(9),
            kernel_out_of_memory: true,
        };
        assert_eq!(loading(killed, "").0, FailureCause::OutOfMemory);
        assert_eq!(
            SIGNS.ended_while_working(&ended(killed, "")).cause(),
            Some(FailureCause::OutOfMemory)
        );
        let elsewhere = Exit {
            kernel_out_of_memory: false,
            ..killed
        };
        assert_eq!(loading(elsewhere, "").0, FailureCause::Crash);
    }
}
