//! An instant query to a Prometheus server, so that any exporter can be the meter: DCGM's, Kepler's,
//! one's own. The server gives the value of its last scrape, so it lags by up to one interval.

use super::Reading;
use super::http::Http;
use crate::sensor::ReadError;
use serde_json::Value;

/// One query, asked again and again.
pub(super) struct Query {
    http: Http,
    url: String,
    query: String,
}

impl Query {
    pub(super) fn new(url: &str, query: &str) -> Self {
        Self {
            http: Http::new(),
            url: format!("{}/api/v1/query", url.trim_end_matches('/')),
            query: query.to_owned(),
        }
    }
}

impl Reading for Query {
    fn value(&self) -> Result<f64, ReadError> {
        // A query that is wrong comes back with status 400 and the reason as JSON.
        let answer = self
            .http
            .json(&self.url, Some(("query", &self.query)), true)?;
        single(&answer).map_err(ReadError)
    }
}

/// The one number in an answer.
fn single(answer: &Value) -> Result<f64, String> {
    if let Some(error) = answer["error"].as_str() {
        return Err(format!("Prometheus refuses the query: {error}"));
    }
    if answer["status"] != "success" {
        return Err("it answers, but not as a Prometheus server".to_owned());
    }
    let result = &answer["data"]["result"];
    let sample = match answer["data"]["resultType"].as_str() {
        Some("scalar") => result,
        Some("vector") => match result.as_array().map(Vec::as_slice) {
            Some([one]) => &one["value"],
            Some([]) | None => {
                return Err(
                    "the query gives nothing: the exporter is down, or the name is wrong"
                        .to_owned(),
                );
            }
            Some(many) => {
                return Err(format!(
                    "the query gives {} series; select one with {{label=\"…\"}}, or use sum()",
                    many.len()
                ));
            }
        },
        other => {
            return Err(format!(
                "the query gives a {}, not one number",
                other.unwrap_or("nameless thing")
            ));
        }
    };
    let text = sample[1].as_str().unwrap_or_default();
    text.parse()
        .map_err(|_| format!("the query gives {text:?}, which is no number"))
}
