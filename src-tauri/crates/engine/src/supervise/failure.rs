//! From an exit and a log to a typed cause and a message that says what, where and what to do. What a
//! server prints when something is wrong is its own table, [`Signs`]; the words are the same for all.

use crate::error::EngineError;
use std::path::Path;
use wattsmith_domain::{FailureCause, one_line};

/// Characters that are quoted of a line which an engine printed.
const MOST_LINE: usize = 300;

/// How the engine's process ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exit {
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

/// An engine that ended, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// How.
    pub exit: Exit,
    /// The end of what it printed.
    pub log: &'a str,
    /// Where all of that is.
    pub log_path: &'a Path,
    /// The program.
    pub program: &'a Path,
    /// The model that it was to load.
    pub model: &'a Path,
}

/// What a server prints when something is wrong, and what helps.
#[derive(Debug, Clone, Copy)]
pub struct Signs<'a> {
    /// Causes with parts of lines, lower case, that show them; in the order in which they decide.
    pub printed: &'a [(FailureCause, &'a [&'a str])],
    /// What to make smaller where memory was short while it loaded, such as `a smaller model`.
    pub smaller_to_load: &'a str,
    /// The same while it worked.
    pub smaller_to_work: &'a str,
    /// What to do with a program that is not whole.
    pub fetch: &'a str,
    /// Which version takes all settings, such as `the engine version that Wattsmith fetches`.
    pub takes_all: &'a str,
}

impl Signs<'_> {
    /// The cause that the log's text shows, with the first line that shows it.
    fn cause_in(&self, log: &str) -> Option<(FailureCause, String)> {
        self.printed.iter().find_map(|(cause, needles)| {
            let line = log.lines().find(|line| {
                let line = line.to_ascii_lowercase();
                needles.iter().any(|needle| line.contains(needle))
            })?;
            Some((*cause, one_line(without_prefix(line), MOST_LINE)))
        })
    }

    /// Why the engine ended before it was ready.
    pub(crate) fn ended_while_loading(&self, ended: &Ended<'_>) -> EngineError {
        let Ended { exit, log, .. } = *ended;
        let engine = ended.program.display();
        let model = ended.model.display();
        let killed_for_memory = exit.signal == Some(9) && exit.kernel_out_of_memory;
        let (cause, line) = match self.cause_in(log) {
            Some((cause, line)) if !killed_for_memory => (cause, line),
            _ if killed_for_memory => {
                (FailureCause::OutOfMemory, "the kernel killed it".to_owned())
            }
            _ => (FailureCause::Crash, String::new()),
        };
        let message = match cause {
            FailureCause::ModelNotFound => {
                format!("The engine finds no model at {model} ({line}). Choose a file that exists.")
            }
            FailureCause::ModelCorrupt => format!(
                "The engine cannot read {model}: {line}. The file is damaged; fetch it again or \
                 choose another."
            ),
            FailureCause::ModelUnfit => format!(
                "The engine cannot run {model}: {line}. The file is another kind of model than \
                 this engine takes; choose another, or a newer engine."
            ),
            FailureCause::OutOfMemory => format!(
                "The engine ran out of memory while loading {model}: {line}. Use {}, or close \
                 other programs.",
                self.smaller_to_load
            ),
            FailureCause::UnknownFlag => format!(
                "The engine {engine} refuses a setting: {line}. Change that setting, or use {}.",
                self.takes_all
            ),
            FailureCause::EngineNotFound => format!(
                "The engine {engine} is not whole or does not fit this system: {line}. {}",
                self.fetch
            ),
            FailureCause::PortTaken => format!(
                "Another program holds the engine's port ({line}). Start again; a different port \
                 is picked each time."
            ),
            _ => format!(
                "The engine {engine} {} while loading {model}. {} The log is {}.",
                exit.words(),
                last_lines(log),
                ended.log_path.display()
            ),
        };
        EngineError::failed(cause, message)
    }

    /// Why the engine ended while it should have worked.
    pub(crate) fn ended_while_working(&self, ended: &Ended<'_>) -> EngineError {
        let Ended { exit, log, .. } = *ended;
        let shown = self.cause_in(log);
        let memory = shown.is_some_and(|(cause, _)| cause == FailureCause::OutOfMemory)
            || (exit.signal == Some(9) && exit.kernel_out_of_memory);
        let log_path = ended.log_path.display();
        if memory {
            return EngineError::failed(
                FailureCause::OutOfMemory,
                format!(
                    "The engine {} in the middle of its work, out of memory. Use {}, or close \
                     other programs. The log is {log_path}.",
                    exit.words(),
                    self.smaller_to_work
                ),
            );
        }
        EngineError::failed(
            FailureCause::Crash,
            format!(
                "The engine {} in the middle of its work. {} Run the trial again; if it ends \
                 again, leave these settings out. The log is {log_path}.",
                exit.words(),
                last_lines(log)
            ),
        )
    }
}

/// The last few lines that say something, on one line.
fn last_lines(log: &str) -> String {
    let mut lines: Vec<String> = log
        .lines()
        .rev()
        .map(|line| one_line(without_prefix(line), MOST_LINE))
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

    #[test]
    fn what_an_engine_printed_is_quoted_bounded_and_without_what_a_terminal_obeys() {
        let loud = format!("\u{1b}[31m{}\u{1b}[0m\n", "loud ".repeat(60_000));
        let signs = Signs {
            printed: &[(FailureCause::OutOfMemory, &["loud"])],
            smaller_to_load: "less",
            smaller_to_work: "less",
            fetch: "Fetch it.",
            takes_all: "another",
        };
        let exit = Exit {
            code: Some(1),
            signal: None,
            kernel_out_of_memory: false,
        };
        let ended = Ended {
            exit,
            log: &loud.repeat(3),
            log_path: Path::new("engine.log"),
            program: Path::new("server"),
            model: Path::new("m.gguf"),
        };
        for signs in [
            signs,
            Signs {
                printed: &[],
                ..signs
            },
        ] {
            let error = signs.ended_while_loading(&ended).to_string();
            assert!(error.contains("loud loud"), "{error}");
            assert!(error.chars().count() < 1500, "{}", error.len());
            assert!(!error.contains('\u{1b}'), "{error}");
        }
    }
}
