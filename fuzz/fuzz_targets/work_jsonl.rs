//! Work of the person's own as objects, one on each line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wattsmith_engine::{WorkChoice, own_workload, read_work};
use wattsmith_fuzz::{file, wait};

fuzz_target!(|data: &[u8]| {
    let file = file(data, ".jsonl");
    if let Ok(work) = wait(read_work(file.path())) {
        let _ = work.preview();
        let _ = own_workload(&work, WorkChoice::default());
    }
});
