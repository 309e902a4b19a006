//! A launch's command line as somebody else would use it: without what only measuring needs, and in the words
//! of a shell.

use std::collections::BTreeMap;
use wattsmith_domain::Launch;

/// Flags that Wattsmith adds for itself, and how many values follow each: who pastes the command
/// wants the settings, not the port, the key or what only measuring needs.
const OWN_FLAGS: [(&str, usize); 14] = [
    ("--host", 1),
    ("--port", 1),
    ("--api-key", 1),
    ("--offline", 0),
    ("--no-webui", 0),
    ("--no-cache-prompt", 0),
    ("--cache-ram", 1),
    ("--sse-ping-interval", 1),
    ("--threads-http", 1),
    ("--log-verbosity", 1),
    ("--log-colors", 1),
    ("--metrics", 0),
    ("--served-model-name", 1),
    ("--no-enable-prefix-caching", 0),
];

/// Variables that Wattsmith adds for itself.
const OWN_VARIABLES: [&str; 11] = [
    "HF_HUB_OFFLINE",
    "VLLM_NO_USAGE_STATS",
    "DO_NOT_TRACK",
    "VLLM_SERVER_DEV_MODE",
    "OLLAMA_HOST",
    "OLLAMA_KEEP_ALIVE",
    "OLLAMA_MAX_LOADED_MODELS",
    "OLLAMA_NOPRUNE",
    "OLLAMA_NO_CLOUD",
    "LLAMA_ARG_CACHE_RAM",
    "LLAMA_ARG_SSE_PING_INTERVAL",
];

/// What is kept of a launch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Environment variables that hold settings.
    pub environment: BTreeMap<String, String>,
    /// The command line, program first.
    pub words: Vec<String>,
    /// Flags that were left out of it.
    pub left_out: Vec<String>,
}

impl Kept {
    pub(crate) fn of(launch: &Launch) -> Self {
        let mut kept = Self::default();
        let mut words = launch.argv.iter();
        while let Some(word) = words.next() {
            let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
            match OWN_FLAGS.iter().find(|(flag, _)| *flag == name) {
                Some((flag, values)) => {
                    kept.left_out.push((*flag).to_owned());
                    if name == word {
                        words.by_ref().take(*values).for_each(drop);
                    }
                }
                None => kept.words.push(word.clone()),
            }
        }
        let own = |name: &str| OWN_VARIABLES.contains(&name);
        kept.environment = launch.environment.clone();
        kept.environment.retain(|name, _| !own(name));
        kept
    }

    /// As one shell command, a flag with its values on each line.
    pub(crate) fn shell(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.environment {
            text.push_str(&format!("{name}={} \\\n  ", literal(value)));
        }
        text + &command(&self.words)
    }
}

/// An engine's command line, ready for a shell: quoted, one flag on each line, without the port, the
/// key and what only measuring needs.
#[must_use]
pub fn command_line(launch: &Launch) -> String {
    Kept::of(launch).shell()
}

/// One shell command, a flag with its values on each line.
fn command(words: &[String]) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.push_str(if is_flag(word) { " \\\n  " } else { " " });
        }
        text.push_str(&quoted(word));
    }
    text
}

/// `-1` is a value.
pub(crate) fn is_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
}

/// One word for a POSIX shell. The person's home, which a report tells as `~`, stays one: a shell knows
/// what it is at the start of a word, and behind a `=` by its variable.
fn quoted(word: &str) -> String {
    if word == "~" {
        return word.to_owned();
    }
    if let Some(below) = word.strip_prefix("~/") {
        return format!("~/{}", literal(below));
    }
    if let Some((flag, below)) = word.split_once("=~/")
        && is_flag(flag)
    {
        return format!("{}=\"$HOME\"/{}", literal(flag), literal(below));
    }
    literal(word)
}

/// A word that a shell takes as it is.
fn literal(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_measuring_needs_is_left_out_of_the_command() {
        let argv = [
            "/opt/server",
            "--model",
            "/my models/it's.gguf",
            "--port",
            "4711",
            "--api-key=k",
            "--offline",
            "--threads",
            "4",
            "--n-gpu-layers",
            "-1",
            "--fit",
            "off",
        ]
        .map(str::to_owned);
        let environment = [("VLLM_CPU_KVCACHE_SPACE", "1"), ("DO_NOT_TRACK", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let kept = Kept::of(&Launch {
            argv: argv.to_vec(),
            environment: environment.into(),
            ..Launch::default()
        });
        assert_eq!(kept.left_out, ["--port", "--api-key", "--offline"]);
        assert_eq!(
            kept.shell(),
            "VLLM_CPU_KVCACHE_SPACE=1 \\\n  /opt/server \\\n  --model '/my models/it'\\''s.gguf' \\\n  --threads 4 \\\n  \
             --n-gpu-layers -1 \\\n  --fit off"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_finds_the_home_of_whoever_pastes_the_command() {
        for (word, read) in [
            ("~/my models/it's.gguf", "/home/ann/my models/it's.gguf"),
            ("--model=~/a b.gguf", "--model=/home/ann/a b.gguf"),
            ("~", "/home/ann"),
        ] {
            let output = std::process::Command::new("sh")
                .env("HOME", "/home/ann")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), read);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_back_the_very_words() {
        for word in [
            "", "a b", "it's", "$(id)", "`id`", "a\nb", "\\", "\"", "*", "!x", "ünï",
        ] {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
