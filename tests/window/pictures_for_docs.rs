//! The pictures of docs/images, taken of the real window: `scripts/docs-pictures` runs this.

use super::driver::{App, MEASURED};
use std::path::{Path, PathBuf};

/// Day and night.
const THEMES: [&str; 2] = ["light", "dark"];

/// Shows an address in a theme, and waits until its letters are drawn.
async fn show(app: &App, theme: &str, address: &str, waits_for: &str) {
    let script = format!(
        "localStorage.setItem('wattsmith-theme', '{theme}'); location.hash = '{address}'; location.reload();"
    );
    app.client.execute(&script, vec![]).await.unwrap();
    app.find(waits_for).await;
    let drawn = format!(
        "return document.fonts.status === 'loaded' && document.documentElement.dataset.theme === '{theme}'"
    );
    app.until("the theme", &drawn, super::driver::SOON).await;
    // Bars and charts slide into place.
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
}

async fn shot(app: &App, name: &str, theme: &str) {
    let suffix = if theme == "dark" { "-dark" } else { "" };
    app.shot(&format!("{name}{suffix}")).await;
}

#[tokio::test]
#[ignore = "takes the pictures of docs/images; run by scripts/docs-pictures"]
async fn of_a_first_start() {
    let data = tempfile::tempdir().unwrap();
    let app = App::start(data.path()).await;
    for theme in THEMES {
        show(&app, theme, "#/", "first-start").await;
        app.until(
            "live watts or the reason",
            "const one = document.querySelector('[data-testid=live-watts]');
             const text = one ? one.textContent.trim() : '';
             return text.length > 20 && !text.includes('Looking');",
            super::driver::SOON,
        )
        .await;
        shot(&app, "first-start", theme).await;
        show(&app, theme, "#/new", "start-session").await;
        shot(&app, "new-session", theme).await;
        show(&app, theme, "#/machine", "nav-this-machine").await;
        shot(&app, "machine", theme).await;
    }
    // The default, while a window of it is open.
    show(&app, "light", "#/", "first-measure").await;
    app.click("first-measure").await;
    let measuring =
        "return document.querySelector('[data-testid=phase]')?.dataset.phase === 'measuring'";
    app.until("an open window", measuring, MEASURED).await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    shot(&app, "measuring", "light").await;
    app.click("cancel").await;
    app.until(
        "the end",
        "return !document.querySelector('[data-testid=cancel]')",
        MEASURED,
    )
    .await;
    app.close().await;
}

#[tokio::test]
#[ignore = "takes the pictures of docs/images; run by scripts/docs-pictures"]
async fn of_a_session_with_trials() {
    let data = std::env::var_os("WATTSMITH_DOCS_DATA").map(PathBuf::from);
    let data = data.expect("WATTSMITH_DOCS_DATA names a data folder with a session");
    let app = App::start(Path::new(&data)).await;
    let address = {
        app.find("session-item").await;
        let script =
            "return document.querySelector('[data-testid=session-item]').getAttribute('href')";
        let href = app.client.execute(script, vec![]).await.unwrap();
        href.as_str().unwrap().to_owned()
    };
    for theme in THEMES {
        show(&app, theme, &address, "tab-story").await;
        // From its beginning: the end holds a command line with the paths of whoever takes the picture.
        let upwards =
            "document.querySelectorAll('main *').forEach((one) => { one.scrollTop = 0; });";
        app.client.execute(upwards, vec![]).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        shot(&app, "session", theme).await;
        app.click("tab-trials").await;
        app.find("trials").await;
        shot(&app, "trials", theme).await;
        app.click("tab-trends").await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        shot(&app, "charts", theme).await;
        show(&app, theme, "#/overview", "nav-overview").await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        shot(&app, "overview", theme).await;
    }
    app.close().await;
}

/// Takes the session up again: a proposal by numbers, and a question that is carried to a chat by hand.
#[tokio::test]
#[ignore = "takes the pictures of docs/images; run by scripts/docs-pictures"]
async fn of_a_proposal_and_a_question() {
    let data = std::env::var_os("WATTSMITH_DOCS_DATA").map(PathBuf::from);
    let data = data.expect("WATTSMITH_DOCS_DATA names a data folder with a session");
    let app = App::start(Path::new(&data)).await;
    app.click("session-item").await;
    app.click("resume").await;
    app.click("ask").await;
    app.find("proposal").await;
    app.click("more").await;
    app.click("menu-connection").await;
    app.choose("change-kind", "paste").await;
    app.click("change-connection-done").await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    shot(&app, "proposal", "light").await;
    app.fill("talk-text", "Why did flash attention not help here?")
        .await;
    app.click("talk-ask").await;
    app.find("paste-panel").await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    shot(&app, "paste", "light").await;
    app.close().await;
}
