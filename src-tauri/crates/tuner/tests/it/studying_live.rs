//! Studies on the engine itself, replayed from what was measured.

use crate::bench::Bench;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wattsmith_search::{Entry, Landscape, Pool, synthetic};
use wattsmith_tuner::{
    LandscapeWork, LivePlan, LiveRequest, StudyPlan, StudyRequest, WorkSize, write_study,
};

/// What a finished study on an invented engine left: four windows of every configuration that three
/// knobs allow, which are two seeds of two repeats.
fn invented() -> Landscape {
    let mut landscape = synthetic::waiting_line(1);
    landscape.space.parameters.truncate(3);
    let all = Pool::from(&landscape.space).spread(10_000, &[], 1);
    let windows: Vec<_> = landscape.entries.iter().map(|one| &one.windows).collect();
    landscape.entries = all
        .into_iter()
        .zip(windows.into_iter().cycle())
        .map(|(configuration, windows)| Entry {
            configuration,
            windows: windows.clone(),
            failure: None,
        })
        .collect();
    landscape.truth.clear();
    landscape
}

fn finished(folder: &Path) -> PathBuf {
    let path = folder.join("landscape.json");
    write(&path, &invented());
    path
}

fn write(path: &Path, landscape: &Landscape) {
    std::fs::write(path, serde_json::to_string(landscape).unwrap()).unwrap();
}

fn plan(folder: &Path, landscape: PathBuf) -> LivePlan {
    let constraints = synthetic::waiting_line(1).constraints;
    LivePlan {
        work: LandscapeWork {
            engine: String::new(),
            pictures: Default::default(),
            name: String::new(),
            model: None,
            workload: "chat".to_owned(),
            work_file: None,
            size: WorkSize::default(),
            quick: true,
            tuned: Vec::new(),
            start: wattsmith_domain::Configuration::default(),
            constraints,
            seed: 1,
        },
        study: StudyPlan {
            arms: ["surrogate", "guided-blind", "random"]
                .map(str::to_owned)
                .to_vec(),
            seeds: 2,
            budget: 3,
            repeats: 2,
            below_percent: 10.0,
            constraints,
            memory_from: Vec::new(),
            notes: Vec::new(),
        },
        fresh: 2,
        connection: None,
        exchanges: folder.join("exchanges.jsonl"),
        landscape,
    }
}

#[tokio::test]
async fn a_finished_one_replays_without_an_engine() {
    let bench = Bench::new().await;
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(folder.path(), finished(folder.path()));
    let study = bench.tuner.study_live(plan.clone()).await.unwrap();
    assert!(study.live && study.synthetic);
    // How many there are to draw from is not known on an engine.
    assert!(study.random_check.is_none());
    let landscape = invented();
    for run in &study.runs {
        assert_eq!(run.standings.len(), 4, "{} {}", run.arm, run.seed);
        let default = &landscape.entries[0];
        assert_eq!(run.standings[0].tried, default.configuration.key());
        // The windows of this seed, and of no other.
        let own = &default.windows[run.seed as usize * 2..][..2];
        let mean = (own[0].joules_per_unit * own[1].joules_per_unit).sqrt();
        let seen = run.standings[0].seen.unwrap();
        assert!((seen / mean - 1.0).abs() < 1e-12, "{seen} {mean}");
    }
    assert_eq!(study, bench.tuner.study_live(plan).await.unwrap());
    let files = write_study(folder.path(), &study).unwrap();
    let html = std::fs::read_to_string(files.html).unwrap();
    assert!(html.contains("on the engine itself"), "{html}");
}

#[tokio::test]
async fn figures_that_are_missing_are_named_and_not_invented() {
    let bench = Bench::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = finished(folder.path());
    let mut third = plan(folder.path(), path.clone());
    third.study.seeds = 3;
    let error = bench.tuner.study_live(third).await.unwrap_err().to_string();
    assert!(error.contains("seed 3 of 3 · default"), "{error}");
    assert!(error.contains("another folder"), "{error}");

    let mut broken = invented();
    let default = broken.entries.first_mut().unwrap();
    for window in default.windows.iter_mut().filter(|one| one.pass <= 2) {
        window.spoiled = Some("another program was busy".to_owned());
    }
    write(&path, &broken);
    let plan = plan(folder.path(), path);
    let error = bench.tuner.study_live(plan).await.unwrap_err().to_string();
    assert!(error.contains("seed 1 of 2 · default"), "{error}");
}

#[tokio::test]
async fn one_that_was_interrupted_goes_on_in_the_window_from_what_was_measured() {
    let bench = Bench::new().await;
    let folder = bench.tuner.paths().studies().join("2026-01-15-live-chat");
    std::fs::create_dir_all(&folder).unwrap();
    let request = StudyRequest {
        landscape: String::new(),
        live: Some(LiveRequest {
            model: PathBuf::from("none.gguf"),
            workload: "chat".to_owned(),
        }),
        arms: ["rule", "random"].map(str::to_owned).to_vec(),
        seeds: 2,
        budget: 3,
        repeats: 2,
        below_percent: 10.0,
        min_tokens_per_second: None,
        max_time_to_first_token_s: None,
        remember: false,
        connection: None,
        agreed: false,
    };
    let text = serde_json::to_string(&request).unwrap();
    std::fs::write(folder.join("request.json"), text).unwrap();
    assert!(bench.tuner.begun_studies().await.unwrap().is_empty());
    finished(&folder);
    let begun = bench.tuner.begun_studies().await.unwrap();
    assert!(begun[0].figures && begun[0].replies == 0);

    bench.tuner.resume_study(&begun[0].id).await.unwrap();
    while bench.tuner.studying().running {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let studies = bench.tuner.studies().await.unwrap();
    assert!(studies[0].live && studies[0].seeds == 2);
    assert!(bench.tuner.begun_studies().await.unwrap().is_empty());
}

#[test]
fn the_most_that_it_can_take_is_told_before() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(folder.path(), folder.path().join("landscape.json"));
    // Two defaults and eighteen proposals of two windows, and two fresh ones of each at most.
    assert_eq!(plan.most_windows(), 20 * 2 + 19 * 2);
}
