//! Which libraries a Python has.

use crate::error::EngineError;
use crate::python;
use std::path::Path;

/// Such as `transformers 5.24.0 · torch 2.13.0`.
pub(super) async fn version(program: &Path) -> Result<String, EngineError> {
    let packages = ["transformers", "torch"];
    python::packages(program, &packages, &super::SETTINGS, super::FETCH).await
}
