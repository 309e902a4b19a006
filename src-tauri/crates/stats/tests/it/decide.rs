//! What a confirmation may conclude.

use crate::figures::{all, confirmation, estimated};
use wattsmith_domain::{Confirmation, Decision, PairSpread, Repeat, Threshold};
use wattsmith_stats::{Rule, WITH_PRIOR, WITH_WIDE_PRIOR, WITHOUT_PRIOR, decide, look};

const TEN_PERCENT: Threshold = Threshold::PercentBelowDefault { percent: 10.0 };
const DEFAULT: [f64; 5] = [0.400, 0.404, 0.398, 0.402, 0.399];
const BEST: [f64; 5] = [0.300, 0.303, 0.299, 0.305, 0.298];

fn decision(best: &[Repeat], default: &[Repeat], threshold: Threshold) -> Decision {
    decide(best, default, threshold, 0.01, None).unwrap().1
}

#[test]
fn a_clear_saving_is_confirmed_with_the_interval_that_decided() {
    let (ratio, decided) = decide(&all(&BEST), &all(&DEFAULT), TEN_PERCENT, 0.01, None).unwrap();
    assert_eq!(decided, Decision::Below);
    assert!(ratio.high <= 0.9 && ratio.n == 5, "{ratio:?}");
    let thirty = Threshold::PercentBelowDefault { percent: 30.0 };
    assert_eq!(
        decision(&all(&BEST), &all(&DEFAULT), thirty),
        Decision::NotDecided
    );
    let close = Threshold::PercentBelowDefault { percent: 24.5 };
    assert_eq!(
        decision(&all(&BEST), &all(&DEFAULT), close),
        Decision::NotDecided
    );
}

#[test]
fn what_drifts_over_the_block_cancels_within_pairs() {
    let drift = |figures: &[f64]| {
        let drifted: Vec<f64> = figures
            .iter()
            .enumerate()
            .map(|(pair, figure)| figure * 1.1_f64.powi(i32::try_from(pair).unwrap()))
            .collect();
        all(&drifted)
    };
    let (plain, _) = decide(&all(&BEST), &all(&DEFAULT), TEN_PERCENT, 0.01, None).unwrap();
    let (drifted, decided) =
        decide(&drift(&BEST), &drift(&DEFAULT), TEN_PERCENT, 0.01, None).unwrap();
    assert_eq!(decided, Decision::Below);
    assert!((plain.high / drifted.high - 1.0).abs() < 1e-9);
}

#[test]
fn joules_are_judged_with_the_sensors_error_and_per_cent_are_not() {
    // About 0.301 J, so 0.304 at the bound and 0.319 with the sensor's 5 %.
    let joules = |joules| Threshold::Joules { joules };
    let (best, default) = (all(&BEST), all(&DEFAULT));
    assert_eq!(decision(&best, &default, joules(0.33)), Decision::Below);
    assert_eq!(
        decision(&best, &default, joules(0.315)),
        Decision::NotDecided
    );
    let mut poor = best.clone();
    for repeat in &mut poor {
        repeat.energy.sensor_error = 0.13;
    }
    assert_eq!(
        decision(&poor, &default, joules(0.33)),
        Decision::NotDecided
    );
    assert_eq!(decision(&poor, &default, TEN_PERCENT), Decision::Below);
}

#[test]
fn an_estimate_must_pass_at_both_ends() {
    let shake = [1.0, 1.01, 0.99, 1.005, 0.995];
    let default: Vec<Repeat> = shake.map(|k| estimated(20.0 * k, 20.0 * k)).to_vec();
    // Fewer seconds of both kinds: below at any price.
    let both: Vec<Repeat> = shake.map(|k| estimated(12.0 * k, 12.0 * k)).to_vec();
    assert_eq!(decision(&both, &default, TEN_PERCENT), Decision::Below);
    // Half the time, 40 % more CPU: 22 % worse at one end, below in the middle.
    let trade: Vec<Repeat> = shake.map(|k| estimated(8.0 * k, 28.0 * k)).to_vec();
    let ratio = decide(&trade, &default, TEN_PERCENT, 0.01, None).unwrap().0;
    assert!(ratio.high < 0.9, "{ratio:?}");
    assert_eq!(
        decision(&trade, &default, TEN_PERCENT),
        Decision::DependsOnEstimate
    );
    // In joules: 0.216 J in the middle, 0.408 J at the greedy end.
    let joules = |joules| Threshold::Joules { joules };
    assert_eq!(
        decision(&both, &default, joules(0.3)),
        Decision::DependsOnEstimate
    );
    assert_eq!(decision(&both, &default, joules(0.5)), Decision::Below);
    assert_eq!(decision(&both, &default, joules(0.2)), Decision::NotDecided);
}

