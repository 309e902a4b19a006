//! The stream of a server's answer: events of a browser, or a piece of JSON on each line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use wattsmith_engine::{OpenAi, Protocol, Stay};
use wattsmith_fuzz::chosen;

fuzz_target!(|data: &[u8]| {
    let Some((which, stream)) = chosen(data, 3) else {
        return;
    };
    let protocol = match which {
        0 => Protocol::Completion,
        1 => Protocol::OpenAi(Arc::new(OpenAi::default())),
        _ => Protocol::Ollama(Stay::Always),
    };
    let whole = protocol.looked_over(&[stream]);
    // Chunks may end anywhere.
    let pieces: Vec<&[u8]> = stream.chunks(7).collect();
    assert_eq!(protocol.looked_over(&pieces), whole);
});
