//! A record as the JSON text it is stored as.

use crate::error::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The text of `value`. Refuses what would not come back as it was: JSON has no infinity and no
/// "not a number", and a record with one could never be read again.
pub(crate) fn encode<T>(what: &str, value: &T) -> Result<String, Fault>
where
    T: Serialize + DeserializeOwned + PartialEq,
{
    let text = serde_json::to_string(value)
        .map_err(|error| Fault::Refused(format!("{what} cannot be stored: {error}")))?;
    match serde_json::from_str::<T>(&text) {
        Ok(back) if back == *value => Ok(text),
        _ => Err(Fault::Refused(format!(
            "{what} cannot be stored: one of its figures is not a finite number"
        ))),
    }
}

/// The record of a text that was stored.
pub(crate) fn decode<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::Corrupt(format!("{what} does not make sense: {error}")))
}
