//! A small space with every kind of parameter.

use wattsmith_domain::{Configuration, Kind, Parameter, ParameterSpace, Rule, Tell, Value};

fn parameter(name: &str, kind: Kind, default: Value, told: Tell) -> Parameter {
    Parameter {
        name: name.to_owned(),
        kind,
        default,
        told,
        effect: "An effect.".to_owned(),
        danger: String::new(),
        changes_output: false,
    }
}

fn flag(flag: &str) -> Tell {
    Tell::Flag {
        flag: flag.to_owned(),
    }
}

fn int(max: i64, levels: &[i64]) -> Kind {
    Kind::Int {
        min: 1,
        max,
        levels: levels.to_vec(),
    }
}

pub fn space() -> ParameterSpace {
    let choice = Kind::Choice {
        options: ["on", "off", "auto"].map(str::to_owned).to_vec(),
    };
    let mmap = Tell::Switch {
        on: "--mmap".to_owned(),
        off: "--no-mmap".to_owned(),
    };
    let share = Kind::Float {
        min: 0.0,
        max: 1.0,
        levels: vec![0.0, 0.5, 1.0],
    };
    ParameterSpace {
        parameters: vec![
            parameter(
                "threads",
                int(16, &[1, 2, 4]),
                Value::Int(2),
                flag("--threads"),
            ),
            parameter(
                "parallel",
                int(32, &[1, 4, 8]),
                Value::Int(4),
                flag("--parallel"),
            ),
            parameter(
                "batch",
                int(4096, &[512, 2048]),
                Value::Int(2048),
                flag("--batch-size"),
            ),
            parameter(
                "ubatch",
                int(4096, &[256, 512]),
                Value::Int(512),
                flag("--ubatch-size"),
            ),
            parameter(
                "flash-attn",
                choice,
                Value::Choice("auto".to_owned()),
                flag("--flash-attn"),
            ),
            parameter("mmap", Kind::Bool, Value::Bool(true), mmap),
            parameter("share", share, Value::Float(0.5), flag("--share")),
        ],
        rules: vec![Rule::AtMost {
            parameter: "ubatch".to_owned(),
            limit: "batch".to_owned(),
        }],
    }
}

/// The default with some values changed.
pub fn with(changes: &[(&str, Value)]) -> Configuration {
    let mut configuration = space().default_configuration();
    for (name, value) in changes {
        configuration.set(name, value.clone());
    }
    configuration
}

/// Two entries: threads=4, and parallel=8 threads=1.
pub fn shortlist() -> Vec<Configuration> {
    vec![
        with(&[("threads", Value::Int(4))]),
        with(&[("threads", Value::Int(1)), ("parallel", Value::Int(8))]),
    ]
}
