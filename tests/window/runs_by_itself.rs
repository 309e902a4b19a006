//! A session that runs by itself in the real window, and what a person does to it meanwhile: closes the window,
//! thinks better of it, cancels, looks at the machine, takes the report along, and sets two sessions side by side.

use super::driver::{App, MEASURED, SOON, write_session};
use std::path::Path;
use std::process::Command;
use wattsmith_testkit::fixtures;

/// Whether something runs, as the bar at the bottom has it.
const BUSY: &str = "document.querySelector('[data-testid=action-bar]')?.dataset.step === 'busy'";

fn finished(trials: usize) -> String {
    let all = "document.querySelectorAll('[data-testid=trial][data-state=complete]').length";
    format!("return {all} >= {trials}")
}

/// What the cross of a window manager sends.
fn ask_to_close() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/window/close_window.py");
    let ended = Command::new("python3").arg(script).status();
    assert!(ended.unwrap().success());
}

#[tokio::test]
async fn a_session_runs_by_itself_survives_a_close_that_was_not_meant_and_is_cancelled() {
    let data = tempfile::tempdir().unwrap();
    let path = |name: &str| data.path().join(name);
    let app = App::start(data.path()).await;
    let measuring = "return document.querySelector('[data-testid=phase]')?.textContent.includes('Measuring') ?? false";

    // By numbers alone, in quick windows.
    app.click("new-session").await;
    app.click("all-choices").await;
    app.click("connection-none").await;
    app.choose("advisor", "sobol").await;
    app.fill("name", "By itself").await;
    app.fill("repeats", "1").await;
    app.click("quick").await;
    app.click("start-session").await;
    app.click("autopilot").await;
    app.until("a trial after the default", &finished(2), MEASURED)
        .await;

    // Closing is asked about while something is measured, and may be taken back.
    app.until("the phase Measuring", measuring, MEASURED).await;
    ask_to_close();
    app.find("closing").await;
    app.shot("closing").await;
    app.click("keep-measuring").await;
    app.until(
        "the question gone",
        "return !document.querySelector('[data-testid=closing]')",
        SOON,
    )
    .await;
    app.until("a third figure", &finished(3), MEASURED).await;

    // Cancelling ends what runs, and the autopilot with it.
    app.until("the phase Measuring", measuring, MEASURED).await;
    app.click("cancel").await;
    app.until("nothing running", &format!("return !({BUSY})"), SOON)
        .await;
    app.find("autopilot").await;
    app.shot("cancelled").await;

    // The report, looked at and taken along.
    app.click("tab-report").await;
    app.until(
        "the report's preview",
        "return (document.querySelector('[data-testid=report-preview]')?.srcdoc.length ?? 0) > 2000",
        SOON,
    )
    .await;
    app.shot("report").await;
    app.click("export-report").await;
    app.click("save-as").await;
    let report = path("report.html");
    app.fill("save-path", report.to_str().unwrap()).await;
    app.click("save-now").await;
    app.until(
        "where the report went",
        "return document.body.textContent.includes('report.html')",
        SOON,
    )
    .await;
    let page = std::fs::read_to_string(&report).unwrap();
    assert!(page.contains("By itself") && page.contains("<svg"));

    // What this machine can measure, and why not better.
    app.click("nav-this-machine").await;
    app.find("machine-verdict").await;
    assert!(app.count("sensor").await > 0);
    app.shot("machine").await;

    // Another session beside it.
    let other = path("other.wattsmith.json");
    write_session(&fixtures::confirmed(), &other);
    app.import(&other).await;
    app.find("imported").await;
    app.click("nav-overview").await;
    app.find("compare").await;
    let table = app.text("compare").await;
    assert!(table.contains("By itself"), "{table}");
    app.shot("compare").await;
    app.close().await;

    // Found again as it was, and it can go on.
    let app = App::start(data.path()).await;
    app.until(
        "both sessions",
        "return document.querySelectorAll('[data-testid=session-item]').length === 2",
        SOON,
    )
    .await;
    app.close().await;
}
