//! What the search knew before its first trial.

use crate::format;
use wattsmith_domain::{EarlierSession, Session};

/// What the session drew on, as one sentence; none where it began from nothing.
pub(crate) fn note(session: &Session) -> Option<String> {
    let memory = &session.memory;
    if memory.is_empty() {
        return None;
    }
    let named = |one: &EarlierSession| {
        let aside: Vec<&str> = [one.differs.as_str(), one.doubts.as_str()]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect();
        match aside.as_slice() {
            [] => one.name.clone(),
            aside => format!("{} ({})", one.name, aside.join("; ")),
        }
    };
    let named: Vec<String> = memory.sessions.iter().map(named).collect();
    Some(format!(
        "Memory: the proposals drew on {} measured in {}: {}. That steered the search only; every \
         figure here was measured in this session.",
        format::plural(memory.points.len(), "configuration"),
        format::plural(memory.sessions.len(), "earlier session"),
        named.join("; "),
    ))
}
