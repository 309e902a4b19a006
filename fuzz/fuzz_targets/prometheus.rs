//! What a Prometheus server answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wattsmith_domain::OutsideKind;
use wattsmith_meter::read_once;
use wattsmith_testkit::anything::Anything;

static SERVER: LazyLock<Anything> = LazyLock::new(|| Anything::new().unwrap());

fuzz_target!(|answer: &[u8]| {
    SERVER.says(answer);
    let kind = OutsideKind::Prometheus {
        url: SERVER.url.clone(),
        query: "sum(board_watts)".to_owned(),
    };
    if let Ok(number) = read_once(kind) {
        assert!(number.is_finite());
    }
});
