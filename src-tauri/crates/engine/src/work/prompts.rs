//! The prompts that ship with the app.

use std::sync::OnceLock;

/// The shipped prompts, in the order in which requests use them.
#[must_use]
pub fn prompts() -> &'static [String] {
    static PROMPTS: OnceLock<Vec<String>> = OnceLock::new();
    PROMPTS.get_or_init(|| {
        // The file is part of the program and parsed by a test.
        serde_json::from_str(include_str!("../../data/prompts.json")).unwrap_or_default()
    })
}
