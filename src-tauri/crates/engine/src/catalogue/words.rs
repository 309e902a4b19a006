//! The few words by which a catalogue file speaks of the machine that it is read on.

use super::About;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use wattsmith_domain::Machine;

/// A number that the machine tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    /// Logical cores that may be used.
    LogicalCores,
    /// Physical cores that may be used.
    PhysicalCores,
    /// One thread for each core that is never waited for: the fast ones, within mask and quota.
    SteadyThreads,
    /// The number of the last GPU, counted from 0.
    LastGpu,
    /// How many GPUs there are.
    Gpus,
}

impl Word {
    const ALL: [(&str, Self); 5] = [
        ("logical-cores", Self::LogicalCores),
        ("physical-cores", Self::PhysicalCores),
        ("steady-threads", Self::SteadyThreads),
        ("last-gpu", Self::LastGpu),
        ("gpus", Self::Gpus),
    ];
    /// Those that count cores.
    const OF_CORES: [Self; 3] = [Self::LogicalCores, Self::PhysicalCores, Self::SteadyThreads];

    pub(crate) fn read(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(name, _)| *name == word);
        found.map(|(_, word)| *word)
    }

    pub(crate) fn on(self, machine: &Machine) -> i64 {
        i64::from(match self {
            Self::LogicalCores => machine.usable_logical(),
            Self::PhysicalCores => machine.usable_physical(),
            Self::SteadyThreads => machine.steady_threads(),
            Self::LastGpu => u32::try_from(machine.gpus.len().saturating_sub(1)).unwrap_or(0),
            Self::Gpus => u32::try_from(machine.gpus.len()).unwrap_or(0),
        })
    }
}

/// A bound: a number, or one that the machine tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    Int(i64),
    Float(f64),
    Word(Word),
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Bound;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or one of ")?;
                let names: Vec<&str> = Word::ALL.iter().map(|(name, _)| *name).collect();
                f.write_str(&names.join(", "))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Bound, E> {
                Ok(Bound::Int(number))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Bound, E> {
                match number.is_finite() {
                    true => Ok(Bound::Float(number)),
                    false => Err(E::invalid_value(de::Unexpected::Float(number), &self)),
                }
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Bound, E> {
                Word::read(word)
                    .map(Bound::Word)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(word), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Values worth trying: a list, or one that the machine tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Levels {
    List(Vec<Bound>),
    ThreadCounts,
}

/// The only list that a machine tells.
const THREAD_COUNTS: &str = "thread-counts";

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Levels;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of numbers or {THREAD_COUNTS:?}")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Levels, E> {
                match word == THREAD_COUNTS {
                    true => Ok(Levels::ThreadCounts),
                    false => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Levels, A::Error> {
                let mut levels = Vec::new();
                while let Some(level) = list.next_element()? {
                    levels.push(level);
                }
                Ok(Levels::List(levels))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Powers of two up to the greatest of the machine's counts of cores, and the counts themselves.
pub(crate) fn thread_counts(machine: &Machine) -> Vec<i64> {
    let counts = Word::OF_CORES.map(|word| word.on(machine));
    let most = counts.iter().copied().max().unwrap_or(1);
    let mut levels: Vec<i64> = std::iter::successors(Some(1_i64), |level| level.checked_mul(2))
        .take_while(|level| *level < most)
        .chain(counts)
        .collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// What a knob can be set to: a list, or one that the machine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Options {
    List(Vec<String>),
    CoreMasks,
}

/// The only options that a machine tells: masks of cores, that of every core first.
const CORE_MASKS: &str = "core-masks";
/// The default among them.
pub(crate) const EVERY_CORE: &str = "every-core";

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Options;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of words or {CORE_MASKS:?}")
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Options, E> {
                match word == CORE_MASKS {
                    true => Ok(Options::CoreMasks),
                    false => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Options, A::Error> {
                let mut options = Vec::new();
                while let Some(option) = list.next_element()? {
                    options.push(option);
                }
                Ok(Options::List(options))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// What must be there for a knob to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum When {
    /// A GPU.
    Gpu,
    /// None.
    NoGpu,
    /// More than one GPU.
    SeveralGpus,
    /// Two GPUs.
    TwoGpus,
    /// A draft model.
    DraftModel,
}

impl When {
    pub(crate) fn holds(self, about: &About<'_>) -> bool {
        let gpus = about.machine.gpus.len();
        match self {
            Self::Gpu => gpus > 0,
            Self::NoGpu => gpus == 0,
            Self::SeveralGpus => gpus > 1,
            Self::TwoGpus => gpus == 2,
            Self::DraftModel => about.draft,
        }
    }
}

/// What bounds a knob, and is told of where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BoundedBy {
    /// The cores that may be used: why they are fewer than there are is told.
    Cores,
    /// The longest context of the model: no value beyond it is offered.
    ModelContext,
}
