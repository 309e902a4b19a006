//! Verdicts during the search.

use crate::figures::{all, estimated, measured};
use wattsmith_domain::{Repeat, Verdict};
use wattsmith_stats::{Pooled, compare};

const POOLED: Option<Pooled> = Some(Pooled { sd: 0.05, df: 20.0 });

fn verdict(candidate: &[Repeat], default: &[Repeat]) -> Verdict {
    compare(candidate, default, POOLED).unwrap().verdict
}

#[test]
fn differences_outside_the_noise_are_decided_both_ways() {
    let default = all(&[0.40, 0.41, 0.39]);
    assert_eq!(
        verdict(&all(&[0.30, 0.31, 0.30]), &default),
        Verdict::Better
    );
    assert_eq!(verdict(&all(&[0.50, 0.51, 0.52]), &default), Verdict::Worse);
    let saving = compare(&all(&[0.20, 0.20]), &all(&[0.40, 0.40]), POOLED).unwrap();
    assert!((saving.saving_percent() - 50.0).abs() < 1e-9);
}

#[test]
fn the_seconds_that_would_decide_do_decide_if_nothing_changes() {
    let (candidate, default) = (all(&[0.376; 3]), all(&[0.40; 3]));
    let Verdict::NotDecided {
        seconds_more: Some(seconds),
    } = verdict(&candidate, &default)
    else {
        panic!("6 % at 5 % noise was decided by three repeats");
    };
    // One more of each takes 2 × (20 s window + 1 s load + 4 s warm-up).
    let more = (seconds / 50.0).round() as usize;
    assert!((seconds - more as f64 * 50.0).abs() < 1e-9 && more > 0);
    let longer = |figure: f64, more: usize| all(&vec![figure; 3 + more]);
    assert_eq!(
        verdict(&longer(0.376, more), &longer(0.40, more)),
        Verdict::Better
    );
    let fewer = verdict(&longer(0.376, more - 2), &longer(0.40, more - 2));
    assert!(
        matches!(fewer, Verdict::NotDecided { .. }),
        "{more} were too many"
    );
}

#[test]
fn no_difference_is_never_decided_and_says_so() {
    let same = all(&[0.40, 0.40, 0.40]);
    let never = Verdict::NotDecided { seconds_more: None };
    assert_eq!(verdict(&same, &same), never);
    assert_eq!(verdict(&all(&[0.4001; 3]), &same), never);
}

#[test]
fn an_estimate_is_decided_only_where_both_ends_agree() {
    // Twice as fast at the same CPU time: better at any price.
    let default = [
        estimated(20.0, 20.0),
        estimated(20.2, 20.1),
        estimated(19.9, 20.0),
    ];
    let faster = [
        estimated(10.0, 15.0),
        estimated(10.1, 15.1),
        estimated(10.0, 15.0),
    ];
    assert_eq!(verdict(&faster, &default), Verdict::Better);
    assert_eq!(verdict(&default, &faster), Verdict::Worse);
    // A second thread halves the time and needs half as much CPU again: 12 % worse at one end,
    // 33 % better at the other, and better in the middle.
    let threads = [
        estimated(10.0, 31.0),
        estimated(10.1, 31.0),
        estimated(10.0, 31.2),
    ];
    let centre = threads[0].joules_per_unit() / default[0].joules_per_unit();
    assert!(centre < 0.97, "{centre}");
    assert_eq!(verdict(&threads, &default), Verdict::DependsOnEstimate);
    assert_eq!(verdict(&default, &threads), Verdict::DependsOnEstimate);
}

#[test]
fn an_undecided_estimate_waits_for_its_slowest_end() {
    let default = vec![estimated(20.0, 20.0); 3];
    // A little less of everything: 5 % at each end.
    let candidate = vec![estimated(19.0, 19.0); 3];
    let seconds = |pooled| match compare(&candidate, &default, pooled).unwrap().verdict {
        Verdict::NotDecided { seconds_more } => seconds_more.unwrap(),
        other => panic!("{other:?}"),
    };
    let (some, more) = (seconds(POOLED), seconds(Some(Pooled { sd: 0.1, df: 20.0 })));
    assert!(more > some, "twice the noise needs longer: {some} {more}");
}

#[test]
fn figures_of_different_scope_are_not_compared() {
    let mixed = [estimated(20.0, 20.0), estimated(20.0, 20.0)];
    assert_eq!(compare(&mixed, &all(&[0.4, 0.4]), POOLED), None);
}

#[test]
fn nothing_is_compared_with_nothing_and_no_work_has_no_figure() {
    let default = all(&[0.4, 0.4]);
    assert_eq!(compare(&[], &default, POOLED), None);
    assert_eq!(compare(&default, &[], POOLED), None);
    assert_eq!(compare(&default[..1], &default[..1], None), None);
    let mut idle = measured(0.4);
    idle.units = wattsmith_domain::Tokens(0);
    assert_eq!(compare(&[idle], &default, POOLED), None);
}
