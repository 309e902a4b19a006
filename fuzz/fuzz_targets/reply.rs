//! What a chat model replies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wattsmith_domain::ParameterSpace;
use wattsmith_testkit::fixtures;

static SPACE: LazyLock<ParameterSpace> = LazyLock::new(|| fixtures::empty().session.space);

fuzz_target!(|data: &[u8]| {
    let Ok(reply) = std::str::from_utf8(data) else {
        return;
    };
    let base = SPACE.default_configuration();
    if let Ok(parsed) = wattsmith_chat::parse_reply(reply, &SPACE, &base, None) {
        // What is taken can be run.
        assert!(SPACE.check(&parsed.configuration).is_ok());
    }
    let shortlist = [base.clone()];
    let _ = wattsmith_chat::parse_reply(reply, &SPACE, &base, Some(&shortlist));
    let _ = wattsmith_chat::mentioned_settings(reply, &SPACE);
});
