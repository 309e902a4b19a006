//! One turn of the loop in the real window, with the real engine, and a restart.

use super::driver::{App, MEASURED, SOON};

/// Finished trials; older ones are rows, the newest shows its figure.
const FIGURES: &str =
    "document.querySelectorAll('[data-testid=trial][data-state=complete]').length";

#[tokio::test]
async fn a_session_is_started_asked_by_paste_run_and_found_again_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let app = App::start(data.path()).await;

    // Start a session whose prompts are carried by hand.
    app.click("new-session").await;
    app.click("all-choices").await;
    app.click("connection-paste").await;
    app.choose("advisor", "enhanced").await;
    app.fill("name", "Window test").await;
    app.fill("repeats", "2").await;
    app.shot("new-session").await;
    app.click("start-session").await;

    // Measure the default.
    app.click("measure-default").await;
    app.find("phase").await;
    app.until(
        "the phase Measuring",
        "const one = document.querySelector('[data-testid=phase]');
         return !!one && one.textContent.includes('Measuring');",
        MEASURED,
    )
    .await;
    app.shot("measuring").await;
    app.until(
        "the default's figure",
        &format!("return {FIGURES} === 1"),
        MEASURED,
    )
    .await;
    let figure = app.text("joules-per-token").await;
    let joules: f64 = figure
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("{figure:?} begins with no number"));
    assert!(joules > 0.0 && joules.is_finite());

    // Ask, carry the prompt away, bring a reply in prose with JSON in it.
    app.find_within("ask", MEASURED).await;
    app.shot("feedback").await;
    app.click("ask").await;
    app.find("paste-panel").await;
    app.shot("paste").await;

    // One that holds no settings is refused, and kept to be mended.
    app.fill("paste-reply", "I would rather not say.").await;
    app.click("give-reply").await;
    app.find("refused-reply").await;
    app.shot("refused").await;
    app.click("ask").await;
    app.until(
        "the refused reply in its field",
        "return document.querySelector('[data-testid=paste-reply]')?.value === 'I would rather not say.'",
        SOON,
    )
    .await;
    app.fill(
        "paste-reply",
        "I would serve more at once.\n{\"reason\": \"more requests share each pass over the \
         weights\", \"configuration\": {\"parallel\": 8, \"threads\": 1}, \
         \"predicted_joules_per_token\": 0.25}",
    )
    .await;
    app.click("give-reply").await;
    let proposal = app.text("proposal").await;
    assert!(
        proposal.contains("parallel") && proposal.contains('8'),
        "{proposal}"
    );
    app.shot("proposal").await;

    // Run it.
    app.click("run-proposal").await;
    app.until(
        "the trial's figure",
        &format!("return {FIGURES} === 2"),
        MEASURED,
    )
    .await;
    app.until(
        "a verdict in words",
        "const all = document.querySelectorAll('[data-testid=verdict]');
         return all.length >= 2 && all[all.length - 1].textContent.trim().length > 5;",
        SOON,
    )
    .await;
    app.find_within("action-bar", MEASURED).await;
    app.shot("session").await;
    let before = story(&app).await;
    app.click("nav-overview").await;
    app.find("overview").await;
    app.shot("overview").await;
    app.close().await;

    // The same session, exactly as it was, after a restart.
    let app = App::start(data.path()).await;
    app.click("session-item").await;
    app.until(
        "both figures again",
        &format!("return {FIGURES} === 2"),
        SOON,
    )
    .await;
    assert_eq!(story(&app).await, before);
    assert_eq!(app.count("session-item").await, 1);
    app.close().await;
}

/// The figures and verdicts of the story, as text.
async fn story(app: &App) -> String {
    let script = "return [...document.querySelectorAll(
            '[data-testid=joules-per-token], [data-testid=verdict], [data-testid=feedback-text]')]
        .map((one) => one.value ?? one.textContent.trim().replace(/\\s+/g, ' ')).join('\\n')";
    app.client
        .execute(script, vec![])
        .await
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}
