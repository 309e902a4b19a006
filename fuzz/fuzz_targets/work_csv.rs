//! Work of the person's own as a table.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wattsmith_engine::{WorkChoice, own_workload, read_work};
use wattsmith_fuzz::{file, wait};

fuzz_target!(|data: &[u8]| {
    let file = file(data, ".csv");
    if let Ok(work) = wait(read_work(file.path())) {
        let _ = work.preview();
        let _ = own_workload(&work, WorkChoice::default());
    }
});
