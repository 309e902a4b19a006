//! The prompts that ship with the app.

use super::long_texts::long_prompts;
use std::sync::OnceLock;
use wattsmith_domain::Prompts;

/// The shipped prompts of a set, in the order in which requests use them.
#[must_use]
pub fn prompts_of(set: Prompts) -> &'static [String] {
    static CHAT: OnceLock<Vec<String>> = OnceLock::new();
    static CODE: OnceLock<Vec<String>> = OnceLock::new();
    static LONG: OnceLock<Vec<String>> = OnceLock::new();
    // The files are part of the program and parsed by tests.
    let read = |text: &str| serde_json::from_str(text).unwrap_or_default();
    match set {
        Prompts::Chat => CHAT.get_or_init(|| read(include_str!("../../data/prompts.json"))),
        Prompts::Code => CODE.get_or_init(|| read(include_str!("../../data/code-prompts.json"))),
        Prompts::Long => LONG.get_or_init(long_prompts),
    }
}
