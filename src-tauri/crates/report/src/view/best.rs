//! The settings that the report recommends or looks at, ready to be used.

use super::Certainty;
use crate::command::Kept;
use serde::Serialize;
use wattsmith_domain::{Configuration, Kind, Parameter, ParameterSpace, SessionRecord, Tell};
use wattsmith_stats::Analysis;

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
        let kept = trial.launch.as_ref().map(Kept::of).unwrap_or_default();
        Some(Self {
            number: trial.number,
            decided: certainty.saving.is_some(),
            word: certainty.kind.word(),
            changes,
            unchanged,
            command: (!kept.words.is_empty()).then(|| kept.shell()),
            left_out: kept.left_out.join(", "),
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

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::Value;

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
}
