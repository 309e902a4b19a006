//! The head of a model's file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wattsmith_engine::{inspect_model, look_at_head};
use wattsmith_fuzz::{file, wait};

fuzz_target!(|data: &[u8]| {
    let file = file(data, ".gguf");
    let _ = wait(inspect_model(file.path()));
    let _ = wait(look_at_head(file.path()));
});
