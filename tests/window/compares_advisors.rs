//! A study on the person's own landscape, from the left edge of the window to its result.

use super::driver::{App, MEASURED};
use wattsmith_tuner::search::synthetic;

#[tokio::test]
async fn a_study_on_ones_own_landscape_shows_its_result_and_is_kept() {
    let data = tempfile::tempdir().unwrap();
    let landscapes = data.path().join("landscapes");
    std::fs::create_dir(&landscapes).unwrap();
    let invented = serde_json::to_string(&synthetic::waiting_line(1)).unwrap();
    std::fs::write(landscapes.join("line.json"), invented).unwrap();

    let app = App::start(data.path()).await;
    app.click("nav-studies").await;
    // Those that come with Wattsmith stand first.
    assert!(app.text("caution").await.contains("estimated"));
    app.choose("landscape", "own/line").await;
    assert!(app.text("caution").await.contains("made up"));
    for slow in ["gp", "tpe", "guided-blind"] {
        app.click(&format!("arm-{slow}")).await;
    }
    app.fill("study-seeds", "3").await;
    app.click("start-study").await;
    app.find_within("study-result", MEASURED).await;
    assert!(
        app.text("study-result")
            .await
            .contains("surrogate against the others")
    );
    app.shot("study").await;
    assert_eq!(app.count("earlier-study").await, 1);
    let kept = std::fs::read_dir(data.path().join("studies")).unwrap();
    assert_eq!(kept.count(), 1);
    app.close().await;
}
