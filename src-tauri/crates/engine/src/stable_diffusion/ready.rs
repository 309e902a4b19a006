//! Whether sd-server is ready, and whether it is ours. It asks for no key; but it tells the prompt that
//! requests without one get, which we made up for this start alone, and which every request of ours
//! replaces.

use crate::server::{Door, Told};
use std::time::Duration;

/// Answers once the model is loaded: the server listens only then.
pub(super) const ROUTE: &str = "/sdcpp/v1/capabilities";

/// The word by which this start is known.
pub(super) fn word(api_key: &str) -> String {
    format!("wattsmith-{api_key}")
}

pub(super) async fn prove(door: &Door<'_>) -> Result<Told, String> {
    let answer = door
        .client
        .get(format!("{}{ROUTE}", door.base_url))
        .timeout(Duration::from_secs(5))
        .send()
        .await
        .map_err(|error| error.to_string())?;
    let page: serde_json::Value = answer
        .json()
        .await
        .map_err(|error| format!("it does not tell its settings ({error})"))?;
    if page["defaults"]["prompt"] != word(door.api_key).as_str() {
        return Err("it does not know the word of this start".into());
    }
    Ok(Told {
        pages: vec![page],
        ..Told::default()
    })
}
