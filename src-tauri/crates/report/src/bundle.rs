//! A session for whoever checks it: the whole record, what the sensors told in each of its windows, and a
//! program of a page that works the joules out again without Wattsmith.

mod window;

use crate::{ReportError, ReportOptions, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use wattsmith_domain::{EnergyReading, PowerSample, SessionRecord, WindowOf};

/// What is here and how it is checked.
const README: &str = include_str!("bundle/README.txt");
/// What checks it.
const RECOMPUTE: &str = include_str!("bundle/recompute.py");
/// Where everything lies, so that unpacking it strews nothing about.
const FOLDER: &str = "wattsmith-bundle";
/// When the files are said to be from, the first of January 2000: one session makes one bundle, bit by bit.
const ALWAYS: u64 = 946_684_800;

/// What was kept of one window, by device.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeptSamples {
    /// Power over time.
    pub power: Vec<(String, Vec<PowerSample>)>,
    /// What energy counters told around the window.
    pub readings: Vec<(String, Vec<EnergyReading>)>,
}

/// A file of the bundle: its name and what is in it.
type File = (String, Vec<u8>);

/// The bundle of a record that was looked through for secrets.
pub(crate) fn file(
    record: &SessionRecord,
    kept: &[(WindowOf, KeptSamples)],
    options: &ReportOptions,
) -> Result<Vec<u8>, ReportError> {
    let session = json::text(record, &options.settings)?;
    let mut files: Vec<File> = vec![
        ("README.txt".to_owned(), README.into()),
        ("recompute.py".to_owned(), RECOMPUTE.into()),
        ("session.json".to_owned(), session.into_bytes()),
    ];
    for one in window::all(record) {
        files.extend(one.files(record, kept, &options.homes)?);
    }
    let sums = sums(&files);
    files.push(("SHA256SUMS".to_owned(), sums.into_bytes()));
    Ok(tarred(&files)?)
}

/// As `sha256sum` writes them.
fn sums(files: &[File]) -> String {
    let mut sums = String::new();
    for (name, content) in files {
        for byte in Sha256::digest(content) {
            let _ = write!(sums, "{byte:02x}");
        }
        let _ = writeln!(sums, "  {name}");
    }
    sums
}

fn tarred(files: &[File]) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(ALWAYS);
        tar.append_data(&mut header, format!("{FOLDER}/{name}"), content.as_slice())?;
    }
    tar.into_inner()
}
