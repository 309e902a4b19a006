//! From an exit and a log to a typed cause and a message that says what, where and what to do.

use crate::error::EngineError;
use std::path::Path;
use wattsmith_domain::FailureCause;

/// How the engine's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit {
    /// Exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether the kernel killed some process for lack of memory while the engine ran.
    pub kernel_out_of_memory: bool,
}

impl Exit {
    fn words(self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("ended with exit code {code}"),
            (None, Some(4)) => "was ended by signal 4 (it uses processor instructions that this \
                                machine does not have)"
                .into(),
            (None, Some(signal)) => format!("was ended by signal {signal}"),
            (None, None) => "ended".into(),
        }
    }
}

/// What the log says, in the order in which it decides: memory first, because a failed allocation
/// is followed by "failed to load model".
const SIGNS: [(FailureCause, &[&str]); 7] = [
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

/// The cause that the log's text shows, with the first line that shows it.
pub(crate) fn cause_in(log: &str) -> Option<(FailureCause, &str)> {
    SIGNS.iter().find_map(|(cause, needles)| {
        let line = log.lines().find(|line| {
            let line = line.to_ascii_lowercase();
            needles.iter().any(|needle| line.contains(needle))
        })?;
        Some((*cause, without_prefix(line)))
    })
}

/// Why the engine ended before it was ready.
pub(crate) fn ended_while_loading(
    exit: Exit,
    log: &str,
    log_path: &Path,
    binary: &Path,
    model: &Path,
) -> EngineError {
    let engine = binary.display();
    let model = model.display();
    let killed_for_memory = exit.signal == Some(9) && exit.kernel_out_of_memory;
    let (cause, line) = match cause_in(log) {
        Some((cause, line)) if !killed_for_memory => (cause, line),
        _ if killed_for_memory => (FailureCause::OutOfMemory, "the kernel killed it"),
        _ => (FailureCause::Crash, ""),
    };
    let message = match cause {
        FailureCause::ModelNotFound => {
            format!("The engine finds no model at {model} ({line}). Choose a file that exists.")
        }
        FailureCause::ModelCorrupt => format!(
            "The engine cannot read {model}: {line}. The file is damaged; fetch it again or choose \
             another."
        ),
        FailureCause::ModelUnfit => format!(
            "The engine cannot run {model}: {line}. The file is another kind of model than this \
             engine takes; choose another, or a newer engine."
        ),
        FailureCause::OutOfMemory => format!(
            "The engine ran out of memory while loading {model}: {line}. Use a smaller \
             context-per-slot, fewer parallel slots or a smaller model, or close other programs."
        ),
        FailureCause::UnknownFlag => format!(
            "The engine {engine} refuses a setting: {line}. Change that setting, or use the engine \
             version that Wattsmith fetches."
        ),
        FailureCause::EngineNotFound => format!(
            "The engine {engine} is not whole or does not fit this system: {line}. Run `make \
             setup` to fetch it again."
        ),
        FailureCause::PortTaken => format!(
            "Another program holds the engine's port ({line}). Start again; a different port is \
             picked each time."
        ),
        _ => format!(
            "The engine {engine} {} while loading {model}. {} The log is {}.",
            exit.words(),
            last_lines(log),
            log_path.display()
        ),
    };
    EngineError::failed(cause, message)
}

/// Why the engine ended while it should have worked.
pub(crate) fn ended_while_working(exit: Exit, log: &str, log_path: &Path) -> EngineError {
    let memory = cause_in(log).is_some_and(|(cause, _)| cause == FailureCause::OutOfMemory)
        || (exit.signal == Some(9) && exit.kernel_out_of_memory);
    if memory {
        return EngineError::failed(
            FailureCause::OutOfMemory,
            format!(
                "The engine {} in the middle of its work, out of memory. Use a smaller \
                 context-per-slot or fewer parallel slots, or close other programs. The log is {}.",
                exit.words(),
                log_path.display()
            ),
        );
    }
    EngineError::failed(
        FailureCause::Crash,
        format!(
            "The engine {} in the middle of its work. {} Run the trial again; if it ends again, \
             leave these settings out. The log is {}.",
            exit.words(),
            last_lines(log),
            log_path.display()
        ),
    )
}

/// The last few lines that say something, on one line.
fn last_lines(log: &str) -> String {
    let mut lines: Vec<&str> = log
        .lines()
        .rev()
        .map(without_prefix)
        .filter(|line| !line.is_empty())
        .take(3)
        .collect();
    lines.reverse();
    if lines.is_empty() {
        return "It printed nothing.".into();
    }
    format!("Its last words: {}.", lines.join(" · "))
}

/// A log line without its time stamp and level (`0.00.012.691 E `).
fn without_prefix(line: &str) -> &str {
    let line = line.trim();
    let Some((stamp, rest)) = line.split_once(' ') else {
        return line;
    };
    let is_stamp = stamp.contains('.') && stamp.chars().all(|c| c.is_ascii_digit() || c == '.');
    if !is_stamp {
        return line;
    }
    match rest.split_once(' ') {
        Some((level, text)) if level.len() == 1 => text.trim(),
        _ => rest.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXIT_1: Exit = Exit {
        code: Some(1),
        signal: None,
        kernel_out_of_memory: false,
    };

    fn loading(exit: Exit, log: &str) -> (FailureCause, String) {
        let error = ended_while_loading(
            exit,
            log,
            Path::new("state/engine-1.log"),
            Path::new("bin/llama-server"),
            Path::new("models/m.gguf"),
        );
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
            ended_while_working(killed, "", Path::new("l")).cause(),
            Some(FailureCause::OutOfMemory)
        );
        let elsewhere = Exit {
            kernel_out_of_memory: false,
            ..killed
        };
        assert_eq!(loading(elsewhere, "").0, FailureCause::Crash);
    }
}
