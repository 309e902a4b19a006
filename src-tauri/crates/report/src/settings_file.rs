//! The settings that a session found, as files that other programs read: a shell's command, a systemd unit, a
//! Compose file, and the servers' own forms. Unlike a report they are for the person's own machine, so that
//! paths are told as they are.

mod compose;
mod modelfile;
mod preset;
mod systemd;
mod vllm;

use crate::ReportError;
use crate::command::{Kept, is_flag};
use wattsmith_domain::{Engine, Purpose, Session, SessionRecord, Tell, Trial};
use wattsmith_stats::{Analysis, Outcome};

/// A form in which settings are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsFile {
    /// A command for a shell.
    Command,
    /// A unit for systemd.
    Systemd,
    /// A service for Docker Compose.
    Compose,
    /// A preset for `llama-server --models-preset`.
    Preset,
    /// A model for `ollama create`, with the daemon's variables beside it.
    Modelfile,
    /// A file for `vllm serve --config`.
    Vllm,
}

impl SettingsFile {
    /// Every form.
    pub const ALL: [Self; 6] = [
        Self::Command,
        Self::Systemd,
        Self::Compose,
        Self::Preset,
        Self::Modelfile,
        Self::Vllm,
    ];

    /// The word by which it is asked for.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Systemd => "systemd",
            Self::Compose => "compose",
            Self::Preset => "preset",
            Self::Modelfile => "modelfile",
            Self::Vllm => "vllm",
        }
    }

    /// Suffix of its file.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Command => "sh",
            Self::Systemd => "service",
            Self::Compose => "compose.yaml",
            Self::Preset => "ini",
            Self::Modelfile => "Modelfile",
            Self::Vllm => "vllm.yaml",
        }
    }
}

/// Servers that are a script of Wattsmith's own.
const OF_OURS: [&str; 2] = ["diffusers", "transformers"];

/// One whose settings are half of each request and half of its daemon.
const OLLAMA: &str = "ollama";

/// What is handed over.
struct Winner<'a> {
    session: &'a Session,
    trial: &'a Trial,
    kept: Kept,
}

/// The settings of the trial that the session came to; of the default where it came to none.
///
/// # Errors
/// `NoSettings` where nothing was started yet, the server was not started here, or the form is another
/// server's.
pub fn settings_file(record: &SessionRecord, form: SettingsFile) -> Result<String, ReportError> {
    let winner = Winner::of(record)?;
    let text = match form {
        SettingsFile::Command => format!(
            "#!/bin/sh\n{}{}{}\n",
            winner.remark("#"),
            winner.of_requests("#"),
            winner.shell()
        ),
        SettingsFile::Systemd => systemd::unit(&winner),
        SettingsFile::Compose => compose::file(&winner)?,
        SettingsFile::Preset => {
            winner.is_of("llama-server", "A preset is for llama-server")?;
            preset::file(&winner)
        }
        SettingsFile::Modelfile if winner.session.engine.name == OLLAMA => modelfile::own(&winner),
        SettingsFile::Modelfile => {
            winner.is_of(
                "llama-server",
                "A Modelfile is made of Ollama's or llama-server's settings",
            )?;
            modelfile::file(&winner)
        }
        SettingsFile::Vllm => {
            winner.is_of("vllm", "This file is for vLLM")?;
            vllm::file(&winner)
        }
    };
    Ok(text)
}

/// Its name and version; some say their name with their version.
fn with_version(engine: &Engine) -> String {
    match engine.version.starts_with(&engine.name) {
        true => engine.version.clone(),
        false => format!("{} {}", engine.name, engine.version),
    }
}