#[test]
fn too_few_pairs_or_no_alpha_decide_nothing() {
    let (best, default) = (all(&BEST), all(&DEFAULT));
    assert_eq!(decide(&best[..4], &default, TEN_PERCENT, 0.01, None), None);
    assert_eq!(decide(&best, &default[..4], TEN_PERCENT, 0.01, None), None);
    for alpha in [0.0, 0.5, -1.0, f64::NAN] {
        assert_eq!(decide(&best, &default, TEN_PERCENT, alpha, None), None);
    }
    let spent = decide(&best, &default, TEN_PERCENT, 1e-9, None);
    assert_eq!(spent.unwrap().1, Decision::NotDecided);
    let estimates = vec![estimated(20.0, 20.0); 5];
    assert_eq!(decide(&best, &estimates, TEN_PERCENT, 0.01, None), None);
}

#[test]
fn a_look_decides_from_the_fifth_pair_on_and_says_how_likely_more_would() {
    let (best, default) = (all(&BEST), all(&DEFAULT));
    let early = look(&confirmation(1, &best[..4], &default), TEN_PERCENT);
    assert_eq!(
        (early.alpha, early.ratio, early.decision, early.chance),
        (0.0, None, None, None)
    );
    let whole = look(&confirmation(1, &best, &default), TEN_PERCENT);
    assert_eq!(whole.decision, Some(Decision::Below));
    assert_eq!(whole.alpha, Rule::without_prior().alpha(1, 5));
    assert_eq!(
        whole.ratio,
        decide(&best, &default, TEN_PERCENT, whole.alpha, None).map(|(ratio, _)| ratio)
    );
    assert!(whole.chance.unwrap() > 0.99, "{whole:?}");
}

#[test]
fn what_more_pairs_could_still_confirm_goes_on_and_what_they_could_not_ends() {
    let default = all(&[0.4; 5]);
    // 12 % less with 4 % between pairs: a little below a goal of 10 %.
    let near = all(&[0.352, 0.368, 0.338, 0.356, 0.346]);
    let open = look(&confirmation(1, &near, &default), TEN_PERCENT);
    assert_eq!(open.decision, None, "{open:?}");
    assert!(
        open.chance.unwrap() > 2.0 * WITHOUT_PRIOR.least_chance,
        "{open:?}"
    );
    // The same on the wrong side of it.
    let far = all(&[0.392, 0.409, 0.376, 0.396, 0.385]);
    let hopeless = look(&confirmation(1, &far, &default), TEN_PERCENT);
    assert_eq!(hopeless.decision, Some(Decision::NotDecided));
    assert!(
        hopeless.chance.unwrap() < WITHOUT_PRIOR.least_chance,
        "{hopeless:?}"
    );
    // In joules the sensor's error is on the wrong side too: 0.352 J are 0.37 J.
    let joules = |joules| {
        look(
            &confirmation(1, &near, &default),
            Threshold::Joules { joules },
        )
    };
    assert_eq!(joules(0.5).decision, Some(Decision::Below));
    assert_eq!(joules(0.355).decision, Some(Decision::NotDecided));
    assert_eq!(joules(0.375).decision, None);
}

#[test]
fn a_confirmation_ends_with_its_budget_and_without_a_ration_at_once() {
    let repeated = |figures: &[f64]| all(&figures.repeat(4));
    let near = [0.352, 0.378, 0.338, 0.366, 0.346];
    let spent = confirmation(1, &repeated(&near), &repeated(&[0.4; 5]));
    assert_eq!(spent.best.len(), WITHOUT_PRIOR.most as usize);
    let end = look(&spent, Threshold::PercentBelowDefault { percent: 11.0 });
    assert_eq!(
        (end.decision, end.chance),
        (Some(Decision::NotDecided), Some(0.0))
    );
    let unrationed = look(&confirmation(99, &all(&BEST), &all(&DEFAULT)), TEN_PERCENT);
    assert_eq!(unrationed.decision, Some(Decision::NotDecided));
}

