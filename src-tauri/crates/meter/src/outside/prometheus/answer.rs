//! Answers of Prometheus' HTTP interface.

use serde_json::{Map, Value};

/// A series of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    labels: Map<String, Value>,
    /// When the question was asked, by the server's clock, seconds since 1970.
    pub(super) asked: f64,
    pub(super) value: f64,
}

/// Labels that name a GPU wherever it is listed; the first that is there counts.
const GPU: [&str; 6] = [
    "UUID",
    "uuid",
    "gpu_uuid",
    "GPU_UUID",
    "serial_number",
    "pci_bus_id",
];

/// What a query gave.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// One number without a series.
    Number(f64),
    Series(Vec<Series>),
}

impl Series {
    /// The GPU that it is of, where a label names one: the label and the name.
    pub(super) fn gpu(&self) -> Option<(&'static str, &str)> {
        GPU.into_iter().find_map(|label| {
            let name = self.labels.get(label)?.as_str()?;
            (!name.is_empty()).then_some((label, name))
        })
    }

    /// The labels that tell series apart.
    pub(super) fn differing(all: &[Self]) -> Vec<String> {
        let Some(first) = all.first() else {
            return Vec::new();
        };
        let differs = |label: &&String| {
            all.iter()
                .any(|one| one.labels.get(*label) != first.labels.get(*label))
        };
        let mut labels: Vec<&String> = all.iter().flat_map(|one| one.labels.keys()).collect();
        labels.sort();
        labels.dedup();
        labels.into_iter().filter(differs).cloned().collect()
    }
}

/// # Errors
/// What the server says, or that it is none.
pub(super) fn given(answer: &Value) -> Result<Given, String> {
    if let Some(error) = answer["error"].as_str() {
        return Err(format!("Prometheus refuses the query: {error}"));
    }
    if answer["status"] != "success" {
        return Err("it answers, but not as a Prometheus server".to_owned());
    }
    let result = &answer["data"]["result"];
    match answer["data"]["resultType"].as_str() {
        Some("scalar") => Ok(Given::Number(number(&result[1])?)),
        Some("vector") => {
            let all = result.as_array().map_or(&[][..], Vec::as_slice);
            let series = all.iter().map(|one| {
                Ok(Series {
                    labels: one["metric"].as_object().cloned().unwrap_or_default(),
                    asked: one["value"][0].as_f64().unwrap_or_default(),
                    value: number(&one["value"][1])?,
                })
            });
            Ok(Given::Series(series.collect::<Result<_, String>>()?))
        }
        other => Err(format!(
            "the query gives a {}, not one number",
            other.unwrap_or("nameless thing")
        )),
    }
}

fn number(value: &Value) -> Result<f64, String> {
    let text = value.as_str().unwrap_or_default();
    text.parse()
        .map_err(|_| format!("the query gives {text:?}, which is no number"))
}
