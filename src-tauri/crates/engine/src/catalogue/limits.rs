//! What bounds a knob on this machine and with this model: the cores that may be used, and the
//! longest context. A request cannot have more context than the model's own limit: the engine would
//! give less than it was asked for, and take the memory all the same.

use super::Catalogue;
use super::words::BoundedBy;
use wattsmith_domain::{Configuration, Kind, Machine, Parameter, Value};

/// Why there are no more cores, as a sentence that follows another; empty where all may be used.
pub(super) fn cores_in_words(machine: &Machine) -> String {
    let why = machine.core_limits();
    why.map_or_else(String::new, |why| format!(" The engine may use {why}."))
}

/// The masks of cores to which an engine can be held, that of every core first; none where there is
/// nothing to choose.
pub(super) fn core_masks(machine: &Machine) -> Option<Vec<String>> {
    let sets = &machine.usable.as_ref()?.sets;
    (sets.len() > 1).then(|| sets.iter().map(|one| one.mask.clone()).collect())
}

/// What each mask holds, as a sentence that follows another.
pub(super) fn masks_in_words(machine: &Machine) -> String {
    let sets = machine.usable.iter().flat_map(|usable| &usable.sets);
    let words: Vec<String> = sets
        .map(|one| format!("{} is {}", one.mask, one.kind))
        .collect();
    format!(" Here {}.", words.join(", "))
}

/// The knob without what lies beyond `limit`, the model's context in tokens; as it is when the model
/// does not say.
pub(super) fn within(knob: &mut Parameter, limit: Option<u64>) {
    let Some(limit) = limit.and_then(|limit| i64::try_from(limit).ok()) else {
        return;
    };
    let Kind::Int { min, max, levels } = &mut knob.kind else {
        return;
    };
    if *max <= limit {
        return;
    }
    *max = limit;
    *min = (*min).min(limit);
    let before = levels.len();
    levels.retain(|level| *level <= limit);
    if levels.len() < before {
        levels.push(limit);
        levels.dedup();
    }
    if matches!(knob.default, Value::Int(default) if default > limit) {
        knob.default = Value::Int(limit);
    }
    knob.danger = format!("{} The model's limit is {limit}.", knob.danger);
}

impl Catalogue {
    /// What is wrong with the context that `asked` wants of a model with this limit; none when
    /// nothing.
    #[must_use]
    pub fn beyond_context(&self, asked: &Configuration, limit: Option<u64>) -> Option<String> {
        let limit = limit?;
        let of_context = |name: &&str| {
            let entry = self.entries.iter().find(|entry| entry.name == **name);
            entry.is_some_and(|entry| entry.bounded_by == Some(BoundedBy::ModelContext))
        };
        let (name, value) = asked.iter().find(|(name, _)| of_context(name))?;
        // Values come as text from a command line, and as any number from a chat.
        let whole = Kind::Int {
            min: 0,
            max: i64::MAX,
            levels: Vec::new(),
        };
        let Some(Value::Int(number)) = whole.coerce(value) else {
            return None;
        };
        let beyond = u64::try_from(number).is_ok_and(|number| number > limit);
        beyond.then(|| {
            format!(
                "{name} cannot be {value}: the model's limit is {limit} tokens. Choose at most \
                 {limit}, or another model."
            )
        })
    }
}