/// A confirmation that knows how much pairs vary.
fn knowing(log_sd: f64, best: &[Repeat], default: &[Repeat]) -> Confirmation {
    let spread = PairSpread {
        log_sd,
        windows: 8.0,
    };
    Confirmation {
        spread: Some(spread),
        ..confirmation(1, best, default)
    }
}

#[test]
fn what_is_known_of_the_spread_of_pairs_decides_sooner() {
    let (best, default) = (all(&BEST), all(&DEFAULT));
    let first = WITH_PRIOR.first as usize;
    assert!(first < WITHOUT_PRIOR.first as usize);
    let early = look(&knowing(0.02, &best[..first], &default), TEN_PERCENT);
    assert_eq!(early.decision, Some(Decision::Below), "{early:?}");
    assert_eq!(early.alpha, Rule::with_prior().alpha(1, WITH_PRIOR.first));
    let unknown = look(&confirmation(1, &best[..first], &default), TEN_PERCENT);
    assert_eq!((unknown.alpha, unknown.decision), (0.0, None));
    let one = look(&knowing(0.02, &best[..1], &default), TEN_PERCENT);
    assert_eq!(
        (one.alpha, one.decision),
        (0.0, None),
        "one pair contradicts nothing"
    );
}

#[test]
fn pairs_that_vary_by_more_are_taken_at_their_word_and_those_that_vary_by_less_are_not() {
    let half = |known: Option<PairSpread>, best: &[f64]| {
        let decided = decide(
            &all(best),
            &all(&DEFAULT),
            TEN_PERCENT,
            0.01,
            known.as_ref(),
        );
        let ratio = decided.unwrap().0;
        (ratio.high / ratio.mean).ln()
    };
    let known = |log_sd| {
        Some(PairSpread {
            log_sd,
            windows: 8.0,
        })
    };
    let wild = [0.25, 0.36, 0.29, 0.33, 0.24];
    assert_eq!(
        half(known(0.005), &wild),
        half(None, &wild),
        "the prior goes"
    );
    assert!(
        half(known(0.15), &wild) < half(None, &wild),
        "more degrees of freedom"
    );
    // Five pairs that are alike say less than eight windows that are not.
    assert!(half(known(0.1), &BEST) > 3.0 * half(None, &BEST));
}

#[test]
fn a_confirmation_of_an_older_record_goes_on_by_the_rule_that_it_began_with() {
    let (best, default) = (all(&BEST), all(&DEFAULT));
    let old = confirmation(1, &best, &default);
    assert_eq!(Rule::of(&old).spending, WITHOUT_PRIOR);
    assert_eq!(
        look(&old, TEN_PERCENT),
        Rule::without_prior().look(&old, TEN_PERCENT)
    );
    let spending = |log_sd| Rule::of(&knowing(log_sd, &best, &default)).spending;
    assert_eq!(spending(0.02), WITH_PRIOR);
    assert_eq!(spending(0.09), WITH_WIDE_PRIOR);
}

#[test]
fn beyond_the_usual_pairs_a_confirmation_goes_on_only_where_the_chance_is_good() {
    let usual = WITH_PRIOR.usual as usize;
    let many = |figures: [f64; 4]| all(&figures.repeat(usual / 4));
    let default = many([0.4; 4]);
    // 11.0 % less with 4 % between pairs: almost there.
    let near = many([0.3562, 0.3732, 0.3401, 0.3552]);
    let open = look(&knowing(0.05, &near, &default), TEN_PERCENT);
    assert_eq!(open.decision, None, "{open:?}");
    assert!(open.chance.unwrap() >= WITH_PRIOR.good_chance, "{open:?}");
    // A quarter of a per cent nearer to the line.
    let line = many([0.3572, 0.3743, 0.3411, 0.3561]);
    let end = look(&knowing(0.05, &line, &default), TEN_PERCENT);
    assert_eq!(end.decision, Some(Decision::NotDecided), "{end:?}");
    assert!(
        end.chance.unwrap() > WITH_PRIOR.least_chance,
        "not hopeless: {end:?}"
    );
}
