//! A catalogue of knobs, and a file that describes a server.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use wattsmith_engine::{About, Catalogue, described};
use wattsmith_testkit::fixtures;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let machine = fixtures::empty().session.machine;
    let about = About::machine(&machine);
    if let Ok(catalogue) = Catalogue::parse(text) {
        let space = catalogue.space(&about);
        let _ = space.check(&space.default_configuration());
    }
    if let Ok(server) = described(Path::new("server.toml"), text) {
        let _ = server.space(&about);
    }
});
