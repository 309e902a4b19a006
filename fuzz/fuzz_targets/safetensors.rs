//! The head of a file of weights, for the server that makes pictures of one and for those that run GGUF alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wattsmith_engine::{inspect_model, server};
use wattsmith_fuzz::{file, wait};

fuzz_target!(|data: &[u8]| {
    let file = file(data, ".safetensors");
    let _ = wait(inspect_model(file.path()));
    if let Ok(pictures) = server("stable-diffusion") {
        let _ = wait(pictures.check_model(file.path()));
        let _ = wait(pictures.model(file.path()));
    }
});
