//! Why a sensor that answers is not believed, as a code that records, reports and `--json` carry.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is wrong with a sensor or with a meter of the person's. The words beside a code may change;
/// the code does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SensorFault {
    /// It cannot be read, or what it answers is no number.
    Unreadable,
    /// It shows the register of another sensor once more, so that adding both would count twice.
    Mirrored,
    /// It stays exactly the same while the device works, or its total stands still while it tells
    /// power.
    Frozen,
    /// What it says cannot be what it claims to be, such as a board of 12 mW.
    ImpossibleLevel,
    /// It gives several values where one is wanted, and nobody said which or that they add.
    SeveralValues,
    /// It covers another part of the machine than its place suggests.
    OtherScope,
    /// It shows power, and no source says what of.
    UnknownDriver,
    /// It varies, but does not follow the engine's work: another device than the engine's.
    NotUsedByEngine,
    /// Two readers of one device differ by more than 5 % beyond their own errors.
    ReadersDiffer,
    /// Two readers of one device differ by more than 20 % beyond their own errors.
    ReadersContradict,
    /// A meter of the whole reads less than the parts inside it.
    LessThanItsParts,
    /// A meter of the whole does not rise with the parts inside it.
    RisesLessThanItsParts,
    /// Its last value is too old to be one of now.
    Stale,
    /// How old its values are cannot be told.
    AgeUnknown,
    /// It tells the mean of a stretch that is long beside a window.
    Averaged,
    /// It tells power below zero, where nothing that flows back is to be counted.
    Negative,
}

impl SensorFault {
    /// Every code, in the order of their meaning.
    pub const ALL: [Self; 16] = [
        Self::Unreadable,
        Self::Mirrored,
        Self::Frozen,
        Self::ImpossibleLevel,
        Self::SeveralValues,
        Self::OtherScope,
        Self::UnknownDriver,
        Self::NotUsedByEngine,
        Self::ReadersDiffer,
        Self::ReadersContradict,
        Self::LessThanItsParts,
        Self::RisesLessThanItsParts,
        Self::Stale,
        Self::AgeUnknown,
        Self::Averaged,
        Self::Negative,
    ];

    /// The name used in JSON, in reports and on the screen.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Mirrored => "mirrored",
            Self::Frozen => "frozen",
            Self::ImpossibleLevel => "impossible-level",
            Self::SeveralValues => "several-values",
            Self::OtherScope => "other-scope",
            Self::UnknownDriver => "unknown-driver",
            Self::NotUsedByEngine => "not-used-by-engine",
            Self::ReadersDiffer => "readers-differ",
            Self::ReadersContradict => "readers-contradict",
            Self::LessThanItsParts => "less-than-its-parts",
            Self::RisesLessThanItsParts => "rises-less-than-its-parts",
            Self::Stale => "stale",
            Self::AgeUnknown => "age-unknown",
            Self::Averaged => "averaged",
            Self::Negative => "negative",
        }
    }
}

impl SensorFault {
    /// What is wrong in a few words, to follow a sensor's name.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unreadable => "cannot be read",
            Self::Mirrored => "shows another sensor's register once more",
            Self::Frozen => "stays the same while the machine works",
            Self::ImpossibleLevel => "tells what cannot be",
            Self::SeveralValues => "gives several values where one is wanted",
            Self::OtherScope => "covers another part of the machine",
            Self::UnknownDriver => "does not say what it measures",
            Self::NotUsedByEngine => "does not follow the engine's work",
            Self::ReadersDiffer => "has two readers that differ",
            Self::ReadersContradict => "has two readers that contradict each other",
            Self::LessThanItsParts => "reads less than what it contains",
            Self::RisesLessThanItsParts => "does not rise with what it contains",
            Self::Stale => "tells a value that is too old",
            Self::AgeUnknown => "does not say how old its values are",
            Self::Averaged => "tells the mean of a long stretch",
            Self::Negative => "tells power below zero",
        }
    }
}

impl fmt::Display for SensorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_code_and_reads_it_back() {
        for fault in SensorFault::ALL {
            let json = serde_json::to_value(fault).unwrap();
            assert_eq!(json, fault.code());
            assert_eq!(serde_json::from_value::<SensorFault>(json).unwrap(), fault);
        }
    }
}
