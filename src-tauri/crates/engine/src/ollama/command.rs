//! From a configuration to the daemon's environment; its command line says nothing. Pure.

use super::model;
use crate::catalogue::variables;
use crate::server::{Asked, CommandLine};

/// A knob that is there only with a GPU.
const OF_GPUS: &str = "num-gpu";

/// Said at every start: one model, which stays loaded; nothing fetched, nothing asked of the network, nothing
/// deleted from the store (a daemon that starts would clear away what no model needs). Its llama-server inherits
/// `LLAMA_ARG_…`: nothing is adjusted behind our back, and no prompt of earlier comes back from memory.
const ALWAYS: [(&str, &str); 7] = [
    ("OLLAMA_MAX_LOADED_MODELS", "1"),
    ("OLLAMA_KEEP_ALIVE", "-1"),
    ("OLLAMA_NOPRUNE", "1"),
    ("OLLAMA_NO_CLOUD", "1"),
    ("LLAMA_ARG_FIT", "off"),
    ("LLAMA_ARG_CACHE_RAM", "0"),
    // Pings come from a thread of their own: they would hide that it hangs.
    ("LLAMA_ARG_SSE_PING_INTERVAL", "-1"),
];

/// Always: loopback only, and where the space has no GPU knob the processor, since it would use a GPU whose
/// power nobody reads.
pub(super) fn command(asked: &Asked<'_>) -> CommandLine {
    let mut words = vec![asked.program.display().to_string(), "serve".to_owned()];
    words.extend(asked.extra_args.iter().cloned());
    let mut settings = vec![(
        "OLLAMA_HOST".to_owned(),
        format!("127.0.0.1:{}", asked.port),
    )];
    settings.extend(ALWAYS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    if let Some(store) = model::store_of(asked.model) {
        settings.push(("OLLAMA_MODELS".to_owned(), store.display().to_string()));
    }
    if asked.space.get(OF_GPUS).is_none() {
        settings.push(("LLAMA_ARG_DEVICE".to_owned(), "none".to_owned()));
    }
    // It takes any word but a few for yes: where the choice is its own, nothing is said.
    let told = variables(asked.space, asked.configuration);
    settings.extend(told.into_iter().filter(|(_, value)| value != "auto"));
    CommandLine {
        words,
        settings,
        ..CommandLine::default()
    }
}
