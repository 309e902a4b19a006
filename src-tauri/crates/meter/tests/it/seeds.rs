//! What fuzzers begin with is read as it should be: answers of meters in the network.

use wattsmith_domain::{OutsideKind, Part};
use wattsmith_meter::read_once;
use wattsmith_testkit::anything::{Anything, seeds_are_read_as_they_should};

fn read(kind: OutsideKind) -> bool {
    read_once(kind).is_ok_and(f64::is_finite)
}

#[test]
fn answers_of_plugs_that_fuzzers_begin_with_are_read_as_they_should() {
    let server = Anything::new().unwrap();
    seeds_are_read_as_they_should("plug", |seed| {
        let (which, answer) = seed.split_first().unwrap();
        server.says(answer);
        let (url, part) = (server.url.clone(), Part::Only);
        read(match which % 3 {
            0 => OutsideKind::Shelly1 { url, part },
            1 => OutsideKind::Shelly2 { url, part },
            _ => OutsideKind::Tasmota { url, part },
        })
    });
}

#[test]
fn answers_of_prometheus_that_fuzzers_begin_with_are_read_as_they_should() {
    let server = Anything::new().unwrap();
    seeds_are_read_as_they_should("prometheus", |seed| {
        server.says(seed);
        read(OutsideKind::Prometheus {
            url: server.url.clone(),
            query: "sum(board_watts)".to_owned(),
        })
    });
}
