//! Which of a device's two readers stands, where they contradict each other: the person decides.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One of two ways to read the same device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// Its energy counter, or the total that a plug or a battery keeps.
    Counter,
    /// Its power, integrated over the window.
    Power,
    /// The person's own meter of a part that another sensor measures too.
    Own,
    /// That other sensor.
    BuiltIn,
}

impl Reader {
    /// The name in `meters.toml` and on the command line.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Power => "power",
            Self::Own => "own",
            Self::BuiltIn => "built-in",
        }
    }

    /// In words, as a sentence names it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Counter => "its energy counter",
            Self::Power => "its power",
            Self::Own => "your own meter",
            Self::BuiltIn => "the other sensor",
        }
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Reader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Counter, Self::Power, Self::Own, Self::BuiltIn]
            .into_iter()
            .find(|reader| reader.label() == text)
            .ok_or_else(|| format!("{text:?} is no reader; say counter, power, own or built-in"))
    }
}
