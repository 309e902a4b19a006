//! Which caution of a knob fits a change of it: one about large values does not belong to a step down.

use wattsmith_tuner::domain::Parameter;

/// When a caution applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// The value rises.
    Rising,
    /// It falls.
    Falling,
    /// It becomes one of these.
    To(&'static [&'static str]),
}

/// Cautions whose direction is known, by knob; where a text has several, split at its semicolon, one
/// entry each. A knob that is not here is cautioned about at every change.
const KNOWN: [(&str, &[When]); 13] = [
    ("threads", &[When::Rising]),
    ("threads-batch", &[When::Falling]),
    ("parallel", &[When::Rising]),
    ("context-per-slot", &[When::Falling, When::Rising]),
    ("batch", &[When::Falling]),
    ("ubatch", &[When::Rising, When::Falling]),
    ("flash-attn", &[When::To(&["off"])]),
    ("cache-type-k", &[When::To(&["q4_0"])]),
    ("cache-type-v", &[When::To(&["q4_0", "q8_0"])]),
    ("poll", &[When::Rising]),
    ("load-mode", &[When::To(&["none"])]),
    ("n-gpu-layers", &[When::Rising]),
    ("gpu-power-limit", &[When::Falling]),
];

/// The caution that fits the change from one value to another; empty where none does.
pub(super) fn of(parameter: &Parameter, from: &str, to: &str) -> String {
    if from == to {
        return String::new();
    }
    let known = KNOWN.iter().find(|(name, _)| *name == parameter.name);
    let Some((_, whens)) = known else {
        return parameter.danger.clone();
    };
    let fits = |when: &When| match (when, from.parse::<f64>(), to.parse::<f64>()) {
        (When::Rising, Ok(from), Ok(to)) => to > from,
        (When::Falling, Ok(from), Ok(to)) => to < from,
        (When::To(values), _, _) => values.contains(&to),
        _ => true,
    };
    if whens.len() == 1 {
        return match whens.iter().all(fits) {
            true => parameter.danger.clone(),
            false => String::new(),
        };
    }
    let clauses = parameter.danger.trim_end_matches('.').split("; ");
    let fitting: Vec<&str> = clauses
        .enumerate()
        .filter(|(at, _)| whens.get(*at).is_none_or(fits))
        .map(|(_, clause)| clause)
        .collect();
    let text = fitting.join("; ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        let rest: String = letters.collect();
        format!("{}{rest}.", first.to_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_tuner::domain::{Kind, Tell, Value};

    fn knob(name: &str, danger: &str) -> Parameter {
        Parameter {
            name: name.to_owned(),
            kind: Kind::Int {
                min: 1,
                max: 16,
                levels: vec![1, 16],
            },
            default: Value::Int(4),
            told: Tell::Flag {
                flag: format!("--{name}"),
            },
            effect: String::new(),
            danger: danger.to_owned(),
            changes_output: false,
        }
    }

    #[test]
    fn a_caution_about_more_is_not_said_of_less() {
        let threads = knob("threads", "More threads than cores is slower.");
        assert_eq!(of(&threads, "1", "2"), threads.danger);
        assert_eq!(of(&threads, "2", "1"), "");
        assert_eq!(of(&threads, "2", "2"), "");
    }

    #[test]
    fn of_two_cautions_the_one_that_fits_is_said() {
        let ubatch = knob(
            "ubatch",
            "Large values take more memory; small ones read prompts more slowly.",
        );
        assert_eq!(of(&ubatch, "64", "512"), "Large values take more memory.");
        assert_eq!(
            of(&ubatch, "512", "64"),
            "Small ones read prompts more slowly."
        );
    }

    #[test]
    fn a_knob_that_nobody_knows_keeps_its_caution() {
        let other = knob("other", "Be careful.");
        assert_eq!(of(&other, "1", "2"), "Be careful.");
    }
}
