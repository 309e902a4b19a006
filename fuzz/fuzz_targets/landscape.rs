//! A table of measured configurations.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wattsmith_fuzz::file;
use wattsmith_tuner::read_landscape;

fuzz_target!(|data: &[u8]| {
    let file = file(data, ".json");
    if let Ok(landscape) = read_landscape(file.path()) {
        let _ = landscape.pooled();
        let _ = landscape.figures();
        let _ = landscape.configurations();
    }
});
