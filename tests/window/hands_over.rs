//! A session comes into the real window as one file, and leaves it as one. Nothing is measured for it.

use super::driver::{App, SOON, write_session};
use wattsmith_testkit::fixtures;

#[tokio::test]
async fn a_session_is_imported_shown_exported_and_known_when_it_comes_again() {
    let data = tempfile::tempdir().unwrap();
    let record = fixtures::confirmed();
    let path = |name: &str| data.path().join(name);
    write_session(&record, &path("laptop.wattsmith.json"));
    let app = App::start(data.path()).await;
    let says = async |words: &str| {
        let script = format!("return document.body.textContent.includes('{words}')");
        app.until(words, &script, SOON).await;
    };

    app.import(&path("laptop.wattsmith.json")).await;
    app.find("imported").await;
    says("Imported from a file on").await;
    assert_eq!(app.count("session-item").await, 1);
    app.shot("imported").await;

    app.click("more").await;
    app.click("menu-export").await;
    let out = path("again.wattsmith.json");
    app.fill("export-path", out.to_str().unwrap()).await;
    app.click("export-now").await;
    says("Session written to").await;
    let written = std::fs::read_to_string(&out).unwrap();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    let trials = written["record"]["trials"].as_array().map(Vec::len);
    assert_eq!(trials, Some(record.trials.len()));

    app.import(&path("again.wattsmith.json")).await;
    says("Delete that one first").await;
    assert_eq!(app.count("session-item").await, 1);
    app.shot("import-again").await;
    app.close().await;
}
