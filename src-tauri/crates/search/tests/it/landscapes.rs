//! The landscape file: what it keeps, what it refuses, what it sums up.

use wattsmith_domain::{Constraints, FailureCause, Value};
use wattsmith_search::{Failure, Landscape, synthetic};

fn flaws(change: impl FnOnce(&mut Landscape)) -> Vec<String> {
    let mut landscape = synthetic::waiting_line(1);
    change(&mut landscape);
    match landscape.validate() {
        Ok(()) => Vec::new(),
        Err(flaws) => flaws.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_file_comes_back_as_it_was() {
    let landscape = synthetic::in_a_hurry(2);
    let json = serde_json::to_string(&landscape).unwrap();
    let back: Landscape = serde_json::from_str(&json).unwrap();
    assert!(back == landscape);
    assert_eq!(back.validate(), Ok(()));
}

#[test]
fn every_flaw_is_named_with_its_place() {
    let all = [
        flaws(|one| one.format = 99),
        flaws(|one| one.entries[3].windows[1].joules_per_unit = f64::NAN),
        flaws(|one| one.entries[2].windows[0].tokens_per_second = 0.0),
        flaws(|one| one.entries[5].configuration.set("threads", Value::Int(99))),
        flaws(|one| one.entries[5] = one.entries[4].clone()),
        flaws(|one| one.truth[0].configuration.set("batch", Value::Int(400))),
        flaws(|one| one.noise.df = 0.0),
        flaws(|one| one.entries.truncate(1)),
        flaws(|one| {
            one.entries.remove(0);
            one.truth.remove(0);
        }),
    ];
    let lines: Vec<String> = all.into_iter().map(|flaws| flaws.join("\n  ")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn fresh_repeats_fix_the_truth_and_spoiled_windows_do_not_count() {
    let mut landscape = synthetic::waiting_line(1);
    let key = landscape.truth[1].configuration.key();
    for window in &mut landscape.truth[1].windows {
        window.joules_per_unit = 2.0;
    }
    landscape.truth[1].windows[0].joules_per_unit = 99.0;
    landscape.truth[1].windows[0].spoiled = Some("another program was busy".to_owned());
    let figures = landscape.figures()[&key];
    assert!((figures.joules_per_unit - 2.0).abs() < 1e-9);
    assert!(figures.fresh);
    assert_eq!(figures.windows, 7);
}

#[test]
fn what_fails_can_be_tried_and_gives_no_figure() {
    let mut landscape = synthetic::waiting_line(1);
    landscape.entries[7].windows.clear();
    landscape.entries[7].failure = Some(Failure {
        cause: FailureCause::OutOfMemory,
        message: "not enough memory".to_owned(),
    });
    let failed = landscape.entries[7].configuration.clone();
    landscape
        .truth
        .retain(|truth| truth.configuration != failed);
    assert!(landscape.configurations().contains(&failed));
    assert!(!landscape.figures().contains_key(&failed.key()));
    assert_eq!(landscape.validate(), Ok(()));
}

#[test]
fn a_summary_counts_what_is_good_and_where_the_default_stands() {
    let landscape = synthetic::waiting_line(1);
    let summary = landscape.summary(&Constraints::default()).unwrap();
    let figures = landscape.figures();
    let best = figures
        .values()
        .map(|one| one.joules_per_unit)
        .fold(f64::INFINITY, f64::min);
    assert_eq!(summary.best_joules_per_unit, best);
    let good = figures
        .values()
        .filter(|one| one.joules_per_unit <= 1.05 * best)
        .count();
    assert_eq!(summary.good, good);
    assert_eq!(summary.good_share, good as f64 / 95.0);
    assert!(summary.is_hard && summary.default_rank > 1);
    assert!(
        (summary.attainable_percent - 100.0 * (1.0 - best / summary.default_joules_per_unit)).abs()
            < 1e-9
    );
    let impossible = Constraints {
        min_tokens_per_second: Some(1e9),
        ..Constraints::default()
    };
    assert_eq!(landscape.summary(&impossible), None);
}

#[test]
fn invented_figures_say_so_in_the_file() {
    for landscape in [
        synthetic::waiting_line(1),
        synthetic::contrary(1),
        synthetic::rugged(1),
        synthetic::in_a_hurry(1),
    ] {
        assert!(landscape.synthetic && landscape.name.starts_with("synthetic"));
        assert!(!landscape.measured);
        assert_eq!(landscape.validate(), Ok(()));
        assert!(landscape.entries.len() >= 48);
    }
}
