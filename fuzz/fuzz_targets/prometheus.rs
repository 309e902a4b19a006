//! What a Prometheus server answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use wattsmith_domain::{MeterRole, MeterUnit, OutsideKind, OutsideMeter, Scope};
use wattsmith_meter::read_once;
use wattsmith_testkit::anything::Anything;

static SERVER: LazyLock<Anything> = LazyLock::new(|| Anything::new().unwrap());

fuzz_target!(|answer: &[u8]| {
    SERVER.says(answer);
    let meter = OutsideMeter {
        name: "asked".to_owned(),
        kind: OutsideKind::Prometheus {
            url: SERVER.url.clone(),
            query: "sum(board_watts)".to_owned(),
        },
        unit: MeterUnit::Watts,
        scope: Scope::Wall,
        error: 0.05,
        role: MeterRole::Beside,
        period_s: None,
        averaging_s: None,
        flip: false,
        machine: None,
    };
    if let Ok(number) = read_once(&meter) {
        assert!(number.is_finite());
    }
});