impl<'a> Winner<'a> {
    fn of(record: &'a SessionRecord) -> Result<Self, ReportError> {
        let none = |why: &str| ReportError::NoSettings(why.to_owned());
        let found = Outcome::of(record, &Analysis::of(record)).trial;
        let trial = found
            .and_then(|id| record.trial(&id))
            .or_else(|| record.default_trial())
            .ok_or_else(|| none("This session has measured nothing yet."))?;
        let launch = trial.launch.as_ref();
        let launch =
            launch.ok_or_else(|| none("The engine was never started with these settings."))?;
        let kept = Kept::of(launch);
        let session = &record.session;
        if session.engine.name == "attached" || kept.words.len() < 2 {
            return Err(none(
                "The server was not started by Wattsmith, so that its command line is not known.",
            ));
        }
        if OF_OURS.contains(&session.engine.name.as_str()) {
            return Err(ReportError::NoSettings(format!(
                "{} ran behind a script of Wattsmith's own, which is of no use beside it; its settings stand in \
                 the report.",
                session.engine.name
            )));
        }
        Ok(Self {
            session,
            trial,
            kept,
        })
    }

    fn is_of(&self, engine: &str, form: &str) -> Result<(), ReportError> {
        let own = &self.session.engine.name;
        match own == engine {
            true => Ok(()),
            false => Err(ReportError::NoSettings(format!(
                "{form}; this session ran {own}."
            ))),
        }
    }

    /// Where the settings come from, as lines of a comment.
    fn remark(&self, mark: &str) -> String {
        let session = self.session;
        let which = match self.trial.purpose {
            Purpose::Default => "its default settings: nothing better was found".to_owned(),
            Purpose::Proposal => format!("trial {}", self.trial.number),
        };
        let lines = [
            format!(
                "Written by Wattsmith from the session {}: {which}.",
                session.name
            ),
            format!("Measured with {}.", with_version(&session.engine)),
        ];
        lines
            .map(|line| format!("{mark} {}\n", line.replace(['\n', '\r'], " ")))
            .concat()
    }

    /// The settings that go with each request and stand on no command line, by the names of their fields.
    fn fields(&self) -> Vec<(&str, String)> {
        let asked = &self.trial.configuration;
        let knobs = self.session.space.parameters.iter();
        let told = knobs.filter_map(|knob| match &knob.told {
            Tell::Field { field } => {
                let value = asked.get(&knob.name).unwrap_or(&knob.default);
                Some((field.as_str(), value.to_string()))
            }
            _ => None,
        });
        told.collect()
    }

    /// The same as lines of a comment; empty where there are none.
    fn of_requests(&self, mark: &str) -> String {
        let fields = self.fields();
        if fields.is_empty() {
            return String::new();
        }
        let said: Vec<String> = fields
            .iter()
            .map(|(field, value)| format!("{field} {value}"))
            .collect();
        format!("{mark} To go with each request: {}.\n", said.join(", "))
    }

    /// Where the server listens when nobody says anything.
    fn port(&self) -> u16 {
        match self.session.engine.name.as_str() {
            "llama-server" => 8080,
            OLLAMA => 11434,
            _ => 8000,
        }
    }

    /// How it is told on its command line where to listen; by its own default, where it has no such words.
    fn listening(&self, host: &str) -> Vec<String> {
        match self.session.engine.name.as_str() {
            OLLAMA => Vec::new(),
            _ => ["--host", host, "--port", &self.port().to_string()]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    fn shell(&self) -> String {
        self.kept.shell()
    }

    /// The words behind the program, flag by flag: its name, and its values.
    fn flags(&self) -> Vec<(String, Vec<String>)> {
        let mut flags: Vec<(String, Vec<String>)> = Vec::new();
        for word in self.kept.words.iter().skip(1) {
            match (is_flag(word), flags.last_mut()) {
                (true, _) => {
                    let (name, value) = match word.split_once('=') {
                        Some((name, value)) => (name, vec![value.to_owned()]),
                        None => (word.as_str(), Vec::new()),
                    };
                    flags.push((name.to_owned(), value));
                }
                (false, Some((_, values))) => values.push(word.clone()),
                // What stands before the first flag: a verb, a model.
                (false, None) => flags.push((String::new(), vec![word.clone()])),
            }
        }
        flags
    }
}
