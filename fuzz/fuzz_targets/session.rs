//! A session as one file, and the reports of what is taken in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wattsmith_report::{ReportOptions, bundle_with, csv, json, markdown};
use wattsmith_tuner::session_of_file;

fuzz_target!(|data: &[u8]| {
    if let Ok(record) = session_of_file(data) {
        let _ = (csv(&record), json(&record), markdown(&record));
        let _ = bundle_with(&record, &[], &ReportOptions::default());
    }
});
