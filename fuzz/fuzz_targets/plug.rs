//! What a plug answers: a Shelly of either generation, or one with Tasmota.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wattsmith_domain::{OutsideKind, Part};
use wattsmith_fuzz::chosen;
use wattsmith_meter::read_once;
use wattsmith_testkit::anything::Anything;

static SERVER: LazyLock<Anything> = LazyLock::new(|| Anything::new().unwrap());

fuzz_target!(|data: &[u8]| {
    let Some((which, answer)) = chosen(data, 3) else {
        return;
    };
    SERVER.says(answer);
    let (url, part) = (SERVER.url.clone(), Part::Only);
    let kind = match which {
        0 => OutsideKind::Shelly1 { url, part },
        1 => OutsideKind::Shelly2 { url, part },
        _ => OutsideKind::Tasmota { url, part },
    };
    if let Ok(number) = read_once(kind) {
        assert!(number.is_finite());
    }
});
