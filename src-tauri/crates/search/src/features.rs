//! Configurations as numbers: one coordinate per knob that has more than one value.
//!
//! Whole and real numbers lie between 0 and 1 from their least to their greatest level, by doublings
//! where all levels are positive and span a factor of four or more. Words are told apart and nothing
//! else. A value between the levels, as a chat LLM may choose one, has its place as well.

use wattsmith_domain::{Configuration, ParameterSpace, Value};

/// From this ratio of greatest to least level on, doublings count and not differences.
const LOG_FROM: f64 = 4.0;

#[derive(Debug, Clone)]
enum Scale {
    Ordered { log: bool, low: f64, high: f64 },
    Words(Vec<String>),
}

/// One coordinate.
#[derive(Debug, Clone)]
pub(crate) struct Knob {
    pub name: String,
    scale: Scale,
}

impl Knob {
    /// How far two coordinates are apart, 0 to 1 for levels.
    pub(crate) fn distance(&self, one: f64, other: f64) -> f64 {
        match self.scale {
            Scale::Ordered { .. } => (one - other).abs(),
            Scale::Words(_) => f64::from(u8::from(one != other)),
        }
    }

    /// How many values it tells apart as words; 0 for numbers.
    pub(crate) fn words(&self) -> usize {
        match &self.scale {
            Scale::Words(words) => words.len(),
            Scale::Ordered { .. } => 0,
        }
    }

    fn coordinate(&self, value: &Value) -> f64 {
        match &self.scale {
            Scale::Ordered { log, low, high } => {
                let number = scaled(number(value).unwrap_or(0.0), *log);
                (number - low) / (high - low)
            }
            Scale::Words(words) => {
                let word = value.to_string();
                words.iter().position(|one| *one == word).unwrap_or(0) as f64
            }
        }
    }
}

/// The coordinates of a space.
#[derive(Debug, Clone)]
pub(crate) struct Features {
    pub knobs: Vec<Knob>,
}

impl Features {
    pub(crate) fn of(space: &ParameterSpace) -> Self {
        let knobs = space
            .parameters
            .iter()
            .filter_map(|parameter| {
                let levels = parameter.kind.levels();
                let numbers: Option<Vec<f64>> = levels.iter().map(number).collect();
                let scale = match numbers {
                    Some(numbers) => {
                        let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                        let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        (low < high).then_some(())?;
                        let log = low > 0.0 && high / low >= LOG_FROM;
                        Scale::Ordered {
                            log,
                            low: scaled(low, log),
                            high: scaled(high, log),
                        }
                    }
                    None => {
                        (levels.len() > 1).then_some(())?;
                        Scale::Words(levels.iter().map(Value::to_string).collect())
                    }
                };
                Some(Knob {
                    name: parameter.name.clone(),
                    scale,
                })
            })
            .collect();
        Self { knobs }
    }

    /// One coordinate per knob.
    pub(crate) fn encode(&self, configuration: &Configuration) -> Vec<f64> {
        self.knobs
            .iter()
            .map(|knob| {
                configuration
                    .get(&knob.name)
                    .map_or(0.0, |value| knob.coordinate(value))
            })
            .collect()
    }
}

/// A value as a number, where it is one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Bool(_) | Value::Choice(_) => None,
    }
}

fn scaled(number: f64, log: bool) -> f64 {
    if log {
        number.max(f64::MIN_POSITIVE).ln()
    } else {
        number
    }
}
