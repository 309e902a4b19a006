//! Studies on an invented landscape: equal terms, the check by counting, files that stand alone.

use wattsmith_search::synthetic;
use wattsmith_tuner::{StudyPlan, TunerError, read_landscape, run_study, write_study};

fn plan(arms: &[&str]) -> StudyPlan {
    StudyPlan {
        arms: arms.iter().map(ToString::to_string).collect(),
        seeds: 40,
        budget: 8,
        repeats: 3,
        below_percent: 10.0,
        constraints: synthetic::waiting_line(1).constraints,
    }
}

#[tokio::test]
async fn random_search_needs_as_many_draws_as_counting_says() {
    let study = run_study(
        &synthetic::waiting_line(1),
        &plan(&["random", "sobol"]),
        |_, _| {},
    )
    .await
    .unwrap();
    let check = study.random_check.unwrap();
    assert!(check.standard_errors.abs() < 4.0, "{check:?}");
}

#[tokio::test]
async fn every_arm_starts_from_the_same_figure_and_a_study_repeats_itself() {
    let landscape = synthetic::waiting_line(2);
    let mut small = plan(&["surrogate", "guided-blind", "rule", "random"]);
    (small.seeds, small.budget) = (3, 4);
    let mut heard = Vec::new();
    let study = run_study(&landscape, &small, |done, all| heard.push((done, all)))
        .await
        .unwrap();
    assert_eq!(heard.last(), Some(&(12, 12)));
    for seed in 0..3 {
        let firsts: Vec<_> = study
            .runs
            .iter()
            .filter(|run| run.seed == seed)
            .map(|run| &run.standings[0])
            .collect();
        assert_eq!(firsts.len(), 4);
        assert!(firsts.iter().all(|first| *first == firsts[0]), "{firsts:?}");
    }
    for run in &study.runs {
        let truths = run.standings.len();
        assert_eq!(truths, 5, "{} seed {}", run.arm, run.seed);
    }
    let again = run_study(&landscape, &small, |_, _| {}).await.unwrap();
    assert_eq!(study, again);
    assert_eq!(study.comparisons.len(), 3);
    assert_eq!(study.comparisons[0].upper.len(), 3);

    let folder = tempfile::tempdir().unwrap();
    let files = write_study(folder.path(), &study).unwrap();
    let html = std::fs::read_to_string(files.html).unwrap();
    assert!(html.contains("INVENTED") && !html.contains("<script"));
    let csv = std::fs::read_to_string(files.csv).unwrap();
    assert_eq!(csv.lines().count(), 1 + 12 * 5);
}

#[tokio::test]
async fn what_cannot_be_studied_is_refused_with_a_reason() {
    let landscape = synthetic::waiting_line(1);
    for arms in [&["nobody"][..], &["gp", "gp"], &[]] {
        let refused = run_study(&landscape, &plan(arms), |_, _| {}).await;
        assert!(matches!(refused, Err(TunerError::Invalid(_))), "{arms:?}");
    }
    let mut impossible = plan(&["gp"]);
    impossible.constraints.min_tokens_per_second = Some(1e9);
    assert!(run_study(&landscape, &impossible, |_, _| {}).await.is_err());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.json");
    let mut broken = landscape.clone();
    broken.noise.df = 0.0;
    std::fs::write(&path, serde_json::to_string(&broken).unwrap()).unwrap();
    let error = read_landscape(&path).unwrap_err().to_string();
    assert!(error.contains("degrees of freedom"), "{error}");
    std::fs::write(&path, "{").unwrap();
    assert!(
        read_landscape(&path)
            .unwrap_err()
            .to_string()
            .contains("is no landscape")
    );
}
