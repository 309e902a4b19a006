//! From a configuration to what a server is told. Pure.

use wattsmith_domain::{Configuration, ParameterSpace, Tell, Value};

/// The words of the command line that tell `configuration`, in the order of the knobs.
pub(crate) fn arguments(space: &ParameterSpace, configuration: &Configuration) -> Vec<String> {
    let mut words = Vec::new();
    for parameter in &space.parameters {
        let value = configuration
            .get(&parameter.name)
            .unwrap_or(&parameter.default);
        match (&parameter.told, value) {
            (Tell::Device | Tell::Field { .. } | Tell::Variable { .. }, _) => {}
            (Tell::Optional { .. }, value) if *value == parameter.default => {}
            (Tell::Switch { on, off }, value) => {
                let word = if *value == Value::Bool(true) { on } else { off };
                // Some servers have a word for one of the two only.
                words.extend((!word.is_empty()).then(|| word.clone()));
            }
            (Tell::Words { words: by_value }, value) => {
                let word = by_value.get(&value.to_string());
                words.extend(word.filter(|word| !word.is_empty()).cloned());
            }
            (Tell::Flag { flag } | Tell::Optional { flag }, value) => {
                words.extend([flag.clone(), value.to_string()])
            }
            (Tell::Product { flag, factor }, value) => {
                let product = match (value, factor_of(space, configuration, factor)) {
                    (Value::Int(one), Some(other)) => one.saturating_mul(other).to_string(),
                    _ => value.to_string(),
                };
                words.extend([flag.clone(), product]);
            }
        }
    }
    words
}

/// The environment variables that tell `configuration`, in the order of the knobs.
pub(crate) fn variables(
    space: &ParameterSpace,
    configuration: &Configuration,
) -> Vec<(String, String)> {
    let told = space.parameters.iter().filter_map(|knob| match &knob.told {
        Tell::Variable { variable } => {
            let value = configuration.get(&knob.name).unwrap_or(&knob.default);
            Some((variable.clone(), in_a_variable(value)))
        }
        _ => None,
    });
    told.collect()
}

/// As programs read their environment.
fn in_a_variable(value: &Value) -> String {
    match value {
        Value::Bool(on) => i32::from(*on).to_string(),
        other => other.to_string(),
    }
}

fn factor_of(space: &ParameterSpace, configuration: &Configuration, name: &str) -> Option<i64> {
    match configuration
        .get(name)
        .or_else(|| space.get(name).map(|parameter| &parameter.default))
    {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}
