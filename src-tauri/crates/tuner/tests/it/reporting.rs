//! Reports as files: the person's settings are in them, their home is not.

use crate::bench::{Bench, tiny};
use std::path::Path;
use wattsmith_domain::{SessionId, SettingKey};
use wattsmith_testkit::fixtures::Shown;
use wattsmith_tuner::{Format, ReportWish, Tuner};

const FORMATS: [Format; 6] = [
    Format::Html,
    Format::Csv,
    Format::Json,
    Format::Markdown,
    Format::Svg,
    Format::Bundle,
];

/// A session of two trials whose model is said to lie in the home of whoever runs this.
async fn planted(bench: &Bench) -> SessionId {
    let session = bench.begun(tiny()).await;
    let shown = [Shown(140.0, 25.0), Shown(141.0, 25.1), Shown(139.0, 25.0)];
    bench.seed(&session, &[("parallel", 4)], &shown).await;
    let store = bench.store();
    let mut changed = store.session(&session).await.unwrap();
    let home = std::env::home_dir().unwrap();
    changed.model.path = home.join("planted/model.gguf").display().to_string();
    changed.name = format!("of {}", changed.model.path);
    store.put_session(&changed).await.unwrap();
    store.close().await.unwrap();
    session
}

async fn text(tuner: &Tuner, session: &SessionId, wish: ReportWish<'_>) -> String {
    let files = tuner.report_as(session, wish).await.unwrap();
    let texts = files
        .iter()
        .map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    texts.collect()
}

#[tokio::test]
async fn no_format_tells_the_home_unless_its_paths_are_asked_for() {
    let bench = Bench::new().await;
    let session = planted(&bench).await;
    let home = std::env::home_dir().unwrap().display().to_string();
    for format in FORMATS {
        let wish = ReportWish::new(format, None);
        let hidden = text(&bench.tuner, &session, wish).await;
        let told = format!("{home}/planted");
        // The page writes a slash as an entity.
        let hidden = hidden.replace("&#x2f;", "/");
        assert!(!hidden.contains(&told), "{format:?}");
        assert!(hidden.contains("~/planted"), "{format:?}");
        let wish = ReportWish {
            with_paths: true,
            ..wish
        };
        let shown = text(&bench.tuner, &session, wish).await;
        assert!(shown.replace("&#x2f;", "/").contains(&told), "{format:?}");
    }
    let page = bench.tuner.report_page(&session, false).await.unwrap();
    assert!(
        !page
            .replace("&#x2f;", "/")
            .contains(&format!("{home}/planted"))
    );
}

#[tokio::test]
async fn the_settings_of_the_person_are_in_the_report() {
    let bench = Bench::new().await;
    let session = planted(&bench).await;
    let wish = ReportWish::new(Format::Markdown, None);
    let bare = text(&bench.tuner, &session, wish).await;
    for (key, value) in [
        (SettingKey::PricePerKwh, "0.32"),
        (SettingKey::Currency, "EUR"),
        (SettingKey::GridIntensity, "380"),
        (SettingKey::AnswersPerDay, "5000"),
    ] {
        let words = vec![value.to_owned()];
        bench.tuner.change_setting(key, words).await.unwrap();
    }
    let full = text(&bench.tuner, &session, wish).await;
    assert!(
        !bare.contains(" EUR") && bare.contains("In plain words"),
        "{bare}"
    );
    if bare.contains("- Saved") {
        assert!(
            full.contains(" EUR") && full.contains("5,000 answers a day"),
            "{full}"
        );
    }
}

#[tokio::test]
async fn charts_are_files_of_their_own_and_nothing_is_written_over() {
    let bench = Bench::new().await;
    let session = planted(&bench).await;
    let out = bench.folder().join("chart.svg");
    let wish = ReportWish {
        format: Format::Svg,
        out: Some(&out),
        with_paths: false,
        replace: false,
    };
    let files = bench.tuner.report_as(&session, wish).await.unwrap();
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
    assert_eq!(names[0], "chart-energy-by-trial.svg");
    assert!(files.len() >= 2 && files.iter().all(|file| file.is_file()));
    let again = bench.tuner.report_as(&session, wish).await.unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
    // A session without a second trial has nothing to draw.
    let fresh = bench.begun(tiny()).await;
    let wish = ReportWish::new(Format::Svg, None);
    let none = bench.tuner.report_as(&fresh, wish).await.unwrap_err();
    assert!(none.to_string().contains("no chart"), "{none}");
}

#[tokio::test]
async fn models_in_folders_that_the_person_named_are_found() {
    let bench = Bench::new().await;
    let folder = bench.folder().join("mine/deep");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("odd.gguf"), b"no model").unwrap();
    let seen = async |name: &str| {
        let shelf = bench.tuner.model_shelf().await;
        shelf
            .unfit
            .iter()
            .any(|one| one.path.ends_with(Path::new(name)))
    };
    assert!(!seen("odd.gguf").await);
    let words = vec![bench.folder().join("mine").display().to_string()];
    let key = SettingKey::ModelFolders;
    bench.tuner.change_setting(key, words).await.unwrap();
    assert!(seen("odd.gguf").await);
}
