//! What fuzzers begin with is read as it should be: sessions and landscapes as files.

use wattsmith_report::{ReportOptions, bundle_with, csv, json, markdown};
use wattsmith_testkit::anything::seeds_are_read_as_they_should;
use wattsmith_tuner::{read_landscape, session_of_file};

#[test]
fn sessions_that_fuzzers_begin_with_are_read_as_they_should() {
    seeds_are_read_as_they_should("session", |seed| match session_of_file(seed) {
        Ok(record) => {
            let _ = (csv(&record), json(&record).unwrap(), markdown(&record));
            bundle_with(&record, &[], &ReportOptions::default()).is_ok()
        }
        Err(_) => false,
    });
}

#[test]
fn landscapes_that_fuzzers_begin_with_are_read_as_they_should() {
    let folder = tempfile::tempdir().unwrap();
    seeds_are_read_as_they_should("landscape", |seed| {
        let file = folder.path().join("seed.json");
        std::fs::write(&file, seed).unwrap();
        read_landscape(&file).is_ok_and(|one| !one.configurations().is_empty())
    });
}
