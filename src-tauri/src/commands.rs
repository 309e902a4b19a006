//! The commands that the window can call: one call to the tuner each, nothing else.

mod connections;
mod doctor;
mod downloads;
mod live;
mod reports;
mod sessions;
mod settings;
mod steps;
mod studies;

pub use connections::*;
pub use doctor::*;
pub use downloads::*;
pub use live::*;
pub use reports::*;
pub use sessions::*;
pub use settings::*;
pub use steps::*;
pub use studies::*;

use crate::wire::{ErrorCode, WireError};
use std::path::PathBuf;
use std::sync::Arc;
use wattsmith_tuner::domain::{Configuration, Value};
use wattsmith_tuner::{Tuner, TunerError};

/// What every command has at hand.
pub type Core<'a> = tauri::State<'a, Arc<Tuner>>;
/// What every command gives.
pub type Answer<T> = Result<T, WireError>;

impl From<TunerError> for WireError {
    fn from(error: TunerError) -> Self {
        let code = match &error {
            TunerError::Busy(_) => ErrorCode::Busy,
            TunerError::ConsentNeeded { .. } => ErrorCode::ConsentNeeded,
            TunerError::NotFound(_) => ErrorCode::NotFound,
            _ => ErrorCode::Other,
        };
        Self {
            code,
            message: error.to_string(),
        }
    }
}

/// Settings as the wire has them: the space makes of the texts what they mean.
pub(crate) fn configuration(settings: Vec<crate::wire::Setting>) -> Configuration {
    settings
        .into_iter()
        .map(|setting| (setting.name, Value::Choice(setting.value)))
        .collect()
}

/// `~/name` as the person writes it.
pub(crate) fn from_home(path: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (path.trim().strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path.trim()),
    }
}
