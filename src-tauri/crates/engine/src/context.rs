//! The context of one request cannot be longer than the model's own limit: the engine would give
//! less than it was asked for, and take the memory all the same.

use wattsmith_domain::{Configuration, Kind, ParameterSpace, Value};

/// The knob that says how much context a request gets.
pub const CONTEXT_PER_SLOT: &str = "context-per-slot";

/// The knobs without the context that a model cannot have; `limit` in tokens, none when the model
/// does not say.
#[must_use]
pub fn within_context(mut space: ParameterSpace, limit: Option<u64>) -> ParameterSpace {
    let Some(limit) = limit.and_then(|limit| i64::try_from(limit).ok()) else {
        return space;
    };
    let knobs = space.parameters.iter_mut();
    for knob in knobs.filter(|knob| knob.name == CONTEXT_PER_SLOT) {
        let Kind::Int { min, max, levels } = &mut knob.kind else {
            continue;
        };
        if *max <= limit {
            continue;
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
    space
}

/// What is wrong with the context that `asked` wants of a model with this limit; none when nothing.
#[must_use]
pub fn beyond_context(asked: &Configuration, limit: Option<u64>) -> Option<String> {
    let limit = limit?;
    let value = asked.get(CONTEXT_PER_SLOT)?;
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
            "{CONTEXT_PER_SLOT} cannot be {value}: the model's limit is {limit} tokens. Choose at \
             most {limit}, or another model."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;
    use crate::catalogue::tests::machine;

    fn knob(limit: Option<u64>) -> (i64, i64, Vec<i64>, Value) {
        let space = within_context(catalogue(&machine(2, 2, &[])), limit);
        let defaults = space.default_configuration();
        assert_eq!(space.check(&defaults).as_ref(), Ok(&defaults));
        let knob = space.get(CONTEXT_PER_SLOT).unwrap();
        let Kind::Int { min, max, levels } = &knob.kind else {
            panic!("{knob:?}");
        };
        assert!(levels.iter().all(|level| (min..=max).contains(&level)));
        (*min, *max, levels.clone(), knob.default.clone())
    }

    #[test]
    fn no_context_beyond_the_models_own_is_offered() {
        let whole = knob(None);
        for (limit, expected) in [
            // Toy models, GPT-2, models of 2023 and of today (their own heads).
            (256, (256, 256, vec![256], Value::Int(256))),
            (1024, (512, 1024, vec![512, 1024], Value::Int(1024))),
            (2048, (512, 2048, vec![512, 2048], Value::Int(2048))),
            (3000, (512, 3000, vec![512, 2048, 3000], Value::Int(2048))),
            (8192, (512, 8192, vec![512, 2048, 4096], Value::Int(2048))),
            (40_960, whole.clone()),
            (u64::MAX, whole.clone()),
        ] {
            assert_eq!(knob(Some(limit)), expected, "{limit}");
        }
    }

    #[test]
    fn a_value_beyond_it_is_refused_with_the_limit() {
        let asked = |value| [(CONTEXT_PER_SLOT.to_owned(), value)].into_iter().collect();
        let words = beyond_context(&asked(Value::Int(4096)), Some(1024)).unwrap();
        assert!(words.contains("the model's limit is 1024"), "{words}");
        for value in [Value::Float(4096.0), Value::Choice("4096".to_owned())] {
            assert!(beyond_context(&asked(value), Some(1024)).is_some());
        }
        assert_eq!(beyond_context(&asked(Value::Int(1024)), Some(1024)), None);
        assert_eq!(beyond_context(&asked(Value::Int(4096)), None), None);
        assert_eq!(beyond_context(&Configuration::default(), Some(1)), None);
    }
}
