//! The page.

use wattsmith_domain::SessionRecord;
use wattsmith_report::html;
use wattsmith_testkit::fixtures;

fn cases() -> [(&'static str, SessionRecord); 7] {
    [
        ("empty", fixtures::empty()),
        ("measured", fixtures::measured()),
        ("confirmed", fixtures::confirmed()),
        ("estimated", fixtures::estimated()),
        ("with_failure", fixtures::with_failure()),
        ("everything", fixtures::everything()),
        ("hostile", fixtures::hostile()),
    ]
}

/// Set this to a folder to get every case as a page to look at.
const FOLDER: &str = "WATTSMITH_REPORT_PAGES";

#[test]
fn pages_say_what_they_should() {
    for (name, record) in cases() {
        let page = html(&record).unwrap();
        if let Some(folder) = std::env::var_os(FOLDER) {
            let file = std::path::Path::new(&folder).join(format!("{name}.html"));
            std::fs::write(file, &page).unwrap();
        }
    }
}
