//! The report as a PDF.

use std::io::Write as _;
use std::process::{Command, Stdio};
use wattsmith_report::{ReportOptions, pdf_with};
use wattsmith_testkit::fixtures;

/// Largest file, bytes.
const MOST: usize = 8 << 20;
/// Set this to anything to read the file back with poppler's `pdftotext`.
const READ_BACK: &str = "WATTSMITH_PDFTOTEXT";
/// Set this to a folder to get every case as a file to look at.
const FOLDER: &str = "WATTSMITH_REPORT_PAGES";

#[test]
fn every_record_gives_a_file_that_is_whole_and_small() {
    for (name, record) in [
        ("empty", fixtures::empty()),
        ("measured", fixtures::measured()),
        ("confirmed", fixtures::confirmed()),
        ("estimated", fixtures::estimated()),
        ("with_failure", fixtures::with_failure()),
        ("everything", fixtures::everything()),
        ("hostile", fixtures::hostile()),
    ] {
        let file = pdf_with(&record, &ReportOptions::default()).unwrap();
        assert!(file.starts_with(b"%PDF-1."), "{name}");
        assert!(file.trim_ascii_end().ends_with(b"%%EOF"), "{name}");
        assert!(file.len() < MOST, "{name}: {} bytes", file.len());
        if let Some(folder) = std::env::var_os(FOLDER) {
            let path = std::path::Path::new(&folder).join(format!("{name}.pdf"));
            std::fs::write(path, &file).unwrap();
        }
    }
}

#[test]
fn the_same_record_gives_the_same_file() {
    let file = || pdf_with(&fixtures::confirmed(), &ReportOptions::default()).unwrap();
    assert!(file() == file());
}

#[test]
fn its_text_can_be_selected() {
    if std::env::var_os(READ_BACK).is_none() {
        return; // needs a program that not every machine has
    }
    let file = pdf_with(&fixtures::confirmed(), &ReportOptions::default()).unwrap();
    let mut reader = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = reader.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&file));
    let text = reader.wait_with_output().unwrap().stdout;
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(text).unwrap().replace('\u{a0}', " ");
    for words in [
        "20.2 % less energy per token, confirmed.",
        "In plain words",
        "1,000 answers of 64 tokens",
        "Every trial",
        "parallel 4 → 8",
        "How it was measured",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
}
