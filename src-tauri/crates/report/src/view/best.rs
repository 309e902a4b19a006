//! The settings that the report recommends or looks at, ready to be used.

use super::Certainty;
use serde::Serialize;
use wattsmith_domain::{Configuration, Kind, Parameter, ParameterSpace, SessionRecord, Tell};
use wattsmith_stats::Analysis;

/// Flags that Wattsmith adds for itself, and how many values follow each: who pastes the command
/// wants the settings, not the port, the key or what only measuring needs.
const OWN_FLAGS: [(&str, usize); 12] = [
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
];

/// One configuration against the default.
#[derive(Debug, Serialize)]
pub(crate) struct Best {
    pub number: u32,
    pub decided: bool,
    /// The word for the session's outcome.
    pub word: &'static str,
    pub changes: Vec<Turned>,
    /// Names of the parameters that stay as they are.
    pub unchanged: String,
    /// Ready for a shell; none when the engine was never started with it.
    pub command: Option<String>,
    /// Flags that were left out of it.
    pub left_out: String,
    pub notes: Vec<String>,
}

/// One knob turned.
#[derive(Debug, Serialize)]
pub(crate) struct Turned {
    pub name: String,
    pub from: String,
    pub to: String,
    pub effect: String,
    pub changes_output: bool,
}

impl Best {
    pub(crate) fn of(
        record: &SessionRecord,
        analysis: &Analysis,
        certainty: &Certainty,
    ) -> Option<Self> {
        let trial = record.trial(certainty.subject.as_ref()?)?;
        let space = &record.session.space;
        let default = space.default_configuration();
        let changes: Vec<Turned> = trial
            .configuration
            .changes_from(&default, space)
            .into_iter()
            .map(|change| {
                let parameter = space.get(&change.name);
                Turned {
                    effect: parameter.map_or(String::new(), |one| one.effect.clone()),
                    changes_output: parameter.is_some_and(|one| one.changes_output),
                    from: change.from.to_string(),
                    to: change.to.to_string(),
                    name: change.name,
                }
            })
            .collect();
        let unchanged = space
            .parameters
            .iter()
            .filter(|one| changes.iter().all(|change| change.name != one.name))
            .map(|one| {
                let value = trial.configuration.get(&one.name).unwrap_or(&one.default);
                format!("{} {value}", one.name)
            })
            .collect::<Vec<_>>()
            .join(", ");
        let mut notes = Vec::new();
        if changes.iter().any(|change| change.changes_output) {
            let unit = record.session.workload.unit;
            notes.push(format!(
                "One of these settings can change {}: compare {} before you keep it.",
                unit.result(),
                unit.results()
            ));
        }
        if let Some(analysis) = analysis.trial(&trial.id) {
            notes.extend(
                analysis
                    .violations
                    .iter()
                    .map(|one| format!("Constraint not kept: {one}")),
            );
        }
        if let Some(launch) = &trial.launch {
            notes.extend(launch.differences.iter().map(|one| {
                let user = if one.name.starts_with("gpu-") {
                    "GPU"
                } else {
                    "engine"
                };
                format!(
                    "The {user} used {} {} where {} was asked for.",
                    one.name, one.used, one.asked
                )
            }));
        }
        let of_gpu = gpu_commands(space, &trial.configuration);
        if !of_gpu.is_empty() {
            notes.push(format!(
                "The command does not set the GPU itself; until the machine restarts, this does: {}",
                of_gpu.join(" && ")
            ));
        }
        let (kept, left_out) = trial
            .launch
            .as_ref()
            .map_or_else(Default::default, |launch| split(&launch.argv));
        Some(Self {
            number: trial.number,
            decided: certainty.saving.is_some(),
            word: certainty.kind.word(),
            changes,
            unchanged,
            command: (!kept.is_empty()).then(|| command(&kept)),
            left_out: left_out.join(", "),
            notes,
        })
    }
}

/// What sets the boards as the configuration has them.
fn gpu_commands(space: &ParameterSpace, configuration: &Configuration) -> Vec<String> {
    let of_boards = space
        .parameters
        .iter()
        .filter(|one| one.told == Tell::Device);
    let command = |one: &Parameter| {
        let value = configuration.int(&one.name)?;
        match (one.name.as_str(), &one.kind) {
            ("gpu-power-limit", _) => Some(format!("sudo nvidia-smi --power-limit={value}")),
            // At its highest value the clock is free.
            ("gpu-clock-lock", Kind::Int { min, max, .. }) if value < *max => {
                Some(format!("sudo nvidia-smi --lock-gpu-clocks={min},{value}"))
            }
            _ => None,
        }
    };
    of_boards.filter_map(command).collect()
}

/// A launch's words as one shell command, without what Wattsmith adds for itself.
pub(crate) fn command_line(argv: &[String]) -> String {
    command(&split(argv).0)
}

/// The words to keep, and the flags left out.
fn split(argv: &[String]) -> (Vec<&str>, Vec<&str>) {
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    let mut words = argv.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        match OWN_FLAGS.iter().find(|(flag, _)| *flag == name) {
            Some((flag, values)) => {
                left_out.push(*flag);
                if name == word {
                    words.by_ref().take(*values).for_each(drop);
                }
            }
            None => kept.push(word),
        }
    }
    (kept, left_out)
}

/// One shell command, a flag with its values on each line.
fn command(words: &[&str]) -> String {
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
fn is_flag(word: &str) -> bool {
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
    use wattsmith_domain::Value;

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
        let (kept, left_out) = split(&argv);
        assert_eq!(left_out, ["--port", "--api-key", "--offline"]);
        assert_eq!(
            command(&kept),
            "/opt/server \\\n  --model '/my models/it'\\''s.gguf' \\\n  --threads 4 \\\n  \
             --n-gpu-layers -1 \\\n  --fit off"
        );
    }

    #[test]
    fn what_the_boards_had_is_a_command_of_its_own() {
        let knob = |name: &str, min, max| Parameter {
            name: name.to_owned(),
            kind: Kind::Int {
                min,
                max,
                levels: vec![min, max],
            },
            default: Value::Int(max),
            told: Tell::Device,
            effect: String::new(),
            danger: String::new(),
            changes_output: false,
        };
        let space = ParameterSpace {
            parameters: vec![
                knob("gpu-power-limit", 100, 350),
                knob("gpu-clock-lock", 210, 1980),
            ],
            rules: Vec::new(),
        };
        let mut configuration = space.default_configuration();
        assert_eq!(
            gpu_commands(&space, &configuration),
            ["sudo nvidia-smi --power-limit=350"]
        );
        configuration.set("gpu-clock-lock", Value::Int(900));
        assert_eq!(
            gpu_commands(&space, &configuration)[1],
            "sudo nvidia-smi --lock-gpu-clocks=210,900"
        );
        assert!(gpu_commands(&ParameterSpace::default(), &configuration).is_empty());
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
