//! The knobs of a server as data: a TOML file with one entry for each. What a configuration may hold,
//! what the command line says, what prompts and screens tell about a knob, and how its value is read
//! back all come from there. docs/engines.md tells the keys.
//!
//! `file` is its form, `entry` one knob, `words` how it speaks of the machine, `limits` what bounds a
//! knob here, `versions` since when it is there, `help` whether this build has it, `reading` how a value is read back, `arguments` how values are told.

mod arguments;
mod entry;
mod fault;
mod file;
mod help;
mod limits;
mod reading;
mod versions;
mod words;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use arguments::{arguments, variables};
pub use fault::CatalogueFault;
pub use help::Flags;
pub use reading::Used;

use entry::Entry;
use file::{File, FileRule};
use wattsmith_domain::{Configuration, Machine, ParameterSpace, Rule};

/// What a parameter space hangs on.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The machine that the server is to run on.
    pub machine: &'a Machine,
    /// The longest context of the model, tokens; none when it does not say or none is chosen.
    pub context_limit: Option<u64>,
    /// The program's own version line; none when it is not known.
    pub version: Option<&'a str>,
    /// The flags that this build has, by its own help; none when it was not asked.
    pub flags: Option<&'a Flags>,
    /// Whether there is a draft model.
    pub draft: bool,
}

impl<'a> About<'a> {
    /// Nothing but a machine is known.
    #[must_use]
    pub fn machine(machine: &'a Machine) -> Self {
        Self {
            machine,
            context_limit: None,
            version: None,
            flags: None,
            draft: false,
        }
    }
}

/// The knobs of one server, and what must hold between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    entries: Vec<Entry>,
    rules: Vec<Rule>,
    at_once: Option<String>,
}

impl Catalogue {
    /// Reads a catalogue file.
    ///
    /// # Errors
    /// The first fault, with its line and key.
    pub fn parse(text: &str) -> Result<Self, CatalogueFault> {
        let file: File =
            toml_edit::de::from_str(text).map_err(|error| CatalogueFault::of(text, &error))?;
        Self::read(text, file)
    }

    fn read(text: &str, file: File) -> Result<Self, CatalogueFault> {
        let mut entries: Vec<Entry> = Vec::new();
        for parameter in file.parameter {
            let place = parameter.get_ref().name.span();
            let entry = Entry::read(text, parameter.into_inner())?;
            if entries.iter().any(|earlier| earlier.name == entry.name) {
                let what = format!("there is another knob called {}", entry.name);
                return Err(CatalogueFault::at(text, place, what));
            }
            entries.push(entry);
        }
        let known = |name: &str| entries.iter().any(|entry| entry.name == name);
        let mut rules = Vec::new();
        for rule in file.rule {
            let place = rule.span();
            let (rule, names) = match rule.into_inner() {
                FileRule::AtMost(rule) => (
                    Rule::AtMost {
                        parameter: rule.parameter.clone(),
                        limit: rule.limit.clone(),
                    },
                    [rule.parameter, rule.limit],
                ),
                FileRule::Excludes(rule) => (
                    Rule::Excludes {
                        parameter: rule.parameter.clone(),
                        values: rule.values.into_iter().map(|value| value.0).collect(),
                        other: rule.other.clone(),
                        value: rule.value.0,
                    },
                    [rule.parameter, rule.other],
                ),
            };
            if let Some(unknown) = names.iter().find(|name| !known(name)) {
                let what = format!("there is no knob called {unknown}");
                return Err(CatalogueFault::at(text, place, what));
            }
            rules.push(rule);
        }
        let named = file.at_once.as_ref();
        if let Some(unknown) = named.filter(|name| !known(name.get_ref())) {
            let what = format!("there is no knob called {}", unknown.get_ref());
            return Err(CatalogueFault::at(text, unknown.span(), what));
        }
        Ok(Self {
            at_once: file.at_once.map(serde_spanned::Spanned::into_inner),
            entries,
            rules,
        })
    }

    /// One that is part of the program: a test parses each.
    pub(crate) fn shipped(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }

    /// The knobs that are to be had, in the order in which they are shown.
    #[must_use]
    pub fn space(&self, about: &About<'_>) -> ParameterSpace {
        let knobs = self.entries.iter();
        let parameters: Vec<_> = knobs.filter_map(|entry| entry.parameter(about)).collect();
        let has = |name: &String| parameters.iter().any(|one| one.name == *name);
        let rules = self.rules.iter().filter(|rule| match rule {
            Rule::AtMost { parameter, limit } => has(parameter) && has(limit),
            Rule::Excludes {
                parameter, other, ..
            } => has(parameter) && has(other),
        });
        ParameterSpace {
            rules: rules.cloned().collect(),
            parameters,
        }
    }

    /// How many requests run together under `configuration`; what it lacks is at its default. None
    /// where no knob says.
    #[must_use]
    pub fn at_once(&self, configuration: &Configuration, about: &About<'_>) -> Option<u32> {
        let name = self.at_once.as_ref()?;
        let defaults = || self.space(about).default_configuration().int(name);
        let number = configuration.int(name).or_else(defaults)?;
        u32::try_from(number).ok()
    }
}
